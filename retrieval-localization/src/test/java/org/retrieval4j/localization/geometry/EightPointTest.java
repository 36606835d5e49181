package org.retrieval4j.localization.geometry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EightPointTest {
    private static final int[] SEVEN = {0, 1, 2, 3, 4, 5, 6};

    private final double[] x1;
    private final double[] y1;
    private final double[] x2;
    private final double[] y2;

    EightPointTest() {
        x1 = new double[60];
        y1 = new double[60];
        x2 = new double[60];
        y2 = new double[60];
    }

    /** Two pictures of 800 pixels' focal length, the second turned about y and moved aside. */
    private void see(Random random, boolean plane, double noise) {
        double angle = 0.2 + 0.2 * random.nextDouble();
        for (int i = 0; i < x1.length; i++) {
            double x = 4 * random.nextDouble() - 2;
            double y = 3 * random.nextDouble() - 1.5;
            double z = plane ? 6 + 0.2 * x : 4 + 5 * random.nextDouble();
            x1[i] = 512 + 800 * x / z + noise * random.nextGaussian();
            y1[i] = 384 + 800 * y / z + noise * random.nextGaussian();
            double u = Math.cos(angle) * x + Math.sin(angle) * z - 1.5;
            double w = -Math.sin(angle) * x + Math.cos(angle) * z + 0.3;
            x2[i] = 512 + 800 * u / w + noise * random.nextGaussian();
            y2[i] = 384 + 800 * (y + 0.1) / w + noise * random.nextGaussian();
        }
    }

    private double worst(double[] f) {
        double worst = 0;
        for (int i = 0; i < x1.length; i++) {
            double lx = f[0] * x1[i] + f[1] * y1[i] + f[2];
            double ly = f[3] * x1[i] + f[4] * y1[i] + f[5];
            double lz = f[6] * x1[i] + f[7] * y1[i] + f[8];
            worst = Math.max(worst, Math.abs(x2[i] * lx + y2[i] * ly + lz) / Math.hypot(lx, ly));
        }
        return worst;
    }

    @Test
    void eightExactPairsAndManyGiveTheMatrixOfSeven() {
        for (int seed = 0; seed < 50; seed++) {
            see(new Random(seed), false, 0);
            double[] eight = new double[9];
            double[] many = new double[9];
            double[] seven = new double[27];
            int count = new FundamentalSolver().sevenPoint(x1, y1, x2, y2, SEVEN, seven);

            assertThat(FundamentalSolver.eightPoint(
                            x1, y1, x2, y2, IntStream.range(0, 8).toArray(), eight))
                    .isTrue();
            assertThat(FundamentalSolver.eightPoint(
                            x1, y1, x2, y2, IntStream.range(0, 60).toArray(), many))
                    .isTrue();

            assertThat(worst(eight)).as("pixels, seed %d", seed).isLessThan(1e-5);
            assertThat(worst(many)).as("pixels, seed %d", seed).isLessThan(1e-8);
            double nearest = Double.POSITIVE_INFINITY;
            for (int k = 0; k < count; k++) {
                nearest = Math.min(nearest, Scenes.difference(Fixture.matrix(seven, k), many));
            }
            assertThat(nearest).as("seed %d", seed).isLessThan(1e-6);
        }
    }

    @Test
    void theMatrixOfNoisyPairsHasRankTwoAndFits() {
        see(new Random(7), false, 0.5);
        double[] f = new double[9];

        assertThat(FundamentalSolver.eightPoint(
                        x1, y1, x2, y2, IntStream.range(0, 60).toArray(), f))
                .isTrue();

        double[] cofactors = new double[9];
        SmallLinear.cofactors(f, cofactors);
        double determinant = f[0] * cofactors[0] + f[1] * cofactors[1] + f[2] * cofactors[2];
        assertThat(determinant).isCloseTo(0, within(1e-18));
        assertThat(worst(f)).isLessThan(4);
    }

    @Test
    void aPlaneALineAndSevenPairsDetermineNone() {
        double[] f = new double[9];
        see(new Random(1), true, 0);
        assertThat(FundamentalSolver.eightPoint(
                        x1, y1, x2, y2, IntStream.range(0, 60).toArray(), f))
                .isFalse();
        assertThat(FundamentalSolver.eightPoint(x1, y1, x2, y2, SEVEN, f)).isFalse();
        double[] line = IntStream.range(0, 60).mapToDouble(i -> i).toArray();
        assertThat(FundamentalSolver.eightPoint(
                        line, line, x2, y2, IntStream.range(0, 60).toArray(), f))
                .isFalse();
        x2[3] = Double.NaN;
        assertThat(FundamentalSolver.eightPoint(
                        x1, y1, x2, y2, IntStream.range(0, 60).toArray(), f))
                .isFalse();
    }
}
