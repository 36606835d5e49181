package org.retrieval4j.localization.map;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.Matcher;

/**
 * Adds pictures with known poses to a map: they are matched with those nearest; keypoints that agree with a point of the map
 * observe it, the rest is joined to new tracks as {@link MapBuilder} does. Points of the map stay where they are.
 *
 * <p>Thread-safe: static. The same on any number of threads.
 */
public final class MapExtension {
    private MapExtension() {}

    /**
     * Extends a map.
     *
     * @param map what is there
     * @param added pictures, by ids that ascend and are larger than the map's
     * @param features of the map's pictures and of these
     * @param matcher pairs their features
     * @param options how to build
     * @param executor runs the pairs
     * @return the larger map, in memory
     * @throws IllegalArgumentException if ids do not ascend or a name is in the map
     * @throws IOException if features are missing, are not the map's, or cannot be read
     */
    public static PointMap extend(
            PointMap map,
            List<MapImage> added,
            FeatureSource features,
            Matcher matcher,
            MapBuilder.Options options,
            Executor executor)
            throws IOException {
        requireNonNull(matcher, "matcher");
        List<MapImage> images = new ArrayList<>(map.images());
        images.addAll(added);
        PointMap.of(images, List.of()).close(); // checks ids and names before any work
        List<int[]> pairs = MapBuilder.pairs(images, map.images().size(), options.pairs());
        Map<Integer, MapBuilder.View> views = new HashMap<>();
        FeatureSource source = map.checked(features);
        for (int[] pair : pairs) {
            for (int image : pair) {
                if (!views.containsKey(image)) {
                    views.put(image, new MapBuilder.View(images.get(image), source));
                }
            }
        }
        int[] places = views.keySet().stream().mapToInt(i -> i).sorted().toArray();
        List<MapBuilder.View> ordered = new ArrayList<>();
        for (int place : places) {
            ordered.add(requireNonNull(views.get(place), "view"));
        }
        List<int[]> matched = new ArrayList<>();
        for (int[] pair : pairs) {
            matched.add(new int[] {Arrays.binarySearch(places, pair[0]), Arrays.binarySearch(places, pair[1])});
        }
        KeypointMatches matches = KeypointMatches.find(ordered, matched, matcher, options.maxError(), executor);
        return PointMap.of(images, points(map, places, ordered, matched, matches, options));
    }

    /** A track: keypoints, at most one a picture, of a point of the map or of none yet. */
    private static final class Track {
        final List<int[]> members = new ArrayList<>(); // view, keypoint
        int point = -1;

        boolean joins(Track other) {
            if (point >= 0 && other.point >= 0) {
                return false;
            }
            for (int[] a : members) {
                for (int[] b : other.members) {
                    if (a[0] == b[0]) {
                        return false;
                    }
                }
            }
            return true;
        }
    }

    private static List<PointMap.Point> points(
            PointMap map,
            int[] places,
            List<MapBuilder.View> views,
            List<int[]> pairs,
            KeypointMatches matches,
            MapBuilder.Options options) {
        Map<Integer, Track> ofPoint = new HashMap<>();
        Map<Long, Track> tracks = new HashMap<>(); // by view and keypoint
        for (int v = 0; v < places.length && places[v] < map.images().size(); v++) {
            int[] keypoints = map.keypoints(places[v]);
            int[] observed = map.observed(places[v]);
            for (int k = 0; k < keypoints.length; k++) {
                Track track = ofPoint.computeIfAbsent(observed[k], fresh -> new Track());
                track.point = observed[k];
                track.members.add(new int[] {v, keypoints[k]});
                tracks.put((long) v << 32 | keypoints[k], track);
            }
        }
        matches.forEachBestFirst((first, firstKeypoint, second, secondKeypoint) -> {
            Track a = track(tracks, first, firstKeypoint);
            Track b = track(tracks, second, secondKeypoint);
            if (a != b && a.joins(b)) {
                Track large = a.point >= 0 || b.point < 0 && a.members.size() >= b.members.size() ? a : b;
                for (int[] member : (large == a ? b : a).members) {
                    large.members.add(member);
                    tracks.put((long) member[0] << 32 | member[1], large);
                }
            }
        });
        List<PointMap.Point> points = new ArrayList<>();
        Triangulation check = new Triangulation(options.maxError(), options.minAngleDegrees());
        for (int p = 0; p < map.size(); p++) {
            Track track = ofPoint.get(p);
            points.add(track == null ? map.point(p) : longer(map.point(p), track, places, views, check));
        }
        List<List<int[]>> fresh = tracks.values().stream()
                .distinct()
                .filter(track -> track.point < 0 && track.members.size() > 1)
                .map(track -> track.members)
                .toList();
        List<List<int[]>> sorted = new ArrayList<>(fresh);
        sorted.forEach(members -> members.sort((a, b) -> Integer.compare(a[0], b[0])));
        sorted.sort((a, b) -> Arrays.compare(a.get(0), b.get(0)));
        for (PointMap.Point point : MapBuilder.triangulate(views, sorted, pairs, options)) {
            int[] track = point.track();
            for (int i = 0; i < track.length; i += 2) {
                track[i] = places[track[i]];
            }
            points.add(point);
        }
        return points;
    }

    private static Track track(Map<Long, Track> tracks, int view, int keypoint) {
        return tracks.computeIfAbsent((long) view << 32 | keypoint, fresh -> {
            Track track = new Track();
            track.members.add(new int[] {view, keypoint});
            return track;
        });
    }

    /** The point with the new members of its track that agree with it. */
    private static PointMap.Point longer(
            PointMap.Point point, Track track, int[] places, List<MapBuilder.View> views, Triangulation check) {
        int known = point.track().length / 2;
        double[] at = {point.x(), point.y(), point.z()};
        List<int[]> kept = new ArrayList<>();
        for (int i = 0; i < known; i++) {
            kept.add(new int[] {point.track()[2 * i], point.track()[2 * i + 1]});
        }
        double sum = point.error() * known;
        for (int[] member : track.members) {
            int place = places[member[0]];
            boolean there = kept.stream().anyMatch(own -> own[0] == place);
            double error = there
                    ? Double.POSITIVE_INFINITY
                    : check.error(at, views.get(member[0]).observation(member[1]));
            if (check.accepts(error)) {
                kept.add(new int[] {place, member[1]});
                sum += error;
            }
        }
        if (kept.size() == known) {
            return point;
        }
        kept.sort((a, b) -> Integer.compare(a[0], b[0]));
        int[] flat = new int[2 * kept.size()];
        for (int i = 0; i < kept.size(); i++) {
            System.arraycopy(kept.get(i), 0, flat, 2 * i, 2);
        }
        double mean = point.error() < 0 ? -1 : sum / kept.size();
        return new PointMap.Point(point.id(), point.x(), point.y(), point.z(), point.rgb(), mean, flat);
    }
}
