package org.retrieval4j.localization.reconstruction;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.colmap.ColmapModel;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.text.TextFile;

/**
 * A folder of kapture (formats 1.0 and 1.1): cameras, rigs, trajectories, records of cameras, 3D points, observations,
 * and the keypoints that these name. Records without a pose are left out; other sensors, descriptors, matches and global
 * features are not read, nor are keypoints in a tar file. A 3D point's number is its row in {@code points3d.txt}; images
 * and cameras are numbered from 1 in the order of {@code records_camera.txt}. Where observations name several types of
 * keypoints, those of one type follow those of another. A 3D point may be several keypoints of one image, as in COLMAP;
 * a keypoint is of one 3D point.
 *
 * <p>Poses are world to device; a sensor on a rig has the rig's pose and then its own (rig to sensor); rigs may hang on
 * rigs. Camera models and their parameters are COLMAP's. So are pixels by the format's description, where (0, 0) is the
 * upper left corner of the picture; but kapture's importers copy what they find, so that a folder made from openMVG has
 * the center of the first pixel at (0, 0), in its principal points too: see {@link #read(Path, double)}.
 *
 * <p>Thread-safe: static.
 */
public final class KaptureReader {
    private static final long LARGEST_KEYPOINTS = 1L << 30;
    private static final int MOST_NUMBERS = 1 << 16;
    private static final int DEEPEST_RIG = 16;

    private final Path folder;
    private final double shift;
    private final Map<String, String[]> cameras = new HashMap<>();
    private final Map<String, Map<String, Pose>> rigs = new HashMap<>(); // by sensor, then by rig
    private final Map<Stamp, Pose> trajectories = new HashMap<>();
    private final Map<String, Optional<Pose>> resolved = new HashMap<>(); // by device, of one time
    private long resolvedTime;
    private final Map<String, Integer> images = new LinkedHashMap<>(); // number, 0 without a pose
    private final List<double[]> points = new ArrayList<>();
    private final List<List<Observation>> tracks = new ArrayList<>();
    private final ModelBuilder builder = new ModelBuilder();

    private record Stamp(long time, String device) {}

    private record Observation(int type, int image, int keypoint) {}

    private KaptureReader(Path folder, double shift) {
        this.folder = folder;
        this.shift = shift;
    }

    /**
     * Reads a folder whose first pixel has its center at (0.5, 0.5), as the format describes.
     *
     * @param folder with {@code sensors} and {@code reconstruction}
     * @return the model; without observations its points have none
     * @throws IOException if a file is missing, truncated or not of this form, or names what the others do not have; the
     *     message tells file, line and value
     */
    public static ColmapModel read(Path folder) throws IOException {
        return read(folder, 0.5);
    }

    /**
     * Reads a folder.
     *
     * @param folder with {@code sensors} and {@code reconstruction}
     * @param firstPixel both coordinates of the center of the first pixel: 0.5, or 0 where the folder was made of files of
     *     openMVG or OpenCV; principal points and keypoints are moved by the difference to 0.5
     * @return the model; without observations its points have none
     * @throws IllegalArgumentException if the center is neither 0 nor 0.5
     * @throws IOException if a file is missing, truncated or not of this form, or names what the others do not have; the
     *     message tells file, line and value
     */
    public static ColmapModel read(Path folder, double firstPixel) throws IOException {
        if (firstPixel != 0 && firstPixel != 0.5) {
            throw new IllegalArgumentException("the first pixel's center must be 0 or 0.5, got " + firstPixel);
        }
        KaptureReader reader = new KaptureReader(folder, 0.5 - firstPixel);
        try {
            return reader.model();
        } catch (IllegalArgumentException e) {
            throw new IOException(folder + ": " + e.getMessage(), e);
        }
    }

    private ColmapModel model() throws IOException {
        Path sensors = folder.resolve("sensors");
        for (String name : List.of("sensors.txt", "trajectories.txt", "records_camera.txt")) {
            if (!Files.isRegularFile(sensors.resolve(name))) {
                throw new IOException(folder + " is no folder of kapture with poses: it has no sensors/" + name);
            }
        }
        readSensors(sensors.resolve("sensors.txt"));
        if (Files.isRegularFile(sensors.resolve("rigs.txt"))) {
            readRigs(sensors.resolve("rigs.txt"));
        }
        readTrajectories(sensors.resolve("trajectories.txt"));
        readRecords(sensors.resolve("records_camera.txt"));
        Path reconstruction = folder.resolve("reconstruction");
        if (Files.isRegularFile(reconstruction.resolve("points3d.txt"))) {
            readPoints(reconstruction.resolve("points3d.txt"));
        }
        Path observations = reconstruction.resolve("observations.txt");
        List<String> types = new ArrayList<>();
        if (Files.isRegularFile(observations)) {
            readObservations(observations, types);
        }
        List<Map<Integer, Integer>> firsts = new ArrayList<>(); // first keypoint of each type in each image
        for (String type : types) {
            firsts.add(readKeypoints(reconstruction.resolve("keypoints"), type));
        }
        for (int id = 0; id < points.size(); id++) {
            double[] p = points.get(id);
            List<Observation> seen = tracks.get(id);
            int[] track = new int[2 * seen.size()];
            for (int i = 0; i < seen.size(); i++) {
                Observation o = seen.get(i);
                int first = firsts.get(o.type).getOrDefault(o.image, 0);
                int next = o.type + 1 < firsts.size()
                        ? firsts.get(o.type + 1).getOrDefault(o.image, 0)
                        : builder.places(o.image);
                if (o.keypoint >= next - first) {
                    throw new IllegalArgumentException("observations.txt: 3D point " + id + " is keypoint " + o.keypoint
                            + " of type \"" + types.get(o.type) + "\" in image " + o.image + ", which has "
                            + (next - first));
                }
                track[2 * i] = o.image;
                track[2 * i + 1] = first + o.keypoint;
            }
            builder.point(id, p, p.length < 6 ? 0 : ModelBuilder.rgb(p[3], p[4], p[5]), track);
        }
        return builder.model();
    }

    private void readSensors(Path file) throws IOException {
        try (TextFile text = TextFile.commas(file)) {
            for (String[] fields = text.next(); fields != null; fields = text.next()) {
                if (fields.length < 3) {
                    throw text.wrong("\"sensor, name, type, parameters\"", fields.length + " fields");
                }
                if (cameras.put(fields[0], fields) != null) {
                    throw text.wrong("each sensor once", "\"" + fields[0] + "\" again");
                }
            }
        }
    }

    private void readRigs(Path file) throws IOException {
        try (TextFile text = TextFile.commas(file)) {
            for (String[] fields = text.next(); fields != null; fields = text.next()) {
                if (fields.length != 9) {
                    throw text.wrong("\"rig, sensor, qw, qx, qy, qz, tx, ty, tz\"", fields.length + " fields");
                }
                Pose pose = pose(text, fields);
                if (pose == null) {
                    throw text.wrong("a pose", "an empty field");
                }
                if (rigs.computeIfAbsent(fields[1], fresh -> new LinkedHashMap<>())
                                .put(fields[0], pose)
                        != null) {
                    throw text.wrong("each sensor of a rig once", "\"" + fields[1] + "\" again");
                }
            }
        }
        Set<String> deep = new TreeSet<>(rigs.keySet()); // those that hang on a rig, then on one that does, ...
        for (int depth = 1; depth <= DEEPEST_RIG; depth++) {
            Set<String> carriers = deep;
            deep = new TreeSet<>();
            for (String device : carriers) {
                if (rigs.getOrDefault(device, Map.of()).keySet().stream().anyMatch(carriers::contains)) {
                    deep.add(device);
                }
            }
        }
        if (!deep.isEmpty()) {
            throw new IllegalArgumentException("rigs.txt: rigs must hang on each other at most " + DEEPEST_RIG
                    + " deep, \"" + deep.iterator().next() + "\" does");
        }
    }

    private void readTrajectories(Path file) throws IOException {
        try (TextFile text = TextFile.commas(file)) {
            for (String[] fields = text.next(); fields != null; fields = text.next()) {
                if (fields.length != 9) {
                    throw text.wrong("\"timestamp, device, qw, qx, qy, qz, tx, ty, tz\"", fields.length + " fields");
                }
                Stamp stamp = new Stamp(time(text, fields[0]), fields[1]);
                Pose pose = pose(text, fields);
                if (pose != null && trajectories.put(stamp, pose) != null) {
                    throw text.wrong("a device's pose once", "\"" + fields[1] + "\" again at " + stamp.time);
                }
            }
        }
    }

    /** Null where only the rotation, the translation, or nothing of it is known. */
    private static @Nullable Pose pose(TextFile text, String[] fields) throws IOException {
        List<String> numbers = Arrays.asList(fields).subList(2, 9);
        if (numbers.subList(0, 4).stream().allMatch(String::isEmpty)
                || numbers.subList(4, 7).stream().allMatch(String::isEmpty)) {
            return null;
        }
        double[] p = text.numbers(fields, 2, 7);
        return text.made(() -> new Pose(p[0], p[1], p[2], p[3], p[4], p[5], p[6]));
    }

    private static long time(TextFile text, String field) throws IOException {
        try {
            return Long.parseLong(field);
        } catch (NumberFormatException e) {
            throw text.wrong("a timestamp", "\"" + field + "\"");
        }
    }

    private void readRecords(Path file) throws IOException {
        Map<String, Integer> numbers = new HashMap<>();
        try (TextFile text = TextFile.commas(file)) {
            for (String[] fields = text.next(); fields != null; fields = text.next()) {
                if (fields.length != 3 || fields[2].isEmpty()) {
                    throw text.wrong("\"timestamp, device, image\"", fields.length + " fields");
                }
                String[] sensor = cameras.get(fields[1]);
                if (sensor == null || !sensor[2].equals("camera")) {
                    throw text.wrong("a camera of sensors.txt", "\"" + fields[1] + "\"");
                }
                Pose pose = pose(time(text, fields[0]), fields[1]).orElse(null);
                int number = 0;
                if (pose != null) {
                    Integer camera = numbers.get(fields[1]);
                    if (camera == null) {
                        camera = builder.camera(text.made(() -> camera(sensor)));
                        numbers.put(fields[1], camera);
                    }
                    number = builder.image(fields[2], pose, camera);
                }
                if (images.put(fields[2], number) != null) {
                    throw text.wrong("each image once", "\"" + fields[2] + "\" again");
                }
            }
        }
    }

    /** World to device, its own or that of the first rig of known pose; each device once a time, not once a path. */
    private Optional<Pose> pose(long time, String device) {
        if (time != resolvedTime) {
            resolved.clear();
            resolvedTime = time;
        }
        Optional<Pose> known = resolved.get(device);
        if (known == null) {
            known = Optional.ofNullable(trajectories.get(new Stamp(time, device)));
            for (Map.Entry<String, Pose> rig :
                    rigs.getOrDefault(device, Map.of()).entrySet()) {
                if (known.isEmpty()) {
                    known = pose(time, rig.getKey()).map(rig.getValue()::after);
                }
            }
            resolved.put(device, known);
        }
        return known;
    }

    private Camera camera(String[] sensor) {
        String[] parameters = Arrays.copyOfRange(sensor, 3, Math.max(3, sensor.length));
        if (parameters.length < 3) {
            throw new IllegalArgumentException("sensors.txt: camera \"" + sensor[0]
                    + "\" must be \"model, width, height, parameters\", got " + parameters.length + " fields");
        }
        for (int i = 1; i < 3; i++) { // some write 640.0
            parameters[i] = parameters[i].replaceFirst("\\.0*$", "");
        }
        try {
            Camera camera = Camera.parse(String.join(" ", parameters));
            if (shift == 0) {
                return camera;
            }
            int focals = camera.model().focalLengths();
            if (focals == 0) {
                throw new IllegalArgumentException(camera.model() + " has no center to be moved by " + shift);
            }
            double[] moved = camera.parameters();
            moved[focals] += shift;
            moved[focals + 1] += shift;
            return new Camera(camera.model(), camera.width(), camera.height(), moved);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("sensors.txt: camera \"" + sensor[0] + "\": " + e.getMessage(), e);
        }
    }

    private void readPoints(Path file) throws IOException {
        try (TextFile text = TextFile.commas(file)) {
            int columns = 0;
            for (String[] fields = text.next(); fields != null; fields = text.next()) {
                columns = columns == 0 ? fields.length : columns;
                if (fields.length != columns || columns != 3 && columns != 6) {
                    throw text.wrong("\"X, Y, Z\" or \"X, Y, Z, R, G, B\" throughout", fields.length + " fields");
                }
                double[] point = text.numbers(fields, 0, columns);
                for (double value : point) {
                    if (!Double.isFinite(value)) {
                        throw text.wrong("finite numbers", String.valueOf(value));
                    }
                }
                points.add(point);
                tracks.add(new ArrayList<>());
            }
        }
    }

    /** Fields are the point, from 1.1 on the type of the keypoints, and pairs of image and keypoint. */
    private void readObservations(Path file, List<String> types) throws IOException {
        Map<String, Integer> places = new HashMap<>();
        try (TextFile text = TextFile.commas(file)) {
            for (String[] fields = text.next(); fields != null; fields = text.next()) {
                if (points.isEmpty()) {
                    throw text.wrong("points3d.txt beside observations", "none");
                }
                int from = fields.length % 2 == 0 ? 2 : 1;
                String name = from == 2 ? fields[1] : "";
                int type = places.computeIfAbsent(name, fresh -> places.size());
                if (type == types.size()) {
                    types.add(name);
                }
                List<Observation> track = tracks.get(text.count(fields[0], points.size() - 1));
                for (int i = from; i < fields.length; i += 2) {
                    Integer image = images.get(fields[i]);
                    if (image == null) {
                        throw text.wrong("an image of records_camera.txt", "\"" + fields[i] + "\"");
                    }
                    int keypoint = text.count(fields[i + 1], Integer.MAX_VALUE);
                    if (image != 0) {
                        track.add(new Observation(type, image, keypoint));
                    }
                }
            }
        }
    }

    /** Returns the first 2D point of this type in each image. */
    private Map<Integer, Integer> readKeypoints(Path keypoints, String type) throws IOException {
        Path base;
        try {
            base = type.isEmpty() ? keypoints : keypoints.resolve(type).normalize();
        } catch (InvalidPathException e) {
            throw new IOException(folder + ": \"" + type + "\" is no type of keypoints", e);
        }
        Path declaration = base.resolve("keypoints.txt");
        if (!base.startsWith(keypoints.normalize()) || !Files.isRegularFile(declaration)) {
            throw new IOException(
                    folder + ": observations name keypoints of type \"" + type + "\", but there is no " + declaration);
        }
        int bytes;
        int columns;
        try (TextFile text = TextFile.commas(declaration)) {
            String[] fields = text.need("\"name, type, columns\"", 3);
            bytes = switch (fields[1]) {
                case "float32" -> 4;
                case "float", "float64" -> 8; // Python's float
                default -> throw text.wrong("float32, float64 or float", "\"" + fields[1] + "\"");
            };
            columns = text.count(fields[2], MOST_NUMBERS);
            if (columns < 2) {
                throw text.wrong("at least 2 columns", String.valueOf(columns));
            }
        }
        if (Files.exists(base.resolve("keypoints.tar"))) {
            throw new IOException(
                    base.resolve("keypoints.tar") + ": keypoints in a tar file are not read; unpack it there");
        }
        Map<Integer, Integer> firsts = new HashMap<>();
        for (Map.Entry<String, Integer> image : images.entrySet()) {
            if (image.getValue() != 0) {
                firsts.put(image.getValue(), builder.places(image.getValue()));
                Path file = base.resolve(image.getKey() + ".kpt").normalize();
                if (file.startsWith(base) && Files.isRegularFile(file)) {
                    readKeypoints(file, image.getValue(), bytes, columns);
                }
            }
        }
        return firsts;
    }

    private void readKeypoints(Path file, int image, int bytes, int columns) throws IOException {
        long size = Files.size(file);
        int row = bytes * columns;
        if (size > LARGEST_KEYPOINTS || size % row != 0) {
            throw new IOException(file + " must have at most " + LARGEST_KEYPOINTS + " bytes, a multiple of " + row
                    + " (" + columns + " columns of " + bytes + " bytes), got " + size);
        }
        ByteBuffer values = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + row <= values.limit(); at += row) {
            double x = bytes == 4 ? values.getFloat(at) : values.getDouble(at);
            double y = bytes == 4 ? values.getFloat(at + 4) : values.getDouble(at + 8);
            builder.place(image, x + shift, y + shift);
        }
    }
}
