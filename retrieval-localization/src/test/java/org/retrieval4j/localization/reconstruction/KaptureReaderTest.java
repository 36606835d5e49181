package org.retrieval4j.localization.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.colmap.ColmapImage;
import org.retrieval4j.localization.colmap.ColmapModel;
import org.retrieval4j.localization.colmap.ColmapPoint;
import org.retrieval4j.localization.pose.Pose;

class KaptureReaderTest {
    private static final String MEDIANS =
            """
            MaupertuisTest_01.jpg 16 0.3316
            MaupertuisTest_02.jpg 24 0.4430
            MaupertuisTest_03.jpg 24 0.2735
            MaupertuisTest_04.jpg 19 0.4998
            """;

    /** Medians by NumPy from the files' numbers. */
    @Test
    void reprojectsAsTheFilesSay() throws IOException {
        ColmapModel model = KaptureReader.read(Reprojection.fixture("kapture"));
        assertThat(Reprojection.medians(model)).isEqualTo(MEDIANS);
        assertThat(model.points()).hasSize(25).containsKeys(0L, 24L);
        assertThat(Objects.requireNonNull(model.images().get(2)).name())
                .isEqualTo("ChateauMaupertuisTest/MaupertuisTest_02.jpg");
        assertThat(model.cameras())
                .containsEntry(
                        1,
                        Camera.parse("RADIAL 1600 1200 1668.7938300915464 827.2989627028306 602.7682435713901"
                                + " -0.15063858971626434 0.19775746608000222"));
    }

    @Test
    void reprojectsWholeReconstructions() throws IOException {
        ColmapModel model =
                KaptureReader.read(Reprojection.shared("maupertuis-openmvg").resolve("kapture"));
        assertThat(model.points()).hasSize(372);
        assertThat(Reprojection.medians(model))
                .isEqualTo(
                        """
                MaupertuisTest_01.jpg 239 0.3032
                MaupertuisTest_02.jpg 355 0.3411
                MaupertuisTest_03.jpg 365 0.2564
                MaupertuisTest_04.jpg 269 0.4655
                """);
        assertThat(Reprojection.medians(
                        KaptureReader.read(Reprojection.shared("maupertuis").resolve("kapture"))))
                .isEqualTo("00.jpg 791 0.2864\n01.jpg 989 0.2312\n02.jpg 964 0.2381\n03.jpg 611 0.2578\n");
    }

    /** The kapture form of berlin has points and matches, but no observations. */
    @Test
    void readsPointsWithoutObservations() throws IOException {
        ColmapModel model = KaptureReader.read(Reprojection.shared("berlin").resolve("kapture-export/kapture"));
        assertThat(model.points()).hasSize(1702);
        assertThat(model.images()).hasSize(3);
        assertThat(model.points().values())
                .allSatisfy(point -> assertThat(point.observations()).isZero());
    }

    /** Principal point and keypoints move together: errors stay. */
    @Test
    void movesPixelsWhereTheFirstHasItsCenterAtZero() throws IOException {
        ColmapModel model = KaptureReader.read(Reprojection.fixture("kapture"), 0);
        ColmapModel plain = KaptureReader.read(Reprojection.fixture("kapture"));
        assertThat(Reprojection.medians(model)).isEqualTo(MEDIANS);
        ColmapImage image = Objects.requireNonNull(model.images().get(1));
        ColmapImage other = Objects.requireNonNull(plain.images().get(1));
        assertThat(image.places()[1] - other.places()[1]).isCloseTo(0.5, within(1e-9));
        assertThat(Objects.requireNonNull(model.cameras().get(1)).parameters()[1])
                .isCloseTo(827.7989627028306, within(1e-9));
        assertThatThrownBy(() -> KaptureReader.read(Reprojection.fixture("kapture"), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must be 0 or 0.5, got 1.0");
    }

    @Test
    void posesHangOnRigs(@TempDir Path temp) throws IOException {
        Reprojection.copy(Reprojection.fixture("kapture"), temp);
        Path sensors = temp.resolve("sensors");
        ColmapModel plain = KaptureReader.read(temp);
        Pose arm = new Pose(0.9, 0.1, -0.3, 0.2, 1, 2, 3);
        Pose base = new Pose(0.5, 0.5, -0.5, 0.4, -1, 0.5, 2);
        Files.writeString(sensors.resolve("rigs.txt"), "arm, 0, " + text(arm) + "\nbase, arm, " + text(base) + "\n");
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 4; i++) {
            Pose world = Objects.requireNonNull(plain.images().get(i + 1)).pose();
            // the first three hang on the rig's base, the last is given directly
            Pose device = i == 3 ? world : base.inverse().after(arm.inverse()).after(world);
            lines.append(i)
                    .append(i == 3 ? ", 0, " : ", base, ")
                    .append(text(device))
                    .append('\n');
        }
        Files.writeString(sensors.resolve("trajectories.txt"), lines);
        assertThat(Reprojection.medians(KaptureReader.read(temp))).isEqualTo(MEDIANS);
        Files.writeString(sensors.resolve("rigs.txt"), "arm, 0, " + text(arm) + "\narm, arm, " + text(base) + "\n");
        assertThatThrownBy(() -> KaptureReader.read(temp))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("rigs must hang on each other at most 16 deep, \"0\" does");
    }

    /** 8 rigs on 15 levels, each on all of the next: more paths than could ever be walked. */
    @Test
    void rigsAreNotWalkedPathByPath(@TempDir Path temp) throws IOException {
        Reprojection.copy(Reprojection.fixture("kapture"), temp);
        String pose = text(new Pose(1, 0, 0, 0, 0, 0, 0));
        StringBuilder rigs = new StringBuilder();
        for (int level = 0; level < 15; level++) {
            for (int rig = 0; rig < 8; rig++) {
                for (int sensor = 0; sensor < (level == 0 ? 1 : 8); sensor++) {
                    String name = level == 0 ? "0" : "r" + (level - 1) + "-" + sensor;
                    rigs.append(String.format("r%d-%d, %s, %s%n", level, rig, name, pose));
                }
            }
        }
        Path file = Files.writeString(temp.resolve("sensors/rigs.txt"), rigs);
        Path trajectories = temp.resolve("sensors/trajectories.txt");
        String text = Files.readString(trajectories);
        Files.writeString(trajectories, text.replaceFirst("(?m)^ *3,.*$", ""));
        assertThat(KaptureReader.read(temp).images()).hasSize(3);
        Files.writeString(trajectories, text.replaceFirst("(?m)^ *3, *0,", "3, r14-7,"));
        assertThat(Reprojection.medians(KaptureReader.read(temp))).isEqualTo(MEDIANS);
        Files.writeString(file, rigs + "top, r14-0, " + pose + "\n");
        assertThat(KaptureReader.read(temp).images()).hasSize(4);
        Files.writeString(file, rigs + "top, r14-0, " + pose + "\nhigher, top, " + pose + "\n");
        assertThatThrownBy(() -> KaptureReader.read(temp))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("at most 16 deep, \"0\" does");
    }

    /** As in COLMAP, whose tracks kapture's are made of; but not the same keypoint twice. */
    @Test
    void aPointMayBeTwoKeypointsOfAnImage(@TempDir Path temp) throws IOException {
        Reprojection.copy(Reprojection.fixture("kapture"), temp);
        Path keypoints =
                temp.resolve("reconstruction/keypoints/SIFT_Regions/ChateauMaupertuisTest/MaupertuisTest_01.jpg.kpt");
        byte[] old = Files.readAllBytes(keypoints);
        Files.write(keypoints, Arrays.copyOf(old, old.length + old.length / 16));
        Path observations = temp.resolve("reconstruction/observations.txt");
        String image = "ChateauMaupertuisTest/MaupertuisTest_01.jpg, ";
        Reprojection.replace(observations, image + "0", image + "0, " + image + "16");
        ColmapModel model = KaptureReader.read(temp);
        assertThat(Objects.requireNonNull(model.images().get(1)).size()).isEqualTo(17);
        assertThat(model.points().values().stream().filter(KaptureReaderTest::isTwiceInAnImage))
                .hasSize(1);
        Reprojection.replace(observations, image + "16", image + "0");
        assertThatThrownBy(() -> KaptureReader.read(temp))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("must be of one 3D point");
    }

    private static boolean isTwiceInAnImage(ColmapPoint point) {
        long images = IntStream.range(0, point.observations())
                .map(i -> point.track()[2 * i])
                .distinct()
                .count();
        return images < point.observations();
    }

    private static String text(Pose p) {
        return Arrays.stream(new double[] {p.qw(), p.qx(), p.qy(), p.qz(), p.tx(), p.ty(), p.tz()})
                .mapToObj(Double::toString)
                .collect(Collectors.joining(", "));
    }

    /** In 1.0 there is one type of keypoints, without a folder and a name in the observations. */
    @Test
    void readsTheOlderFormat(@TempDir Path temp) throws IOException {
        Reprojection.copy(Reprojection.fixture("kapture"), temp);
        Path reconstruction = temp.resolve("reconstruction");
        Path keypoints = reconstruction.resolve("keypoints");
        Reprojection.copy(keypoints.resolve("SIFT_Regions"), temp.resolve("old"));
        Files.move(keypoints, temp.resolve("unused"));
        Files.move(temp.resolve("old"), keypoints);
        Path observations = reconstruction.resolve("observations.txt");
        Files.writeString(observations, Files.readString(observations).replace(" SIFT_Regions,", ""));
        assertThat(Reprojection.medians(KaptureReader.read(temp))).isEqualTo(MEDIANS);
    }

    @Test
    void joinsTypesOfKeypoints(@TempDir Path temp) throws IOException {
        Reprojection.copy(Reprojection.fixture("kapture"), temp);
        Path keypoints = temp.resolve("reconstruction/keypoints");
        Reprojection.copy(keypoints.resolve("SIFT_Regions"), keypoints.resolve("other"));
        Path observations = temp.resolve("reconstruction/observations.txt");
        Reprojection.replace(observations, "SIFT_Regions", "other");
        ColmapModel model = KaptureReader.read(temp);
        assertThat(Reprojection.medians(model)).isEqualTo(MEDIANS);
        assertThat(Objects.requireNonNull(model.images().get(1)).size()).isEqualTo(2 * 16);
    }

    @Test
    void leavesImagesWithoutPoseOut(@TempDir Path temp) throws IOException {
        Reprojection.copy(Reprojection.fixture("kapture"), temp);
        Path file = temp.resolve("sensors/trajectories.txt");
        String text = Files.readString(file);
        Files.writeString(file, text.replaceFirst("(?m)^ *3,.*$", "3, 0, 1, 0, 0, 0, , , "));
        ColmapModel model = KaptureReader.read(temp);
        assertThat(model.images()).hasSize(3);
        assertThat(Reprojection.medians(model))
                .startsWith("MaupertuisTest_01.jpg 16 0.3316\n")
                .doesNotContain("_04");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sensors/sensors.txt | RADIAL | UNKNOWN_CAMERA | sensors.txt: camera \"0\": no camera model named \"UNKNOWN_CAMERA\"",
                "sensors/sensors.txt | RADIAL | SIMPLE_RADIAL | SIMPLE_RADIAL must have 4 parameters",
                "sensors/sensors.txt | camera, RADIAL | gnss, RADIAL | expected a camera of sensors.txt, found \"0\"",
                "sensors/sensors.txt | 1668.7938300915464 | NaN | sensors.txt: camera \"0\"",
                "sensors/records_camera.txt | 1, 0, | 1, 5, | line 4: expected a camera of sensors.txt, found \"5\"",
                "sensors/records_camera.txt | Test_02 | Test_01 | each image once, found \"ChateauMaupertuisTest/MaupertuisTest_01.jpg\" again",
                "sensors/records_camera.txt | Chateau | a, Chateau | line 3: expected \"timestamp, device, image\", found 4 fields",
                "sensors/trajectories.txt | 0.9999935675163499, |  | line 3: expected \"timestamp, device, qw",
                "sensors/trajectories.txt | 0.9999935675163499 | NaN | a pose's quaternion must be finite",
                "sensors/trajectories.txt | 1,   0 | 0,   0 | a device's pose once, found \"0\" again at 0",
                "sensors/trajectories.txt | 1,   0 | x,   0 | expected a timestamp, found \"x\"",
                "reconstruction/points3d.txt | 2.9 | NaN, 2.9 | found 4 fields",
                "reconstruction/points3d.txt | 2.947479665669975324e-01 | NaN | expected finite numbers, found NaN",
                "reconstruction/observations.txt | 1, SIFT | 25, SIFT | expected a count from 0 to 24, found \"25\"",
                "reconstruction/observations.txt | Test_01.jpg | Test_09.jpg | expected an image of records_camera.txt, found \"ChateauMaupertuisTest/MaupertuisTest_09.jpg\"",
                "reconstruction/observations.txt | Test_01.jpg, 0 | Test_01.jpg, 16 | 3D point 0 is keypoint 16 of type \"SIFT_Regions\" in image 1, which has 16",
                "reconstruction/observations.txt | Test_01.jpg, 0 | Test_01.jpg, -1 | expected a count from 0 to 2147483647, found \"-1\"",
                "reconstruction/observations.txt | SIFT_Regions | none | there is no",
                "reconstruction/observations.txt | SIFT_Regions | ../../.. | observations name keypoints of type \"../../..\"",
                "reconstruction/keypoints/SIFT_Regions/keypoints.txt | float, 4 | int32, 4 | expected float32, float64 or float, found \"int32\"",
                "reconstruction/keypoints/SIFT_Regions/keypoints.txt | float, 4 | float, 1 | at least 2 columns, found 1",
                "reconstruction/keypoints/SIFT_Regions/keypoints.txt | float, 4 | float, 5 | a multiple of 40 (5 columns of 8 bytes), got 512"
            })
    void saysWhatIsWrong(String file, String what, String by, String message, @TempDir Path temp) throws IOException {
        Reprojection.copy(Reprojection.fixture("kapture"), temp);
        Reprojection.replace(temp.resolve(file), what, by == null ? "" : by);
        assertThatThrownBy(() -> KaptureReader.read(temp))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message);
    }

    @Test
    void saysWhatIsMissing(@TempDir Path temp) throws IOException {
        assertThatThrownBy(() -> KaptureReader.read(temp))
                .hasMessage(temp + " is no folder of kapture with poses: it has no sensors/sensors.txt");
        Reprojection.copy(Reprojection.fixture("kapture"), temp.resolve("a"));
        Files.createFile(temp.resolve("a/reconstruction/keypoints/SIFT_Regions/keypoints.tar"));
        assertThatThrownBy(() -> KaptureReader.read(temp.resolve("a"))).hasMessageContaining("unpack it there");
    }
}
