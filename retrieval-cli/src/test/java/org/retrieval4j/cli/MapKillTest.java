package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.localization.map.MapImage;
import org.retrieval4j.localization.map.PointMap;

/**
 * Kills {@code map build}, {@code map add}, {@code map remove} and {@code map compact} at random moments: the folder holds the
 * map that it had or the one that it should get, and the same command, run again, comes to its end.
 */
@Tag("soak")
class MapKillTest {
    private static final int KILLS = Integer.getInteger("map.kills", 40);
    private static final int VIEWS = 5;
    private static final String CAMERA = "PINHOLE 320 240 300 300 160 120";

    private final Path folder;
    private final Path map;
    private final List<String> poses = new ArrayList<>();

    MapKillTest(@TempDir Path folder) {
        this.folder = folder;
        map = folder.resolve("map");
    }

    @Test
    void aKilledCommandLeavesTheOldMapOrTheNew() throws Exception {
        long seed = Long.getLong("map.seed", 11);
        Random random = new Random(seed);
        paint(random);
        int[] ended = new int[4];
        int[] killed = new int[4];
        long[] millis = {4000, 4000, 2500, 2500}; // about as long as each takes, learned below
        int step = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            List<String> command = new ArrayList<>(List.of("map"));
            command.addAll(command(step));
            List<String> before = names();
            long start = System.nanoTime();
            boolean done = KilledCommand.run(
                    folder.resolve("output.txt"),
                    KilledCommand.in(1 + (long) (1.2 * millis[step] * random.nextDouble())),
                    command);
            String when = "seed " + seed + ", kill " + kill + ": " + command.get(1);
            List<String> after = requireWhole(when);
            List<String> goal = goal(step);
            assertThat(after).as(when).isIn(before, goal);
            if (done) {
                assertThat(after).as(when).isEqualTo(goal);
                millis[step] = (millis[step] + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)) / 2;
                ended[step]++;
            } else {
                killed[step]++;
            }
            if (step == 3 ? done : after.equals(goal)) { // a command whose work is done is not run again
                step = step == 3 ? 1 : step + 1;
            }
        }
        assertThat(ended).doesNotContain(0);
        System.out.printf("ended %s, killed %s%n", Arrays.toString(ended), Arrays.toString(killed));
    }

    private List<String> command(int step) throws IOException {
        return switch (step) {
            case 0 ->
                with(
                        lists(0, 3),
                        "build",
                        "--output",
                        map.toString(),
                        "--retrieval",
                        "vlad(clusters=4)",
                        "--threads",
                        "2");
            case 1 -> with(lists(3, VIEWS), "add", "--map", map.toString());
            case 2 -> List.of("remove", "--map", map.toString(), "view3.png", "view4.png");
            default -> List.of("compact", "--map", map.toString());
        };
    }

    private static List<String> goal(int step) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < (step == 1 ? VIEWS : 3); i++) {
            names.add("view" + i + ".png");
        }
        return names;
    }

    private List<String> with(List<Path> lists, String... command) {
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(List.of("--images", folder.resolve("images").toString()));
        all.addAll(List.of(
                "--poses", lists.get(0).toString(), "--cameras", lists.get(1).toString()));
        return all;
    }

    private List<Path> lists(int from, int to) throws IOException {
        List<String> cameras = new ArrayList<>();
        for (int i = from; i < to; i++) {
            cameras.add("view" + i + ".png " + CAMERA);
        }
        return List.of(
                Files.write(folder.resolve("poses.txt"), poses.subList(from, to)),
                Files.write(folder.resolve("cameras.txt"), cameras));
    }

    /** Views of a wall of spots from places beside each other, all looking straight ahead. */
    private void paint(Random random) throws IOException {
        Files.createDirectories(folder.resolve("images"));
        BufferedImage wall = new BufferedImage(500, 240, BufferedImage.TYPE_INT_RGB);
        for (int spot = 0; spot < 900; spot++) {
            int size = 3 + random.nextInt(12);
            int color = random.nextInt(1 << 24);
            int x = random.nextInt(500 - size);
            int y = random.nextInt(240 - size);
            for (int i = 0; i < size * size; i++) {
                wall.setRGB(x + i % size, y + i / size, color);
            }
        }
        for (int i = 0; i < VIEWS; i++) {
            String name = "view" + i + ".png";
            BufferedImage view = wall.getSubimage(40 * i, 0, 320, 240);
            ImageIO.write(view, "png", folder.resolve("images").resolve(name).toFile());
            poses.add(name + " 1 0 0 0 " + -0.4 * i + " 0 0"); // 40 px at focal length 300 and distance 3
        }
    }

    private List<String> names() throws IOException {
        if (!Files.exists(map)) {
            return List.of();
        }
        try (PointMap points = PointMap.open(map.resolve("points"))) {
            return points.images().stream().map(MapImage::name).toList();
        }
    }

    /** The names of the images, if every file is whole and what belongs together is there. */
    private List<String> requireWhole(String when) throws IOException {
        if (!Files.exists(map)) {
            return List.of();
        }
        try (PointMap points = PointMap.open(map.resolve("points"));
                ImageDatabase database = ImageDatabase.openForReading(
                        map.resolve("images"), Components.load(), BuildContext.defaults())) {
            points.verify();
            database.verify();
            FeatureSource checked = points.checked(database);
            for (MapImage image : points.images()) {
                assertThat(checked.features(image.id())).as(when).isPresent();
                assertThat(database.image(image.id()).orElseThrow().name())
                        .as(when)
                        .isEqualTo(image.name());
            }
            assertThat(points.size()).as(when).isGreaterThan(20);
            Image view = ImageReader.load(ImageLimits.defaults()).read(folder.resolve("images/view0.png"));
            assertThat(database.search(database.extract(view), SearchOptions.top(3), 0)
                            .images())
                    .as(when)
                    .isNotEmpty();
            return points.images().stream().map(MapImage::name).toList();
        }
    }
}
