package org.retrieval4j.localization.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.colmap.ColmapModel;

class OpenSfmReaderTest {
    private static List<ColmapModel> read(Path folder) throws IOException {
        return OpenSfmReader.read(folder.resolve("reconstruction.json"), folder.resolve("tracks.csv"));
    }

    private static final String MEDIANS_2 = "01.jpg 22 0.8457\n02.jpg 28 0.7955\n03.jpg 13 1.7306\n";

    /** Medians by NumPy from the files' numbers. */
    @Test
    void reprojectsAsTheFilesSay() throws IOException {
        List<ColmapModel> models = read(Reprojection.fixture("opensfm-v2"));
        assertThat(models).hasSize(1);
        ColmapModel model = models.get(0);
        assertThat(Reprojection.medians(model)).isEqualTo(MEDIANS_2);
        assertThat(model.points()).hasSize(29).containsKeys(1L, 29L);
        assertThat(model.points().values()).allSatisfy(p -> assertThat(p.red()).isBetween(0, 255));
        assertThat(model.cameras())
                .containsEntry(
                        1,
                        Camera.parse("RADIAL 3264 2448 " + 3264 * 0.8696658484855359
                                + " 1632 1224 0.08851464962037196 -0.2324428377906099"));
        assertThat(Reprojection.medians(read(Reprojection.fixture("opensfm-v1")).get(0)))
                .isEqualTo("01.jpg 26 1.2105\n02.jpg 34 1.4632\n03.jpg 18 2.0626\n");
    }

    @Test
    void reprojectsTheWholeReconstructions() throws IOException {
        Path folder = Reprojection.shared("berlin");
        ColmapModel model = OpenSfmReader.read(
                        folder.resolve("opensfm/reconstruction_example.json"),
                        folder.resolve("opensfm/tracks_example.csv"))
                .get(0);
        assertThat(model.points()).hasSize(1430);
        assertThat(Reprojection.medians(model))
                .isEqualTo("01.jpg 1070 0.6793\n02.jpg 1406 0.7832\n03.jpg 606 1.2349\n");
        ColmapModel other = read(folder.resolve("kapture-export/opensfm")).get(0);
        assertThat(other.points()).hasSize(1702);
        assertThat(Reprojection.medians(other))
                .isEqualTo("01.jpg 1275 1.0151\n02.jpg 1668 1.1879\n03.jpg 828 1.6742\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "OPENSFM_TRACKS_VERSION_v0\n", "OPENSFM_TRACKS_VERSION_v1\n"})
    void readsOlderTracks(String header, @TempDir Path temp) throws IOException {
        Reprojection.copy(Reprojection.fixture("opensfm-v2"), temp);
        String older = Files.readAllLines(temp.resolve("tracks.csv")).stream()
                .skip(1)
                .map(line -> {
                    String[] f = line.split("\t");
                    return String.join("\t", f[0], f[1], f[2], f[3], f[4])
                            + (header.endsWith("v1\n") ? "\t" + f[5] : "")
                            + "\t" + String.join("\t", f[6], f[7], f[8]);
                })
                .collect(Collectors.joining("\n"));
        Files.writeString(temp.resolve("tracks.csv"), header + older);
        assertThat(Reprojection.medians(read(temp).get(0))).isEqualTo(MEDIANS_2);
    }

    @Test
    void readsEachReconstructionWithItsShots(@TempDir Path temp) throws IOException {
        Reprojection.copy(Reprojection.fixture("opensfm-v2"), temp);
        Path file = temp.resolve("reconstruction.json");
        String one = Files.readString(file).strip();
        String inner = one.substring(1, one.length() - 1);
        Files.writeString(file, "[" + inner + "," + inner.replace("\"03.jpg\"", "\"04.jpg\"") + "]");
        List<ColmapModel> models = read(temp);
        assertThat(Reprojection.medians(models.get(0))).isEqualTo(MEDIANS_2);
        assertThat(Reprojection.medians(models.get(1))).isEqualTo("01.jpg 22 0.8457\n02.jpg 28 0.7955\n");
        assertThat(models.get(1).images()).hasSize(3);
    }

    private static final String CAMERA =
            "\"projection_type\": \"perspective\",\n    \"width\": 3264,\n    \"height\": 2448,\n";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "brown          | focal_x: 0.5, focal_y: 0.75, c_x: 0.125, c_y: -0.25, p1: 1, p2: 2, k3: 0 | OPENCV 1632 2448 2040 408 0.08851464962037196 -0.2324428377906099 1 2",
                "brown          | focal_x: 0.5, focal_y: 0.75, c_x: 0, c_y: 0, p1: 1, p2: 2, k3: 3         | FULL_OPENCV 1632 2448 1632 1224 0.08851464962037196 -0.2324428377906099 1 2 3 0 0 0",
                "simple_radial  | focal_x: 0.5, focal_y: 0.5, c_x: 0.125, c_y: 0                           | SIMPLE_RADIAL 1632 2040 1224 0.08851464962037196",
                "simple_radial  | focal_x: 0.5, focal_y: 0.75                                              | OPENCV 1632 2448 1632 1224 0.08851464962037196 0 0 0",
                "radial         | focal_x: 0.5, focal_y: 0.5                                               | RADIAL 1632 1632 1224 0.08851464962037196 -0.2324428377906099",
                "radial         | focal_x: 0.5, focal_y: 0.75                                              | OPENCV 1632 2448 1632 1224 0.08851464962037196 -0.2324428377906099 0 0",
                "fisheye        | transition: 0.5                                                          | RADIAL_FISHEYE 2838.589329456789 1632 1224 0.08851464962037196 -0.2324428377906099",
                "fisheye_opencv | focal_x: 0.5, focal_y: 0.75, k3: 3, k4: 4                                | OPENCV_FISHEYE 1632 2448 1632 1224 0.08851464962037196 -0.2324428377906099 3 4",
                "fisheye624     | focal_x: 0.5, focal_y: 0.75, k3: 3, k4: 4, p1: 1, p2: 2, s0: 5, s2: 6    | THIN_PRISM_FISHEYE 1632 2448 1632 1224 0.08851464962037196 -0.2324428377906099 1 2 3 4 5 6",
                "fisheye62      | focal_x: 0.5, focal_y: 0.75, k3: 3, k4: 4, k5: 5, k6: 6                  | RAD_TAN_THIN_PRISM_FISHEYE 1632 2448 1632 1224 0.08851464962037196 -0.2324428377906099 3 4 5 6 0 0 0 0 0 0"
            })
    void knowsItsCameras(String type, String members, String camera, @TempDir Path temp) throws IOException {
        Reprojection.copy(Reprojection.fixture("opensfm-v2"), temp);
        Reprojection.replace(
                temp.resolve("reconstruction.json"),
                CAMERA,
                CAMERA.replace("perspective", type) + members.replaceAll("(\\w+):", "\"$1\":") + ",");
        int space = camera.indexOf(' ');
        assertThat(read(temp).get(0).cameras())
                .containsEntry(1, Camera.parse(camera.substring(0, space) + " 3264 2448" + camera.substring(space)));
    }

    /** A place of the middle and one a quarter to the right. */
    @Test
    void readsPanoramas(@TempDir Path temp) throws IOException {
        Files.writeString(
                temp.resolve("reconstruction.json"),
                """
                [{"cameras": {"c": {"projection_type": "equirectangular", "width": 4000, "height": 2000}},
                  "shots": {"a b.jpg": {"rotation": [0, 0, 0], "translation": [0, 0, 0], "camera": "c"}},
                  "points": {"p": {"color": [0, 0, 0], "coordinates": [0, 0, 2]},
                             "q": {"color": [0, 0, 0], "coordinates": [3, 0, 0]}}}]
                """);
        Files.writeString(
                temp.resolve("tracks.csv"),
                "OPENSFM_TRACKS_VERSION_v1\na b.jpg\tp\t0\t0\t0\t1\t0\t0\t0\na b.jpg\tq\t1\t0.25\t0\t1\t0\t0\t0\n");
        ColmapModel model = read(temp).get(0);
        assertThat(Objects.requireNonNull(model.images().get(1)).name()).isEqualTo("a b.jpg");
        assertThat(Reprojection.medians(model)).isEqualTo("a b.jpg 2 0.0000\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "reconstruction.json | \"perspective\" | \"dual\" | found \"dual\"",
                "reconstruction.json | \"perspective\" | \"spherical\" | a panorama twice as wide as high, found 3264 x 2448",
                "reconstruction.json | \"perspective\" | \"brown\" | an object with \"focal_x\"",
                "reconstruction.json | \"perspective\" | 5 | expected text, found 5",
                "reconstruction.json | \"camera\": \"v2 | \"camera\": \"v3 | expected one of 1 cameras, found \"v3",
                "reconstruction.json | \"02.jpg\" | \"01.jpg\" | each name once, found \"01.jpg\" again",
                "reconstruction.json | \"coordinates\": [ | \"coordinates\": [1, | expected 3 numbers, found 4 values",
                "reconstruction.json | \"coordinates\": [ | \"coordinates\": [NaN, | expected a value, found \"NaN\"",
                "reconstruction.json | \"color\": [ | \"color\": [256, 0, 0], \"old\": [ | a color must be of 0 to 255, got 256.0",
                "reconstruction.json | \"shots\" | \"shot\" | a reconstruction with \"shots\"",
                "tracks.csv | _v2 | _v3 | line 1: expected OPENSFM_TRACKS_VERSION_v0 to OPENSFM_TRACKS_VERSION_v2",
                "tracks.csv | _v2 | _v1 | line 2: expected 9 fields, found 11",
                "tracks.csv | \\t-1\\n | \\n | line 2: expected 11 fields, found 10"
            })
    void saysWhatIsWrong(String file, String what, String by, String message, @TempDir Path temp) throws IOException {
        Reprojection.copy(Reprojection.fixture("opensfm-v2"), temp);
        Reprojection.replace(temp.resolve(file), what.translateEscapes(), by.translateEscapes());
        assertThatThrownBy(() -> read(temp))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message)
                .hasMessageContaining(file);
    }

    @Test
    void refusesATrackThatIsTwiceInAnImage(@TempDir Path temp) throws IOException {
        Reprojection.copy(Reprojection.fixture("opensfm-v2"), temp);
        List<String> lines = Files.readAllLines(temp.resolve("tracks.csv"));
        Files.writeString(temp.resolve("tracks.csv"), String.join("\n", lines) + "\n" + lines.get(1));
        String[] first = lines.get(1).split("\t");
        assertThatThrownBy(() -> read(temp))
                .isInstanceOf(IOException.class)
                .hasMessage(temp.resolve("tracks.csv") + ": expected a track once in an image, found track " + first[1]
                        + " again in " + first[0]);
        // of tracks that were not reconstructed nothing is kept
        String other = lines.get(1).replace("\t" + first[1] + "\t", "\tnone\t");
        Files.writeString(temp.resolve("tracks.csv"), String.join("\n", lines) + "\n" + other + "\n" + other);
        assertThat(Reprojection.medians(read(temp).get(0))).isEqualTo(MEDIANS_2);
        Files.writeString(
                temp.resolve("tracks.csv"), lines.get(0) + "\n" + lines.get(1).replaceFirst("\t[-0-9.]+\t", "\tNaN\t"));
        Reprojection.copy(Reprojection.fixture("opensfm-v2"), temp.resolve("b"));
        Path tracks = temp.resolve("b/tracks.csv");
        String[] fields = lines.get(1).split("\t");
        Reprojection.replace(tracks, "\t" + fields[3] + "\t", "\tNaN\t");
        assertThatThrownBy(() -> read(temp.resolve("b"))).hasMessageContaining("must be finite, got NaN");
    }

    @Test
    void isNeverReadInPart(@TempDir Path temp) throws IOException {
        Reprojection.copy(Reprojection.fixture("opensfm-v1"), temp);
        Path file = temp.resolve("reconstruction.json");
        byte[] bytes = Files.readAllBytes(file);
        for (int length = 0; length < bytes.length; length += 61) {
            Files.write(file, java.util.Arrays.copyOf(bytes, length));
            assertThatThrownBy(() -> read(temp)).isInstanceOf(IOException.class);
        }
    }
}
