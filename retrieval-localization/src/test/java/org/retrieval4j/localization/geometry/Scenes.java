package org.retrieval4j.localization.geometry;

import java.util.Optional;
import java.util.Random;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.api.Verification;

/** Pairs of pictures of 1,000 x 800 pixels whose geometry is known. */
final class Scenes {
    static final int WIDTH = 1000;
    static final int HEIGHT = 800;

    /** Where a point of the first picture lies in the second. */
    interface Scene {
        double[] map(double x, double y, double depth);
    }

    /** Of both cameras, which look at depths of 1 to 2. */
    private static final double FOCAL = 900;

    private static final double TURN = 0.12;
    private static final double[] SHIFT = {-0.25, 0.06, 0.1};

    /** The second camera stands aside and is turned. */
    static final Scene TWO_CAMERAS = (x, y, depth) -> {
        double px = (x - WIDTH / 2.0) / FOCAL * depth;
        double py = (y - HEIGHT / 2.0) / FOCAL * depth;
        double c = Math.cos(TURN);
        double s = Math.sin(TURN);
        double qx = c * px + s * depth + SHIFT[0];
        double qy = py + SHIFT[1];
        double qz = -s * px + c * depth + SHIFT[2];
        return new double[] {FOCAL * qx / qz + WIDTH / 2.0, FOCAL * qy / qz + HEIGHT / 2.0};
    };

    /** The same cameras before a slanted wall. */
    static final Scene PLANE = (x, y, depth) -> TWO_CAMERAS.map(x, y, 1.3 + 0.4 * x / WIDTH - 0.2 * y / HEIGHT);

    static final Scene SIMILARITY = (x, y, depth) -> new double[] {0.8 * x - 0.3 * y + 150, 0.3 * x + 0.8 * y - 40};

    private Scenes() {}

    /** K⁻ᵀ [t]ₓ R K⁻¹ of the two cameras, norm 1. */
    static double[] trueFundamental() {
        double c = Math.cos(TURN);
        double s = Math.sin(TURN);
        double[] r = {c, 0, s, 0, 1, 0, -s, 0, c};
        double[] cross = {0, -SHIFT[2], SHIFT[1], SHIFT[2], 0, -SHIFT[0], -SHIFT[1], SHIFT[0], 0};
        double[] k = {1 / FOCAL, 0, -WIDTH / 2.0 / FOCAL, 0, 1 / FOCAL, -HEIGHT / 2.0 / FOCAL, 0, 0, 1};
        double[] transposed = {k[0], k[3], k[6], k[1], k[4], k[7], k[2], k[5], k[8]};
        double[] f = multiply(transposed, multiply(multiply(cross, r), k));
        double norm = Math.sqrt(java.util.Arrays.stream(f).map(v -> v * v).sum());
        return java.util.Arrays.stream(f).map(v -> v / norm).toArray();
    }

    private static double[] multiply(double[] a, double[] b) {
        double[] product = new double[9];
        for (int i = 0; i < 9; i++) {
            for (int j = 0; j < 3; j++) {
                product[i] += a[i / 3 * 3 + j] * b[3 * j + i % 3];
            }
        }
        return product;
    }

    /** Greatest difference of two matrices that are defined up to sign. */
    static double difference(double[] a, double[] b) {
        double plus = 0;
        double minus = 0;
        for (int i = 0; i < 9; i++) {
            plus = Math.max(plus, Math.abs(a[i] + b[i]));
            minus = Math.max(minus, Math.abs(a[i] - b[i]));
        }
        return Math.min(plus, minus);
    }

    record Pair(ImageFeatures query, ImageFeatures candidate, Matches matches, boolean[] right) {
        int rightInliers(Verification found) {
            int count = 0;
            for (int query : found.inliers().queryIndices()) {
                count += right[query] ? 1 : 0;
            }
            return count;
        }

        /** Mean distance of the right matches from a map. */
        double mapError(double[] h) {
            double sum = 0;
            int count = 0;
            for (int i = 0; i < right.length; i++) {
                if (right[i]) {
                    double x = query.keypoints().x(i);
                    double y = query.keypoints().y(i);
                    double w = h[6] * x + h[7] * y + h[8];
                    sum += Math.hypot(
                            (h[0] * x + h[1] * y + h[2]) / w
                                    - candidate.keypoints().x(i),
                            (h[3] * x + h[4] * y + h[5]) / w
                                    - candidate.keypoints().y(i));
                    count++;
                }
            }
            return sum / count;
        }
    }

    /**
     * Right and random matches in random order, match i between keypoints i.
     *
     * @param framed whether keypoints have scales and directions; those of right matches fit the scene
     */
    static Pair pair(Scene scene, int good, int bad, double noise, boolean framed, long seed) {
        Random random = new Random(seed);
        int n = good + bad;
        float[] first = new float[n * Keypoints.COLUMNS];
        float[] second = new float[n * Keypoints.COLUMNS];
        boolean[] right = new boolean[n];
        int[] indices = new int[n];
        float[] scores = new float[n];
        int left = good;
        for (int i = 0; i < n; i++) {
            right[i] = random.nextInt(n - i) < left;
            left -= right[i] ? 1 : 0;
            double[] query;
            double[] candidate;
            do {
                query = keypoint(random);
                candidate = right[i] ? mapped(scene, query, 1 + random.nextDouble()) : keypoint(random);
            } while (candidate[0] < 0 || candidate[0] > WIDTH || candidate[1] < 0 || candidate[1] > HEIGHT);
            candidate[0] += noise * random.nextGaussian();
            candidate[1] += noise * random.nextGaussian();
            for (int j = 0; j < (framed ? 4 : 2); j++) {
                first[i * Keypoints.COLUMNS + j] = (float) query[j];
                second[i * Keypoints.COLUMNS + j] = (float) candidate[j];
            }
            indices[i] = i;
            scores[i] = -i;
        }
        return new Pair(features(first), features(second), new Matches(indices, indices.clone(), scores), right);
    }

    private static double[] keypoint(Random random) {
        return new double[] {
            WIDTH * random.nextDouble(),
            HEIGHT * random.nextDouble(),
            5 + 20 * random.nextDouble(),
            360 * random.nextDouble()
        };
    }

    // Scale and direction follow the derivative of the map along the keypoint's direction.
    private static double[] mapped(Scene scene, double[] keypoint, double depth) {
        double step = 1e-3;
        double angle = Math.toRadians(keypoint[3]);
        double[] at = scene.map(keypoint[0], keypoint[1], depth);
        double[] ahead = scene.map(keypoint[0] + step * Math.cos(angle), keypoint[1] + step * Math.sin(angle), depth);
        double dx = (ahead[0] - at[0]) / step;
        double dy = (ahead[1] - at[1]) / step;
        return new double[] {
            at[0], at[1], keypoint[2] * Math.hypot(dx, dy), (Math.toDegrees(Math.atan2(dy, dx)) + 360) % 360
        };
    }

    private static ImageFeatures features(float[] values) {
        int n = values.length / Keypoints.COLUMNS;
        return new ImageFeatures(
                WIDTH,
                HEIGHT,
                Orientation.UPRIGHT,
                new Keypoints(FloatMatrix.of(n, Keypoints.COLUMNS, values)),
                FloatMatrix.of(n, 1, new float[n]),
                Optional.empty());
    }
}
