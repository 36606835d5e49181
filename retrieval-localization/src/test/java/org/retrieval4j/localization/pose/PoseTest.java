package org.retrieval4j.localization.pose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.localization.geometry.Fixture;
import org.retrieval4j.localization.pose.PoseEvaluation.Threshold;

class PoseTest {
    private static double[] array(String name) {
        return Fixture.array("pose_metrics/" + name).toDoubles();
    }

    private static List<Pose> poses(String name) {
        double[] v = array(name);
        List<Pose> poses = new ArrayList<>();
        for (int i = 0; i < v.length; i += 7) {
            poses.add(new Pose(v[i], v[i + 1], v[i + 2], v[i + 3], v[i + 4], v[i + 5], v[i + 6]));
        }
        return poses;
    }

    @Test
    void errorsAreThoseOfFiftyDigits() {
        List<Pose> truth = poses("gt_pose");
        List<Pose> estimates = poses("est_pose");
        double[] rotations = array("rotation_error_deg");
        double[] centers = array("centre_error");
        for (int i = 0; i < truth.size(); i++) {
            Pose pose = truth.get(i);
            double t = Math.sqrt(pose.tx() * pose.tx() + pose.ty() * pose.ty() + pose.tz() * pose.tz());
            double tolerance = Math.max(1e-13 + 1e-12 * rotations[i], rotations[i] > 179 ? 1e-11 : 0);
            assertThat(pose.rotationErrorDegrees(estimates.get(i)))
                    .as("rotation %d", i)
                    .isCloseTo(rotations[i], within(tolerance));
            assertThat(pose.positionError(estimates.get(i)))
                    .as("center %d", i)
                    .isCloseTo(centers[i], within(1e-12 * Math.max(1, t)));
        }
    }

    @Test
    void centersAndRotationsAreThoseOfTheReference() {
        List<Pose> truth = poses("gt_pose");
        double[] centers = array("gt_centre");
        double[] rotations = array("gt_rotation");
        for (int i = 0; i < truth.size(); i++) {
            Pose pose = truth.get(i);
            double t = Math.max(1, Math.abs(pose.tx()) + Math.abs(pose.ty()) + Math.abs(pose.tz()));
            for (int j = 0; j < 3; j++) {
                assertThat(pose.center()[j]).isCloseTo(centers[3 * i + j], within(1e-12 * t));
            }
            double[] r = pose.rotation();
            for (int j = 0; j < 9; j++) {
                assertThat(r[j]).isCloseTo(rotations[9 * i + j], within(1e-14));
            }
            Pose again = Pose.ofRotation(r, pose.tx(), pose.ty(), pose.tz());
            assertThat(again.rotationErrorDegrees(pose)).isLessThan(1e-12);
            assertThat(again.positionError(pose)).isLessThan(1e-12 * t);
        }
    }

    @Test
    void inverseUndoes() {
        for (Pose pose : poses("est_pose")) {
            double t = Math.max(1, Math.abs(pose.tx()) + Math.abs(pose.ty()) + Math.abs(pose.tz()));
            Pose none = pose.inverse().after(pose);
            assertThat(none.rotationErrorDegrees(Pose.IDENTITY)).isLessThan(1e-12);
            assertThat(none.positionError(Pose.IDENTITY)).isLessThan(1e-13 * t);
        }
    }

    @Test
    void recallAndMediansAreThoseOfTheTable() {
        double[] bounds = array("table_thresholds_default");
        List<Threshold> thresholds = new ArrayList<>();
        for (int i = 0; i < bounds.length; i += 2) {
            thresholds.add(new Threshold(bounds[i], bounds[i + 1]));
        }
        assertThat(thresholds).isEqualTo(ThresholdPreset.DEFAULT.thresholds());
        PoseEvaluation evaluation =
                PoseEvaluation.ofErrors(array("table_centre_error"), array("table_rotation_error"), thresholds);
        double[] percent = array("table_percent_default");
        for (int i = 0; i < percent.length; i++) {
            assertThat(100 * evaluation.recall().get(i)).isCloseTo(percent[i], within(1e-12));
        }
        double[] medians = array("table_medians");
        assertThat(evaluation.medianPosition()).isCloseTo(medians[0], within(1e-15));
        assertThat(evaluation.medianRotationDegrees()).isCloseTo(medians[1], within(1e-15));
        assertThat(evaluation.localized()).isLessThan(evaluation.queries());
        assertThat(evaluation.maxPosition()).isInfinite();
    }

    @Test
    void fileIsReadAndWritten(@TempDir Path folder) throws Exception {
        Path submission =
                Path.of(Objects.requireNonNull(PoseTest.class.getResource("/fixtures/pose_metrics/submission.txt"))
                        .toURI());
        Map<String, Pose> read = PoseFile.read(submission);
        List<Pose> estimates = poses("est_pose");
        assertThat(read).hasSize(20);
        int i = 0;
        for (Pose pose : read.values()) {
            assertThat(pose.rotationErrorDegrees(estimates.get(i))).isLessThan(1e-13);
            assertThat(pose.positionError(estimates.get(i++))).isLessThan(1e-10);
        }
        Path copy = folder.resolve("copy.txt");
        PoseFile.write(copy, read);
        assertThat(PoseFile.read(copy)).isEqualTo(read);
        assertThat(new ArrayList<>(PoseFile.read(copy).keySet())).isEqualTo(new ArrayList<>(read.keySet()));
    }

    @Test
    void wrongLinesAreTold(@TempDir Path folder) throws IOException {
        assertWrong(folder, "a 1 0 0 0 1 2\n", ", line 1: expected \"name qw qx qy qz tx ty tz\", found 7 fields");
        assertWrong(folder, "# poses\n\na 1 0 0 0 1 2 x\n", ", line 3: expected a number, found \"x\"");
        assertWrong(
                folder,
                "a 0 0 0 0 1 2 3\n",
                ", line 1: a pose's quaternion must be finite and not" + " zero, got 0.0 0.0 0.0 0.0");
        assertWrong(
                folder, "a 1 0 0 0 1 2 NaN\n", ", line 1: a pose's translation must be finite, got" + " 1.0 2.0 NaN");
        assertWrong(
                folder, "a 1 0 0 0 1 2 3\na 1 0 0 0 1 2 3\n", ", line 2: expected each name once, found \"a\" again");
    }

    private static void assertWrong(Path folder, String text, String message) throws IOException {
        Path file = Files.writeString(folder.resolve("wrong.txt"), text);
        assertThatThrownBy(() -> PoseFile.read(file))
                .isInstanceOf(IOException.class)
                .hasMessage(file + message);
    }

    @Test
    void aQueryWithoutEstimateFails() {
        Map<String, Pose> truth = new LinkedHashMap<>();
        truth.put("a", Pose.IDENTITY);
        truth.put("b", Pose.IDENTITY);
        PoseEvaluation evaluation = PoseEvaluation.of(
                truth, Map.of("b", Pose.IDENTITY, "c", Pose.IDENTITY), List.of(new Threshold(0.1, 1)));
        assertThat(evaluation.queries()).isEqualTo(2);
        assertThat(evaluation.localized()).isEqualTo(1);
        assertThat(evaluation.recall()).containsExactly(0.5);
        assertThat(evaluation.medianPosition()).isInfinite();
        assertThat(evaluation.medianRotationDegrees()).isEqualTo(90);
    }
}
