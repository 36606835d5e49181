package org.retrieval4j.localization.map;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Matches;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.pose.PoseEstimate;
import org.retrieval4j.localization.pose.PoseEstimator;
import org.retrieval4j.localization.pose.Status;

/**
 * Hierarchical localization (Sarlin, Cadena, Siegwart and Dymczyk, From coarse to fine, CVPR 2019): retrieved pictures that see
 * common points form a place; the query is matched with the keypoints of a place that observe points, and its pose estimated
 * from these. Of all places, the one with most inliers counts.
 *
 * <p>Thread-safe.
 */
public final class SfmLocalizer {
    private final PointMap map;
    private final FeatureSource features;
    private final Matcher matcher;
    private final PoseEstimator estimator;

    /**
     * Makes a localizer; nothing of what it is given is closed by it.
     *
     * @param map the points
     * @param features of the map's pictures
     * @param matcher pairs the query's features with theirs
     * @param estimator finds the pose
     */
    public SfmLocalizer(PointMap map, FeatureSource features, Matcher matcher, PoseEstimator estimator) {
        this.map = requireNonNull(map, "map");
        this.features = requireNonNull(features, "features");
        this.matcher = requireNonNull(matcher, "matcher");
        this.estimator = requireNonNull(estimator, "estimator");
    }

    /**
     * What became of a query.
     *
     * @param estimate status, pose, covariance and score; its inliers are rows of the correspondences
     * @param keypoints the query's keypoints of the correspondences
     * @param points their points
     * @param images pictures of the place, by their number in the map; empty if nothing was retrieved
     */
    public record Localization(PoseEstimate estimate, int[] keypoints, int[] points, List<Integer> images) {}

    /**
     * Localizes a query.
     *
     * @param query its local features, in stored pixels
     * @param camera its camera
     * @param ranked retrieved pictures by their id, best first; those that the map does not have are passed over
     * @return the pose, or why there is none
     * @throws IOException if features cannot be read
     */
    public Localization localize(ImageFeatures query, Camera camera, List<Long> ranked) throws IOException {
        List<Integer> retrieved = new ArrayList<>();
        for (long id : ranked) {
            int image = map.indexOf(id);
            if (image >= 0 && !retrieved.contains(image)) {
                retrieved.add(image);
            }
        }
        Optional<Localization> best = Optional.empty();
        for (List<Integer> place : places(retrieved)) {
            Localization found = localizeIn(query, camera, place);
            boolean better = best.isEmpty()
                    || found.estimate.inliers().length > best.get().estimate.inliers().length;
            if (better) {
                best = Optional.of(found);
            }
        }
        return best.orElseGet(() ->
                new Localization(PoseEstimate.of(Status.NOTHING_RETRIEVED, camera), new int[0], new int[0], List.of()));
    }

    /** Connected components of pictures that see common points, the largest first, then the best ranked. */
    private List<List<Integer>> places(List<Integer> retrieved) {
        Map<Integer, Integer> rank = new HashMap<>();
        for (int i = 0; i < retrieved.size(); i++) {
            rank.put(retrieved.get(i), i);
        }
        boolean[] taken = new boolean[retrieved.size()];
        List<List<Integer>> places = new ArrayList<>();
        for (int start = 0; start < retrieved.size(); start++) {
            if (taken[start]) {
                continue;
            }
            taken[start] = true;
            List<Integer> place = new ArrayList<>();
            place.add(retrieved.get(start));
            for (int at = 0; at < place.size(); at++) { // breadth first
                for (int point : map.observed(place.get(at))) {
                    for (int neighbor : map.imagesOf(point)) {
                        Integer found = rank.get(neighbor);
                        if (found != null && !taken[found]) {
                            taken[found] = true;
                            place.add(neighbor);
                        }
                    }
                }
            }
            places.add(place);
        }
        places.sort((a, b) -> Integer.compare(b.size(), a.size())); // stable
        return places;
    }

    private Localization localizeIn(ImageFeatures query, Camera camera, List<Integer> place) throws IOException {
        // keypoint and point → best score
        Map<Long, Float> pairs = new LinkedHashMap<>();
        for (int image : place) {
            Optional<ImageFeatures> stored =
                    features.features(map.images().get(image).id());
            if (stored.isEmpty()) {
                continue;
            }
            int[] observed = map.observed(image);
            ImageFeatures observing = select(stored.get(), map.keypoints(image));
            Matches matches = matcher.match(query, observing);
            for (int k = 0; k < matches.size(); k++) {
                long pair = (long) matches.queryIndices()[k] << 32 | observed[matches.referenceIndices()[k]];
                pairs.merge(pair, matches.scores()[k], Math::max);
            }
        }
        int n = pairs.size();
        int[] keypoints = new int[n];
        int[] points = new int[n];
        double[] world = new double[3 * n];
        double[] pixels = new double[2 * n];
        double[] qualities = new double[n];
        FloatMatrix seen = query.keypoints().values();
        int at = 0;
        for (Map.Entry<Long, Float> pair : pairs.entrySet()) {
            keypoints[at] = (int) (pair.getKey() >> 32);
            points[at] = pair.getKey().intValue();
            for (int i = 0; i < 3; i++) {
                world[3 * at + i] = map.coordinate(points[at], i);
            }
            pixels[2 * at] = seen.get(keypoints[at], 0);
            pixels[2 * at + 1] = seen.get(keypoints[at], 1);
            qualities[at] = pair.getValue();
            at++;
        }
        return new Localization(estimator.estimate(camera, world, pixels, qualities), keypoints, points, place);
    }

    /** Rows of features. */
    private static ImageFeatures select(ImageFeatures all, int[] rows) {
        int width = all.descriptors().columns();
        float[] keypoints = new float[5 * rows.length];
        float[] descriptors = new float[width * rows.length];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(all.keypoints().values().row(rows[i]), 0, keypoints, 5 * i, 5);
            System.arraycopy(all.descriptors().row(rows[i]), 0, descriptors, width * i, width);
        }
        return new ImageFeatures(
                all.width(),
                all.height(),
                new Keypoints(FloatMatrix.of(rows.length, 5, keypoints)),
                FloatMatrix.of(rows.length, width, descriptors));
    }
}
