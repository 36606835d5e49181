package org.retrieval4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.retrieval4j.eval.RevisitedEvaluation.Setting;
import org.retrieval4j.eval.RevisitedTruth.Labels;
import org.retrieval4j.fixtures.Fixture;

class RevisitedEvaluationTest {
    /** The second query has no easy image. */
    private static final RevisitedTruth TRUTH = new RevisitedTruth(
            6,
            List.of(
                    new Labels(List.of(0, 1), List.of(2), List.of(3)),
                    new Labels(List.of(), List.of(4), List.of(0, 1))));

    /** Of the first query: wrong, junk, easy, hard, wrong, easy. Of the second: hard first. */
    private static final int[][] RANKINGS = {{4, 3, 0, 2, 5, 1}, {4, 0, 1, 2, 3, 5}};

    @Test
    void easyIgnoresHardAndJunk() {
        RevisitedEvaluation easy = RevisitedEvaluation.of(TRUTH, Setting.EASY, RANKINGS);
        assertThat(easy.queries()).isEqualTo(1);
        // right answers at ranks 1 and 3 from 0
        assertThat(easy.map()).isCloseTo(((0 + 1.0 / 2) / 2 + (1.0 / 3 + 2.0 / 4) / 2) / 2, within(1e-15));
        assertThat(easy.meanPrecision()).containsExactly(0.0, 0.5, 0.5); // the last right answer is the fourth
    }

    @Test
    void mediumIgnoresJunk() {
        RevisitedEvaluation medium = RevisitedEvaluation.of(TRUTH, Setting.MEDIUM, RANKINGS);
        assertThat(medium.queries()).isEqualTo(2);
        double first = ((0 + 1.0 / 2) / 2 + (1.0 / 2 + 2.0 / 3) / 2 + (2.0 / 4 + 3.0 / 5) / 2) / 3;
        assertThat(medium.map()).isCloseTo((first + 1) / 2, within(1e-15));
        assertThat(medium.meanPrecision()).containsExactly(0.5, (3.0 / 5 + 1) / 2, (3.0 / 5 + 1) / 2);
    }

    @Test
    void hardIgnoresEasyAndJunk() {
        RevisitedEvaluation hard = RevisitedEvaluation.of(TRUTH, Setting.HARD, RANKINGS);
        assertThat(hard.map()).isCloseTo(((0 + 1.0 / 2) / 2 + 1) / 2, within(1e-15));
        assertThat(hard.meanPrecision()).containsExactly(0.5, 0.75, 0.75);
    }

    @Test
    void noQueryWithARightAnswerIsNotANumber() {
        RevisitedTruth nothing = new RevisitedTruth(1, List.of(new Labels(List.of(), List.of(), List.of(0))));
        RevisitedEvaluation easy = RevisitedEvaluation.of(nothing, Setting.EASY, new int[][] {{0}});
        assertThat(easy.map()).isNaN();
        assertThat(easy.queries()).isZero();
    }

    /** Complete rankings, and such of the first 60 of 120 images. */
    @Test
    void agreesWithReferenceNumbers() throws IOException {
        Fixture fixture = Fixture.of("metrics");
        int[] kinds = fixture.array("rop_labels").toInts();
        int queries = fixture.array("rop_labels").shape()[0];
        int images = fixture.array("rop_labels").shape()[1];
        int[] ranks = fixture.array("rop_ranks").toInts();
        List<Labels> labels = new ArrayList<>();
        int[][] rankings = new int[queries][images];
        for (int query = 0; query < queries; query++) {
            List<List<Integer>> lists = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            for (int image = 0; image < images; image++) {
                int kind = kinds[query * images + image];
                if (kind > 0) {
                    lists.get(kind - 1).add(image);
                }
                rankings[query][image] = ranks[image * queries + query];
            }
            labels.add(new Labels(lists.get(0), lists.get(1), lists.get(2)));
        }
        RevisitedTruth truth = new RevisitedTruth(images, labels);
        double[] summary = fixture.doubles("rop_summary");
        for (Setting setting : Setting.values()) {
            RevisitedEvaluation found = RevisitedEvaluation.of(truth, setting, rankings);
            String name = "rop_" + setting.name().toLowerCase(Locale.ROOT);
            agrees(found.figures(), fixture.doubles(name + "_ap"), fixture.doubles(name + "_p"));
            assertThat(found.map()).isCloseTo(summary[4 * setting.ordinal()], within(1e-12));
            for (int i = 0; i < 3; i++) {
                assertThat(found.meanPrecision().get(i))
                        .isCloseTo(summary[4 * setting.ordinal() + 1 + i], within(1e-12));
            }
        }
        int[] chosen = fixture.array("rop_truncated_queries").toInts();
        RevisitedTruth some = new RevisitedTruth(
                images, Arrays.stream(chosen).mapToObj(labels::get).toList());
        int[][] cut = Arrays.stream(chosen)
                .mapToObj(query -> Arrays.copyOf(rankings[query], 60))
                .toArray(int[][]::new);
        agrees(
                RevisitedEvaluation.of(some, Setting.MEDIUM, cut).figures(),
                fixture.doubles("rop_truncated_ap"),
                fixture.doubles("rop_truncated_p"));
    }

    private static void agrees(QueryFigures figures, double[] map, double[] precisions) {
        for (int query = 0; query < map.length; query++) {
            close(figures.values("map")[query], map[query]);
            for (int i = 0; i < 3; i++) {
                double found = figures.values("mp@" + RevisitedEvaluation.CUTOFFS.get(i))[query];
                close(found, Double.isNaN(map[query]) ? Double.NaN : precisions[3 * query + i]);
            }
        }
    }

    private static void close(double found, double expected) {
        if (Double.isNaN(expected)) {
            assertThat(found).isNaN();
        } else {
            assertThat(found).isCloseTo(expected, within(1e-12));
        }
    }

    @Test
    void distractorsAreWrong() {
        int[] first = {6, 3, 7, 0, 2, 5, 1, 4};
        int[] second = {7, 0, 1, 4, 2, 3, 5, 6};
        RevisitedEvaluation hard =
                RevisitedEvaluation.of(TRUTH.withDistractors(2), Setting.HARD, new int[][] {first, second});
        // behind two distractors, behind one
        assertThat(hard.map()).isCloseTo((1.0 / 3 / 2 + 1.0 / 2 / 2) / 2, within(1e-15));
    }

    @Test
    void aRankingWithoutARightAnswerIsWorthNothing() {
        RevisitedEvaluation hard = RevisitedEvaluation.of(TRUTH, Setting.HARD, new int[][] {{4, 5}, {}});
        assertThat(hard.queries()).isEqualTo(2);
        assertThat(hard.map()).isZero();
        assertThat(hard.meanPrecision()).containsExactly(0.0, 0.0, 0.0);
    }

    @Test
    void equalScoresAreInTheOrderOfImages() {
        assertThat(TrapezoidEvaluation.ranking(new double[] {0.5, -0.0, 0.9, 0.5, 0.0}))
                .containsExactly(2, 0, 3, 1, 4);
        assertThatThrownBy(() -> TrapezoidEvaluation.ranking(new double[] {1, Double.NaN}))
                .hasMessage("the score of image 1 must be a number, got NaN");
    }

    @Test
    void refusesRankingsThatAreNoneOfTheDatabase() {
        refused("there must be rankings of 2 queries, got 1", new int[] {0, 1, 2, 3, 4, 5});
        int[] good = RANKINGS[1];
        refused("rank 1 of query 0 must be an image 0 to 5, got 6", new int[] {0, 6, 2, 3, 4, 5}, good);
        refused("rank 0 of query 0 must be an image 0 to 5, got -1", new int[] {-1, 1, 2, 3, 4, 5}, good);
        refused("rank 5 of query 1 repeats image 2", good, new int[] {0, 1, 2, 3, 4, 2});
    }

    private static void refused(String message, int[]... rankings) {
        assertThatThrownBy(() -> RevisitedEvaluation.of(TRUTH, Setting.HARD, rankings))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void refusesLabelsThatAreNoImages() {
        assertThatThrownBy(() -> new RevisitedTruth(3, List.of(new Labels(List.of(), List.of(3), List.of()))))
                .hasMessage("hard of query 0 must be 0 to 2, got 3");
        assertThatThrownBy(() -> new RevisitedTruth(3, List.of(new Labels(List.of(1, 1), List.of(), List.of()))))
                .hasMessage("easy of query 0 has image 1 twice");
        assertThatThrownBy(() -> new RevisitedTruth(3, List.of()))
                .hasMessage("there must be at least 1 image and 1 query, got 3 images and 0 queries");
    }
}
