package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.colmap.ColmapModel;
import org.retrieval4j.localization.map.PointMap;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseFile;

/** A map of a painted wall, seen from several places: built, looked at, and localized in. */
class MapCommandsTest {
    private static final Camera CAMERA = Camera.parse("PINHOLE 480 360 450 450 240 180");

    @TempDir
    static Path folder;

    private static Cli built;

    @BeforeAll
    static void build() throws IOException {
        Path images = Files.createDirectories(folder.resolve("images/sub"));
        Image wall = Photographs.graf(1);
        List<String> poses = new ArrayList<>();
        List<String> cameras = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            paint(wall, pose(0.2 * i - 0.4), images.resolve("view" + i + ".png"));
            poses.add("sub/view" + i + ".png " + text(pose(0.2 * i - 0.4)));
            cameras.add("sub/view" + i + ".png " + CAMERA);
        }
        Files.writeString(images.resolve("other.png"), "no picture, and not named in the poses");
        Files.write(folder.resolve("poses.txt"), poses);
        Files.write(folder.resolve("cameras.txt"), cameras);
        paint(wall, pose(0.1), folder.resolve("query.png"));
        Image cat = ImageReader.load(ImageLimits.defaults()).read(Photographs.bytes("data/cat.jpg"));
        paint(cat, pose(0.1), folder.resolve("elsewhere.png"));
        Files.writeString(folder.resolve("queries.txt"), "query.png " + CAMERA + "\nelsewhere.png " + CAMERA + "\n");
        built = build(folder.resolve("map"));
    }

    private static Cli build(Path map) {
        return Cli.run(
                "map",
                "build",
                "--images",
                folder.resolve("images"),
                "--poses",
                folder.resolve("poses.txt"),
                "--cameras",
                folder.resolve("cameras.txt"),
                "--output",
                map,
                "--retrieval",
                "vlad(clusters=8)",
                "--json");
    }

    /** Three units before the wall, turned about its middle. */
    private static Pose pose(double angle) {
        return new Pose(Math.cos(angle / 2), 0, Math.sin(angle / 2), 0, 0, 0, 3);
    }

    private static String text(Pose p) {
        return p.qw() + " " + p.qx() + " " + p.qy() + " " + p.qz() + " " + p.tx() + " " + p.ty() + " " + p.tz();
    }

    /** Renders the wall, two units wide in the plane z = 0, by rays. */
    private static void paint(Image wall, Pose pose, Path file) throws IOException {
        double[] c = pose.center();
        double[] r = pose.rotation();
        double[] ray = new double[3];
        BufferedImage picture = new BufferedImage(CAMERA.width(), CAMERA.height(), BufferedImage.TYPE_INT_RGB);
        double scale = wall.width() / 2.0;
        for (int v = 0; v < CAMERA.height(); v++) {
            for (int u = 0; u < CAMERA.width(); u++) {
                int sum = 0;
                int[] color = new int[3];
                for (int s = 0; s < 4; s++) {
                    CAMERA.unproject(u + 0.25 + 0.5 * (s % 2), v + 0.25 + 0.5 * (s / 2), ray);
                    double dx = r[0] * ray[0] + r[3] * ray[1] + r[6] * ray[2];
                    double dy = r[1] * ray[0] + r[4] * ray[1] + r[7] * ray[2];
                    double dz = r[2] * ray[0] + r[5] * ray[1] + r[8] * ray[2];
                    double t = -c[2] / dz;
                    int x = (int) Math.floor((c[0] + t * dx) * scale + wall.width() / 2.0);
                    int y = (int) Math.floor((c[1] + t * dy) * scale + wall.height() / 2.0);
                    if (t > 0 && x >= 0 && y >= 0 && x < wall.width() && y < wall.height()) {
                        for (int k = 0; k < 3; k++) {
                            color[k] += wall.rgb()[3 * (y * wall.width() + x) + k] & 0xFF;
                        }
                    }
                    sum++;
                }
                picture.setRGB(u, v, color[0] / sum << 16 | color[1] / sum << 8 | color[2] / sum);
            }
        }
        ImageIO.write(picture, "png", file.toFile());
    }

    @Test
    void pointsHaveTheColorsOfThePictures() throws IOException {
        Image wall = Photographs.graf(1);
        double scale = wall.width() / 2.0;
        double off = 0;
        int seen = 0;
        try (PointMap map = PointMap.open(folder.resolve("map/points"))) {
            for (int p = 0; p < map.size(); p++) {
                int x = (int) (map.coordinate(p, 0) * scale + wall.width() / 2.0);
                int y = (int) (map.coordinate(p, 1) * scale + wall.height() / 2.0);
                boolean inside = x >= 0 && y >= 0 && x < wall.width() && y < wall.height();
                seen += inside ? 1 : 0;
                for (int c = 0; inside && c < 3; c++) {
                    int there = wall.rgb()[3 * (y * wall.width() + x) + c] & 0xFF;
                    off += Math.abs((map.rgb(p) >> 16 - 8 * c & 0xFF) - there);
                }
            }
            assertThat(seen).isGreaterThan(map.size() * 9 / 10);
            assertThat(off / (3 * seen)).isLessThan(25); // pictures are coarser than the wall
        }
    }

    @Test
    void aMapHasTheNamedImagesAndTheirPoints() {
        assertThat(built.err()).doesNotContain("retrieval: ");
        assertThat(built.code()).isZero();
        Map<String, Object> line = Parsed.object(built.out());
        assertThat(line.keySet())
                .containsExactly(
                        "cameras",
                        "images",
                        "registeredImages",
                        "points",
                        "observations",
                        "meanTrackLength",
                        "meanObservationsPerImage",
                        "meanReprojectionError",
                        "seconds");
        assertThat((double) line.get("meanReprojectionError")).isBetween(0.01, 1.0);
        assertThat(line).containsEntry("images", 5);
        assertThat((int) line.get("points")).isGreaterThan(150);
        Cli info = Cli.run("map", "info", "--map", folder.resolve("map"), "--json");
        assertThat(Parsed.object(info.out())).containsEntry("points", line.get("points"));
        assertThat(Cli.run("map", "info", "--map", folder.resolve("map")).out())
                .contains("Registered images: 5\n", "Mean reprojection error: 0.");
    }

    @Test
    void aQueryThatCannotBeReadDoesNotStopTheOthers() throws IOException {
        Path asked = folder.resolve("some.txt");
        Files.writeString(
                asked,
                "absent.png " + CAMERA + "\n../" + folder.getFileName() + "/../query.png " + CAMERA
                        + "\nelsewhere.png PINHOLE 481 360 450 450 240 180\nquery.png " + CAMERA + "\n");
        Path output = folder.resolve("some-found.txt");
        Cli run = Cli.run(
                "localize",
                "--map",
                folder.resolve("map"),
                "--queries",
                asked,
                "--images",
                folder,
                "--output",
                output,
                "--report",
                folder.resolve("report.html"),
                "--json");
        assertThat(run.code()).isZero();
        String page = Files.readString(folder.resolve("report.html"));
        assertThat(page).contains("1 of 4 queries localized", "lies outside", "id=\"world\"", "look from here");
        assertThat(page).contains("circle class=\"fine\"").doesNotContain("http://", "https://");
        assertThat(run.outLines()).hasSize(4);
        assertThat(run.outLines().get(0)).contains("error").contains("absent.png");
        assertThat(run.outLines().get(1)).contains("lies outside");
        assertThat(run.outLines().get(2)).contains("has 480 x 360 pixels, its camera 481 x 360");
        assertThat(Parsed.object(run.outLines().get(3)))
                .containsEntry("status", "LOCALIZED")
                .containsEntry("localizer", "sfm");
        assertThat(PoseFile.read(output)).containsOnlyKeys("query.png");
    }

    @Test
    void aQueryIsLocalizedAndOneTakenElsewhereIsNot() throws IOException {
        Path output = folder.resolve("found.txt");
        Cli run = Cli.run(
                "localize",
                "--map",
                folder.resolve("map"),
                "--queries",
                folder.resolve("queries.txt"),
                "--images",
                folder,
                "--output",
                output,
                "--json");
        assertThat(run.err()).doesNotContain("retrieval: ");
        assertThat(run.code()).isZero();
        assertThat(run.outLines()).hasSize(2);
        Map<String, Pose> found = PoseFile.read(output);
        assertThat(found).containsOnlyKeys("query.png");
        Pose pose = found.values().iterator().next();
        assertThat(pose.positionError(pose(0.1))).isLessThan(0.02);
        assertThat(pose.rotationErrorDegrees(pose(0.1))).isLessThan(0.3);
        assertThat(Parsed.object(run.outLines().get(0))).containsEntry("status", "LOCALIZED");
        assertThat(Parsed.object(run.outLines().get(1))).doesNotContainKey("qw");
    }

    private static Cli importing(Path colmap, Path images, Path map) {
        return Cli.run(
                "map",
                "import",
                "--colmap",
                colmap,
                "--images",
                images,
                "--output",
                map,
                "--retrieval",
                "vlad(clusters=8)",
                "--json");
    }

    @Test
    void aMapGoesToColmapAndBack() throws IOException {
        Path map = folder.resolve("map");
        Path binary = folder.resolve("colmap");
        assertThat(Cli.run("map", "export", "--map", map, "--colmap", binary).code())
                .isZero();
        Path text = folder.resolve("colmap-text");
        assertThat(Cli.run("map", "export", "--map", map, "--colmap", text, "--text")
                        .code())
                .isZero();
        assertThat(ColmapModel.read(text).points())
                .hasSameSizeAs(ColmapModel.read(binary).points());
        Path again = folder.resolve("imported");
        Files.write(binary.resolve("rigs.bin"), new byte[] {5, 6, 7});
        Cli run = importing(binary, folder.resolve("images"), again);
        assertThat(run.err()).doesNotContain("retrieval: ");
        assertThat(run.code()).isZero();
        Map<String, Object> before =
                Parsed.object(Cli.run("map", "info", "--map", map, "--json").out());
        Map<String, Object> after =
                Parsed.object(Cli.run("map", "info", "--map", again, "--json").out());
        assertThat(after).containsEntry("images", 5).containsEntry("points", before.get("points"));
        assertThat(after).containsEntry("observations", before.get("observations"));
        try (PointMap a = PointMap.open(map.resolve("points"));
                PointMap b = PointMap.open(again.resolve("points"))) {
            for (int i = 0; i < 5; i++) {
                assertThat(b.images().get(i).name()).isEqualTo(a.images().get(i).name());
                assertThat(b.images().get(i).pose()).isEqualTo(a.images().get(i).pose());
                assertThat(b.keypoints(i)).isEqualTo(a.keypoints(i));
            }
            for (int p = 0; p < a.size(); p++) {
                assertThat(b.pointId(p)).isEqualTo(a.pointId(p));
                assertThat(b.coordinate(p, 0)).isEqualTo(a.coordinate(p, 0));
            }
        }
        Cli missing = importing(binary, folder, folder.resolve("third"));
        assertThat(missing.code()).isEqualTo(1);
        assertThat(missing.err()).contains("no image sub/view0.png in ");
        assertThat(importing(folder, folder, folder.resolve("third")).err()).contains("is no model of COLMAP");

        // rigs are kept
        Path exported = folder.resolve("colmap-again");
        assertThat(Cli.run("map", "export", "--map", again, "--colmap", exported)
                        .err())
                .isEmpty();
        assertThat(exported.resolve("rigs.bin")).hasBinaryContent(new byte[] {5, 6, 7});
        assertThat(Cli.run("map", "export", "--map", again, "--colmap", text, "--text")
                        .err())
                .contains("rigs.bin of the imported model is left out");
        assertThat(text.resolve("rigs.bin")).doesNotExist();

        // what was imported can shrink
        assertThat(Cli.run("map", "remove", "--map", again, "sub/none.png").err())
                .contains("no image sub/none.png in ");
        Cli removed = Cli.run("map", "remove", "--map", again, "sub/view0.png", "sub/view4.png");
        assertThat(removed.err()).isEmpty();
        assertThat(removed.out()).startsWith("2 images removed; ").contains(" holds 3 images and ");
        Map<String, Object> less =
                Parsed.object(Cli.run("map", "info", "--map", again, "--json").out());
        assertThat(less).containsEntry("images", 3);
        assertThat((int) less.get("points")).isBetween(50, (int) before.get("points"));
        Path output = folder.resolve("found-in-less.txt");
        Cli.run(
                "localize",
                "--map",
                again,
                "--queries",
                folder.resolve("queries.txt"),
                "--images",
                folder,
                "--output",
                output);
        assertThat(PoseFile.read(output)).containsOnlyKeys("query.png");

        // and grow again
        List<String> poses = Files.readAllLines(folder.resolve("poses.txt"));
        Path added = Files.write(folder.resolve("added.txt"), List.of(poses.get(0), poses.get(4)));
        Cli grown = adding(again, added);
        assertThat(grown.err()).doesNotContain("retrieval: ");
        assertThat(grown.out()).startsWith("2 images added; ").contains(" holds 5 images and ");
        Map<String, Object> more =
                Parsed.object(Cli.run("map", "info", "--map", again, "--json").out());
        assertThat((int) more.get("points")).isGreaterThanOrEqualTo((int) less.get("points"));
        assertThat((int) more.get("observations")).isGreaterThan((int) less.get("observations"));
        assertThat(adding(again, added).err()).contains("sub/view0.png is in ");

        // in one segment again, without what interruptions left
        try (PointMap points = PointMap.open(again.resolve("points"));
                PointMap interrupted =
                        points.without(List.of(points.images().get(4).id()))) {
            interrupted.write(again.resolve("points"));
        }
        Map<String, Object> compacted = Parsed.object(
                Cli.run("map", "compact", "--map", again, "--json").out());
        assertThat(compacted).containsEntry("images", 4);
        assertThat((int) compacted.get("bytes")).isBetween(1, (int) compacted.get("bytes-before") - 1);
        Cli database = Cli.run("info", "--database", again.resolve("images"), "--json");
        assertThat(Parsed.object(database.out())).containsEntry("images", 4);
        try (var files = Files.list(again.resolve("points"))) {
            assertThat(files.filter(file -> file.toString().contains("segment")))
                    .hasSize(1);
        }
        Cli last = adding(again, Files.write(folder.resolve("last.txt"), List.of(poses.get(4))), "--refine", "poses");
        assertThat(last.out()).contains(" holds 5 images and ");
        assertThat(adding(again, added, "--max-error", "0").err()).contains("map add: maxError must be above 0");
        try (PointMap moved = PointMap.open(again.resolve("points"))) {
            Pose given = pose(0);
            Pose refined = moved.images().stream()
                    .filter(image -> image.name().equals("sub/view2.png"))
                    .findFirst()
                    .orElseThrow()
                    .pose();
            assertThat(refined.positionError(given)).isBetween(1e-9, 0.05);
        }
    }

    private static Cli adding(Path map, Path poses, String... options) {
        List<Object> arguments = new ArrayList<>(List.of("map", "add", "--map", map, "--poses", poses));
        arguments.addAll(List.of("--images", folder.resolve("images"), "--cameras", folder.resolve("cameras.txt")));
        arguments.addAll(List.of(options));
        return Cli.run(arguments.toArray());
    }

    @Test
    void whatAnInterruptionLeftInTheDatabaseIsAddedAgain() throws IOException {
        Path map = folder.resolve("interrupted");
        assertThat(build(map).code()).isZero();
        try (PointMap points = PointMap.open(map.resolve("points"));
                PointMap less = points.without(List.of(points.images().get(0).id()))) {
            less.write(map.resolve("points")); // as map remove, killed before it came to the database
        }
        List<String> poses = Files.readAllLines(folder.resolve("poses.txt"));
        Cli added = adding(map, Files.write(folder.resolve("left.txt"), List.of(poses.get(0))));
        assertThat(added.err()).doesNotContain("retrieval: ");
        assertThat(added.out()).startsWith("1 images added; ").contains(" holds 5 images and ");
        Cli database = Cli.run("info", "--database", map.resolve("images"), "--json");
        assertThat(Parsed.object(database.out())).containsEntry("images", 5);

        Cli removed = Cli.run("map", "remove", "--map", map, "sub/view1.png", "sub/view1.png");
        assertThat(removed.out()).startsWith("1 images removed; ").contains(" holds 4 images and ");
    }

    @Test
    void aFileUnderTwoNamesIsNotPassedOver() throws IOException {
        List<String> poses = Files.readAllLines(folder.resolve("poses.txt"));
        List<String> cameras = Files.readAllLines(folder.resolve("cameras.txt"));
        poses.add(poses.get(1).replace("sub/view1.png", "sub/../sub/view1.png"));
        cameras.add(cameras.get(1).replace("sub/view1.png", "sub/../sub/view1.png"));
        Path map = folder.resolve("twice");
        Cli run = Cli.run(
                "map",
                "build",
                "--images",
                folder.resolve("images"),
                "--poses",
                Files.write(folder.resolve("twice.txt"), poses),
                "--cameras",
                Files.write(folder.resolve("twice-cameras.txt"), cameras),
                "--output",
                map,
                "--retrieval",
                "vlad(clusters=8)");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("sub/../sub/view1.png is the file of another image");
        assertThat(map).doesNotExist();
    }

    @Test
    void aReportShowsNoPictureOutsideTheFolder() throws IOException {
        Path asked = folder.resolve("outside.txt");
        Files.writeString(asked, "../query.png " + CAMERA + "\nno\0name.png " + CAMERA + "\n");
        Path page = folder.resolve("outside.html");
        Cli run = Cli.run(
                "localize",
                "--map",
                folder.resolve("map"),
                "--queries",
                asked,
                "--images",
                folder.resolve("images"),
                "--output",
                folder.resolve("outside-found.txt"),
                "--report",
                page);
        assertThat(run.code()).isZero();
        assertThat(run.outLines()).hasSize(3);
        assertThat(run.outLines().get(0)).contains("failed: ").contains("lies outside");
        assertThat(run.outLines().get(1)).contains("failed: ");
        assertThat(Files.readString(page)).contains("picture not found").doesNotContain("data:image/jpeg");
    }

    @Test
    void whatCannotBeBuiltIsTold() throws IOException {
        assertThat(build(folder.resolve("map")).err()).contains("already exists");
        Path poses = folder.resolve("poses.txt");
        String whole = Files.readString(poses);
        try {
            Files.writeString(poses, whole + "sub/gone.png 1 0 0 0 0 0 0\n");
            Cli run = build(folder.resolve("second"));
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err().lines()).hasSize(1).first().asString().contains("no camera of sub/gone.png");
            assertThat(folder.resolve("second")).doesNotExist();
        } finally {
            Files.writeString(poses, whole);
        }
        Path picture = folder.resolve("images/sub/view0.png");
        byte[] bytes = Files.readAllBytes(picture);
        Path target = folder.resolve("second");
        Path building = folder.resolve("second.building");
        Files.createDirectories(building.resolve("images/left/over")); // by a process that was killed
        Files.createFile(building.resolve("write.lock"));
        try {
            Files.writeString(picture, "damaged");
            Cli failed = build(target);
            assertThat(failed.code()).isEqualTo(1);
            assertThat(failed.err()).contains("sub/view0.png of ");
            assertThat(target).doesNotExist();
        } finally {
            Files.write(picture, bytes);
        }
        Files.createDirectories(building);
        Files.writeString(building.resolve("mine.txt"), "somebody's own");
        assertThat(build(target).err()).contains("second.building is in the way: it holds mine.txt");
        Files.delete(building.resolve("mine.txt"));
        assertThat(build(target).code()).isZero();
        assertThat(target.resolve("images")).isDirectory();
        assertThat(building).doesNotExist();
        try (var files = Files.list(target)) {
            assertThat(files).hasSize(2);
        }
        Cli missing = Cli.run("map", "info", "--map", folder.resolve("none"));
        assertThat(missing.code()).isEqualTo(1);
        assertThat(missing.err()).contains("no such map");
    }
}
