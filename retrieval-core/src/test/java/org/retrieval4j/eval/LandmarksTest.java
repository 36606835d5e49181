package org.retrieval4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.fixtures.Fixture;

/** Both measures of Google Landmarks v2. */
class LandmarksTest {
    private static final double TOLERANCE = 1e-12;
    private static final Path FIXTURES = Fixture.of("metrics").directory();

    @Test
    void retrievalGivesTheNumbersOfTheReference() throws IOException {
        LandmarkFigures score = LandmarkRetrieval.evaluate(
                FIXTURES.resolve("retrieval_solution.csv"), FIXTURES.resolve("retrieval_submission.csv"));
        assertThat(score.value("public")).isCloseTo(0.018507435869084474, within(TOLERANCE));
        assertThat(score.value("private")).isCloseTo(0.03948169545596016, within(TOLERANCE));
        assertThat(score.value("map@100")).isCloseTo(0.031091991621209885, within(TOLERANCE));
    }

    @Test
    void recognitionGivesTheNumbersOfTheReference() throws IOException {
        LandmarkFigures score = LandmarkRecognition.evaluate(
                FIXTURES.resolve("recognition_solution.csv"), FIXTURES.resolve("recognition_submission.csv"));
        assertThat(score.value("public")).isCloseTo(0.41666666666666663, within(TOLERANCE));
        assertThat(score.value("private")).isCloseTo(0.1, within(TOLERANCE));
        assertThat(score.value("gap")).isCloseTo(0.14761904761904762, within(TOLERANCE));
    }

    @Test
    void moreThan100RelevantLongListsAndRepeatedAnswers() throws IOException {
        LandmarkFigures score = LandmarkRetrieval.evaluate(
                FIXTURES.resolve("gld_solution.csv"), FIXTURES.resolve("gld_predictions.csv"));
        assertThat(score.value("map@100")).isCloseTo(0.3051845205600398, within(TOLERANCE));
        assertThat(score.value("public")).isEqualTo(score.value("map@100"));
        assertThat(score.value("private")).isNaN();
    }

    @Test
    void equalScoresStandByAscendingId() throws IOException {
        LandmarkFigures score = LandmarkRecognition.evaluate(
                FIXTURES.resolve("gap_solution.csv"), FIXTURES.resolve("gap_predictions.csv"));
        assertThat(score.value("gap")).isCloseTo(0.3771021224146225, within(TOLERANCE));
        assertThat(score.value("public")).isNaN();
    }

    @Test
    void aQueryWithoutRelevantImagesCountsAsZero(@TempDir Path folder) throws IOException {
        Path solution = write(folder, "s.csv", "id,images,Usage\na,x,Public\nb,,Public\n");
        Path submission = write(folder, "p.csv", "id,images\na,y x\nb,x\n");
        assertThat(LandmarkRetrieval.evaluate(solution, submission).value("public"))
                .isEqualTo(0.25);
    }

    @Test
    void scoresOfAnyIdsQuotesLineEndsAndLongLines(@TempDir Path folder) throws IOException {
        StringBuilder images = new StringBuilder("x0");
        for (int i = 1; i < 100_000; i++) {
            images.append(" x").append(i);
        }
        Path solution = write(folder, "s.csv", "id,images,Usage\r\n\"q\"\"1\",\"" + images + "\",Private\r\n");
        Path submission = write(folder, "p.csv", "id,images\r\n\r\n\"q\"\"1\",x99999 y x00 x7 " + images);
        double sum = 1 + 2.0 / 4;
        int hits = 2;
        for (int rank = 5; rank <= 100; rank++) {
            sum += rank == 5 + 7 ? 0 : (double) ++hits / rank; // x7 was there before
        }
        assertThat(LandmarkRetrieval.evaluate(solution, submission).value("private"))
                .isCloseTo(sum / 100, within(TOLERANCE));
    }

    @Test
    void intervalsOfConfidenceAreThoseOfDrawnQueries(@TempDir Path folder) throws IOException {
        StringBuilder truth = new StringBuilder("id,landmarks,Usage\n");
        StringBuilder answers = new StringBuilder("id,landmarks\n");
        for (int i = 0; i < 100; i++) { // half of them answered, all of these rightly
            truth.append(i).append(",7,").append(i < 50 ? "Public\n" : "Private\n");
            answers.append(i).append(i % 2 == 0 ? ",7 1\n" : ",\n");
        }
        Path solution = write(folder, "s.csv", truth.toString());
        Path submission = write(folder, "p.csv", answers.toString());
        LandmarkFigures gap = LandmarkRecognition.evaluate(solution, submission);
        LandmarkFigures map = LandmarkRetrieval.evaluate(
                solution, write(folder, "q.csv", answers.toString().replace(" 1", "")));
        assertThat(gap.counted()).isEqualTo(100);
        assertThat(gap.names()).containsExactly("gap", "public", "private");
        for (Figures.Interval interval : List.of(gap.interval("gap", 2000, 5), map.interval("map@100", 2000, 5))) {
            // a share of 0.5 of 100 has a standard deviation of 0.05
            assertThat(interval.low()).isCloseTo(0.4, within(0.02));
            assertThat(interval.high()).isCloseTo(0.6, within(0.02));
        }
        assertThat(gap.interval("public", 2000, 5).low()).isCloseTo(0.36, within(0.03)); // 50: 0.071
        assertThat(gap.interval("gap", 50, 5)).isEqualTo(gap.interval("gap", 50, 5));
        assertThatThrownBy(() -> gap.value("map")).hasMessage("no figure \"map\" among [gap, public, private]");
    }

    @Test
    void wrongRowsAreToldByTheirLine(@TempDir Path folder) throws IOException {
        Path solution = write(folder, "s.csv", "id,images,Usage\na,1,Public\nb,2,Private\nc,None,Ignored\n");
        refused(folder, solution, "id,x\na,1 1\nd,1 1\n", "line 3: test image \"d\" is not in the solution");
        refused(folder, solution, "id,x\na,1 1\n\na,1 1\n", "line 4: a second row for test image \"a\"");
        refused(folder, solution, "a,1 1\nb,1 1\n", "line 1: a header is missing");
        refused(folder, solution, "id,x\na,1,1\n", "line 2: a row must be id,prediction, got 3 fields");
        refused(folder, solution, "id,x\na\n", "line 2: a row must be id,prediction, got 1 fields");
        refused(folder, solution, "id,x\na,\"1 1\n", "line 2: a quote is not closed");
        Path twice = write(folder, "t.csv", "id,images,Usage\na,1,Public\na,2,Private\n");
        refused(folder, twice, "id,x\n", "line 3: a second row for test image \"a\"");
        Path unknown = write(folder, "u.csv", "id,images,Usage\na,1,public\n");
        refused(folder, unknown, "id,x\n", "line 2: Usage must be Public, Private or Ignored, got \"public\"");
        Path headless = write(folder, "h.csv", "a,1,Public\nb,1,Public\n");
        refused(folder, headless, "id,x\n", "line 1: a header id,…,Usage is missing");
        Path empty = write(folder, "e.csv", "id,images,Usage\nc,None,Ignored\n");
        refused(folder, empty, "id,x\n", "no test image that counts has a right answer");
    }

    @Test
    void predictionsOfClassesAreOneNumberAndOneScore(@TempDir Path folder) throws IOException {
        Path solution = write(folder, "s.csv", "id,landmarks,Usage\na,1,Public\nb,2,Private\nc,,Ignored\n");
        for (String wrong : new String[] {"1", "1 0.5 0.5", "x 0.5", "1 x", "1 NaN", "1  0.5"}) {
            Path submission = write(folder, "p.csv", "id,landmarks\nc,junk\na," + wrong + "\n");
            assertThatThrownBy(() -> LandmarkRecognition.evaluate(solution, submission))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith(submission + ", line 3: a ");
        }
    }

    private static void refused(Path folder, Path solution, String submission, String message) throws IOException {
        Path file = write(folder, "p.csv", submission);
        assertThatThrownBy(() -> LandmarkRetrieval.evaluate(solution, file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message);
    }

    private static Path write(Path folder, String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }
}
