package org.retrieval4j.localization.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.pose.Pose;

/** A map's folder changes by segments; who has it open sees nothing of it. */
class PointMapSegmentsTest {
    private static final Camera[] CAMERAS = {
        Camera.parse("SIMPLE_PINHOLE 640 480 500 320 240"), Camera.parse("OPENCV 800 600 700 701 400 300 -0.1 0 0.01 0")
    };

    private static List<MapImage> images(int n) {
        List<MapImage> images = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            int number = i == 2 ? MapImage.NONE : 7 * i + 1;
            images.add(new MapImage(
                    10 + i, "a b/ü" + i + ".jpg", CAMERAS[i % 2], new Pose(1, 0.1 * i, 0, 0, i, 0.5, 2), number, 3));
        }
        return images;
    }

    /** Point p is seen from p % 4 + 2 images on, each time by keypoint p. */
    private static List<PointMap.Point> points(int n, int images) {
        List<PointMap.Point> points = new ArrayList<>();
        for (int p = 0; p < n; p++) {
            int[] track = new int[2 * (p % 4 + 2)];
            for (int i = 0; i < track.length / 2; i++) {
                track[2 * i] = (p + i) % images;
                track[2 * i + 1] = p;
            }
            points.add(new PointMap.Point(5L * p + 2, p, 0.1 * p, -p, 0x010203 * p & 0xFFFFFF, p / 8.0, track));
        }
        return points;
    }

    private static PointMap map() {
        return PointMap.of(images(6), points(40, 6));
    }

    private static List<String> told(PointMap map) {
        List<String> told = new ArrayList<>();
        for (MapImage image : map.images()) {
            told.add(image.toString());
        }
        for (int p = 0; p < map.size(); p++) {
            PointMap.Point point = map.point(p);
            List<String> track = new ArrayList<>();
            for (int i = 0; i < point.track().length; i += 2) {
                track.add(map.images().get(point.track()[i]).id() + ":" + point.track()[i + 1]);
            }
            told.add(point.id() + " " + point.x() + " " + point.y() + " " + point.z() + " " + point.rgb() + " "
                    + point.error() + " " + track);
        }
        return told;
    }

    private static int segments(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return (int) files.filter(file -> file.getFileName().toString().startsWith("segment"))
                    .count();
        }
    }

    @Test
    void imagesAreRemovedWhileReadersKeepWhatTheyOpened(@TempDir Path folder) throws IOException {
        try (PointMap map = map();
                PointMap less = map.without(List.of(12L, 99L))) {
            map.write(folder);
            assertThat(less.images()).extracting(MapImage::id).containsExactly(10L, 11L, 13L, 14L, 15L);
            assertThat(less.size()).isBetween(1, map.size() - 1);
            for (int p = 0; p < less.size(); p++) {
                assertThat(less.imagesOf(p).length).isGreaterThanOrEqualTo(2);
            }
            try (PointMap reader = PointMap.open(folder)) {
                less.write(folder);
                assertThat(told(reader)).isEqualTo(told(map));
            }
            try (PointMap now = PointMap.open(folder)) {
                assertThat(told(now)).isEqualTo(told(less));
                now.verify();
            }
        }
    }

    @Test
    void imagesAreAddedAsASegmentOfTheirOwn(@TempDir Path folder) throws IOException {
        List<PointMap.Point> few = points(20, 6).stream()
                .filter(point -> point.track()[point.track().length - 2] < 4 && point.track()[0] < 3)
                .toList();
        List<PointMap.Point> more = new ArrayList<>(few);
        more.add(new PointMap.Point(1000, 1, 2, 3, 0, 0.5, new int[] {1, 77, 4, 78})); // an old and a new image
        List<MapImage> many = new ArrayList<>(images(4));
        for (int i = 0; i < 20; i++) {
            many.add(new MapImage(100 + i, "new " + i, CAMERAS[0], Pose.IDENTITY));
        }
        try (PointMap before = PointMap.of(images(4), few);
                PointMap after = PointMap.of(many, more)) {
            before.write(folder);
            long size = Files.size(folder.resolve("segment-00000001.r4j"));
            after.write(folder);
            assertThat(segments(folder)).isEqualTo(2);
            assertThat(Files.size(folder.resolve("segment-00000001.r4j"))).isEqualTo(size);
            try (PointMap opened = PointMap.open(folder)) {
                assertThat(told(opened)).isEqualTo(told(after));
                opened.write(folder); // nothing differs
            }
            assertThat(segments(folder)).isEqualTo(2);
            try (PointMap reader = PointMap.open(folder)) {
                PointMap.compact(folder);
                assertThat(told(reader)).isEqualTo(told(after));
            }
            assertThat(segments(folder)).isEqualTo(1);
            try (PointMap opened = PointMap.open(folder)) {
                assertThat(told(opened)).isEqualTo(told(after));
            }
            assertThatThrownBy(() -> PointMap.compact(folder.resolve("none"))).isInstanceOf(NoSuchFileException.class);
            try (PointMap moved = PointMap.of(many, moved(more))) {
                moved.write(folder); // everything differs
                try (PointMap opened = PointMap.open(folder)) {
                    assertThat(told(opened)).isEqualTo(told(moved));
                }
            }
        }
    }

    private static List<PointMap.Point> moved(List<PointMap.Point> points) {
        return points.stream()
                .map(p -> new PointMap.Point(p.id(), p.x() + 1, p.y(), p.z(), p.rgb(), p.error(), p.track()))
                .toList();
    }

    @Test
    void manySmallChangesEndInTheSameMap(@TempDir Path folder) throws IOException {
        try (PointMap map = map()) {
            map.write(folder);
            List<MapImage> images = new ArrayList<>(images(6));
            for (int i = 0; i < 30; i++) {
                images.add(new MapImage(100 + i, "new " + i, CAMERAS[0], Pose.IDENTITY));
                try (PointMap next = PointMap.of(images, points(40 + i, 6))) {
                    next.write(folder);
                    try (PointMap opened = PointMap.open(folder)) {
                        assertThat(told(opened)).isEqualTo(told(next));
                    }
                }
            }
        }
        assertThat(segments(folder)).isLessThan(16);
    }

    @Test
    void pointsWithoutIdGetTheNextFree() throws IOException {
        int[] track = {0, 1, 1, 1};
        int[] other = {0, 2, 1, 2};
        try (PointMap map = PointMap.of(
                images(2), List.of(new PointMap.Point(1, 2, 3, track), new PointMap.Point(8, 1, 2, 3, 0, 0, other)))) {
            assertThat(map.pointId(0)).isEqualTo(8);
            assertThat(map.pointId(1)).isEqualTo(9);
        }
    }

    @Test
    void featuresThatAreNotTheMapsAreRefused() throws IOException {
        MadeUpWorld world = new MadeUpWorld(2, 10, 1);
        FeatureSource source = id -> id < 100 ? Optional.empty() : Optional.of(world.features.get((int) id - 100));
        try (PointMap good = PointMap.of(world.images, List.of(new PointMap.Point(0, 0, 0, new int[] {0, 9, 1, 9})));
                PointMap bad =
                        PointMap.of(world.images, List.of(new PointMap.Point(0, 0, 0, new int[] {0, 9, 1, 10})));
                PointMap other = PointMap.of(images(1), List.of())) {
            assertThat(good.checked(source).features(101)).contains(world.features.get(1));
            assertThat(good.checked(source).features(3)).isEmpty();
            assertThat(bad.checked(source).features(100)).isPresent();
            assertThatThrownBy(() -> bad.checked(source).features(101))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("view 1.jpg")
                    .hasMessageContaining("more than 10 keypoints, got 800 x 600 and 10");
            FeatureSource wrong = id -> Optional.of(world.features.get(0));
            assertThatThrownBy(() -> other.checked(wrong).features(10)).hasMessageContaining("640 x 480");
        }
    }

    /** {@code point-map-v1}: the map of this test, then image 12 removed and image 20 added, in two segments. */
    private static void writeKept(Path folder) throws IOException {
        try (PointMap map = map()) {
            map.write(folder);
        }
        try (PointMap changed = kept()) {
            changed.write(folder);
        }
    }

    private static PointMap kept() throws IOException {
        try (PointMap map = map();
                PointMap less = map.without(List.of(12L))) {
            List<MapImage> images = new ArrayList<>(less.images());
            images.add(new MapImage(20, "added.png", CAMERAS[0], Pose.IDENTITY));
            List<PointMap.Point> points = new ArrayList<>();
            for (int p = 0; p < less.size(); p++) {
                points.add(less.point(p));
            }
            points.add(new PointMap.Point(1, 2, 3, new int[] {0, 50, 5, 0}));
            return PointMap.of(images, points);
        }
    }

    @Test
    void readsAndWritesVersion1(@TempDir Path folder) throws IOException, URISyntaxException {
        Path stored = Path.of(Objects.requireNonNull(PointMapSegmentsTest.class.getResource("/formats/point-map-v1"))
                .toURI());
        Path copy = Files.createDirectories(folder.resolve("copy"));
        Path again = folder.resolve("again");
        writeKept(again);
        try (Stream<Path> files = Files.list(stored)) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName().toString()));
                assertThat(again.resolve(file.getFileName().toString())).hasSameBinaryContentAs(file);
            }
        }
        try (PointMap opened = PointMap.open(copy);
                PointMap expected = kept()) {
            assertThat(told(opened)).isEqualTo(told(expected));
            opened.verify();
        }
    }
}
