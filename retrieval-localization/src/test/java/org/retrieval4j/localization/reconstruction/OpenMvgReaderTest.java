package org.retrieval4j.localization.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraModel;
import org.retrieval4j.localization.colmap.ColmapImage;
import org.retrieval4j.localization.colmap.ColmapModel;

class OpenMvgReaderTest {
    /** Medians by NumPy from the file's numbers. */
    @Test
    void reprojectsAsTheFileSays() throws IOException {
        ColmapModel model = OpenMvgReader.read(Reprojection.fixture("openmvg"));
        assertThat(Reprojection.medians(model))
                .isEqualTo(
                        """
                MaupertuisTest_01.jpg 16 0.2141
                MaupertuisTest_02.jpg 25 0.2384
                MaupertuisTest_03.jpg 25 0.2237
                MaupertuisTest_04.jpg 19 0.3647
                """);
        Camera camera = Objects.requireNonNull(model.cameras().get(1));
        assertThat(camera.model()).isEqualTo(CameraModel.FULL_OPENCV);
        assertThat(camera.parameters()[2]).isCloseTo(827.2989627028306 + 0.5, within(1e-9));
        assertThat(model.cameras()).hasSize(1);
        assertThat(model.points().keySet()).contains(0L, 15L);
        ColmapImage first = Objects.requireNonNull(model.images().get(1));
        assertThat(first.name()).isEqualTo("MaupertuisTest_01.jpg");
        assertThat(first.places()[0]).isCloseTo(1121.22998046875 + 0.5, within(1e-9));
        assertThat(first.pose().center())
                .containsExactly(
                        new double[] {0.028561468235514236, -0.002509420414186976, -0.024538065860427245},
                        within(1e-12));
    }

    @Test
    void reprojectsTheWholeReconstruction() throws IOException {
        ColmapModel model =
                OpenMvgReader.read(Reprojection.shared("maupertuis-openmvg").resolve("openmvg"));
        assertThat(model.points()).hasSize(365);
        assertThat(Reprojection.medians(model))
                .isEqualTo(
                        """
                MaupertuisTest_01.jpg 239 0.3016
                MaupertuisTest_02.jpg 355 0.3322
                MaupertuisTest_03.jpg 365 0.2371
                MaupertuisTest_04.jpg 269 0.4698
                """);
    }

    private static Path file(Path temp) throws IOException {
        Reprojection.copy(Reprojection.fixture("openmvg"), temp);
        return temp.resolve("sfm_data.json");
    }

    private static final String TYPE = "\"pinhole_radial_k3\"";
    private static final String TERMS = "\"disto_k3\": [";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pinhole           | none     |                     | SIMPLE_PINHOLE 1600 1200 1668.7938300915464 827.7989627028306 603.2682435713901",
                "pinhole_radial_k1 | disto_k1 | -0.25               | SIMPLE_RADIAL 1600 1200 1668.7938300915464 827.7989627028306 603.2682435713901 -0.25",
                "pinhole_radial_k3 | disto_k3 | -0.25, 0.5, 0       | RADIAL 1600 1200 1668.7938300915464 827.7989627028306 603.2682435713901 -0.25 0.5",
                "pinhole_brown_t2  | disto_t2 | 0.1, 0.2, 0, 3, 4   | OPENCV 1600 1200 1668.7938300915464 1668.7938300915464 827.7989627028306 603.2682435713901 0.1 0.2 3 4",
                "pinhole_brown_t2  | disto_t2 | 0.1, 0.2, 0.5, 3, 4 | FULL_OPENCV 1600 1200 1668.7938300915464 1668.7938300915464 827.7989627028306 603.2682435713901 0.1 0.2 3 4 0.5 0 0 0",
                "fisheye           | fisheye  | 0.1, 0.2, 0.3, 0.4  | OPENCV_FISHEYE 1600 1200 1668.7938300915464 1668.7938300915464 827.7989627028306 603.2682435713901 0.1 0.2 0.3 0.4"
            })
    void knowsItsCameras(String type, String name, String terms, String camera, @TempDir Path temp) throws IOException {
        Path file = file(temp);
        Reprojection.replace(file, TYPE, "\"" + type + "\"");
        Reprojection.replace(file, TERMS, "\"" + name + "\": [" + (terms == null ? "" : terms) + "], \"old\": [");
        assertThat(OpenMvgReader.read(file).cameras()).containsEntry(1, Camera.parse(camera));
    }

    /** cereal gives the name of a type once, and an object that several pointers share once. */
    @Test
    void followsPointersAndBaseClasses(@TempDir Path temp) throws IOException {
        Path file = file(temp);
        String text = Files.readString(file);
        text = text.replaceFirst(
                "\"intrinsics\": \\[",
                """
                "intrinsics": [
                  {"key": 7, "value": {"polymorphic_id": 2147483651, "polymorphic_name": "pinhole",
                    "ptr_wrapper": {"id": 2147483700, "data":
                      {"value0": {"value0": {"width": 1600, "height": 1200}, "focal_length": 1000,
                       "principal_point": [800, 600]}}}}},
                  {"key": 8, "value": {"polymorphic_id": 3, "ptr_wrapper": {"id": 52}}},
                """);
        text = text.replaceFirst("\"id_intrinsic\": 0", "\"id_intrinsic\": 8");
        text = text.replaceFirst("\"id_intrinsic\": 0", "\"id_intrinsic\": 7");
        Files.writeString(file, text);
        ColmapModel model = OpenMvgReader.read(file);
        Camera pinhole = Camera.parse("SIMPLE_PINHOLE 1600 1200 1000 800.5 600.5");
        assertThat(model.cameras()).hasSize(3).containsEntry(1, pinhole).containsEntry(2, pinhole);
        Files.writeString(file, text.replace("\"ptr_wrapper\": {\"id\": 52}", "\"ptr_wrapper\": {\"id\": 53}"));
        assertThatThrownBy(() -> OpenMvgReader.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("expected a pointer to what came before, found id 53");
    }

    @Test
    void leavesViewsWithoutPoseOut(@TempDir Path temp) throws IOException {
        Path file = file(temp);
        Reprojection.replace(file, "\"id_pose\": 3", "\"id_pose\": 4294967295");
        ColmapModel model = OpenMvgReader.read(file);
        assertThat(model.images()).hasSize(3);
        assertThat(Reprojection.medians(model))
                .startsWith("MaupertuisTest_01.jpg 16 0.2141\n")
                .doesNotContain("_04");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"pinhole_radial_k3\" | \"spherical\" | found \"spherical\"",
                "\"pinhole_radial_k3\" | \"pinhole_9\" | found \"pinhole_9\"",
                "\"focal_length\": 1668.7938300915464 | \"focal_length\": -1 | fx must be positive, got -1.0",
                "\"focal_length\": 1668.7938300915464 | \"focal_length\": NaN | expected a value, found \"NaN\"",
                "\"focal_length\": 1668.7938300915464 | \"focal_length\": 1e999 | expected a finite number, found 1e999",
                "\"focal_length\": 1668.7938300915464 | \"focal\": 1 | an object with \"focal_length\"",
                "\"width\": 1600,\\n      \"height\": 1200,\\n      \"focal | \"width\": 0, \"height\": 1200, \"focal | from 1 to 2147483647, found 0",
                "MaupertuisTest_02.jpg | MaupertuisTest_01.jpg | two images are named MaupertuisTest_01.jpg",
                "\"id_intrinsic\": 0 | \"id_intrinsic\": 5 | one of 1 intrinsics, found id_intrinsic 5",
                "\"observations\": [\\n     {\\n      \"key\": 0 | \"observations\": [{\"key\": 99 | 3D point 0 is seen in view 99, which the file does not have",
                "\"rotation\": [\\n     [\\n      0.99 | \"rotation\": [[1.99 | a rotation matrix must be orthonormal",
                "\"structure\" | \"structures\" | it has no \"structure\"",
                "\"structure\" | \"views\" | each part once, found \"views\" again",
                "\"extrinsics\": [\\n  {\\n   \"key\": 0 | \"extrinsics\": [{\"key\": 1 | each pose once, found 1 again"
            })
    void saysWhatIsWrong(String what, String by, String message, @TempDir Path temp) throws IOException {
        Path file = file(temp);
        Reprojection.replace(file, what.translateEscapes(), by.translateEscapes());
        assertThatThrownBy(() -> OpenMvgReader.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message)
                .hasMessageContaining("sfm_data.json");
    }

    @Test
    void refusesAPointThatIsTwiceInAnImage(@TempDir Path temp) throws IOException {
        Path file = file(temp);
        String text = Files.readString(file);
        String start = "\"observations\": [";
        int at = text.indexOf(start) + start.length();
        Files.writeString(
                file,
                text.substring(0, at)
                        + "{\"key\": 0, \"value\": {\"id_feat\": 7, \"x\": [1, 2]}},"
                        + text.substring(at));
        assertThatThrownBy(() -> OpenMvgReader.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("sfm_data.json: 3D point 0 must be seen once in an image, is twice in"
                        + " MaupertuisTest_01.jpg");
    }

    @Test
    void isNeverReadInPart(@TempDir Path temp) throws IOException {
        Path file = file(temp);
        byte[] bytes = Files.readAllBytes(file);
        int end = new String(bytes, java.nio.charset.StandardCharsets.UTF_8)
                .stripTrailing()
                .length();
        for (int length = 0; length < end; length += 97) {
            Files.write(file, java.util.Arrays.copyOf(bytes, length));
            assertThatThrownBy(() -> OpenMvgReader.read(file)).isInstanceOf(IOException.class);
        }
        assertThatThrownBy(() -> OpenMvgReader.read(temp.resolve("sfm_data.bin")))
                .hasMessageContaining("openMVG_main_ConvertSfM_DataFormat");
    }
}
