package org.retrieval4j.world;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.ProgressListener;

class WorldTest {
    private final World world = new World(new World.Options(7, 8, 4, 2, 160, 120));

    @Test
    void rendersTheSamePictureAgain() {
        View view = world.queries().get(1);

        Rendering again = new World(new World.Options(7, 8, 4, 2, 160, 120)).render(view);

        assertThat(again.image().rgb()).isEqualTo(world.render(view).image().rgb());
        assertThat(new World(new World.Options(8, 8, 4, 2, 160, 120))
                        .render(view)
                        .image()
                        .rgb())
                .isNotEqualTo(again.image().rgb());
    }

    @Test
    void seesWallsOnAllSidesOfARoom() {
        for (View view : world.map()) {
            Rendering rendering = world.render(view);
            int nothing = 0;
            int ground = 0;
            for (int i = 0; i < rendering.depth().length; i++) {
                assertThat(rendering.depth()[i] > 0).isEqualTo(rendering.labels()[i] != Label.VOID.ordinal());
                nothing += rendering.depth()[i] > 0 ? 0 : 1;
                ground += rendering.labels()[i] == Label.GROUND.ordinal() ? 1 : 0;
            }
            assertThat(ground).isPositive();
            assertThat(nothing).isEqualTo(view.place() == 0 ? nothing : 0); // only the street has a sky
        }
    }

    @Test
    void whatIsTakenInARoomShowsWhichRoomItIs() {
        World many = new World(new World.Options(11, 4, 40, 20, 160, 120));
        List<View> all = new ArrayList<>(many.queries());
        all.addAll(many.elsewhere());
        for (View view : all) {
            byte[] labels = many.render(view).labels();
            int posters = 0;
            for (byte label : labels) {
                posters += label == Label.POSTER.ordinal() ? 1 : 0;
            }
            if (view.place() > 0) {
                assertThat(posters).as(view.name()).isGreaterThan(labels.length * 3 / 100);
            }
        }
    }

    @Test
    void aPlaceIsAsLargeAsTheDiagonalOfItsGround() {
        assertThat(world.size(world.map().get(0))).isEqualTo(Math.hypot(24, 9));
        assertThat(world.size(world.map().get(1))).isBetween(6.4, 9.3);
    }

    // Depth and pose are exact: a point of one picture lands, in another picture, on a pixel of the same depth.
    @Test
    void carriesPointsExactlyFromPictureToPicture() {
        World.Options options = new World.Options(3, 40, 0, 0, 160, 120);
        World dense = new World(options);
        View from = dense.map().get(1);
        float[] depth = dense.render(from).depth();
        List<Double> overlaps = new ArrayList<>();
        for (View to : dense.map()) {
            overlaps.add(World.overlap(from, depth, to, dense.render(to).depth()));
        }

        assertThat(overlaps.get(1)).isEqualTo(1.0); // itself
        assertThat(overlaps.get(5)).isGreaterThan(0.5); // the next one in the same room
        assertThat(overlaps.get(2)).isZero(); // a room that looks alike
    }

    @Test
    void quaternionAndCenterAgreeWithTheMatrix() {
        for (View view : world.queries()) {
            double[] q = view.quaternion();
            assertThat(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]).isCloseTo(1, within(1e-12));
            assertThat(1 - 2 * (q[2] * q[2] + q[3] * q[3])).isCloseTo(view.rotation()[0], within(1e-12));
            assertThat(2 * (q[1] * q[2] - q[0] * q[3])).isCloseTo(view.rotation()[1], within(1e-12));
            assertThat(2 * (q[2] * q[3] - q[0] * q[1])).isCloseTo(view.rotation()[5], within(1e-12));
            double[] c = view.center();
            assertThat(view.project(c[0], c[1], c[2])[2]).isCloseTo(0, within(1e-9));
        }
    }

    @Test
    void writesFilesThatTellTheTruth(@TempDir Path directory) throws IOException {
        world.write(directory, Runnable::run, ProgressListener.NONE);

        assertThat(Files.readAllLines(directory.resolve("poses.txt"))).hasSize(8);
        assertThat(Files.readAllLines(directory.resolve("queries.txt"))).hasSize(4);
        assertThat(Files.readAllLines(directory.resolve("truth.txt"))).hasSize(4);
        assertThat(Files.readAllLines(directory.resolve("elsewhere.txt"))).hasSize(2);
        assertThat(Files.readAllLines(directory.resolve("relevant.csv"))).hasSize(4);
        assertThat(Files.readAllLines(directory.resolve("labels/labels.txt"))).hasSize(1 + Label.values().length);
        for (String line : Files.readAllLines(directory.resolve("depths.txt"))) {
            String[] fields = line.split(" ");
            BufferedImage picture =
                    ImageIO.read(directory.resolve("images").resolve(fields[0]).toFile());
            BufferedImage depth = ImageIO.read(directory.resolve(fields[1]).toFile());
            assertThat(picture.getWidth()).isEqualTo(160);
            assertThat(depth.getRaster().getSample(80, 60, 0)).isBetween(100, 40_000);
        }
    }

    @Test
    void writesTheSameBytesOnAnyNumberOfThreads(@TempDir Path folder) throws IOException {
        ExecutorService three = Executors.newFixedThreadPool(3);
        try {
            world.write(folder.resolve("one"), Runnable::run, ProgressListener.NONE);
            world.write(folder.resolve("three"), three, ProgressListener.NONE);
        } finally {
            three.shutdown();
        }

        Map<String, String> first = bytes(folder.resolve("one"));
        assertThat(first).hasSize(3 * 14 + 8);
        assertThat(bytes(folder.resolve("three"))).isEqualTo(first);
    }

    private static Map<String, String> bytes(Path folder) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                files.put(folder.relativize(file).toString(), HexFormat.of().formatHex(Files.readAllBytes(file)));
            }
        }
        return files;
    }

    @Test
    void leavesAFolderWithFilesAlone(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("poses.txt"), "of another world");

        assertThatExceptionOfType(FileAlreadyExistsException.class)
                .isThrownBy(() -> world.write(folder, Runnable::run, ProgressListener.NONE));
        assertThat(folder.resolve("poses.txt")).hasContent("of another world");
    }

    @Test
    void leavesNothingBehindWhenItFails(@TempDir Path folder) {
        ProgressListener failing = (stage, done, total) -> {
            if (done == 3) {
                throw new IllegalStateException("enough");
            }
        };

        assertThatException()
                .isThrownBy(() -> world.write(folder.resolve("world"), Runnable::run, failing))
                .withRootCauseInstanceOf(IllegalStateException.class);
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void refusesAnEmptyMap() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new World.Options(1, 0, 1, 1, 640, 480))
                .withMessageContaining("images must be at least 1");
    }
}
