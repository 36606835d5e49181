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
        int last = 0;
        int[] sample = new int[3];
        for (int i = 0; i < 2000; i++) {
            sampler.draw(i, sample);
            assertThat(sample).doesNotHaveDuplicates();
            for (int datum : sample) {
                assertThat(datum).isBetween(0, Math.min(49, 2 + i));
                seen.add(datum);
            }
            last = Math.max(last, Arrays.stream(sample).max().getAsInt());
            assertThat(seen).hasSizeLessThanOrEqualTo(last + 1);
        }
        assertThat(seen).hasSize(50);
    }

    @Test
    void weightedSamplesHaveTheDistributionThatTheStopCountsOn() {
        double[] weights = {5, 1, 0, 3, 1, 2};
        WeightedSampler sampler = new WeightedSampler(weights, 3, 4);
        boolean[] right = {true, true, false, true, false, true};
        double[] errors = {0, 0, 1, 0, 1, 0};
        int[] sample = new int[3];
        int[] drawn = new int[6];
        int successes = 0;
        for (int i = 0; i < 100_000; i++) {
            sampler.draw(i, sample);
            assertThat(sample).doesNotHaveDuplicates();
            for (int datum : sample) {
                drawn[datum]++;
            }
            successes += right[sample[0]] && right[sample[1]] && right[sample[2]] ? 1 : 0;
        }
        // a standard deviation is 0.0016; the sums of products of any three shares 0.9 w / 12 + 0.1 / 6
        double[] share = Arrays.stream(weights).map(w -> 0.9 * w / 12 + 0.1 / 6).toArray();
        double all = 0;
        double good = 0;
        for (int i = 0; i < 6; i++) {
            for (int j = 0; j < i; j++) {
                for (int k = 0; k < j; k++) {
                    double product = share[i] * share[j] * share[k];
                    all += product;
                    good += right[i] && right[j] && right[k] ? product : 0;
                }
            }
        }
        assertThat(sampler.success(errors, 0.5)).isCloseTo(good / all, within(1e-12));
        assertThat(successes / 100_000.0).isCloseTo(good / all, within(0.01));
        assertThat(drawn[2]).isPositive(); // weights may be wrong
        assertThat(drawn[0]).isGreaterThan(drawn[3]);
    }

    @Test
    void anAliasTableDrawsWithTheGivenProbabilities() {
        for (int n : new int[] {1, 2, 7, 1000}) {
            Random random = new Random(n);
            double[] probabilities = random.doubles(n).map(p -> p < 0.2 ? 0 : p).toArray();
            double sum = Arrays.stream(probabilities).sum();
            for (int i = 0; i < n; i++) {
                probabilities[i] = n == 1 ? 1 : probabilities[i] / sum;
            }
            AliasTable table = new AliasTable(probabilities);
            int draws = 1000 * n;
            int[] counts = new int[n];
            for (int i = 0; i < draws; i++) {
                counts[table.draw(random.nextLong())]++;
            }
            for (int i = 0; i < n; i++) {
                double expected = draws * probabilities[i];
                assertThat((double) counts[i])
                        .as("%d of %d", i, n)
                        .isCloseTo(expected, within(6 * Math.sqrt(expected)));
            }
        }
    }

    @Test
    void weightsThatDifferTooMuchStillGiveSamples() {
        WeightedSampler sampler = new WeightedSampler(new double[] {1e300, 0, 0, 0, 0, 0, 0, 0}, 7, 1);
        int[] sample = new int[7];
        sampler.draw(0, sample);
        assertThat(sample).doesNotHaveDuplicates();
        WeightedSampler zeros = new WeightedSampler(new double[4], 3, 1);
        assertThat(zeros.success(new double[4], 1)).isCloseTo(1, within(1e-12));
        assertThat(zeros.leastSuccess()).isCloseTo(1, within(1e-12));
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
