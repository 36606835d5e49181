package org.retrieval4j.localization.hloc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import io.jhdf.api.WritableGroup;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matches;

/** Files that h5py wrote as hloc does; PROVENANCE.md of the fixtures says with what values. */
class HlocTest {
    private static Path file(String name) {
        try {
            return Path.of(Objects.requireNonNull(HlocTest.class.getResource("/fixtures/hloc/" + name))
                    .toURI());
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @Test
    void readsHalves() throws IOException {
        try (HlocFeatures features = HlocFeatures.open(file("features.h5"))) {
            assertThat(features.names()).containsExactlyInAnyOrder("db/a.jpg", "db/b.jpg", "query/night/c.jpg");
            ImageFeatures a = features.features("db/a.jpg").orElseThrow();
            assertThat(a.width()).isEqualTo(640);
            assertThat(a.height()).isEqualTo(480);
            assertThat(a.keypoints().values().rows()).isEqualTo(5);
            assertThat(a.keypoints().x(0)).isEqualTo(515.5f);
            assertThat(a.keypoints().y(1)).isEqualTo(137.625f);
            assertThat(a.keypoints().scale(1)).isZero();
            assertThat(a.keypoints().score(1)).isEqualTo(0.8447265625f);
            assertThat(a.descriptors().columns()).isEqualTo(8);
            assertThat(a.descriptors().get(1, 0)).isEqualTo(-1.2333984375f);
            assertThat(a.descriptors().get(0, 1)).isEqualTo(-1.732421875f);
            assertThat(features.features("query/night/c.jpg")
                            .orElseThrow()
                            .keypoints()
                            .size())
                    .isZero();
            assertThat(features.features("db/c.jpg")).isEmpty();
            assertThat(features.features("")).isEmpty();
            assertThatThrownBy(() -> features.features("db"))
                    .isInstanceOf(IOException.class)
                    .hasMessage(file("features.h5") + ": there is no db/keypoints");
        }
    }

    @Test
    void readsFloatsWithScaleAndOrientation() throws IOException {
        try (HlocFeatures features = HlocFeatures.open(file("features-float.h5"))) {
            assertThat(features.names()).containsExactly("a.jpg");
            ImageFeatures a = features.features("a.jpg").orElseThrow();
            assertThat(a.keypoints().x(0)).isCloseTo(47.522919f, within(1e-5f));
            assertThat(a.keypoints().scale(3)).isEqualTo(5);
            assertThat(a.keypoints().orientation(0)).isEqualTo(270);
            assertThat(a.keypoints().orientation(5)).isEqualTo(270);
            assertThat(a.keypoints().orientation(2)).isEqualTo(54);
            assertThat(a.descriptors().get(0, 1)).isEqualTo(1.0688167f);
        }
    }

    @Test
    void readsMatchesEitherWayRound() throws IOException {
        try (HlocMatches matches = HlocMatches.open(file("matches.h5"))) {
            assertThat(matches.matches("db/a.jpg", "db/b.jpg"))
                    .hasValue(new Matches(new int[] {2, 4, 1}, new int[] {0, 2, 3}, new float[] {0.75f, 0.5f, 0.25f}));
            assertThat(matches.matches("db/b.jpg", "db/a.jpg"))
                    .hasValue(new Matches(new int[] {0, 2, 3}, new int[] {2, 4, 1}, new float[] {0.75f, 0.5f, 0.25f}));
            // joined by "_", equal scores in the order of the keypoints
            assertThat(matches.matches("query/night/c.jpg", "db/b.jpg"))
                    .hasValue(new Matches(new int[] {1, 0}, new int[] {0, 3}, new float[] {0.5f, 0.5f}));
            assertThat(matches.matches("db/a.jpg", "query/night/c.jpg")).isEmpty();
        }
    }

    @Test
    void readsPairs(@TempDir Path temp) throws IOException {
        Path file = Files.writeString(temp.resolve("pairs.txt"), "q/a.jpg db/b.jpg\nq/a.jpg db/c.jpg\n\n");
        assertThat(HlocMatches.pairs(file))
                .containsExactly(
                        new HlocMatches.Pair("q/a.jpg", "db/b.jpg"), new HlocMatches.Pair("q/a.jpg", "db/c.jpg"));
        Files.writeString(file, "a b\na b 0.5\n");
        assertThatThrownBy(() -> HlocMatches.pairs(file))
                .isInstanceOf(IOException.class)
                .hasMessage(file + ", line 2: expected two names, found 3 fields");
    }

    private static void refuses(Path temp, Consumer<WritableGroup> writer, String message) {
        Path file = temp.resolve("f" + System.nanoTime() + ".h5");
        try (WritableHdfFile out = HdfFile.write(file)) {
            WritableGroup a = out.putGroup("a.jpg");
            writer.accept(a);
        }
        assertThatThrownBy(() -> {
                    try (HlocFeatures features = HlocFeatures.open(file)) {
                        features.features("a.jpg");
                    }
                })
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(message);
    }

    @Test
    void saysWhatIsWrong(@TempDir Path temp) {
        float[][] keypoints = {{1, 2}, {3, 4}};
        float[][] descriptors = {{1, 2}, {3, 4}, {5, 6}};
        int[] size = {640, 480};
        refuses(temp, a -> a.putDataset("keypoints", keypoints), "there is no a.jpg/descriptors");
        refuses(
                temp,
                a -> {
                    a.putDataset("keypoints", new float[][] {{1, 2, 3}, {3, 4, 5}});
                    a.putDataset("descriptors", descriptors);
                    a.putDataset("image_size", size);
                },
                "a.jpg/keypoints must have 2 columns, got 3");
        refuses(
                temp,
                a -> {
                    a.putDataset("keypoints", keypoints);
                    a.putDataset("descriptors", new float[][] {{1, 2, 3}});
                    a.putDataset("image_size", size);
                },
                "a.jpg/descriptors must have a column for each of 2 keypoints, got 3");
        refuses(
                temp,
                a -> {
                    a.putDataset("keypoints", new float[][] {{1, Float.NaN}, {3, 4}});
                    a.putDataset("descriptors", descriptors);
                    a.putDataset("image_size", size);
                },
                "a.jpg: keypoints must be finite");
        refuses(
                temp,
                a -> {
                    a.putDataset("keypoints", keypoints);
                    a.putDataset("descriptors", descriptors);
                    a.putDataset("image_size", size);
                    a.putDataset("scores", new float[] {1});
                },
                "a.jpg/scores must have a number for each of 2 keypoints, got 1");
        refuses(
                temp,
                a -> {
                    a.putDataset("keypoints", keypoints);
                    a.putDataset("descriptors", new String[] {"a"});
                    a.putDataset("image_size", size);
                },
                "a.jpg/descriptors must have 2 dimensions, got [1]");
        refuses(temp, a -> a.putGroup("keypoints"), "a.jpg/keypoints must be an array, found a group");
    }

    /** 16 MiB of zeros in a chunk, for an array of 32 bytes. */
    @Test
    void refusesChunksThatAreMuchLargerThanTheirArray() throws IOException {
        Path file = file("wide-chunks.h5");
        try (HlocFeatures features = HlocFeatures.open(file)) {
            assertThatThrownBy(() -> features.features("a.jpg"))
                    .isInstanceOf(IOException.class)
                    .hasMessage(file + ": a.jpg/keypoints must have chunks that fit its size [4, 2], got chunks of"
                            + " [2097152, 2]");
            // a row of chunks for later growth is as usual
            assertThat(features.features("b.jpg").orElseThrow().keypoints().x(3))
                    .isEqualTo(6.5f);
        }
    }

    @Test
    void saysThatAFileIsCorruptWhereMemoryDoesNotSuffice() throws IOException {
        try (HdfGroups groups = HdfGroups.open(file("features.h5"))) {
            assertThatThrownBy(() -> groups.guarded("a/b", () -> {
                        throw new OutOfMemoryError("made up");
                    }))
                    .isInstanceOf(IOException.class)
                    .hasMessage(file("features.h5") + " is corrupt at a/b: java.lang.OutOfMemoryError: made up");
        }
    }

    @Test
    void refusesWhatIsNoIndex(@TempDir Path temp) throws IOException {
        Path file = temp.resolve("m.h5");
        try (WritableHdfFile out = HdfFile.write(file)) {
            WritableGroup a = out.putGroup("a.jpg");
            a.putGroup("b.jpg").putDataset("matches0", new int[] {0, -2});
            WritableGroup c = a.putGroup("c.jpg");
            c.putDataset("matches0", new int[] {0, 1});
            c.putDataset("matching_scores0", new float[] {1});
        }
        try (HlocMatches matches = HlocMatches.open(file)) {
            assertThatThrownBy(() -> matches.matches("a.jpg", "b.jpg"))
                    .isInstanceOf(IOException.class)
                    .hasMessage(file + ": a.jpg/b.jpg/matches0 must hold indices or -1, got -2.0");
            assertThatThrownBy(() -> matches.matches("c.jpg", "a.jpg"))
                    .isInstanceOf(IOException.class)
                    .hasMessage(file + ": a.jpg/c.jpg/matching_scores0 must have 2 numbers, got 1");
        }
    }

    @Test
    void damagedFilesAreRefusedOrRead(@TempDir Path temp) throws IOException {
        assertThatThrownBy(() -> HlocFeatures.open(temp.resolve("none.h5"))).isInstanceOf(NoSuchFileException.class);
        Path text = Files.writeString(temp.resolve("text.h5"), "no HDF5");
        assertThatThrownBy(() -> HlocFeatures.open(text))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("text.h5");
        byte[] bytes = Files.readAllBytes(file("features.h5"));
        int refused = 0;
        for (int at = 0; at < bytes.length; at += 13) {
            byte[] changed = at % 2 == 0 ? Arrays.copyOf(bytes, at) : bytes.clone();
            if (at % 2 == 1) {
                changed[at] ^= (byte) 0x55;
            }
            Path damaged = Files.write(temp.resolve("damaged" + at + ".h5"), changed);
            try (HlocFeatures features = HlocFeatures.open(damaged)) {
                for (String name : features.names()) {
                    features.features(name);
                }
            } catch (IOException expected) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(bytes.length / 13 / 3);
    }

    /** With the library's classes and without jhdf's. */
    @Test
    void saysWhatIsNeeded() throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.contains("jhdf")) {
                urls.add(Path.of(entry).toUri().toURL());
            }
        }
        try (URLClassLoader loader =
                new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            for (Class<?> type : new Class<?>[] {HlocFeatures.class, HlocMatches.class}) {
                assertThatThrownBy(() -> loader.loadClass(type.getName())
                                .getMethod("open", Path.class)
                                .invoke(null, file("features.h5")))
                        .cause()
                        .isInstanceOf(IOException.class)
                        .hasMessage(file("features.h5")
                                + ": to read files of HDF5, io.jhdf:jhdf must be on the class path");
            }
        }
    }
}
