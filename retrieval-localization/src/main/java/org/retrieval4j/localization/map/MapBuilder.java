package org.retrieval4j.localization.map;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Matches;

/**
 * Makes a map of pictures whose poses are known: pairs are matched, matches that break the known epipolar geometry are left
 * out, the rest is joined to tracks of at most one keypoint a picture, the surest matches first, and each track is
 * triangulated. No structure from motion: poses come from COLMAP, from a phone's tracking, or from a survey.
 *
 * <p>Thread-safe: static. The same features, poses and options give the same map on any number of threads.
 */
public final class MapBuilder {
    /** A picture should see again what another sees from within this angle, and this ratio of distances. */
    private static final double LIKE_DIRECTION = Math.cos(Math.toRadians(15));

    private static final double LIKE_DISTANCE = 1.3;

    private MapBuilder() {}

    /**
     * How to build.
     *
     * @param maxError largest error in pixels, of a match from the epipolar line and of an observation from its point. Larger:
     *     more points, rougher ones; needed where poses are rough
     * @param minAngleDegrees least angle between two observations of a point. Larger: points are more exact, distant ones
     *     are lost
     * @param pairs pictures that each is matched with: those nearest that look the same way. Larger: longer tracks, more time
     */
    public record Options(double maxError, double minAngleDegrees, int pairs) {
        /** Checks the ranges. */
        public Options {
            if (!(maxError > 0) || Double.isInfinite(maxError)) {
                throw new IllegalArgumentException("maxError must be above 0 and finite, got " + maxError);
            }
            if (!(minAngleDegrees >= 0 && minAngleDegrees < 90)) {
                throw new IllegalArgumentException("minAngleDegrees must be from 0 to 90, got " + minAngleDegrees);
            }
            if (pairs < 1) {
                throw new IllegalArgumentException("pairs must be at least 1, got " + pairs);
            }
        }

        /**
         * Good for poses of structure from motion.
         *
         * @return error 4 px, angle 1.5 degrees, 20 pairs a picture
         */
        public static Options defaults() {
            return new Options(4, 1.5, 20);
        }
    }

    /**
     * Builds a map.
     *
     * @param images the pictures, by ascending id
     * @param features of each, in stored pixels; those of a pair are read when it is matched
     * @param matcher pairs their features
     * @param options how to build
     * @param executor runs the pairs
     * @return the map, in memory
     * @throws IllegalArgumentException if ids do not ascend or a name comes twice
     * @throws IOException if features are missing or cannot be read
     */
    public static PointMap build(
            List<MapImage> images, FeatureSource features, Matcher matcher, Options options, Executor executor)
            throws IOException {
        requireNonNull(matcher, "matcher");
        requireNonNull(options, "options");
        PointMap.of(images, List.of()).close(); // checks ids and names before any work
        List<View> views = new ArrayList<>();
        for (MapImage image : images) {
            views.add(new View(image, features));
        }
        List<int[]> pairs = pairs(images, 0, options.pairs());
        KeypointMatches matches = KeypointMatches.find(views, pairs, matcher, options.maxError(), executor);
        return PointMap.of(images, triangulate(views, tracks(views, matches), pairs, options));
    }

    record Match(int firstKeypoint, int secondKeypoint, float score) {}

    /** A picture with its keypoints and their directions in the world; descriptors are read again when they are needed. */
    static final class View {
        final MapImage image;
        final double[] rotation;
        final double[] center;
        /** How many keypoints there are. */
        final int size;

        private final FeatureSource source;
        private final float[] places;
        private final double[] rays;

        View(MapImage image, FeatureSource source) throws IOException {
            this.image = image;
            this.source = source;
            rotation = image.pose().rotation();
            center = image.pose().center();
            FloatMatrix keypoints = features().keypoints().values();
            size = keypoints.rows();
            places = new float[2 * size];
            rays = new double[3 * size];
            double[] ray = new double[3];
            for (int k = 0; k < size; k++) {
                places[2 * k] = keypoints.get(k, 0);
                places[2 * k + 1] = keypoints.get(k, 1);
                boolean known = image.camera().unproject(places[2 * k], places[2 * k + 1], ray);
                for (int i = 0; i < 3; i++) {
                    rays[3 * k + i] = known
                            ? rotation[i] * ray[0] + rotation[3 + i] * ray[1] + rotation[6 + i] * ray[2]
                            : Double.NaN;
                }
            }
        }

        ImageFeatures features() throws IOException {
            return source.features(image.id())
                    .orElseThrow(() -> new IOException("there are no features of " + image.name()));
        }

        /** The direction of a keypoint, of length 1; false if it has none. */
        boolean ray(int keypoint, double[] target) {
            System.arraycopy(rays, 3 * keypoint, target, 0, 3);
            return !Double.isNaN(target[0]);
        }

        Triangulation.Observation observation(int keypoint) {
            double[] ray = new double[3];
            ray(keypoint, ray);
            return new Triangulation.Observation(
                    image.camera(),
                    image.pose(),
                    rotation,
                    center,
                    ray,
                    places[2 * keypoint],
                    places[2 * keypoint + 1]);
        }
    }

    /**
     * Each picture, from one on, with those nearest of all that look less than a right angle away; each pair once, in ascending
     * order.
     */
    static List<int[]> pairs(List<MapImage> images, int first, int most) {
        double[][] centers = new double[images.size()][];
        double[][] rotations = new double[images.size()][];
        for (int i = 0; i < images.size(); i++) {
            centers[i] = images.get(i).pose().center();
            rotations[i] = images.get(i).pose().rotation();
        }
        List<int[]> pairs = new ArrayList<>();
        Set<Long> known = new HashSet<>();
        for (int i = first; i < images.size(); i++) {
            double[] own = centers[i];
            double[] r = rotations[i];
            List<Integer> others = new ArrayList<>();
            double[] distances = new double[images.size()];
            for (int j = 0; j < images.size(); j++) {
                double[] q = rotations[j]; // third rows: where the cameras look in the world
                if (j != i && r[6] * q[6] + r[7] * q[7] + r[8] * q[8] > 0) {
                    others.add(j);
                    distances[j] = Math.pow(centers[j][0] - own[0], 2)
                            + Math.pow(centers[j][1] - own[1], 2)
                            + Math.pow(centers[j][2] - own[2], 2);
                }
            }
            others.sort((a, b) -> Double.compare(distances[a], distances[b]));
            for (int j : others.subList(0, Math.min(most, others.size()))) {
                int low = Math.min(i, j);
                int high = Math.max(i, j);
                if (known.add((long) low << 32 | high)) {
                    pairs.add(new int[] {low, high});
                }
            }
        }
        pairs.sort(Arrays::compare);
        return pairs;
    }

    /** Matches that agree with the known epipolar geometry and meet before both cameras. */
    static List<Match> match(View a, View b, Matcher matcher, double maxError) throws IOException {
        Matches matches = matcher.match(a.features(), b.features());
        List<Match> kept = new ArrayList<>();
        double[] base = new double[3];
        double[] p = new double[3];
        double[] q = new double[3];
        for (int i = 0; i < 3; i++) {
            base[i] = b.center[i] - a.center[i];
        }
        for (int k = 0; k < matches.size(); k++) {
            if (!a.ray(matches.queryIndices()[k], p) || !b.ray(matches.referenceIndices()[k], q)) {
                continue;
            }
            // sines of the angles between each ray and the epipolar plane of the other
            double[] normal = cross(base, p);
            double[] other = cross(base, q);
            double fromFirst = dot(normal, q) / Math.sqrt(dot(normal, normal));
            double fromSecond = dot(other, p) / Math.sqrt(dot(other, other));
            double cosine = dot(p, q);
            boolean before = dot(p, base) - cosine * dot(q, base) > 0 && cosine * dot(p, base) - dot(q, base) > 0;
            if (before
                    && Math.abs(fromFirst) * b.image.camera().focalLength() < maxError
                    && Math.abs(fromSecond) * a.image.camera().focalLength() < maxError) {
                kept.add(new Match(matches.queryIndices()[k], matches.referenceIndices()[k], matches.scores()[k]));
            }
        }
        return kept;
    }

    private static double[] cross(double[] a, double[] b) {
        return new double[] {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
    }

    private static double dot(double[] a, double[] b) {
        return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    }

    /** Joins matches by union-find; two tracks that have keypoints of the same picture stay apart. */
    private static List<List<int[]>> tracks(List<View> views, KeypointMatches matches) {
        int[] from = new int[views.size() + 1];
        for (int i = 0; i < views.size(); i++) {
            from[i + 1] = Math.addExact(from[i], views.get(i).size);
        }
        int n = from[views.size()];
        int[] parent = new int[n];
        int[] next = new int[n]; // the members of a track are a ring
        int[] size = new int[n];
        int[] imageOf = new int[n];
        for (int i = 0; i < views.size(); i++) {
            Arrays.fill(imageOf, from[i], from[i + 1], i);
        }
        Arrays.setAll(parent, node -> node);
        Arrays.setAll(next, node -> node);
        Arrays.fill(size, 1);
        matches.forEachBestFirst((first, firstKeypoint, second, secondKeypoint) -> {
            int a = root(parent, from[first] + firstKeypoint);
            int b = root(parent, from[second] + secondKeypoint);
            if (a != b && !shareAnImage(a, b, next, imageOf)) {
                int large = size[a] >= size[b] ? a : b;
                int small = large == a ? b : a;
                parent[small] = large;
                size[large] += size[small];
                int after = next[a];
                next[a] = next[b];
                next[b] = after;
            }
        });
        List<List<int[]>> tracks = new ArrayList<>();
        for (int node = 0; node < n; node++) {
            if (parent[node] == node && size[node] > 1) {
                List<int[]> track = new ArrayList<>(size[node]);
                int member = node;
                do {
                    track.add(new int[] {imageOf[member], member - from[imageOf[member]]});
                    member = next[member];
                } while (member != node);
                track.sort((p, q) -> Integer.compare(p[0], q[0]));
                tracks.add(track);
            }
        }
        return tracks;
    }

    private static int root(int[] parent, int node) {
        int at = node;
        while (parent[at] != at) {
            parent[at] = parent[parent[at]];
            at = parent[at];
        }
        return at;
    }

    private static boolean shareAnImage(int a, int b, int[] next, int[] imageOf) {
        int p = a;
        do {
            int q = b;
            do {
                if (imageOf[p] == imageOf[q]) {
                    return true;
                }
                q = next[q];
            } while (q != b);
            p = next[p];
        } while (p != a);
        return false;
    }

    static List<PointMap.Point> triangulate(
            List<View> views, List<List<int[]>> tracks, List<int[]> pairs, Options options) {
        List<List<Integer>> partners = new ArrayList<>();
        for (int i = 0; i < views.size(); i++) {
            partners.add(new ArrayList<>());
        }
        for (int[] pair : pairs) {
            partners.get(pair[0]).add(pair[1]);
            partners.get(pair[1]).add(pair[0]);
        }
        Triangulation triangulation = new Triangulation(options.maxError(), options.minAngleDegrees());
        List<PointMap.Point> points = new ArrayList<>();
        for (List<int[]> track : tracks) {
            Triangulation.Observation[] seen = new Triangulation.Observation[track.size()];
            for (int i = 0; i < seen.length; i++) {
                seen[i] = views.get(track.get(i)[0]).observation(track.get(i)[1]);
            }
            if (triangulation.find(seen)) {
                int[] inliers = triangulation.inliers();
                int[] kept = new int[2 * inliers.length];
                for (int i = 0; i < inliers.length; i++) {
                    System.arraycopy(track.get(inliers[i]), 0, kept, 2 * i, 2);
                }
                double[] x = triangulation.point();
                if (inliers.length == 2 && isDoubtful(views, partners, kept, x)) {
                    continue;
                }
                points.add(new PointMap.Point(PointMap.NONE, x[0], x[1], x[2], 0, triangulation.error(), kept));
            }
        }
        return points;
    }

    /**
     * Whether a third picture, matched with one of the two that observe a point, has it before its eyes and does not observe
     * it. Two views alone agree on a wrong point wherever a repeated thing, as a window, lies on the epipolar line.
     */
    private static boolean isDoubtful(List<View> views, List<List<Integer>> partners, int[] track, double[] x) {
        double[] pixel = new double[2];
        for (int side = 0; side < 2; side++) {
            View seeing = views.get(track[2 * side]);
            for (int other : partners.get(track[2 * side])) {
                if (other == track[0] || other == track[2]) {
                    continue;
                }
                View third = views.get(other);
                double[] from = minus(x, seeing.center);
                double[] to = minus(x, third.center);
                double here = Math.sqrt(dot(from, from));
                double there = Math.sqrt(dot(to, to));
                double[] r = third.rotation;
                if (dot(from, to) > LIKE_DIRECTION * here * there
                        && here < LIKE_DISTANCE * there
                        && there < LIKE_DISTANCE * here
                        && third.image
                                .camera()
                                .project(
                                        r[0] * to[0] + r[1] * to[1] + r[2] * to[2],
                                        r[3] * to[0] + r[4] * to[1] + r[5] * to[2],
                                        r[6] * to[0] + r[7] * to[1] + r[8] * to[2],
                                        pixel)
                        && pixel[0] >= 0
                        && pixel[1] >= 0
                        && pixel[0] < third.image.camera().width()
                        && pixel[1] < third.image.camera().height()) {
                    return true;
                }
            }
        }
        return false;
    }

    private static double[] minus(double[] a, double[] b) {
        return new double[] {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
    }
}
