package org.retrieval4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.retrieval4j.fixtures.Fixture;

class TrapezoidEvaluationTest {
    @Test
    void smallCasesAgreeWithReferenceNumbers() throws IOException {
        double[] expected = Fixture.of("metrics").doubles("ap_small_expected");
        int[][] ranks = {{0}, {1}, {0, 1}, {0, 2}, {3, 4, 10}, {0}, {9}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}};
        int[] relevant = {1, 1, 2, 2, 3, 4, 10, 10};
        for (int i = 0; i < expected.length; i++) {
            assertThat(TrapezoidEvaluation.averagePrecision(ranks[i], relevant[i]))
                    .isCloseTo(expected[i], within(1e-12));
        }
    }

    @Test
    void rankingsAreThoseOfAStableSort() {
        for (int size : new int[] {0, 1, 2, 3, 7, 8, 9, 100, 1000}) {
            Random random = new Random(size);
            double[] scores = random.ints(size, -5, 5).asDoubleStream().toArray();
            int[] expected = IntStream.range(0, size)
                    .boxed()
                    .sorted((a, b) -> Double.compare(scores[b], scores[a]))
                    .mapToInt(i -> i)
                    .toArray();
            assertThat(TrapezoidEvaluation.ranking(scores)).isEqualTo(expected);
        }
    }

    @Test
    void anIntervalHoldsTheMeanAndNarrowsWithMoreQueries() {
        double[] values = new Random(1).doubles(400).toArray();
        QueryFigures many = new QueryFigures(Map.of("map", values));
        QueryFigures few = new QueryFigures(Map.of("map", Arrays.copyOf(values, 25)));
        QueryFigures.Interval narrow = many.interval("map", 2000, 7);
        QueryFigures.Interval wide = few.interval("map", 2000, 7);
        assertThat(many.value("map")).isBetween(narrow.low(), narrow.high());
        assertThat(few.value("map")).isBetween(wide.low(), wide.high());
        // of a uniform distribution: 1.96 standard errors of sqrt(1/12) / sqrt(n) to either side
        assertThat(narrow.high() - narrow.low()).isCloseTo(2 * 1.96 * 0.2887 / 20, within(0.006));
        assertThat(wide.high() - wide.low()).isCloseTo(2 * 1.96 * 0.2887 / 5, within(0.06));
        assertThat(many.interval("map", 2000, 7)).isEqualTo(narrow);
        assertThat(many.interval("map", 2000, 8)).isNotEqualTo(narrow);
    }

    @Test
    void queriesThatDoNotCountAreLeftOut() {
        QueryFigures figures = new QueryFigures(Map.of("map", new double[] {1, Double.NaN, 0.5}));
        assertThat(figures.counted()).isEqualTo(2);
        assertThat(figures.value("map")).isEqualTo(0.75);
        QueryFigures none = new QueryFigures(Map.of("map", new double[] {Double.NaN}));
        assertThat(none.value("map")).isNaN();
        assertThat(none.interval("map", 10, 1).low()).isNaN();
        assertThatThrownBy(() -> figures.value("gap")).hasMessage("no figure \"gap\" among [map]");
    }

    @Test
    void refusesLabelsThatAreNoImages() {
        var labels = List.of(new TrapezoidEvaluation.Labels(List.of(3), List.of()));
        assertThatThrownBy(() -> TrapezoidEvaluation.of(3, labels, new int[][] {{0}}))
                .hasMessage("a label must be an image 0 to 2, got 3");
    }
}
