package org.retrieval4j.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every {@link Verifier} keeps. Extend it, say how the verifier is made and which scenes it is for, and inherit the
 * tests. Scenes are made here: points seen by two cameras, their keypoints with scales and directions that fit.
 */
public abstract class VerifierContract {
    /** Width of both pictures of a scene. */
    protected static final int WIDTH = 1000;

    /** Height of both pictures of a scene. */
    protected static final int HEIGHT = 800;

    /**
     * Makes the verifier under test.
     *
     * @return a verifier whose spec {@link Components#load()} can make again
     */
    protected abstract Verifier create();

    /**
     * Maps a point of the query to the candidate. The default is a similarity, which every verifier of planar maps and
     * of epipolar geometry accepts; the depth of a point is there for the latter.
     *
     * @param x x in the query, in pixels
     * @param y y in the query, in pixels
     * @param depth a random number in [1, 2)
     * @return x and y in the candidate
     */
    protected double[] map(double x, double y, double depth) {
        return new double[] {0.8 * x - 0.3 * y + 150, 0.3 * x + 0.8 * y - 40};
    }

    /** Two pictures and their matches; the first {@code good} of the pairs are right, in whatever order they stand. */
    private record Scene(ImageFeatures query, ImageFeatures candidate, Matches matches, boolean[] right) {}

    @Test
    void returnsNothingWithoutMatches() {
        try (Verifier verifier = create()) {
            Scene scene = scene(30, 0, 0, 1);
            assertThat(verifier.verify(scene.query, scene.candidate, Matches.NONE))
                    .isEmpty();
        }
    }

    @Test
    void returnsNothingForFeaturelessPictures() {
        try (Verifier verifier = create()) {
            ImageFeatures empty = features(new double[0][], Orientation.UPRIGHT);
            assertThat(verifier.verify(empty, empty, Matches.NONE)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void returnsNothingForAFewMatches(int count) {
        try (Verifier verifier = create()) {
            Scene scene = scene(count, 0, 0, 2);
            assertThat(verifier.verify(scene.query, scene.candidate, scene.matches))
                    .isEmpty();
        }
    }

    @Test
    void findsThePerfectModel() {
        try (Verifier verifier = create()) {
            Scene scene = scene(100, 0, 0, 3);
            Verification found = verify(verifier, scene);
            assertThat(found.inliers()).isEqualTo(scene.matches);
            assertThat(meanError(found, scene)).isLessThan(1e-3);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.5, 0.65, 0.8})
    void findsTheModelAmongOutliers(double outliers) {
        try (Verifier verifier = create()) {
            for (int seed = 0; seed < 5; seed++) {
                Scene scene = scene(60, (int) Math.round(60 * outliers / (1 - outliers)), 0.5, seed);
                Verification found = verify(verifier, scene);
                assertThat(meanError(found, scene)).as("seed %d", seed).isLessThan(2);
                assertThat(rightInliers(found, scene)).as("seed %d", seed).isGreaterThan(50);
            }
        }
    }

    @Test
    void ranksPairsWithMoreInliersHigher() {
        try (Verifier verifier = create()) {
            float many = verify(verifier, scene(200, 50, 0.5, 4)).score();
            float few = verify(verifier, scene(40, 50, 0.5, 4)).score();
            assertThat(many).isGreaterThan(few);
        }
    }

    @Test
    void refusesRandomMatches() {
        try (Verifier verifier = create()) {
            for (int seed = 0; seed < 30; seed++) {
                Scene scene = scene(0, 150, 0, seed);
                assertThat(verifier.verify(scene.query, scene.candidate, scene.matches))
                        .as("seed %d", seed)
                        .isEmpty();
            }
        }
    }

    @Test
    void refusesMatchesInOnePlace() {
        try (Verifier verifier = create()) {
            double[][] points = new double[80][];
            for (int i = 0; i < points.length; i++) {
                points[i] = new double[] {321, 234, 10, 5 * i};
            }
            ImageFeatures features = features(points, Orientation.UPRIGHT);
            assertThat(verifier.verify(features, features, identity(points.length)))
                    .isEmpty();
        }
    }

    @Test
    void refusesMatchesOnALine() {
        try (Verifier verifier = create()) {
            Random random = new Random(5);
            double[][] query = new double[80][];
            double[][] candidate = new double[80][];
            for (int i = 0; i < query.length; i++) {
                double at = 500 * random.nextDouble();
                query[i] = new double[] {200 + at, 100 + at, 10, 0};
                candidate[i] = new double[] {100 + at, 300 + 0.5 * at, 10, 0};
            }
            assertThat(verifier.verify(
                            features(query, Orientation.UPRIGHT),
                            features(candidate, Orientation.UPRIGHT),
                            identity(query.length)))
                    .isEmpty();
        }
    }

    @Test
    void countsKeypointsAtOnePlaceOnce() {
        try (Verifier verifier = create()) {
            Scene scene = scene(60, 40, 0.3, 6);
            int n = scene.matches.size();
            int[] twice = new int[2 * n];
            int[] left = new int[2 * n];
            int[] right = new int[2 * n];
            float[] scores = new float[2 * n];
            for (int i = 0; i < 2 * n; i++) {
                twice[i] = i / 2;
                left[i] = i;
                right[i] = i;
                scores[i] = -i;
            }
            Matches matches = new Matches(left, right, scores);
            ImageFeatures query = scene.query.select(select(scene.matches.queryIndices(), twice));
            ImageFeatures candidate = scene.candidate.select(select(scene.matches.referenceIndices(), twice));
            Verification found = verifier.verify(query, candidate, matches).orElseThrow();
            assertThat(found.inliers().size())
                    .isEqualTo(verify(verifier, scene).inliers().size());
        }
    }

    @Test
    void inliersAreMatchesInTheirOrderAndOneToOne() {
        try (Verifier verifier = create()) {
            Scene scene = scene(80, 120, 0.5, 7);
            Matches inliers = verify(verifier, scene).inliers();
            int at = 0;
            for (int i = 0; i < inliers.size(); i++) {
                while (scene.matches.queryIndices()[at] != inliers.queryIndices()[i]) {
                    at++; // runs out of bounds if the order differs
                }
                assertThat(inliers.referenceIndices()[i])
                        .isEqualTo(scene.matches.referenceIndices()[at]);
                assertThat(inliers.scores()[i]).isEqualTo(scene.matches.scores()[at]);
            }
            assertThat(inliers.queryIndices()).doesNotHaveDuplicates();
            assertThat(inliers.referenceIndices()).doesNotHaveDuplicates();
        }
    }

    @Test
    void givesTheSameBitsInEightThreads() throws Exception {
        try (Verifier verifier = create();
                Verifier other = create()) {
            List<Scene> scenes = new ArrayList<>();
            List<Optional<Verification>> expected = new ArrayList<>();
            for (int seed = 0; seed < 8; seed++) {
                scenes.add(scene(40, 80, 1, seed));
                expected.add(
                        other.verify(scenes.get(seed).query, scenes.get(seed).candidate, scenes.get(seed).matches));
            }
            ExecutorService threads = Executors.newFixedThreadPool(8);
            try {
                List<Future<Optional<Verification>>> results = new ArrayList<>();
                for (int i = 0; i < 64; i++) {
                    Scene scene = scenes.get(i % 8);
                    results.add(threads.submit(() -> verifier.verify(scene.query, scene.candidate, scene.matches)));
                }
                for (int i = 0; i < 64; i++) {
                    assertThat(results.get(i).get()).isEqualTo(expected.get(i % 8));
                }
            } finally {
                threads.shutdownNow();
            }
        }
    }

    /** However the pictures are stored, the same pairs are inliers and the model maps stored pixels. */
    @ParameterizedTest
    @EnumSource(Orientation.class)
    void worksInEveryOrientation(Orientation orientation) {
        try (Verifier verifier = create()) {
            Scene upright = scene(80, 120, 0.5, 8);
            Verification expected = verify(verifier, upright);
            Orientation other = Orientation.values()[(orientation.ordinal() + 3) % 8];
            Scene stored = new Scene(
                    store(upright.query, orientation), store(upright.candidate, other), upright.matches, upright.right);
            Verification found = verify(verifier, stored);
            assertThat(found.inliers().size()).isCloseTo(expected.inliers().size(), within(1));
            assertThat(meanError(found, stored)).isCloseTo(meanError(expected, upright), within(0.05));
        }
    }

    @Test
    void itsSpecMakesItAgain() {
        try (Verifier verifier = create();
                Verifier again =
                        Components.load().create(Verifier.class, verifier.spec().toString())) {
            assertThat(again.spec()).isEqualTo(verifier.spec());
            assertThat(again.fingerprint()).isEqualTo(verifier.fingerprint());
            Scene scene = scene(60, 60, 0.5, 9);
            assertThat(verify(again, scene)).isEqualTo(verify(verifier, scene));
        }
    }

    private static Verification verify(Verifier verifier, Scene scene) {
        return verifier.verify(scene.query, scene.candidate, scene.matches).orElseThrow();
    }

    /** Right and random pairs in random order, as a matcher would give them, the right ones scored somewhat higher. */
    private Scene scene(int good, int bad, double noise, long seed) {
        Random random = new Random(1000 + seed);
        int n = good + bad;
        double[][] query = new double[n][];
        double[][] candidate = new double[n][];
        double[] score = new double[n];
        for (int i = 0; i < n; i++) {
            double[] mapped;
            do {
                query[i] = new double[] {
                    WIDTH * random.nextDouble(),
                    HEIGHT * random.nextDouble(),
                    5 + 20 * random.nextDouble(),
                    360 * random.nextDouble()
                };
                mapped = i < good
                        ? mapped(query[i], 1 + random.nextDouble())
                        : new double[] {
                            WIDTH * random.nextDouble(),
                            HEIGHT * random.nextDouble(),
                            5 + 20 * random.nextDouble(),
                            360 * random.nextDouble()
                        };
            } while (mapped[0] < 0 || mapped[0] > WIDTH || mapped[1] < 0 || mapped[1] > HEIGHT);
            mapped[0] += noise * random.nextGaussian();
            mapped[1] += noise * random.nextGaussian();
            candidate[i] = mapped;
            score[i] = random.nextDouble() + (i < good ? 0.3 : 0);
        }
        int[] order = java.util.stream.IntStream.range(0, n)
                .boxed()
                .sorted((a, b) -> Double.compare(score[b], score[a]))
                .mapToInt(Integer::intValue)
                .toArray();
        float[] scores = new float[n];
        boolean[] right = new boolean[n];
        for (int i = 0; i < n; i++) {
            scores[i] = (float) score[order[i]];
            right[i] = order[i] < good;
        }
        return new Scene(
                features(query, Orientation.UPRIGHT),
                features(candidate, Orientation.UPRIGHT),
                new Matches(order, order.clone(), scores),
                right);
    }

    // Scale and direction follow the derivative of the map along the keypoint's direction.
    private double[] mapped(double[] keypoint, double depth) {
        double step = 1e-3;
        double angle = Math.toRadians(keypoint[3]);
        double[] at = map(keypoint[0], keypoint[1], depth);
        double[] ahead = map(keypoint[0] + step * Math.cos(angle), keypoint[1] + step * Math.sin(angle), depth);
        double dx = (ahead[0] - at[0]) / step;
        double dy = (ahead[1] - at[1]) / step;
        return new double[] {
            at[0], at[1], keypoint[2] * Math.hypot(dx, dy), (Math.toDegrees(Math.atan2(dy, dx)) + 360) % 360
        };
    }

    private static ImageFeatures features(double[][] points, Orientation orientation) {
        float[] values = new float[points.length * Keypoints.COLUMNS];
        for (int i = 0; i < points.length; i++) {
            for (int j = 0; j < 4; j++) {
                values[i * Keypoints.COLUMNS + j] = (float) points[i][j];
            }
        }
        return new ImageFeatures(
                WIDTH,
                HEIGHT,
                orientation,
                new Keypoints(FloatMatrix.of(points.length, Keypoints.COLUMNS, values)),
                FloatMatrix.of(points.length, 1, new float[points.length]),
                Optional.empty());
    }

    /** The same picture, stored in another orientation. */
    private static ImageFeatures store(ImageFeatures upright, Orientation orientation) {
        int width = orientation.uprightWidth(upright.width(), upright.height());
        int height = orientation.uprightHeight(upright.width(), upright.height());
        float[] values = upright.keypoints().values().toArray();
        for (int i = 0; i < values.length; i += Keypoints.COLUMNS) {
            double u = values[i];
            double v = values[i + 1];
            values[i] = (float) orientation.storedX(u, v, width, height);
            values[i + 1] = (float) orientation.storedY(u, v, width, height);
            values[i + 3] = (float) orientation.storedAngle(values[i + 3]);
        }
        return new ImageFeatures(
                width,
                height,
                orientation,
                new Keypoints(FloatMatrix.of(upright.size(), Keypoints.COLUMNS, values)),
                upright.descriptors(),
                Optional.empty());
    }

    private static Matches identity(int n) {
        int[] indices = new int[n];
        float[] scores = new float[n];
        for (int i = 0; i < n; i++) {
            indices[i] = i;
            scores[i] = -i;
        }
        return new Matches(indices, indices.clone(), scores);
    }

    private static int[] select(int[] values, int[] indices) {
        int[] selected = new int[indices.length];
        for (int i = 0; i < indices.length; i++) {
            selected[i] = values[indices[i]];
        }
        return selected;
    }

    private static int rightInliers(Verification found, Scene scene) {
        int count = 0;
        for (int i = 0; i < scene.matches.size(); i++) {
            for (int query : found.inliers().queryIndices()) {
                count += scene.right[i] && query == scene.matches.queryIndices()[i] ? 1 : 0;
            }
        }
        return count;
    }

    /** Mean distance, in pixels of the candidate, of the right pairs from the model. */
    private static double meanError(Verification found, Scene scene) {
        double[] m = found.model().matrix();
        boolean epipolar = found.model().kind().equals("fundamental")
                || found.model().kind().equals("essential");
        double sum = 0;
        int count = 0;
        for (int i = 0; i < scene.matches.size(); i++) {
            if (!scene.right[i]) {
                continue;
            }
            double x = scene.query.keypoints().x(scene.matches.queryIndices()[i]);
            double y = scene.query.keypoints().y(scene.matches.queryIndices()[i]);
            double u = scene.candidate.keypoints().x(scene.matches.referenceIndices()[i]);
            double v = scene.candidate.keypoints().y(scene.matches.referenceIndices()[i]);
            double a = m[0] * x + m[1] * y + m[2];
            double b = m[3] * x + m[4] * y + m[5];
            double c = m[6] * x + m[7] * y + m[8];
            sum += epipolar ? Math.abs(a * u + b * v + c) / Math.hypot(a, b) : Math.hypot(a / c - u, b / c - v);
            count++;
        }
        return sum / count;
    }
}
