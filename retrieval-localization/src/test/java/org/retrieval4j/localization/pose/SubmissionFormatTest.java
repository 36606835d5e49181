package org.retrieval4j.localization.pose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubmissionFormatTest {
    // DenseVLAD's pose of a query as the README of Aachen Day-Night shows it, with fewer digits
    private static final String GOLDEN =
            "IMG_20140520_182846.jpg 0.0043004 -0.00971127 0.0871046 0.996143 724.381 23.5118 180.934";

    @Test
    void readsAndWritesTheBenchmarksOwnExample(@TempDir Path folder) throws IOException {
        Path example = Files.writeString(folder.resolve("example.txt"), GOLDEN + "\n");
        Pose pose = PoseFile.read(example).values().iterator().next();

        Path written = SubmissionFormat.AACHEN.write(
                folder, "mine", Map.of("query/night/nexus5x/IMG_20140520_182846.jpg", pose));

        assertThat(written).hasFileName("Aachen_eval_mine.txt");
        assertThat(PoseFile.read(written)).isEqualTo(Map.of("IMG_20140520_182846.jpg", pose));
        String[] expected = GOLDEN.split(" ");
        String[] fields = Files.readString(written).strip().split(" ");
        assertThat(fields).hasSize(8);
        assertThat(fields[0]).isEqualTo(expected[0]);
        for (int i = 1; i < 8; i++) { // the quaternion becomes one of length 1, its digits here have 1 + 5e-7
            assertThat(Double.parseDouble(fields[i])).isCloseTo(Double.parseDouble(expected[i]), within(1e-6));
        }
    }

    @Test
    void keepsOfAPathWhatTheBenchmarkNames() {
        assertThat(SubmissionFormat.AACHEN.name("query/day/milestone/1.jpg")).isEqualTo("1.jpg");
        assertThat(SubmissionFormat.ROBOTCAR.name("images/night-rain/rear/1418.jpg"))
                .isEqualTo("rear/1418.jpg");
        assertThat(SubmissionFormat.ROBOTCAR.name("rear/1418.jpg")).isEqualTo("rear/1418.jpg");
        assertThat(SubmissionFormat.ROBOTCAR.name("1418.jpg")).isEqualTo("1418.jpg");
        assertThat(SubmissionFormat.CMU.name("slice7/query/img_00119_c1_1303us.jpg"))
                .isEqualTo("img_00119_c1_1303us.jpg");
        assertThat(SubmissionFormat.INLOC.name("query/iphone7/IMG_0731.JPG")).isEqualTo("IMG_0731.JPG");
    }

    @Test
    void refusesTwoQueriesOfOneName(@TempDir Path folder) {
        Map<String, Pose> poses = new LinkedHashMap<>();
        poses.put("day/1.jpg", Pose.IDENTITY);
        poses.put("night/1.jpg", Pose.IDENTITY);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> SubmissionFormat.CMU.write(folder, "mine", poses))
                .withMessageContaining("day/1.jpg and night/1.jpg");
        assertThat(folder).isEmptyDirectory();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SubmissionFormat.CMU.fileName("../mine"))
                .withMessageContaining("\"../mine\"");
    }

    @Test
    void conditionsAreJudgedByThemselves() {
        Map<String, Pose> truth = new LinkedHashMap<>();
        for (String name : List.of("n1", "d1", "n2", "d2", "d3")) {
            truth.put(name, Pose.IDENTITY);
        }
        Map<String, Pose> estimates =
                Map.of("d1", Pose.IDENTITY, "d2", new Pose(1, 0, 0, 0, 0.3, 0, 0), "n1", Pose.IDENTITY);
        Map<String, String> conditions =
                Map.of("n1", "night", "n2", "night", "d1", "day", "d2", "day", "d3", "day", "other", "rain");

        Map<String, PoseEvaluation> parts =
                PoseEvaluation.byCondition(truth, estimates, ThresholdPreset.DEFAULT.thresholds(), conditions);

        assertThat(parts.keySet()).containsExactly("night", "day");
        List<PoseEvaluation> each = List.copyOf(parts.values());
        assertThat(each.get(0).recall()).containsExactly(0.5, 0.5, 0.5);
        assertThat(each.get(1).recall()).containsExactly(1.0 / 3, 2.0 / 3, 2.0 / 3);
        assertThat(each.get(1).medianPosition()).isCloseTo(0.3, within(1e-12));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PoseEvaluation.byCondition(truth, estimates, List.of(), Map.of("n1", "night")))
                .withMessage("query d1 has no condition");
    }

    @Test
    void curvesCountStrictlyBelow() {
        double[] errors = {0.1, 0.2, 0.2, Double.POSITIVE_INFINITY};

        assertThat(PoseErrors.recall(errors, new double[] {0.1, 0.2, 0.3, 1e300}))
                .containsExactly(0, 0.25, 0.75, 0.75);
    }

    @Test
    void presetsHaveTheNamesOfTheirTables() {
        assertThat(ThresholdPreset.of("aachen-night-2018")).contains(ThresholdPreset.AACHEN_NIGHT_2018);
        assertThat(ThresholdPreset.of("INDOOR")).contains(ThresholdPreset.INDOOR);
        assertThat(ThresholdPreset.of("outdoor")).isEmpty();
        assertThat(ThresholdPreset.SEVEN_SCENES).hasToString("seven-scenes");
    }
}
