package org.retrieval4j.localization.geometry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.Verification;
import org.retrieval4j.api.Verifier;
import org.retrieval4j.api.VerifierContract;

class FundamentalVerifierTest extends VerifierContract {
    @Override
    protected Verifier create() {
        return new FundamentalVerifier(FundamentalVerifier.defaults());
    }

    @Override
    protected double[] map(double x, double y, double depth) {
        return Scenes.TWO_CAMERAS.map(x, y, depth);
    }

    @Test
    void findsTheMatrixOfTheCameras() {
        try (Verifier verifier = create()) {
            Scenes.Pair pair = Scenes.pair(Scenes.TWO_CAMERAS, 150, 50, 0, true, 1);
            assertThat(Scenes.difference(verify(verifier, pair).model().matrix(), Scenes.trueFundamental()))
                    .isLessThan(1e-4);
        }
    }

    /** Seven or more points on one plane agree with infinitely many matrices; the pair is a right one all the same. */
    @Test
    void acceptsOnePlane() {
        try (Verifier verifier = create()) {
            Scenes.Pair pair = Scenes.pair(Scenes.PLANE, 80, 120, 0.5, true, 2);
            assertThat(pair.rightInliers(verify(verifier, pair))).isGreaterThan(70);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void findsCamerasWithoutFramesOfKeypoints(int seed) {
        try (Verifier verifier = create()) {
            Scenes.Pair pair = Scenes.pair(Scenes.TWO_CAMERAS, 120, 120, 0.5, false, seed);
            assertThat(pair.rightInliers(verify(verifier, pair))).isGreaterThan(100);
        }
    }

    private static Verification verify(Verifier verifier, Scenes.Pair pair) {
        return verifier.verify(pair.query(), pair.candidate(), pair.matches()).orElseThrow();
    }
}
