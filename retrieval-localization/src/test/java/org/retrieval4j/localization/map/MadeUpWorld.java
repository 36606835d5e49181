package org.retrieval4j.localization.map;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Matches;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.pose.Pose;

/** Points in a cube seen by cameras around it; a keypoint's descriptor is the number of its point. */
final class MadeUpWorld {
    static final Camera CAMERA = Camera.parse("OPENCV 800 600 700 700 400 300 -0.1 0.02 0 0");

    final double[] points;
    final List<MapImage> images = new ArrayList<>();
    final List<ImageFeatures> features = new ArrayList<>();

    MadeUpWorld(int views, int count, long seed) {
        Random random = new Random(seed);
        points = random.doubles(3L * count, -1, 1).toArray();
        for (int i = 0; i < views; i++) {
            Pose pose = pose(0.25 * i);
            images.add(new MapImage(100 + i, "view " + i + ".jpg", CAMERA, pose));
            features.add(see(pose, 0.3, random));
        }
    }

    /** Looks at the middle from a distance of 5. */
    static Pose pose(double angle) {
        return new Pose(Math.cos(angle / 2), 0, Math.sin(angle / 2), 0, 0, 0, 5);
    }

    ImageFeatures see(Pose pose, double noise, Random random) {
        double[] r = pose.rotation();
        double[] pixel = new double[2];
        int n = points.length / 3;
        float[] keypoints = new float[5 * n];
        float[] descriptors = new float[n];
        for (int p = 0; p < n; p++) {
            double x = points[3 * p];
            double y = points[3 * p + 1];
            double z = points[3 * p + 2];
            CAMERA.project(
                    r[0] * x + r[1] * y + r[2] * z + pose.tx(),
                    r[3] * x + r[4] * y + r[5] * z + pose.ty(),
                    r[6] * x + r[7] * y + r[8] * z + pose.tz(),
                    pixel);
            keypoints[5 * p] = (float) (pixel[0] + noise * random.nextGaussian());
            keypoints[5 * p + 1] = (float) (pixel[1] + noise * random.nextGaussian());
            keypoints[5 * p + 2] = 1;
            descriptors[p] = p;
        }
        return new ImageFeatures(
                800, 600, new Keypoints(FloatMatrix.of(n, 5, keypoints)), FloatMatrix.of(n, 1, descriptors));
    }

    /** The features by the ids of the images. */
    FeatureSource source() {
        return id -> Optional.of(features.get((int) id - 100));
    }

    /** Pairs equal descriptors, but for every wrong-th, which it pairs with any. */
    static Matcher matcher(int wrong) {
        return new Matcher() {
            @Override
            public Matches match(ImageFeatures query, ImageFeatures reference) {
                int n = query.keypoints().values().rows();
                int m = reference.keypoints().values().rows();
                List<int[]> pairs = new ArrayList<>();
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j < m; j++) {
                        boolean same = query.descriptors().get(i, 0)
                                == reference.descriptors().get(j, 0);
                        boolean spoiled = i % wrong == 0;
                        if (spoiled ? j == (31 * i + 17) % m : same) {
                            pairs.add(new int[] {i, j});
                        }
                    }
                }
                return new Matches(
                        pairs.stream().mapToInt(p -> p[0]).toArray(),
                        pairs.stream().mapToInt(p -> p[1]).toArray(),
                        new float[pairs.size()]);
            }

            @Override
            public ComponentSpec spec() {
                return ComponentSpec.parse("equal");
            }
        };
    }
}
