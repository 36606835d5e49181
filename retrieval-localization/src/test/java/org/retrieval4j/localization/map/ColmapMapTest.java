package org.retrieval4j.localization.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.colmap.ColmapImage;
import org.retrieval4j.localization.colmap.ColmapModel;
import org.retrieval4j.localization.colmap.ColmapPoint;
import org.retrieval4j.localization.pose.Pose;

class ColmapMapTest {
    private static final MadeUpWorld WORLD = new MadeUpWorld(3, 30, 1);
    private static final int[] NUMBERS = {12, 5, 700};

    /** Each view sees all points; its 2D points are the keypoints, moved by a shift, and one more without a point. */
    private static ColmapModel model(double shift) {
        Map<Integer, Camera> cameras = new LinkedHashMap<>();
        Map<Integer, ColmapImage> images = new LinkedHashMap<>();
        Map<Long, ColmapPoint> points = new LinkedHashMap<>();
        cameras.put(9, MadeUpWorld.CAMERA);
        cameras.put(2, MadeUpWorld.CAMERA);
        for (int i = 0; i < 3; i++) {
            Pose p = WORLD.images.get(i).pose();
            double[] stored = {p.qw(), p.qx(), p.qy(), p.qz(), p.tx(), p.ty(), p.tz()};
            double[] places = new double[62];
            long[] ids = new long[31];
            FloatMatrix keypoints = WORLD.features.get(i).keypoints().values();
            for (int k = 0; k < 30; k++) {
                places[2 * k] = keypoints.get(k, 0) + shift;
                places[2 * k + 1] = keypoints.get(k, 1);
                ids[k] = 1000L - 3 * k;
            }
            ids[30] = ColmapImage.NO_POINT;
            images.put(NUMBERS[i], new ColmapImage(NUMBERS[i], stored, i == 1 ? 2 : 9, "v/" + i + ".jpg", places, ids));
        }
        for (int k = 0; k < 30; k++) {
            int[] track = {700, k, 5, k, 12, k};
            points.put(
                    1000L - 3 * k,
                    new ColmapPoint(
                            1000L - 3 * k,
                            WORLD.points[3 * k],
                            WORLD.points[3 * k + 1],
                            WORLD.points[3 * k + 2],
                            k,
                            200,
                            255 - k,
                            0.25 * k,
                            track));
        }
        return new ColmapModel(cameras, images, points, Map.of());
    }

    private static String told(ColmapPoint p) {
        List<String> track = new ArrayList<>();
        for (int i = 0; i < p.track().length; i += 2) {
            track.add(p.track()[i] + ":" + p.track()[i + 1]);
        }
        track.sort(null);
        return p.x() + " " + p.y() + " " + p.z() + " " + p.red() + " " + p.green() + " " + p.blue() + " " + p.error()
                + track;
    }

    /** Its 2D points as keypoints. */
    private static FeatureSource places(ColmapModel model) {
        return id -> {
            ColmapImage image = model.images().get((int) id);
            if (image == null) {
                return Optional.empty();
            }
            float[] keypoints = new float[5 * image.size()];
            for (int k = 0; k < image.size(); k++) {
                keypoints[5 * k] = (float) image.places()[2 * k];
                keypoints[5 * k + 1] = (float) image.places()[2 * k + 1];
                keypoints[5 * k + 2] = 1;
            }
            return Optional.of(new ImageFeatures(
                    800,
                    600,
                    new Keypoints(FloatMatrix.of(image.size(), 5, keypoints)),
                    FloatMatrix.of(image.size(), 1, new float[image.size()])));
        };
    }

    @Test
    void rigsAndFramesGoThroughAMapAsLongAsItsImagesStay(@TempDir Path folder) throws IOException {
        ColmapModel plain = model(0);
        Map<Integer, Camera> cameras = new LinkedHashMap<>(plain.cameras());
        cameras.put(31, Camera.parse("SIMPLE_PINHOLE 100 100 80 50 50")); // of a rig, without images
        Map<String, byte[]> others = Map.of("rigs.bin", new byte[] {1, 2, 3}, "frames.bin", new byte[] {4});
        ColmapModel model = new ColmapModel(cameras, plain.images(), plain.points(), others);
        FeatureSource places = places(model);
        try (PointMap bare = ColmapMap.toMap(plain);
                PointMap map = ColmapMap.toMap(model)) {
            bare.write(folder); // the same images: what the model keeps is written nevertheless
            map.write(folder);
        }
        try (PointMap opened = PointMap.open(folder);
                PointMap colored = opened.withColors(point -> 7);
                PointMap less = opened.without(List.of(12L))) {
            for (PointMap map : List.of(opened, colored)) {
                ColmapModel back = ColmapMap.toModel(map, places);
                assertThat(back.cameras()).isEqualTo(cameras);
                assertThat(back.others().get("rigs.bin")).containsExactly(1, 2, 3);
                assertThat(back.others().get("frames.bin")).containsExactly(4);
            }
            colored.write(folder);
            assertThat(ColmapMap.toModel(less, places).others()).isEmpty();
        }
        try (PointMap opened = PointMap.open(folder)) {
            assertThat(ColmapMap.toModel(opened, places).others()).containsOnlyKeys("rigs.bin", "frames.bin");
            try (PointMap less = opened.without(List.of(12L))) {
                less.write(folder);
            }
        }
        try (PointMap opened = PointMap.open(folder)) {
            ColmapModel back = ColmapMap.toModel(opened, places);
            assertThat(back.others()).isEmpty();
            assertThat(back.cameras()).doesNotContainKey(31);
        }
        assertThatThrownBy(() -> new ColmapModel(Map.of(), Map.of(), Map.of(), Map.of("../x", new byte[0])))
                .hasMessageContaining("rigs and frames, got \"../x\"");
    }

    @Test
    void aModelGoesThroughAMapUnchanged() throws IOException {
        ColmapModel model = model(0);
        FeatureSource places = places(model);
        try (PointMap map = ColmapMap.toMap(model)) {
            ColmapModel back = ColmapMap.toModel(map, places);
            assertThat(back.cameras()).isEqualTo(model.cameras());
            assertThat(back.images()).containsOnlyKeys(5, 12, 700);
            for (ColmapImage image : model.images().values()) {
                ColmapImage other = Objects.requireNonNull(back.images().get(image.id()));
                assertThat(other.stored()).isEqualTo(image.stored());
                assertThat(other.cameraId()).isEqualTo(image.cameraId());
                assertThat(other.name()).isEqualTo(image.name());
                assertThat(other.places()).isEqualTo(image.places());
                assertThat(other.pointIds()).isEqualTo(image.pointIds());
            }
            assertThat(back.points().keySet())
                    .containsExactlyInAnyOrderElementsOf(model.points().keySet());
            for (ColmapPoint point : model.points().values()) {
                assertThat(told(Objects.requireNonNull(back.points().get(point.id()))))
                        .isEqualTo(told(point));
            }
        }
    }

    private static PointMap attached(double shift, double radius) throws IOException {
        ColmapModel model = model(shift);
        // as a database numbers them: 100, 101, 102 by ascending number
        List<MapImage> images = new ArrayList<>();
        for (MapImage image : ColmapMap.images(model)) {
            images.add(
                    new MapImage(100 + images.size(), image.name(), image.camera(), image.pose(), image.number(), 9));
        }
        int[] views = {1, 0, 2};
        FeatureSource own = id -> Optional.of(WORLD.features.get(views[(int) id - 100]));
        return ColmapMap.attach(model, images, own, radius);
    }

    @Test
    void observationsGoToTheNearestKeypoint() throws IOException {
        try (PointMap exact = attached(0, 2);
                PointMap shifted = attached(0.7, 1);
                PointMap far = attached(0.7, 0.5)) {
            assertThat(exact.size()).isEqualTo(30);
            assertThat(exact.observations()).isEqualTo(90);
            for (int i = 0; i < 3; i++) {
                assertThat(exact.images().get(i).number()).isEqualTo(new int[] {5, 12, 700}[i]);
                int[] keypoints = exact.keypoints(i);
                for (int k = 0; k < 30; k++) {
                    assertThat(exact.pointId(exact.observed(i)[k])).isEqualTo(1000L - 3 * keypoints[k]);
                }
            }
            assertThat(exact.error(0)).isBetween(0.01, 1.5); // the world's noise is 0.3 pixels
            assertThat(shifted.observations()).isBetween(85, 90);
            assertThat(shifted.error(3)).isEqualTo(exact.error(3)); // at the keypoints, not at the model's 2D points
            assertThat(far.observations()).isLessThan(10);
            for (int p = 0; p < shifted.size(); p++) {
                int[] images = shifted.imagesOf(p);
                assertThat(images)
                        .hasSize((int) Arrays.stream(images).distinct().count());
            }
        }
        assertThatThrownBy(() -> attached(0, 0)).hasMessageContaining("radius must be above 0");
    }
}
