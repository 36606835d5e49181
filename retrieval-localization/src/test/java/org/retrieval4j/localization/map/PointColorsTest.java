package org.retrieval4j.localization.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.pose.Pose;

class PointColorsTest {
    private static final Camera CAMERA = Camera.parse("SIMPLE_PINHOLE 3 2 1 1.5 1");
    private static final List<MapImage> IMAGES = List.of(
            new MapImage(0, "left", CAMERA, Pose.IDENTITY),
            new MapImage(1, "right", CAMERA, Pose.IDENTITY),
            new MapImage(2, "gone", CAMERA, Pose.IDENTITY));

    /** In the middle of a pixel, between two, between four, and beyond a corner. */
    private static final FeatureSource FEATURES = id -> Optional.of(new ImageFeatures(
            3,
            2,
            new Keypoints(FloatMatrix.of(
                    4, 5, new float[] {0.5F, 0.5F, 1, 0, 0, 1, 0.5F, 1, 0, 0, 2, 1, 1, 0, 0, 2.9F, 1.9F, 1, 0, 0})),
            FloatMatrix.of(4, 1, new float[4])));

    private static final byte[] LEFT = {10, 0, 0, 30, 0, 2, 50, 0, 4, 20, 100, 0, 40, 100, 2, (byte) 250, 100, 4};

    private static Optional<Image> picture(MapImage image) {
        return switch (image.name()) {
            case "left" -> Optional.of(new Image(3, 2, LEFT, Orientation.ofExif(1)));
            case "right" -> Optional.of(new Image(3, 2, new byte[18], Orientation.ofExif(1)));
            default -> Optional.empty();
        };
    }

    private static PointMap map() {
        return PointMap.of(
                IMAGES,
                List.of(
                        new PointMap.Point(0, 0, 1, new int[] {0, 0}),
                        new PointMap.Point(0, 0, 1, new int[] {0, 1, 1, 1}),
                        new PointMap.Point(0, 0, 1, new int[] {0, 2, 2, 2}),
                        new PointMap.Point(0, 0, 1, new int[] {0, 3}),
                        new PointMap.Point(0, 0, 1, new int[] {1, 0}),
                        new PointMap.Point(0, 0, 1, new int[] {2, 0}),
                        new PointMap.Point(9, 0, 0, 1, 0x123456, -1, new int[] {1, 2})));
    }

    @Test
    void pointsGetTheMeanOfWhatPicturesShow() throws IOException {
        try (PointMap map = map();
                PointMap colored = PointColors.color(map, FEATURES, PointColorsTest::picture, Runnable::run)) {
            int[] expected = {
                0x123456, // had one
                10 << 16,
                10 << 16 | 1, // 20 0 1 and 0 0 0
                (30 + 50 + 40 + 250) / 4 << 16 | 50 << 8 | 3, // 92.5 is rounded up below
                250 << 16 | 100 << 8 | 4,
                1, // black, not unknown
                0 // no picture
            };
            expected[3] += 1 << 16;
            for (int p = 0; p < expected.length; p++) {
                assertThat(Integer.toHexString(colored.rgb(p)))
                        .as("point " + p)
                        .isEqualTo(Integer.toHexString(expected[p]));
                assertThat(colored.point(p).track()).isEqualTo(map.point(p).track());
            }
            assertThat(map.rgb(1)).isZero();
            ExecutorService threads = Executors.newFixedThreadPool(3);
            try (PointMap again = PointColors.color(map, FEATURES, PointColorsTest::picture, threads)) {
                for (int p = 0; p < expected.length; p++) {
                    assertThat(again.point(p)).isEqualTo(colored.point(p));
                }
            } finally {
                threads.shutdownNow();
            }
        }
    }

    @Test
    void readsOnlyPicturesThatAreNeeded() throws IOException {
        try (PointMap map = map();
                PointMap colored = PointColors.color(map, FEATURES, PointColorsTest::picture, Runnable::run);
                PointMap again = PointColors.color(
                        colored,
                        FEATURES,
                        image -> {
                            assertThat(image.name()).isEqualTo("gone");
                            return Optional.empty();
                        },
                        Runnable::run)) {
            assertThat(again.rgb(1)).isEqualTo(colored.rgb(1));
        }
    }

    @Test
    void anotherPictureIsRefused() throws IOException {
        try (PointMap map = map()) {
            assertThatThrownBy(() -> PointColors.color(
                            map,
                            FEATURES,
                            image -> Optional.of(new Image(2, 2, new byte[12], Orientation.ofExif(1))),
                            Runnable::run))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("left must be of 3 x 2 pixels, got 2 x 2");
            assertThatThrownBy(() -> PointColors.color(
                            map,
                            FEATURES,
                            image -> {
                                throw new IOException("broken " + image.name());
                            },
                            Runnable::run))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("broken left");
        }
    }
}
