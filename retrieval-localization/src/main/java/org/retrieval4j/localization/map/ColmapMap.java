package org.retrieval4j.localization.map;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.colmap.ColmapImage;
import org.retrieval4j.localization.colmap.ColmapModel;
import org.retrieval4j.localization.colmap.ColmapPoint;
import org.retrieval4j.localization.pose.Pose;

/**
 * Models of COLMAP as maps, and maps as models of COLMAP. Numbers of images and cameras, and ids, colors and errors of
 * points go through a map unchanged; so do rigs, frames and cameras without images, until images are added to the map or
 * removed from it, or their poses refined: a model without rigs and frames is one where each camera is by itself.
 *
 * <p>Thread-safe: static.
 */
public final class ColmapMap {
    /** Cameras without images among the files that a map keeps of its model; lines of number and camera. */
    private static final String CAMERAS = "cameras";

    private ColmapMap() {}

    /**
     * The pictures of a model.
     *
     * @param model of COLMAP
     * @return by ascending number, which is their id
     */
    public static List<MapImage> images(ColmapModel model) {
        List<MapImage> images = new ArrayList<>();
        for (ColmapImage image : model.images().values()) {
            Camera camera = model.cameras().get(image.cameraId());
            if (camera == null) {
                throw new IllegalStateException("a model has the cameras of its images: " + image.cameraId());
            }
            images.add(new MapImage(
                    Integer.toUnsignedLong(image.id()),
                    image.name(),
                    camera,
                    image.pose(),
                    image.id(),
                    image.cameraId()));
        }
        images.sort(Comparator.comparingLong(MapImage::id));
        return images;
    }

    /**
     * A model as it is: its 2D points are the keypoints.
     *
     * @param model of COLMAP
     * @return the map, in memory
     */
    public static PointMap toMap(ColmapModel model) {
        List<MapImage> images = images(model);
        Map<Integer, Integer> places = new HashMap<>();
        for (int i = 0; i < images.size(); i++) {
            places.put(images.get(i).number(), i);
        }
        List<PointMap.Point> points = new ArrayList<>();
        for (ColmapPoint point : model.points().values()) {
            int[] track = point.track().clone();
            for (int i = 0; i < track.length; i += 2) {
                track[i] = places.getOrDefault(track[i], -1);
            }
            points.add(point(point, point.error(), track));
        }
        return kept(model, PointMap.of(images, points));
    }

    private static PointMap.Point point(ColmapPoint point, double error, int[] track) {
        int rgb = point.red() << 16 | point.green() << 8 | point.blue();
        return new PointMap.Point(point.id(), point.x(), point.y(), point.z(), rgb, error, track);
    }

    /**
     * A model with other features: each observation goes to the keypoint nearest to its 2D point, the nearest pairs first;
     * a keypoint observes one point. Points that no keypoint is near to are left out. Errors are those at the keypoints.
     *
     * @param model of COLMAP
     * @param images its pictures, by the ids that their features have
     * @param features of the pictures
     * @param radius largest distance in pixels between 2D point and keypoint
     * @return the map, in memory
     * @throws IllegalArgumentException if the radius is not above 0, or the model does not have an image
     * @throws IOException if features are missing or cannot be read
     */
    public static PointMap attach(ColmapModel model, List<MapImage> images, FeatureSource features, double radius)
            throws IOException {
        if (!(radius > 0) || Double.isInfinite(radius)) {
            throw new IllegalArgumentException("radius must be above 0 and finite, got " + radius);
        }
        Map<Long, List<int[]>> tracks = new HashMap<>();
        Map<Long, double[]> errors = new HashMap<>(); // sum, count
        for (int i = 0; i < images.size(); i++) {
            MapImage image = images.get(i);
            ColmapImage stored = model.images().get(image.number());
            if (stored == null) {
                throw new IllegalArgumentException(
                        "the model must have image " + image.number() + " (" + image.name() + ")");
            }
            ImageFeatures own = features.features(image.id())
                    .orElseThrow(() -> new IOException("there are no features of " + image.name()));
            FloatMatrix keypoints = own.keypoints().values();
            Set<Long> seen = new HashSet<>(); // a point is seen once a picture
            double[] rotation = image.pose().rotation();
            for (int[] pair : nearest(stored, keypoints, radius)) {
                long id = stored.pointIds()[pair[0]];
                ColmapPoint point = model.points().get(id);
                if (point == null || !seen.add(id)) {
                    continue;
                }
                double error = error(image, rotation, point, keypoints.get(pair[1], 0), keypoints.get(pair[1], 1));
                if (Double.isFinite(error)) {
                    tracks.computeIfAbsent(id, fresh -> new ArrayList<>()).add(new int[] {i, pair[1]});
                    double[] sum = errors.computeIfAbsent(id, fresh -> new double[2]);
                    sum[0] += error;
                    sum[1]++;
                }
            }
        }
        List<PointMap.Point> points = new ArrayList<>();
        for (ColmapPoint point : model.points().values()) {
            List<int[]> track = tracks.getOrDefault(point.id(), List.of());
            if (!track.isEmpty()) {
                int[] flat = new int[2 * track.size()];
                for (int i = 0; i < track.size(); i++) {
                    System.arraycopy(track.get(i), 0, flat, 2 * i, 2);
                }
                double[] sum = errors.getOrDefault(point.id(), new double[] {-1, 1});
                points.add(point(point, sum[0] / sum[1], flat));
            }
        }
        PointMap map = PointMap.of(images, points);
        return images.size() == model.images().size() ? kept(model, map) : map;
    }

    private static PointMap kept(ColmapModel model, PointMap map) {
        Map<String, byte[]> files = new HashMap<>(model.others());
        Set<Integer> used = new HashSet<>();
        model.images().values().forEach(image -> used.add(image.cameraId()));
        StringBuilder lines = new StringBuilder();
        model.cameras().forEach((id, camera) -> {
            if (!used.contains(id)) {
                lines.append(id).append(' ').append(camera).append('\n');
            }
        });
        if (!lines.isEmpty()) {
            files.put(CAMERAS, lines.toString().getBytes(StandardCharsets.UTF_8));
        }
        return map.withModel(files);
    }

    /** Adds the cameras without images that a map keeps; its other files. */
    private static Map<String, byte[]> kept(PointMap map, Map<Integer, Camera> cameras) throws IOException {
        Map<String, byte[]> files = new HashMap<>(map.model());
        byte[] lines = files.remove(CAMERAS);
        if (lines != null) {
            for (String line : new String(lines, StandardCharsets.UTF_8).lines().toList()) {
                try {
                    int space = line.indexOf(' ');
                    cameras.putIfAbsent(Integer.parseInt(line, 0, space, 10), Camera.parse(line.substring(space + 1)));
                } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
                    throw new IOException("the map keeps a camera that is none: \"" + line + "\"", e);
                }
            }
        }
        return files;
    }

    private record Pair(int place, int keypoint, double distance) {}

    /** 2D points with a 3D point and the keypoints they get, the nearest first. */
    private static List<int[]> nearest(ColmapImage image, FloatMatrix keypoints, double radius) {
        int n = keypoints.rows();
        Integer[] order = new Integer[n];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Float.compare(keypoints.get(a, 0), keypoints.get(b, 0)));
        float[] xs = new float[n];
        for (int i = 0; i < n; i++) {
            xs[i] = keypoints.get(order[i], 0);
        }
        List<Pair> pairs = new ArrayList<>();
        for (int j = 0; j < image.size(); j++) {
            if (image.pointIds()[j] == ColmapImage.NO_POINT) {
                continue;
            }
            double x = image.places()[2 * j];
            double y = image.places()[2 * j + 1];
            int from = Arrays.binarySearch(xs, (float) (x - radius - 1));
            for (int i = from < 0 ? -from - 1 : 0; i < n && xs[i] <= x + radius; i++) {
                double distance = Math.hypot(xs[i] - x, keypoints.get(order[i], 1) - y);
                if (distance <= radius) {
                    pairs.add(new Pair(j, order[i], distance));
                }
            }
        }
        // keypoints of several orientations share a place: in a map that was exported, the one of the same number is
        // meant
        pairs.sort(Comparator.comparingDouble(Pair::distance)
                .thenComparing(pair -> pair.place != pair.keypoint)
                .thenComparingInt(Pair::place)
                .thenComparingInt(Pair::keypoint));
        boolean[] placed = new boolean[image.size()];
        boolean[] taken = new boolean[n];
        List<int[]> kept = new ArrayList<>();
        for (Pair pair : pairs) {
            if (!placed[pair.place] && !taken[pair.keypoint]) {
                placed[pair.place] = true;
                taken[pair.keypoint] = true;
                kept.add(new int[] {pair.place, pair.keypoint});
            }
        }
        return kept;
    }

    /** Infinite where the point has no image. */
    private static double error(MapImage image, double[] r, ColmapPoint p, double x, double y) {
        double[] pixel = new double[2];
        Pose pose = image.pose();
        boolean visible = image.camera()
                .project(
                        r[0] * p.x() + r[1] * p.y() + r[2] * p.z() + pose.tx(),
                        r[3] * p.x() + r[4] * p.y() + r[5] * p.z() + pose.ty(),
                        r[6] * p.x() + r[7] * p.y() + r[8] * p.z() + pose.tz(),
                        pixel);
        return visible ? Math.hypot(pixel[0] - x, pixel[1] - y) : Double.POSITIVE_INFINITY;
    }

    /**
     * A map as a model: all keypoints of its pictures are 2D points. Pictures and cameras without a number get the next
     * free ones; equal cameras without a number share one.
     *
     * @param map the points
     * @param features of its pictures
     * @return the model
     * @throws IOException if features are missing, are not the map's, or cannot be read
     */
    public static ColmapModel toModel(PointMap map, FeatureSource features) throws IOException {
        FeatureSource checked = map.checked(features);
        Map<Integer, Camera> cameras = new LinkedHashMap<>();
        Map<Integer, ColmapImage> images = new LinkedHashMap<>();
        Map<Camera, Integer> unnumbered = new HashMap<>();
        for (MapImage image : map.images()) {
            if (image.cameraNumber() != MapImage.NONE) {
                cameras.putIfAbsent(image.cameraNumber(), image.camera());
            }
        }
        Map<String, byte[]> files = kept(map, cameras);
        int[] numbers = numbers(map.images());
        for (int i = 0; i < numbers.length; i++) {
            MapImage image = map.images().get(i);
            int camera = image.cameraNumber();
            if (camera == MapImage.NONE || !image.camera().equals(cameras.get(camera))) {
                camera = unnumbered.computeIfAbsent(image.camera(), fresh -> free(cameras.keySet()));
                cameras.put(camera, image.camera());
            }
            ImageFeatures own = checked.features(image.id())
                    .orElseThrow(() -> new IOException("there are no features of " + image.name()));
            FloatMatrix keypoints = own.keypoints().values();
            double[] places = new double[2 * keypoints.rows()];
            long[] points = new long[keypoints.rows()];
            for (int k = 0; k < points.length; k++) {
                places[2 * k] = keypoints.get(k, 0);
                places[2 * k + 1] = keypoints.get(k, 1);
                points[k] = ColmapImage.NO_POINT;
            }
            int[] seen = map.keypoints(i);
            int[] observed = map.observed(i);
            for (int k = 0; k < seen.length; k++) {
                points[seen[k]] = map.pointId(observed[k]);
            }
            Pose p = image.pose();
            double[] stored = {p.qw(), p.qx(), p.qy(), p.qz(), p.tx(), p.ty(), p.tz()};
            images.put(numbers[i], new ColmapImage(numbers[i], stored, camera, image.name(), places, points));
        }
        Map<Long, ColmapPoint> points = new LinkedHashMap<>();
        for (int i = 0; i < map.size(); i++) {
            PointMap.Point p = map.point(i);
            int[] track = p.track().clone();
            for (int k = 0; k < track.length; k += 2) {
                track[k] = numbers[track[k]];
            }
            points.put(
                    p.id(),
                    new ColmapPoint(
                            p.id(),
                            p.x(),
                            p.y(),
                            p.z(),
                            p.rgb() >> 16 & 0xFF,
                            p.rgb() >> 8 & 0xFF,
                            p.rgb() & 0xFF,
                            p.error(),
                            track));
        }
        try {
            return new ColmapModel(cameras, images, points, files);
        } catch (IllegalArgumentException e) {
            throw new IOException("the map is no model: " + e.getMessage(), e);
        }
    }

    private static int[] numbers(List<MapImage> images) {
        Set<Integer> taken = new HashSet<>();
        int[] numbers = new int[images.size()];
        for (int i = 0; i < numbers.length; i++) {
            int number = images.get(i).number();
            numbers[i] = number != MapImage.NONE && taken.add(number) ? number : MapImage.NONE;
        }
        int next = free(taken);
        for (int i = 0; i < numbers.length; i++) {
            if (numbers[i] == MapImage.NONE) {
                numbers[i] = next++;
            }
        }
        return numbers;
    }

    /** The number after the largest, 1 if there is none. */
    private static int free(Set<Integer> taken) {
        int largest = 0;
        for (int number : taken) {
            largest = Math.max(largest, number);
        }
        return largest + 1;
    }
}
