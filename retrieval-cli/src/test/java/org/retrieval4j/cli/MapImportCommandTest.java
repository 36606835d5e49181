package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;

/** One made-up reconstruction, points on a grid before a photograph, in the files of four programs. */
class MapImportCommandTest {
    private static final int STEP = 8;
    private static final double F = 500;
    private static final double DEPTH = 5;

    @TempDir
    static Path folder = Path.of("");

    private static int width;
    private static int height;

    @BeforeAll
    static void write() throws IOException {
        byte[] photograph = Photographs.bytes("data/cat.jpg");
        Files.createDirectories(folder.resolve("images/sub"));
        Files.write(folder.resolve("images/sub/a.jpg"), photograph);
        Files.write(folder.resolve("images/sub/b.jpg"), photograph);
        Image image = ImageReader.load(ImageLimits.defaults()).read(photograph);
        width = image.width();
        height = image.height();
        List<double[]> pixels = new ArrayList<>();
        for (int y = STEP; y < height; y += STEP) {
            for (int x = STEP; x < width; x += STEP) {
                pixels.add(new double[] {x, y, (x - width / 2.0) / F * DEPTH, (y - height / 2.0) / F * DEPTH, DEPTH});
            }
        }
        colmap(pixels);
        openMvg(pixels);
        openSfm(pixels);
        kapture(pixels);
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    private static void colmap(List<double[]> pixels) throws IOException {
        Path model = Files.createDirectories(folder.resolve("colmap"));
        Files.writeString(
                model.resolve("cameras.txt"),
                format("1 SIMPLE_PINHOLE %d %d %s %s %s\n", width, height, F, width / 2.0, height / 2.0));
        StringBuilder places = new StringBuilder();
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < pixels.size(); i++) {
            double[] p = pixels.get(i);
            places.append(format("%s %s %d ", p[0], p[1], i));
            points.append(format("%d %s %s %s 1 2 3 0.5 1 %d 2 %d\n", i, p[2], p[3], p[4], i, i));
        }
        Files.writeString(
                model.resolve("images.txt"),
                "1 1 0 0 0 0 0 0 1 sub/a.jpg\n" + places + "\n2 1 0 0 0 0 0 0 1 sub/b.jpg\n" + places + "\n");
        Files.writeString(model.resolve("points3D.txt"), points);
    }

    private static void openMvg(List<double[]> pixels) throws IOException {
        StringBuilder json = new StringBuilder("{\"views\": [");
        for (int i = 0; i < 2; i++) {
            json.append(i == 0 ? "" : ",")
                    .append(format(
                            "{\"key\": %d, \"value\": {\"polymorphic_id\": 1073741824, \"ptr_wrapper\": {\"id\": %d,"
                                    + " \"data\": {\"local_path\": \"sub\", \"filename\": \"%s.jpg\", \"id_intrinsic\": 0,"
                                    + " \"id_pose\": %d}}}}",
                            i, (1L << 31) + 1 + i, i == 0 ? "a" : "b", i));
        }
        json.append(format(
                "], \"intrinsics\": [{\"key\": 0, \"value\": {\"polymorphic_id\": 2147483649, \"polymorphic_name\":"
                        + " \"pinhole\", \"ptr_wrapper\": {\"id\": 2147483651, \"data\": {\"width\": %d, \"height\": %d,"
                        + " \"focal_length\": %s, \"principal_point\": [%s, %s]}}}}], \"extrinsics\": [",
                width, height, F, (width - 1) / 2.0, (height - 1) / 2.0));
        for (int i = 0; i < 2; i++) {
            json.append(i == 0 ? "" : ",")
                    .append(format(
                            "{\"key\": %d, \"value\": {\"rotation\": [[1,0,0],[0,1,0],[0,0,1]], \"center\": [0,0,0]}}",
                            i));
        }
        json.append("], \"structure\": [");
        for (int i = 0; i < pixels.size(); i++) {
            double[] p = pixels.get(i);
            String seen = format("{\"id_feat\": %d, \"x\": [%s, %s]}", i, p[0] - 0.5, p[1] - 0.5);
            json.append(i == 0 ? "" : ",")
                    .append(format(
                            "{\"key\": %d, \"value\": {\"X\": [%s, %s, %s], \"observations\": [{\"key\": 0, \"value\": %s},"
                                    + " {\"key\": 1, \"value\": %s}]}}",
                            i, p[2], p[3], p[4], seen, seen));
        }
        Files.writeString(folder.resolve("sfm_data.json"), json.append("]}"));
    }

    private static void openSfm(List<double[]> pixels) throws IOException {
        double size = Math.max(width, height);
        StringBuilder points = new StringBuilder();
        StringBuilder tracks = new StringBuilder("OPENSFM_TRACKS_VERSION_v1\n");
        for (int i = 0; i < pixels.size(); i++) {
            double[] p = pixels.get(i);
            points.append(i == 0 ? "" : ",")
                    .append(format(
                            "\"%d\": {\"color\": [1, 2, 3], \"coordinates\": [%s, %s, %s]}", i, p[2], p[3], p[4]));
            for (String name : List.of("a", "b")) {
                tracks.append(format(
                        "sub/%s.jpg\t%d\t%d\t%s\t%s\t0.01\t1\t2\t3\n",
                        name, i, i, (p[0] - width / 2.0) / size, (p[1] - height / 2.0) / size));
            }
        }
        String shot = "{\"rotation\": [0, 0, 0], \"translation\": [0, 0, 0], \"camera\": \"c\"}";
        String small = "{\"cameras\": {}, \"shots\": {}, \"points\": {}}";
        Files.writeString(
                folder.resolve("reconstruction.json"),
                format(
                        "[{\"cameras\": {\"c\": {\"projection_type\": \"perspective\", \"width\": %d, \"height\": %d,"
                                + " \"focal\": %s, \"k1\": 0, \"k2\": 0}}, \"shots\": {\"sub/a.jpg\": %s, \"sub/b.jpg\": %s},"
                                + " \"points\": {%s}}, %s]",
                        width, height, F / size, shot, shot, points, small));
        Files.writeString(folder.resolve("other.csv"), tracks);
    }

    private static void kapture(List<double[]> pixels) throws IOException {
        Path sensors = Files.createDirectories(folder.resolve("kapture/sensors"));
        Path reconstruction = folder.resolve("kapture/reconstruction");
        Path keypoints = Files.createDirectories(reconstruction.resolve("keypoints/grid/sub"));
        Files.writeString(
                sensors.resolve("sensors.txt"),
                format("c, , camera, SIMPLE_PINHOLE, %d, %d, %s, %s, %s", width, height, F, width / 2.0, height / 2.0));
        Files.writeString(
                sensors.resolve("trajectories.txt"), "0, c, 1, 0, 0, 0, 0, 0, 0\n1, c, 1, 0, 0, 0, 0, 0, 0\n");
        Files.writeString(sensors.resolve("records_camera.txt"), "0, c, sub/a.jpg\n1, c, sub/b.jpg\n");
        Files.writeString(keypoints.resolveSibling("keypoints.txt"), "grid, float32, 2\n");
        ByteBuffer bytes = ByteBuffer.allocate(8 * pixels.size()).order(ByteOrder.LITTLE_ENDIAN);
        StringBuilder points = new StringBuilder();
        StringBuilder observations = new StringBuilder();
        for (int i = 0; i < pixels.size(); i++) {
            double[] p = pixels.get(i);
            bytes.putFloat((float) p[0]).putFloat((float) p[1]);
            points.append(format("%s, %s, %s\n", p[2], p[3], p[4]));
            observations.append(format("%d, grid, sub/a.jpg, %d, sub/b.jpg, %d\n", i, i, i));
        }
        Files.write(keypoints.resolve("a.jpg.kpt"), bytes.array());
        Files.write(keypoints.resolve("b.jpg.kpt"), bytes.array());
        Files.writeString(reconstruction.resolve("points3d.txt"), points);
        Files.writeString(reconstruction.resolve("observations.txt"), observations);
    }

    private static Cli run(String map, Object... source) {
        List<Object> arguments = new ArrayList<>(List.of("map", "import"));
        arguments.addAll(List.of(source));
        arguments.addAll(List.of(
                "--images",
                folder.resolve("images"),
                "--output",
                folder.resolve(map),
                "--retrieval",
                "vlad(clusters=8)",
                "--json"));
        return Cli.run(arguments.toArray());
    }

    @Test
    void takesTheSameFromEachProgram() {
        Cli first = run("m1", "--colmap", folder.resolve("colmap"));
        assertThat(first.err()).doesNotContain("retrieval: ");
        Map<String, Object> expected = Parsed.object(first.out());
        assertThat(expected).containsEntry("images", 2);
        assertThat((int) expected.get("observations")).isGreaterThan(100);
        Cli openSfm =
                run("m3", "--opensfm", folder.resolve("reconstruction.json"), "--tracks", folder.resolve("other.csv"));
        assertThat(openSfm.err())
                .contains("reconstruction.json has 2 reconstructions; number 1 is taken, with 2 of 2 images");
        List<Cli> others = List.of(
                run("m2", "--openmvg", folder.resolve("sfm_data.json")),
                openSfm,
                run("m4", "--kapture", folder.resolve("kapture")));
        for (Cli other : others) {
            assertThat(other.code()).describedAs(other.err()).isZero();
            Map<String, Object> found = Parsed.object(other.out());
            assertThat(found)
                    .containsEntry("images", 2)
                    .containsEntry("points", expected.get("points"))
                    .containsEntry("observations", expected.get("observations"));
        }
    }

    @Test
    void takesOneProgramAndItsOptions() {
        Path kapture = folder.resolve("kapture");
        assertThat(run("n").code()).isEqualTo(2);
        assertThat(run("n", "--kapture", kapture, "--colmap", folder.resolve("colmap"))
                        .err())
                .contains("mutually exclusive");
        assertThat(run("n", "--kapture", kapture, "--tracks", "t.csv").err())
                .contains("--tracks and --number go with --opensfm");
        assertThat(run("n", "--openmvg", folder, "--first-pixel", "0").err())
                .contains("--first-pixel goes with --kapture");
        assertThat(run("n", "--kapture", kapture, "--first-pixel", "1").err())
                .contains("--first-pixel must be 0 or 0.5, got 1.0");
        assertThat(run("n", "--opensfm", folder, "--tracks", folder.resolve("other.csv"), "--number", "3")
                        .err())
                .contains("--number must be 1 to 2, the reconstructions in ");
        // before a file is touched
        assertThat(run("n", "--opensfm", folder.resolve("none.json"), "--number", "0")
                        .err())
                .contains("--number must be at least 1, got 0");
        Cli empty = run("n", "--opensfm", folder, "--tracks", folder.resolve("other.csv"), "--number", "2");
        assertThat(empty.code()).isEqualTo(1);
        assertThat(empty.err()).contains(" has no images with a pose");
    }

    @Test
    void saysThatPointsWithoutObservationsAreOfNoUse(@TempDir Path temp) throws IOException {
        Path sensors = Files.createDirectories(temp.resolve("sensors"));
        for (String name : List.of("sensors.txt", "trajectories.txt", "records_camera.txt")) {
            Files.copy(folder.resolve("kapture/sensors").resolve(name), sensors.resolve(name));
        }
        Cli run = run("n", "--kapture", temp);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err())
                .contains(
                        " has 0 points and no observations of them; map build makes points of pictures and their poses");
    }
}
