package org.retrieval4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.retrieval4j.eval.PlaceEvaluation.Positions;
import org.retrieval4j.fixtures.Fixture;

/** Holidays, UKBench and place recognition against reference numbers. */
class ProtocolFixturesTest {
    private static int[] ranking(double[] features, int images, int query) {
        int d = features.length / images;
        double[] scores = new double[images];
        for (int image = 0; image < images; image++) {
            for (int i = 0; i < d; i++) {
                scores[image] += features[image * d + i] * features[query * d + i];
            }
        }
        return TrapezoidEvaluation.ranking(scores);
    }

    @Test
    void holidays() throws IOException {
        Fixture fixture = Fixture.of("metrics");
        List<Long> numbers = Arrays.stream(fixture.array("hol_ids").toInts())
                .mapToObj(id -> (long) id)
                .toList();
        double[] features = fixture.doubles("hol_features");
        int[][] rankings = HolidaysEvaluation.queries(numbers).stream()
                .map(query -> ranking(features, numbers.size(), query))
                .toArray(int[][]::new);
        QueryFigures figures = HolidaysEvaluation.of(numbers, 0, rankings);
        double[] expected = fixture.doubles("hol_ap");
        assertThat(expected).hasSize(12);
        for (int query = 0; query < expected.length; query++) {
            assertThat(figures.values("map")[query]).isCloseTo(expected[query], within(1e-12));
        }
        assertThat(figures.value("map")).isCloseTo(fixture.doubles("hol_map")[0], within(1e-12));
    }

    @Test
    void ukbench() throws IOException {
        Fixture fixture = Fixture.of("metrics");
        double[] features = fixture.doubles("ukb_features");
        int[][] rankings = new int[40][];
        for (int query = 0; query < rankings.length; query++) {
            rankings[query] = ranking(features, rankings.length, query);
        }
        assertThat(UkbenchEvaluation.of(0, rankings).value("ns"))
                .isCloseTo(fixture.doubles("ukb_score")[0], within(1e-12));
        rankings[3] = new int[] {3, 1, 2};
        assertThatThrownBy(() -> UkbenchEvaluation.of(0, rankings))
                .hasMessage("the ranking of query 3 must have at least 4 images, got 3");
        assertThatThrownBy(() -> UkbenchEvaluation.of(0, new int[7][]))
                .hasMessage("the number of queries must be a multiple of 4 above 0, got 7");
    }

    @Test
    void placeRecognition() throws IOException {
        Fixture fixture = Fixture.of("metrics");
        int[][] positives = PlaceEvaluation.within(
                positions(fixture.doubles("vpr_db_utm")), positions(fixture.doubles("vpr_q_utm")), 25);
        assertThat(Arrays.stream(positives).mapToInt(found -> found.length).toArray())
                .isEqualTo(fixture.array("vpr_num_positives").toInts());
        int[][] rankings = rows(fixture.array("vpr_ranks").toInts(), 100);
        int[] counts = fixture.array("vpr_n").toInts();
        QueryFigures figures = PlaceEvaluation.recall(
                200, positives, rankings, 1, Arrays.stream(counts).boxed().toList());
        double[] recall = fixture.doubles("vpr_recall");
        for (int i = 0; i < counts.length; i++) {
            assertThat(figures.value("recall@" + counts[i])).isCloseTo(recall[i], within(1e-12));
        }
        int[][] first = rows(fixture.array("tokyo_nms").toInts(), 10);
        for (int query = 0; query < first.length; query++) {
            assertThat(Arrays.copyOf(PlaceEvaluation.panoramas(rankings[query], 12), 10))
                    .isEqualTo(first[query]);
        }
    }

    private static Positions positions(double[] pairs) {
        List<Double> east = new ArrayList<>();
        List<Double> north = new ArrayList<>();
        for (int i = 0; i < pairs.length; i += 2) {
            east.add(pairs[i]);
            north.add(pairs[i + 1]);
        }
        return new Positions(east, north);
    }

    private static int[][] rows(int[] values, int columns) {
        int[][] rows = new int[values.length / columns][];
        for (int row = 0; row < rows.length; row++) {
            rows[row] = Arrays.copyOfRange(values, row * columns, (row + 1) * columns);
        }
        return rows;
    }

    @Test
    void cutoutsOfAPanoramaCountOnce() {
        int[][] positives = {{24}};
        int[][] rankings = {{3, 5, 14, 0, 24, 13}};
        assertThat(PlaceEvaluation.recall(100, positives, rankings, 1, List.of(3, 5))
                        .value("recall@3"))
                .isZero();
        assertThat(PlaceEvaluation.recall(100, positives, rankings, 12, List.of(3))
                        .value("recall@3"))
                .isEqualTo(1);
        assertThatThrownBy(() -> PlaceEvaluation.recall(100, positives, rankings, 12, List.of(1, 5)))
                .hasMessage("the ranking of query 0 must have 5 panoramas for recall@5, got 3");
    }

    @Test
    void framesAreRightWithinTheWindow() {
        assertThat(PlaceEvaluation.frames(new long[] {0, 10, 20}, new long[] {9, 40}, 11))
                .isDeepEqualTo(new int[][] {{0, 1, 2}, {}});
        assertThat(PlaceEvaluation.frames(new long[] {0, 10, 20}, new long[] {9}, 1))
                .isDeepEqualTo(new int[][] {{1}});
    }
}
