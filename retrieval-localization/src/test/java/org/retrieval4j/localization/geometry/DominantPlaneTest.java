package org.retrieval4j.localization.geometry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Scenes of which most points lie on one wall. */
class DominantPlaneTest {
    private static final int N = 400;
    private static final double ERROR = 3.0 / Correspondences.UNIT;

    /** Pairs on the wall, off it (the right ones), and anywhere. */
    private record Wall(Correspondences data, boolean[] off, boolean[] wrong) {
        static Wall of(double offPlane, double outliers, long seed) {
            Random random = new Random(seed);
            double[][] places = new double[4][N];
            boolean[] off = new boolean[N];
            boolean[] wrong = new boolean[N];
            for (int i = 0; i < N; ) {
                double x = Scenes.WIDTH * random.nextDouble();
                double y = Scenes.HEIGHT * random.nextDouble();
                double kind = random.nextDouble();
                wrong[i] = kind < outliers;
                off[i] = !wrong[i] && kind < outliers + offPlane;
                double[] seen = wrong[i]
                        ? new double[] {Scenes.WIDTH * random.nextDouble(), Scenes.HEIGHT * random.nextDouble()}
                        : off[i] ? Scenes.TWO_CAMERAS.map(x, y, 1 + random.nextDouble()) : Scenes.PLANE.map(x, y, 0);
                if (seen[0] < 0 || seen[0] > Scenes.WIDTH || seen[1] < 0 || seen[1] > Scenes.HEIGHT) {
                    continue;
                }
                places[0][i] = unit(x, Scenes.WIDTH);
                places[1][i] = unit(y, Scenes.HEIGHT);
                places[2][i] = unit(seen[0] + 0.5 * random.nextGaussian(), Scenes.WIDTH);
                places[3][i] = unit(seen[1] + 0.5 * random.nextGaussian(), Scenes.HEIGHT);
                i++;
            }
            return new Wall(
                    new Correspondences(places[0], places[1], places[2], places[3], Optional.empty()), off, wrong);
        }

        private static double unit(double pixel, int size) {
            return (pixel - size / 2.0) / Correspondences.UNIT;
        }

        /** Part of the pairs off the wall that agree with the matrix that a search finds. */
        double found(boolean mended, long seed) {
            FundamentalEstimator full = new FundamentalEstimator(data);
            double[] model = Ransac.estimate(
                            new Unordered(full, mended),
                            RansacOptions.defaults()
                                    .withMaxError(ERROR)
                                    .withIterations(10, 2000)
                                    .withSeed(seed))
                    .orElseThrow()
                    .model();
            double[] errors = new double[N];
            full.squaredErrors(model, 0, N, errors);
            int agreeing = 0;
            int all = 0;
            for (int i = 0; i < N; i++) {
                all += off[i] ? 1 : 0;
                agreeing += off[i] && errors[i] < ERROR * ERROR ? 1 : 0;
            }
            return (double) agreeing / all;
        }
    }

    /** Pairs in no order, with and without mending. */
    private record Unordered(FundamentalEstimator full, boolean mended) implements ModelEstimator {
        @Override
        public int size() {
            return full.size();
        }

        @Override
        public int sampleSize() {
            return full.sampleSize();
        }

        @Override
        public int modelSize() {
            return full.modelSize();
        }

        @Override
        public int maxModels() {
            return full.maxModels();
        }

        @Override
        public boolean ordered() {
            return false;
        }

        @Override
        public int generate(int[] sample, double[] models) {
            return full.generate(sample, models);
        }

        @Override
        public boolean mend(int[] sample, double[] model, double squaredError) {
            return mended && full.mend(sample, model, squaredError);
        }

        @Override
        public void squaredErrors(double[] model, int from, int to, double[] errors) {
            full.squaredErrors(model, from, to, errors);
        }

        @Override
        public boolean refine(double[] model, double[] weights) {
            return full.refine(model, weights);
        }
    }

    @Test
    void whatIsNotOnTheWallIsFoundToo() {
        int with = 0;
        int without = 0;
        for (int seed = 0; seed < 30; seed++) {
            Wall wall = Wall.of(0.05, 0.3, seed);
            with += wall.found(true, seed) >= 0.9 ? 1 : 0;
            without += wall.found(false, seed) >= 0.9 ? 1 : 0;
        }
        assertThat(with).isGreaterThanOrEqualTo(28);
        assertThat(without).isLessThan(24);
    }

    @Test
    void aSampleOnTheWallGetsTheRightEpipoles() {
        Wall wall = Wall.of(0.1, 0.2, 3);
        int[] sample = new int[7];
        int count = 0;
        for (int i = 0; i < N && count < 7; i++) {
            if (!wall.off[i] && !wall.wrong[i]) {
                sample[count++] = i;
            }
        }
        double[] models = new double[27];
        FundamentalEstimator estimator = new FundamentalEstimator(wall.data);
        int found = new FundamentalSolver()
                .sevenPoint(wall.data.x1(), wall.data.y1(), wall.data.x2(), wall.data.y2(), sample, models);
        assertThat(found).isPositive();
        double[] model = Arrays.copyOf(models, 9);
        assertThat(estimator.mend(sample, model, ERROR * ERROR)).isTrue();
        double[] errors = new double[N];
        estimator.squaredErrors(model, 0, N, errors);
        for (int i = 0; i < N; i++) {
            // all but those that two noisy parallaxes leave out
            if (wall.off[i]) {
                assertThat(errors[i]).as("pair %d", i).isLessThan(16 * ERROR * ERROR);
            }
        }
    }

    @Test
    void aSampleInGeneralPositionIsLeftAlone() {
        Wall deep = Wall.of(1, 0, 5);
        double[] models = new double[27];
        int[] sample = {0, 1, 2, 3, 4, 5, 6};
        FundamentalEstimator estimator = new FundamentalEstimator(deep.data);
        int found = estimator.generate(sample, models);
        for (int k = 0; k < found; k++) {
            double[] model = Arrays.copyOfRange(models, 9 * k, 9 * k + 9);
            assertThat(estimator.mend(sample, model, ERROR * ERROR / 100)).isFalse();
            assertThat(model).isEqualTo(Arrays.copyOfRange(models, 9 * k, 9 * k + 9));
        }
    }

    /** One plane and nothing else leaves the matrix open: no second pair tells it. */
    @Test
    void aWallAloneIsNoError() {
        Wall flat = Wall.of(0, 0, 7);
        double[] models = new double[27];
        int[] sample = {0, 1, 2, 3, 4, 5, 6};
        int found = new FundamentalSolver()
                .sevenPoint(flat.data.x1(), flat.data.y1(), flat.data.x2(), flat.data.y2(), sample, models);
        FundamentalEstimator estimator = new FundamentalEstimator(flat.data);
        for (int k = 0; k < found; k++) {
            double[] model = Arrays.copyOfRange(models, 9 * k, 9 * k + 9);
            estimator.mend(sample, model, ERROR * ERROR);
            assertThat(model).doesNotContain(Double.NaN);
        }
    }
}
