package org.retrieval4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.eval.LandmarkVote.Prediction;

class LandmarkVoteTest {
    private static final long[] LANDMARKS = {7, 9, 9, 8, 9};
    private static final float[] SIMILARITIES = {0.75f, 0.5f, 0.5f, 0.25f, -1};

    @Test
    void theLargestSumWins() {
        assertThat(new LandmarkVote(5, 0).of(LANDMARKS, SIMILARITIES)).contains(new Prediction(9, 1));
        assertThat(new LandmarkVote(2, 0).of(LANDMARKS, SIMILARITIES)).contains(new Prediction(7, 0.75));
        assertThat(new LandmarkVote(1, 0).of(LANDMARKS, SIMILARITIES)).contains(new Prediction(7, 0.75));
    }

    @Test
    void ofEqualSumsTheSmallerLandmarkWins() {
        assertThat(new LandmarkVote(2, 0).of(new long[] {5, 3}, new float[] {0.5f, 0.5f}))
                .contains(new Prediction(3, 0.5));
    }

    @Test
    void aSumBelowTheThresholdIsNoAnswer() {
        assertThat(new LandmarkVote(5, 1).of(LANDMARKS, SIMILARITIES)).isPresent();
        assertThat(new LandmarkVote(5, 1.001).of(LANDMARKS, SIMILARITIES)).isEmpty();
        assertThat(new LandmarkVote(5, -9).of(new long[] {1}, new float[] {-0.5f}))
                .isEmpty();
        assertThat(new LandmarkVote(5, 0).of(new long[0], new float[0])).isEmpty();
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThatThrownBy(() -> new LandmarkVote(0, 0)).hasMessage("neighbors must be at least 1, got 0");
        LandmarkVote vote = new LandmarkVote(1, 0);
        assertThatThrownBy(() -> vote.of(new long[1], new float[] {Float.NaN}))
                .hasMessage("similarity 0 must be finite, got NaN");
        assertThatThrownBy(() -> vote.of(new long[2], new float[1]))
                .hasMessage("there must be as many landmarks as similarities, got 2 and 1");
    }

    @Test
    void labelsAreReadFromEachPublishedFile(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("labels.csv");
        Files.writeString(file, "id,url,landmark_id\na1,\"http://x/a,b.jpg\",7\nb2,http://x/c.jpg,9\nc3,,7\n");
        assertThat(LandmarkLabels.read(file, id -> !id.equals("c3"))).isEqualTo(Map.of("a1", 7L, "b2", 9L));
        Files.writeString(file, "id,landmark_id\na1,7\n");
        assertThat(LandmarkLabels.read(file, id -> true)).isEqualTo(Map.of("a1", 7L));
        Files.writeString(file, "landmark_id,images\n7,a1 c3\n9,b2\n");
        assertThat(LandmarkLabels.read(file, id -> true)).isEqualTo(Map.of("a1", 7L, "b2", 9L, "c3", 7L));
    }

    @Test
    void wrongLabelsAreToldWithTheirLine(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("labels.csv");
        for (String[] wrong : new String[][] {
            {"id,landmark\na,1\n", ", line 1: a header with landmark_id and id or images must stand there"},
            {"id,landmark_id\na,1\na,2\n", ", line 3: image \"a\" stands twice"},
            {"id,landmark_id\na,x\n", ", line 2: a landmark must be a whole number, got \"x\""},
            {"id,landmark_id\na\n", ", line 2: a row must have 2 fields, got 1"},
            {"id,landmark_id\n,1\n", ", line 2: the id of an image is missing"},
        }) {
            Files.writeString(file, wrong[0]);
            assertThatThrownBy(() -> LandmarkLabels.read(file, id -> true))
                    .isInstanceOf(IOException.class)
                    .hasMessage(file + wrong[1]);
        }
    }
}
