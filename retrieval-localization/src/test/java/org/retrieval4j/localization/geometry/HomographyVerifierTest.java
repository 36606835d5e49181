package org.retrieval4j.localization.geometry;

import org.retrieval4j.api.Verifier;
import org.retrieval4j.api.VerifierContract;

class HomographyVerifierTest extends VerifierContract {
    @Override
    protected Verifier create() {
        return new HomographyVerifier(VerifierOptions.defaults());
    }

    @Override
    protected double[] map(double x, double y, double depth) {
        double w = 2.5e-4 * x - 1e-4 * y + 0.9;
        return new double[] {(0.9 * x - 0.15 * y + 80) / w, (0.2 * x + 0.8 * y + 40) / w};
    }
}
