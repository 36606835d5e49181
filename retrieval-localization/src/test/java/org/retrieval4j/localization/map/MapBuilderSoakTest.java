package org.retrieval4j.localization.map;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Matches;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.pose.Pose;

/**
 * Builds, refines and writes a map of a thousand pictures of 4,000 keypoints with 128 values each, 2 GB of features, in a
 * process with a heap of 1 GB. The pictures show a long wall; half of their keypoints show points of it, the rest nothing.
 */
@Tag("soak")
class MapBuilderSoakTest {
    private static final int VIEWS = 1000;
    private static final int KEYPOINTS = 4000;
    private static final double STEP = 0.6;

    @Test
    void aThousandPicturesFitInAGigabyte(@TempDir Path folder) throws Exception {
        Path output = folder.resolve("output.txt");
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx1g",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        folder.resolve("points").toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(child.waitFor()).as(Files.readString(output)).isZero();
        try (PointMap map = PointMap.open(folder.resolve("points"))) {
            assertThat(map.images()).hasSize(VIEWS);
            assertThat(map.observations()).isBetween(VIEWS * KEYPOINTS / 3, VIEWS * KEYPOINTS / 2);
            assertThat(map.observations() / map.size()).isBetween(4, 7);
            double off = 0;
            for (int p = 0; p < map.size(); p++) {
                off += Math.abs(map.coordinate(p, 2) - depth(map.coordinate(p, 0)));
            }
            assertThat(off / map.size()).isLessThan(0.02);
        }
    }

    private static double depth(double x) {
        return 6 + Math.sin(x);
    }

    /** The process with little memory. */
    static final class Child {
        private static final Camera CAMERA = Camera.parse("PINHOLE 800 600 700 700 400 300");
        /** Ascending along the wall: x and y. */
        private static final double[] WALL = wall();

        private Child() {}

        public static void main(String[] args) throws IOException {
            List<MapImage> images = new ArrayList<>();
            for (int i = 0; i < VIEWS; i++) {
                images.add(new MapImage(i, i + ".jpg", CAMERA, new Pose(1, 0, 0, 0, -STEP * i, 0, 0)));
            }
            FeatureSource source = id -> Optional.of(features((int) id));
            try (PointMap built =
                            MapBuilder.build(images, source, MATCHER, MapBuilder.Options.defaults(), Runnable::run);
                    PointMap map = BundleAdjustment.refine(built, source, BundleAdjustment.Options.defaults())) {
                map.write(Path.of(args[0]));
            }
        }

        private static double[] wall() {
            Random random = new Random(1);
            double[] xs = random.doubles((long) (VIEWS * KEYPOINTS * STEP / 7), -5, VIEWS * STEP + 5)
                    .toArray();
            Arrays.sort(xs);
            double[] wall = new double[2 * xs.length];
            for (int i = 0; i < xs.length; i++) {
                wall[2 * i] = xs[i];
                wall[2 * i + 1] = 5 * random.nextDouble() - 2.5;
            }
            return wall;
        }

        /** Keypoints of points by ascending number, then clutter; the first value of a descriptor is the number, or −1. */
        private static ImageFeatures features(int view) {
            Random random = new Random(view);
            float[] keypoints = new float[5 * KEYPOINTS];
            float[] descriptors = new float[128 * KEYPOINTS];
            double[] pixel = new double[2];
            int n = 0;
            for (int p = first(STEP * view - 4.5); n < KEYPOINTS && p < WALL.length / 2; p++) {
                double x = WALL[2 * p];
                if (x > STEP * view + 4.5) {
                    break;
                }
                if (random.nextBoolean()
                        && CAMERA.project(x - STEP * view, WALL[2 * p + 1], depth(x), pixel)
                        && pixel[0] > 0
                        && pixel[0] < 800) {
                    keypoints[5 * n] = (float) (pixel[0] + 0.5 * random.nextGaussian());
                    keypoints[5 * n + 1] = (float) (pixel[1] + 0.5 * random.nextGaussian());
                    descriptors[128 * n++] = p;
                }
            }
            for (; n < KEYPOINTS; n++) {
                keypoints[5 * n] = 800 * random.nextFloat();
                keypoints[5 * n + 1] = 600 * random.nextFloat();
                descriptors[128 * n] = -1;
            }
            return new ImageFeatures(
                    800,
                    600,
                    new Keypoints(FloatMatrix.of(KEYPOINTS, 5, keypoints)),
                    FloatMatrix.of(KEYPOINTS, 128, descriptors));
        }

        private static int first(double x) {
            int low = 0;
            for (int high = WALL.length / 2; low < high; ) {
                int middle = (low + high) >>> 1;
                if (WALL[2 * middle] < x) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }

        private static final Matcher MATCHER = new Matcher() {
            @Override
            public Matches match(ImageFeatures query, ImageFeatures reference) {
                int[] first = new int[KEYPOINTS];
                int[] second = new int[KEYPOINTS];
                int n = 0;
                for (int i = 0, j = 0; i < KEYPOINTS && j < KEYPOINTS; ) {
                    float a = query.descriptors().get(i, 0);
                    float b = reference.descriptors().get(j, 0);
                    if (a < 0 || b < 0) {
                        break;
                    }
                    if (a == b) {
                        first[n] = i;
                        second[n++] = j;
                    }
                    i += a <= b ? 1 : 0;
                    j += b <= a ? 1 : 0;
                }
                return new Matches(Arrays.copyOf(first, n), Arrays.copyOf(second, n), new float[n]);
            }

            @Override
            public ComponentSpec spec() {
                return ComponentSpec.parse("equal");
            }
        };
    }
}
