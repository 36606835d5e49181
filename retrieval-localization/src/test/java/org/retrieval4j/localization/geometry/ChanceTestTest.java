package org.retrieval4j.localization.geometry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.Verifier;

class ChanceTestTest {
    @Test
    void agreesWithTheFormulaInWholeNumbers() {
        Random random = new Random(1);
        for (int trial = 0; trial < 50; trial++) {
            int n = 20 + random.nextInt(200);
            int[] inliers = random.ints(0, n).distinct().limit(12).sorted().toArray();
            double p = 0.001 + 0.3 * random.nextDouble();
            double expected = Double.NEGATIVE_INFINITY;
            for (int m = 1; m <= n; m++) {
                int best = m;
                int k = (int) Arrays.stream(inliers).filter(i -> i < best).count();
                if (k > 5) {
                    double count = binomial(m, k).doubleValue() * binomial(k, 4).doubleValue();
                    expected = Math.max(expected, -Math.log10(3 * n * count * Math.pow(p, k - 5)));
                }
            }
            assertThat(new ChanceTest(n, 4, 3, 5).significance(inliers, p))
                    .as("trial %d", trial)
                    .isCloseTo(expected, within(1e-9));
        }
    }

    private static BigInteger binomial(int n, int k) {
        BigInteger result = BigInteger.ONE;
        for (int i = 0; i < k; i++) {
            result = result.multiply(BigInteger.valueOf(n - i)).divide(BigInteger.valueOf(i + 1));
        }
        return result;
    }

    @Test
    void countsBeyondTheRangeOfDoubles() {
        int[] inliers = new int[2000];
        for (int i = 0; i < 2000; i++) {
            inliers[i] = i < 1000 ? i : i + 3000;
        }
        double significance = new ChanceTest(5000, 1, 1, 2).significance(inliers, 1e-3);
        // all of the first thousand: C(1000, 1000) = 1; the rest adds more than C(5000, 2000) takes
        double log = 0;
        for (int i = 0; i < 2000; i++) {
            log += Math.log10((5000.0 - i) / (i + 1));
        }
        assertThat(significance).isCloseTo(3 * 1998 - log - Math.log10(5000.0 * 2000), within(1e-6));
    }

    @Test
    void isNegativeInfinityForInliersThatEveryModelHas() {
        assertThat(new ChanceTest(100, 7, 3, 8).significance(new int[] {0, 1, 2, 3, 4, 5, 6, 7}, 1e-9))
                .isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(new ChanceTest(100, 7, 3, 8).significance(new int[0], 1e-9)).isEqualTo(Double.NEGATIVE_INFINITY);
    }

    /** At a significance of 0, one unrelated pair may be accepted a pair tried; the test must not promise too much. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void fewerUnrelatedPairsPassThanIsStated(boolean framed) {
        VerifierOptions options = VerifierOptions.defaults().withAcceptance(4, 1);
        try (Verifier homography = new HomographyVerifier(options);
                Verifier similarity = new SimilarityVerifier(options)) {
            assertThat(accepted(homography, framed, 600)).isLessThan(60);
            assertThat(accepted(similarity, framed, 600)).isLessThan(60);
        }
    }

    @Test
    void fewerUnrelatedPairsHaveAnEpipolarGeometryThanIsStated() {
        VerifierOptions options = FundamentalVerifier.defaults().withAcceptance(8, 1);
        try (Verifier fundamental = new FundamentalVerifier(options)) {
            assertThat(accepted(fundamental, true, 200)).isLessThan(20);
        }
    }

    private static int accepted(Verifier verifier, boolean framed, int pairs) {
        int accepted = 0;
        for (int seed = 0; seed < pairs; seed++) {
            Scenes.Pair pair = Scenes.pair(Scenes.SIMILARITY, 0, 30 + seed % 300, 0, framed, 5000 + seed);
            accepted += verifier.verify(pair.query(), pair.candidate(), pair.matches())
                            .isPresent()
                    ? 1
                    : 0;
        }
        return accepted;
    }
}
