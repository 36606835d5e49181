package org.retrieval4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.retrieval4j.eval.RevisitedEvaluation.Setting;
import org.retrieval4j.eval.RevisitedTruth.Labels;

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

    @Test
    void equalScoresAreInTheOrderOfImages() {
        assertThat(RevisitedEvaluation.ranking(new double[] {0.5, -0.0, 0.9, 0.5, 0.0}))
                .containsExactly(2, 0, 3, 1, 4);
        assertThatThrownBy(() -> RevisitedEvaluation.ranking(new double[] {1, Double.NaN}))
                .hasMessage("the score of image 1 must be a number, got NaN");
    }

    @Test
    void refusesRankingsThatAreNoneOfTheDatabase() {
        refused("there must be rankings of 2 queries, got 1", new int[] {0, 1, 2, 3, 4, 5});
        int[] good = RANKINGS[1];
        refused("the ranking of query 0 must have all 6 images of the ground truth, got 2", new int[] {0, 1}, good);
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
