package org.retrieval4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.fixtures.Fixture;

class RankingMetricsTest {
    @Test
    void averagePrecisionIsTheMeanOfPrecisionAtHits() {
        assertThat(RankingMetrics.averagePrecision(List.of("a", "x", "b", "y"), Set.of("a", "b")))
                .isEqualTo((1.0 + 2.0 / 3) / 2);
        assertThat(RankingMetrics.averagePrecision(List.of("a", "b"), Set.of("a", "b")))
                .isEqualTo(1);
    }

    @Test
    void whatIsNotFoundCountsZero() {
        assertThat(RankingMetrics.averagePrecision(List.of("a"), Set.of("a", "b")))
                .isEqualTo(0.5);
        assertThat(RankingMetrics.averagePrecision(List.of(), Set.of("a"))).isZero();
    }

    @Test
    void aResultThatStandsTwiceCountsOnce() {
        assertThat(RankingMetrics.averagePrecision(List.of("a", "a", "b"), Set.of("a", "b")))
                .isEqualTo((1.0 + 2.0 / 3) / 2);
        assertThat(RankingMetrics.precisionAt(List.of("a", "a"), Set.of("a"), 2))
                .isEqualTo(0.5);
    }

    @Test
    void precisionOfAShortListCountsItsEndAsMisses() {
        assertThat(RankingMetrics.precisionAt(List.of("a"), Set.of("a"), 4)).isEqualTo(0.25);
        assertThatThrownBy(() -> RankingMetrics.precisionAt(List.of("a"), Set.of("a"), 0))
                .hasMessage("k must be at least 1, got 0");
    }

    /** Groups of pictures ranked by the inner product of unit vectors, the query itself left out. */
    @Test
    void agreesWithReferenceNumbers() throws IOException {
        Fixture fixture = Fixture.of("metrics");
        int[] ids = fixture.array("hol_ids").toInts();
        double[] features = fixture.doubles("hol_features");
        double expected = fixture.doubles("hol_map_rectangular")[0];
        int d = features.length / ids.length;
        Map<String, Set<String>> relevant = new LinkedHashMap<>();
        for (int id : ids) {
            if (id % 100 == 0) {
                Set<String> group = new LinkedHashSet<>();
                for (int other : ids) {
                    if (other / 100 == id / 100) {
                        group.add(Integer.toString(other));
                    }
                }
                relevant.put(Integer.toString(id), group);
            }
        }
        RankingEvaluation evaluation = RankingEvaluation.evaluate(new GroundTruth(relevant), query -> {
            int row = java.util.stream.IntStream.range(0, ids.length)
                    .filter(i -> Integer.toString(ids[i]).equals(query))
                    .findFirst()
                    .orElseThrow();
            List<Integer> order = new ArrayList<>();
            double[] score = new double[ids.length];
            for (int i = 0; i < ids.length; i++) {
                order.add(i);
                for (int j = 0; j < d; j++) {
                    score[i] += features[row * d + j] * features[i * d + j];
                }
            }
            order.sort((a, b) -> Double.compare(score[b], score[a]));
            return order.stream().map(i -> Integer.toString(ids[i])).toList();
        });
        assertThat(evaluation.map()).isCloseTo(expected, within(1e-12));
        assertThat(evaluation.averagePrecision()).hasSize(12);
    }

    @Test
    void evaluationLeavesOutTheQueryAndQueriesWithoutAnswers() throws IOException {
        GroundTruth truth = new GroundTruth(Map.of("q", Set.of("q", "a"), "lonely", Set.of("lonely")));
        RankingEvaluation evaluation = RankingEvaluation.evaluate(truth, query -> List.of("q", "a", "b"));
        assertThat(evaluation.map()).isEqualTo(1);
        assertThat(evaluation.precisionAt1()).isEqualTo(1);
        assertThat(evaluation.averagePrecision()).containsOnlyKeys("q");
        GroundTruth nothing = new GroundTruth(Map.of("q", Set.of()));
        assertThatThrownBy(() -> RankingEvaluation.evaluate(nothing, query -> List.of()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void readsCsv(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("truth.csv");
        Files.writeString(
                file,
                "\uFEFFq1.jpg,a.jpg, b.jpg\n\n\"with, comma\",\"say \"\"x\"\"\",a.jpg\r\nalone\ntrailing,a.jpg,,\n");
        assertThat(GroundTruth.readCsv(file).relevant())
                .containsExactly(
                        Map.entry("q1.jpg", Set.of("a.jpg", "b.jpg")),
                        Map.entry("with, comma", Set.of("say \"x\"", "a.jpg")),
                        Map.entry("alone", Set.of()),
                        Map.entry("trailing", Set.of("a.jpg")));
    }

    @Test
    void tellsTheLineThatIsNoCsv(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("truth.csv");
        for (String bad : List.of("\"open,a", "\"a\"b,c", ",a", "q,c")) {
            Files.writeString(file, "q,a\n" + bad + "\n");
            assertThatThrownBy(() -> GroundTruth.readCsv(file))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("line 2");
        }
    }
}
