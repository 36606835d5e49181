package org.retrieval4j.localization.geometry;

import org.retrieval4j.api.Verifier;
import org.retrieval4j.api.VerifierContract;

class HomographyVerifierTest extends VerifierContract {
    @Override
    protected Verifier create() {
        return new HomographyVerifier(HomographyVerifier.Options.defaults());
    }
}
