package org.retrieval4j.localization.geometry;

import org.retrieval4j.api.Verifier;
import org.retrieval4j.api.VerifierContract;

class SimilarityVerifierTest extends VerifierContract {
    @Override
    protected Verifier create() {
        return new SimilarityVerifier(VerifierOptions.defaults());
    }
}
