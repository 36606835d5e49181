package org.retrieval4j.localization.geometry;

import org.retrieval4j.api.Verifier;
import org.retrieval4j.api.VerifierContract;

class AffineVerifierTest extends VerifierContract {
    @Override
    protected Verifier create() {
        return new AffineVerifier(VerifierOptions.defaults());
    }

    @Override
    protected double[] map(double x, double y, double depth) {
        return new double[] {0.8 * x - 0.2 * y + 100, 0.25 * x + 0.6 * y + 60};
    }
}
