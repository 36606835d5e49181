package org.retrieval4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.index.Metric;

class RecallSpeedTest {
    private static RecallSpeed point(double recall, double speed) {
        return new RecallSpeed("a", "", recall, speed, 1, 1);
    }

    private static FloatMatrix gaussian(int n, int d, long seed) {
        Random random = new Random(seed);
        float[] values = new float[n * d];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return FloatMatrix.of(n, d, values);
    }

    private static IndexTrial trial(String spec, FloatMatrix base) {
        Components components = Components.load();
        return IndexTrial.fill(context -> components.create(Index.class, spec, context), BuildContext.defaults(), base);
    }

    @Test
    void theFrontierIsWhatNothingBeats() {
        RecallSpeed fast = point(0.5, 100);
        RecallSpeed middle = point(0.8, 50);
        RecallSpeed good = point(1, 10);
        assertThat(RecallSpeed.frontier(List.of(good, point(0.8, 49), fast, point(0.7, 50), middle, point(0.4, 100))))
                .containsExactly(fast, middle, good);
        assertThat(RecallSpeed.frontier(List.of())).isEmpty();
    }

    @Test
    void recallIsTheShareOfTheTrueNearest() {
        NearestNeighbors found = new NearestNeighbors(2, new long[] {3, 1, 5, -1}, new float[4]);
        assertThat(found.recall(new int[][] {{1, 3, 0}, {5, 6, 7}})).isEqualTo(0.75);
        assertThat(found.recall(new int[][] {{0, 2}, {6, 7}})).isZero();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> found.recall(new int[][] {{1, 3}}))
                .withMessageContaining("2 queries, got 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> found.recall(new int[][] {{1}, {3}}))
                .withMessageContaining("k = 2");
    }

    @Test
    void truthIsExactAndMoreProbesFindMore() {
        FloatMatrix base = gaussian(600, 8, 1);
        FloatMatrix queries = gaussian(30, 8, 2);
        int[][] truth = RecallSpeed.truth(Metric.L2, base, queries, 5, BuildContext.defaults());
        for (int q = 0; q < 30; q++) {
            double[] distances = new double[600];
            for (int i = 0; i < 600; i++) {
                for (int j = 0; j < 8; j++) {
                    double difference = base.get(i, j) - queries.get(q, j);
                    distances[i] += difference * difference;
                }
            }
            int nearest = truth[q][0];
            for (double distance : distances) {
                assertThat(distances[nearest]).isLessThanOrEqualTo(distance + 1e-6);
            }
        }
        double before = 0;
        for (int probes : new int[] {1, 4, 16}) {
            try (IndexTrial trial = trial("ivf-flat(lists=16,probes=" + probes + ",metric=l2)", base)) {
                RecallSpeed point =
                        RecallSpeed.measure("ivf-flat", probes + "", trial, queries, SearchOptions.top(5), 1, truth);
                assertThat(point.recall()).isGreaterThan(before);
                assertThat(point.queriesPerSecond()).isPositive();
                assertThat(point.buildSeconds()).isPositive();
                assertThat(point.memoryBytes()).isGreaterThan(600 * 8 * 4);
                before = point.recall();
            }
        }
        assertThat(before).isEqualTo(1);
    }

    @Test
    void aTrialRefusesWhatCannotBeSearched() {
        FloatMatrix base = gaussian(10, 4, 1);
        try (IndexTrial trial = trial("flat", base)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> trial.search(base, SearchOptions.top(11), 1))
                    .withMessageContaining("k must be 1 to the number of vectors, 10, got 11");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> trial.find(gaussian(2, 5, 1), SearchOptions.top(1)))
                    .withMessageContaining("must have 4 values");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> trial.search(base, SearchOptions.top(1), 0))
                    .withMessageContaining("rounds");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> trial("flat", FloatMatrix.empty(3)))
                .withMessageContaining("at least 1 vector");
    }

    /** Points lie where they should: better ones further up and to the right. */
    @Test
    void theChartShowsPointsInTheirPlaces() {
        List<RecallSpeed> points = List.of(point(0.62, 1000), point(0.9, 10));
        BufferedImage chart = RecallSpeedChart.draw("two points", 10, points);
        int[] fast = center(chart, 0, chart.getWidth() / 2);
        int[] good = center(chart, chart.getWidth() / 2, chart.getWidth());
        assertThat(fast[0]).isLessThan(good[0] - 300);
        assertThat(fast[1]).isLessThan(good[1] - 300);
        assertThat(RecallSpeedChart.draw("one", 1, List.of(point(1, 1e-3)))).isNotNull();
        assertThatIllegalArgumentException().isThrownBy(() -> RecallSpeedChart.draw("none", 1, List.of()));
    }

    /** The uppermost (left half) or lowest (right half) place in the plot that has the color of the first series. */
    private static int[] center(BufferedImage chart, int from, int to) {
        int[] found = null;
        for (int y = 90; y < 640; y++) {
            for (int x = Math.max(100, from); x < to; x++) {
                boolean colored = (chart.getRGB(x, y) & 0xffffff) == 0x0b6e69;
                if (colored && (found == null || from > 0)) {
                    found = new int[] {x, y};
                }
            }
        }
        return java.util.Objects.requireNonNull(found);
    }
}
