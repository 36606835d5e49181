package org.retrieval4j.localization.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PointMapTest {
    private static final MadeUpWorld WORLD = new MadeUpWorld(6, 120, 1);

    private static PointMap build() throws IOException {
        return MapBuilder.build(
                WORLD.images, WORLD.source(), MadeUpWorld.matcher(5), MapBuilder.Options.defaults(), Runnable::run);
    }

    private static void assertSame(PointMap a, PointMap b) {
        assertThat(a.images()).isEqualTo(b.images());
        assertThat(a.size()).isEqualTo(b.size());
        for (int i = 0; i < a.images().size(); i++) {
            assertThat(a.keypoints(i)).isEqualTo(b.keypoints(i));
            assertThat(a.observed(i)).isEqualTo(b.observed(i));
        }
        for (int p = 0; p < a.size(); p++) {
            assertThat(a.point(p)).isEqualTo(b.point(p));
            assertThat(a.imagesOf(p)).isEqualTo(b.imagesOf(p));
        }
    }

    @Test
    void matchesOfPosedPicturesBecomePoints() throws IOException {
        try (PointMap map = build()) {
            // 96 of 120 are matched right; of wrong matches few agree with the poses
            int near = 0;
            for (int p = 0; p < map.size(); p++) {
                double nearest = Double.POSITIVE_INFINITY;
                for (int q = 0; q < 120; q++) {
                    double distance = 0;
                    for (int axis = 0; axis < 3; axis++) {
                        distance += Math.pow(map.coordinate(p, axis) - WORLD.points[3 * q + axis], 2);
                    }
                    nearest = Math.min(nearest, Math.sqrt(distance));
                }
                near += nearest < 0.01 && map.imagesOf(p).length == 6 ? 1 : 0;
            }
            assertThat(near).isBetween(90, 96);
            assertThat(map.size()).isBetween(near, near + 8);
        }
    }

    @Test
    void isTheSameOnAnyNumberOfThreads() throws IOException {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (PointMap alone = build();
                PointMap many = MapBuilder.build(
                        WORLD.images, WORLD.source(), MadeUpWorld.matcher(5), MapBuilder.Options.defaults(), threads)) {
            assertSame(many, alone);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void isReadAsItWasWritten(@TempDir Path folder) throws IOException {
        Path there = folder.resolve("points");
        try (PointMap map = build()) {
            map.write(there);
            try (PointMap opened = PointMap.open(there)) {
                assertSame(opened, map);
                opened.verify();
                opened.write(folder.resolve("again"));
            }
        }
        assertThat(folder.resolve("again/segment-00000001.r4j"))
                .hasSameBinaryContentAs(there.resolve("segment-00000001.r4j"));
        try (PointMap empty = PointMap.of(List.of(), List.of())) {
            empty.write(there);
        }
        try (PointMap opened = PointMap.open(there)) {
            assertThat(opened.size()).isZero();
            assertThat(opened.images()).isEmpty();
        }
        assertThat(PointMap.exists(folder)).isFalse();
        assertThatThrownBy(() -> PointMap.open(folder)).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void damagedFilesAreRefusedOrRead(@TempDir Path folder) throws IOException {
        Path whole = folder.resolve("points");
        try (PointMap map = build()) {
            map.write(whole);
        }
        Random random = new Random(2);
        for (int run = 0; run < 300; run++) {
            Path target = Files.createDirectories(folder.resolve("damaged-" + run));
            for (String name : List.of("manifest.r4j", "segment-00000001.r4j")) {
                byte[] bytes = Files.readAllBytes(whole.resolve(name));
                if (name.startsWith("segment") || run % 10 == 0) {
                    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                    bytes = run % 3 == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
                }
                Files.write(target.resolve(name), bytes);
            }
            try (PointMap opened = PointMap.open(target)) {
                for (int i = 0; i < opened.images().size(); i++) {
                    for (int point : opened.observed(i)) {
                        assertThat(opened.imagesOf(point)).isNotNull();
                    }
                }
            } catch (IOException expected) {
                assertThat(expected).hasMessageContaining("damaged-" + run);
            }
        }
    }

    @Test
    void refusesWhatDoesNotBelongTogether() {
        List<MapImage> images = WORLD.images;
        assertThatThrownBy(() -> PointMap.of(images, List.of(new PointMap.Point(0, 0, 0, new int[] {9, 0}))))
                .hasMessageContaining("one of 6 images, got 9");
        assertThatThrownBy(() -> PointMap.of(
                        images,
                        List.of(
                                new PointMap.Point(0, 0, 0, new int[] {0, 3, 1, 3}),
                                new PointMap.Point(1, 0, 0, new int[] {0, 3, 2, 3}))))
                .hasMessageContaining("keypoint 3 of image 0");
        List<MapImage> twice = new ArrayList<>(images);
        twice.add(images.get(0));
        assertThatThrownBy(() -> PointMap.of(twice, List.of()))
                .hasMessageContaining("ascending ids and different names");
    }
}
