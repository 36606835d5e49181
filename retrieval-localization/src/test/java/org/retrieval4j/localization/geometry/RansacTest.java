package org.retrieval4j.localization.geometry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The search itself, on lines y = a x + b. */
class RansacTest {
    private static final RansacOptions OPTIONS =
            RansacOptions.defaults().withMaxError(0.05).withIterations(10, 5000);

    /** Remembers the samples it was asked for. */
    private static final class Line implements ModelEstimator {
        private final double[] x;
        private final double[] y;
        private final List<int[]> samples = new ArrayList<>();

        Line(double[] x, double[] y) {
            this.x = x;
            this.y = y;
        }

        @Override
        public int size() {
            return x.length;
        }

        @Override
        public int sampleSize() {
            return 2;
        }

        @Override
        public int modelSize() {
            return 2;
        }

        @Override
        public int maxModels() {
            return 1;
        }

        @Override
        public int generate(int[] sample, double[] models) {
            samples.add(sample.clone());
            int i = sample[0];
            int j = sample[1];
            if (x[i] == x[j]) {
                return 0;
            }
            models[0] = (y[j] - y[i]) / (x[j] - x[i]);
            models[1] = y[i] - models[0] * x[i];
            return 1;
        }

        @Override
        public void squaredErrors(double[] model, int from, int to, double[] errors) {
            for (int i = from; i < to; i++) {
                double residual = model[0] * x[i] + model[1] - y[i];
                errors[i] = residual * residual;
            }
        }

        @Override
        public boolean refine(double[] model, double[] weights) {
            return fit(model, weights);
        }

        private boolean fit(double[] model, double[] weights) {
            double w = 0;
            double sx = 0;
            double sy = 0;
            double sxx = 0;
            double sxy = 0;
            for (int i = 0; i < x.length; i++) {
                w += weights[i];
                sx += weights[i] * x[i];
                sy += weights[i] * y[i];
                sxx += weights[i] * x[i] * x[i];
                sxy += weights[i] * x[i] * y[i];
            }
            double determinant = w * sxx - sx * sx;
            if (!(determinant > 1e-12)) {
                return false;
            }
            model[0] = (w * sxy - sx * sy) / determinant;
            model[1] = (sy - model[0] * sx) / w;
            return true;
        }
    }

    /** Data on y = 0.5 x + 1, in random places among outliers. */
    private static Line line(int good, int bad, double noise, long seed) {
        Random random = new Random(seed);
        int n = good + bad;
        double[] x = new double[n];
        double[] y = new double[n];
        int left = good;
        for (int i = 0; i < n; i++) {
            boolean right = random.nextInt(n - i) < left;
            left -= right ? 1 : 0;
            x[i] = 10 * random.nextDouble() - 5;
            y[i] = right ? 0.5 * x[i] + 1 + noise * random.nextGaussian() : 10 * random.nextDouble() - 5;
        }
        return new Line(x, y);
    }

    @Test
    void findsTheModelAmongNinetyPercentOutliers() {
        for (int seed = 0; seed < 20; seed++) {
            Ransac.Consensus found =
                    Ransac.estimate(line(50, 450, 0.01, seed), OPTIONS).orElseThrow();
            assertThat(found.model()).as("seed %d", seed).containsExactly(new double[] {0.5, 1}, within(0.02));
            assertThat(found.inliers().length).as("seed %d", seed).isBetween(48, 70);
        }
    }

    @Test
    void theModelIsTheLeastSquaresFitOfItsInliers() {
        Line line = line(60, 60, 0.01, 1);
        Ransac.Consensus found = Ransac.estimate(line, OPTIONS).orElseThrow();
        double[] weights = new double[line.size()];
        for (int inlier : found.inliers()) {
            weights[inlier] = 1;
        }
        double[] fit = new double[2];
        assertThat(line.fit(fit, weights)).isTrue();
        assertThat(found.model()).containsExactly(fit, within(1e-4));
    }

    @Test
    void costIsTheTruncatedSquaredErrorOfAllData() {
        Line line = line(60, 60, 0.01, 2);
        Ransac.Consensus found = Ransac.estimate(line, OPTIONS).orElseThrow();
        double[] errors = new double[line.size()];
        line.squaredErrors(found.model(), 0, line.size(), errors);
        double cost = Arrays.stream(errors).map(e -> Math.min(1, e / 0.0025)).sum();
        assertThat(found.cost()).isCloseTo(cost, within(1e-9));
        assertThat(found.inliers())
                .hasSize((int) Arrays.stream(errors).filter(e -> e < 0.0025).count());
    }

    @Test
    void stopsWhenABetterModelIsImprobable() {
        int easy =
                Ransac.estimate(line(400, 100, 0.01, 3), OPTIONS).orElseThrow().iterations();
        int hard =
                Ransac.estimate(line(60, 440, 0.01, 3), OPTIONS).orElseThrow().iterations();
        // log(0.001) / log(1 - P) with P about 0.8² and 0.13²
        assertThat(easy).isEqualTo(10);
        assertThat(hard).isBetween(150, 600);
    }

    @Test
    void triesTheBestDataFirst() {
        Line line = line(30, 970, 0.001, 4);
        double[] x = new double[1000];
        double[] y = new double[1000];
        int front = 0;
        int back = 30;
        for (int i = 0; i < 1000; i++) {
            boolean right = Math.abs(0.5 * line.x[i] + 1 - line.y[i]) < 0.005 && front < 30;
            int to = right ? front++ : back++;
            x[to % 1000] = line.x[i];
            y[to % 1000] = line.y[i];
        }
        Line sorted = new Line(x, y);
        Optional<Ransac.Consensus> found = Ransac.estimate(sorted, OPTIONS.withIterations(5, 30));
        assertThat(found.orElseThrow().model()).containsExactly(new double[] {0.5, 1}, within(0.01));
        assertThat(sorted.samples.get(0)).containsExactlyInAnyOrder(0, 1);
        for (int i = 0; i < sorted.samples.size(); i++) {
            assertThat(Arrays.stream(sorted.samples.get(i)).max().getAsInt()).isLessThanOrEqualTo(i + 1);
        }
    }

    @Test
    void samplesAreDifferentDataAndReachAllOfThem() {
        ProsacSampler sampler = new ProsacSampler(50, 3, 2000, 9, true);
        Set<Integer> seen = new HashSet<>();
        int subset = 3;
        int[] sample = new int[3];
        for (int i = 0; i < 2000; i++) {
            int grown = sampler.subset(i, subset);
            assertThat(grown).isBetween(subset, 50);
            subset = grown;
            sampler.draw(i, subset, sample);
            assertThat(sample).doesNotHaveDuplicates();
            for (int datum : sample) {
                assertThat(datum).isBetween(0, subset - 1);
                seen.add(datum);
            }
        }
        assertThat(seen).hasSize(50);
    }

    @Test
    void refusesDegenerateData() {
        double[] same = new double[40];
        double[] other = new Random(1).doubles(40).toArray();
        assertThat(Ransac.estimate(new Line(same, other), OPTIONS)).isEmpty();
        assertThat(Ransac.estimate(new Line(new double[1], new double[1]), OPTIONS))
                .isEmpty();
    }

    @Test
    void theSeedDecidesAlone() {
        Ransac.Consensus first =
                Ransac.estimate(line(40, 300, 0.02, 5), OPTIONS).orElseThrow();
        assertThat(Ransac.estimate(line(40, 300, 0.02, 5), OPTIONS)).contains(first);
        Line one = line(40, 300, 0.02, 5);
        Line two = line(40, 300, 0.02, 5);
        Ransac.estimate(one, OPTIONS.withSeed(1));
        Ransac.estimate(two, OPTIONS.withSeed(2));
        assertThat(one.samples.get(20)).isNotEqualTo(two.samples.get(20));
    }
}
