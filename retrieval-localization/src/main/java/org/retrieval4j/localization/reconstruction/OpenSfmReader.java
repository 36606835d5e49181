package org.retrieval4j.localization.reconstruction;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraModel;
import org.retrieval4j.localization.colmap.ColmapModel;
import org.retrieval4j.localization.geometry.Rotations;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.text.JsonFile;
import org.retrieval4j.localization.text.JsonValue;
import org.retrieval4j.localization.text.TextFile;

/**
 * Reconstructions of OpenSfM: {@code reconstruction.json} with cameras, shots and points, and {@code tracks.csv} with the
 * observations (versions 0 to 2). Panoramas beside the shots ({@code pano_shots}), meshes, biases and the geographic
 * reference are not read; the world stays metres east, north and up of the reference where the file has one. Points are
 * numbered from 1 in the order of the file, and so are cameras and images. A track is in an image once: the file is refused
 * where one of a point is there twice.
 *
 * <p>OpenSfM stores the rotation vector and translation from world to camera. Its normalized places have their origin in
 * the middle of the picture and are divided by the larger of width and height, m; as the middle is (w/2, h/2) where the
 * center of the first pixel is (0.5, 0.5), a pixel is (m x + w/2, m y + h/2).
 *
 * <table>
 * <caption>Cameras</caption>
 * <tr><th>OpenSfM</th><th>here</th></tr>
 * <tr><td>{@code perspective}</td><td>RADIAL</td></tr>
 * <tr><td>{@code brown}</td><td>OPENCV if k3 is 0, else FULL_OPENCV</td></tr>
 * <tr><td>{@code simple_radial}, {@code radial}</td><td>SIMPLE_RADIAL, RADIAL; OPENCV where the focal lengths differ</td></tr>
 * <tr><td>{@code fisheye}</td><td>RADIAL_FISHEYE</td></tr>
 * <tr><td>{@code fisheye_opencv}</td><td>OPENCV_FISHEYE</td></tr>
 * <tr><td>{@code fisheye62}, {@code fisheye624}</td><td>THIN_PRISM_FISHEYE if k5, k6, s1 and s3 are 0;
 *     RAD_TAN_THIN_PRISM_FISHEYE if p1, p2 and s0 to s3 are; else refused: COLMAP takes the tangential and prism terms of
 *     the radially distorted place, OpenSfM of the undistorted one</td></tr>
 * <tr><td>{@code spherical}, {@code equirectangular}</td><td>EQUIRECTANGULAR of a picture twice as wide as high</td></tr>
 * </table>
 *
 * {@code dual} is refused.
 *
 * <p>Thread-safe: static.
 */
public final class OpenSfmReader {
    private static final String VERSION = "OPENSFM_TRACKS_VERSION_v";
    private static final int[] COLUMNS = {8, 9, 11};

    private static final Set<String> ONE_FOCAL = Set.of("perspective", "fisheye");
    private static final Set<String> TWO_FOCALS =
            Set.of("brown", "simple_radial", "radial", "fisheye_opencv", "fisheye62", "fisheye624");

    private OpenSfmReader() {}

    /** A reconstruction as it is gathered; its shots have their numbers. */
    private static final class Reconstruction {
        final Map<String, JsonValue> cameras = new LinkedHashMap<>();
        final Map<String, Shot> shots = new LinkedHashMap<>();
        final Map<String, Point> points = new LinkedHashMap<>();
    }

    private static final class Shot {
        @Nullable
        JsonValue rotation;

        @Nullable
        JsonValue translation;

        @Nullable
        JsonValue camera;

        int number;
        double size; // larger of width and height
        double cx;
        double cy;
    }

    private static final class Point {
        final double[] place;
        final int rgb;
        int[] track = new int[8];
        int length;

        Point(double[] place, int rgb) {
            this.place = place;
            this.rgb = rgb;
        }

        void add(int image, int index) {
            if (length == track.length) {
                track = Arrays.copyOf(track, 2 * length);
            }
            track[length++] = image;
            track[length++] = index;
        }
    }

    /**
     * Reads all reconstructions of a file: what could not be joined, each with its shots. Only together with GPS do they
     * share a world.
     *
     * @param reconstruction {@code reconstruction.json}
     * @param tracks {@code tracks.csv}
     * @return the models in the order of the file, the largest first as OpenSfM writes them
     * @throws IOException if a file cannot be read, is not of this form, names what it does not have, or has a camera that
     *     is not in the table; the message tells file, line and value
     */
    public static List<ColmapModel> read(Path reconstruction, Path tracks) throws IOException {
        List<Reconstruction> found = new ArrayList<>();
        try (JsonFile json = new JsonFile(reconstruction)) {
            json.elements(() -> found.add(reconstruction(json)));
            json.end();
        }
        if (found.isEmpty()) {
            throw new IOException(reconstruction + " must have at least 1 reconstruction, got 0");
        }
        List<ModelBuilder> builders = new ArrayList<>();
        try {
            for (Reconstruction each : found) {
                builders.add(images(each));
            }
            observations(tracks, found, builders);
            List<ColmapModel> models = new ArrayList<>();
            for (int i = 0; i < builders.size(); i++) {
                long id = 1;
                ModelBuilder builder = builders.get(i);
                for (Map.Entry<String, Point> entry : found.get(i).points.entrySet()) {
                    Point point = entry.getValue();
                    int[] track = Arrays.copyOf(point.track, point.length);
                    Optional<String> twice = builder.twice(track);
                    if (twice.isPresent()) {
                        throw new IOException(tracks + ": expected a track once in an image, found track "
                                + entry.getKey() + " again in " + twice.get());
                    }
                    builder.point(id++, point.place, point.rgb, track);
                }
                models.add(builder.model());
            }
            return models;
        } catch (IllegalArgumentException e) {
            throw new IOException(reconstruction + ": " + e.getMessage(), e);
        }
    }

    private static Reconstruction reconstruction(JsonFile json) throws IOException {
        Reconstruction made = new Reconstruction();
        Set<String> parts = new HashSet<>();
        json.members(part -> {
            if (!parts.add(part)) {
                throw json.wrong("each part once", "\"" + part + "\" again");
            }
            switch (part) {
                case "cameras" -> json.members(name -> once(json, name, made.cameras.put(name, json.value())));
                case "shots" -> json.members(name -> once(json, name, made.shots.put(name, shot(json))));
                case "points" -> json.members(name -> once(json, name, made.points.put(name, point(json.value()))));
                default -> {
                    // reference_lla, rig_cameras, rig_instances, biases, pano_shots: passed over
                }
            }
        });
        for (String part : List.of("cameras", "shots", "points")) {
            if (!parts.contains(part)) {
                throw json.wrong("a reconstruction with \"" + part + "\"", "one with " + parts);
            }
        }
        return made;
    }

    private static void once(JsonFile json, String name, @Nullable Object before) throws IOException {
        if (before != null) {
            throw json.wrong("each name once", "\"" + name + "\" again");
        }
    }

    /** Without its mesh, which may be large. */
    private static Shot shot(JsonFile json) throws IOException {
        Shot shot = new Shot();
        json.members(name -> {
            switch (name) {
                case "rotation" -> shot.rotation = json.value();
                case "translation" -> shot.translation = json.value();
                case "camera" -> shot.camera = json.value();
                default -> {
                    // times, GPS, orientation, mesh: passed over
                }
            }
        });
        if (shot.rotation == null || shot.translation == null || shot.camera == null) {
            throw json.wrong("a shot with \"rotation\", \"translation\" and \"camera\"", "one without");
        }
        return shot;
    }

    private static Point point(JsonValue value) throws IOException {
        double[] color = value.member("color").numbers(3);
        double[] place = value.member("coordinates").numbers(3);
        return value.made(() -> new Point(place, ModelBuilder.rgb(color[0], color[1], color[2])));
    }

    private static ModelBuilder images(Reconstruction found) throws IOException {
        ModelBuilder builder = new ModelBuilder();
        Map<String, Integer> numbers = new HashMap<>();
        Map<String, Camera> cameras = new HashMap<>();
        for (Map.Entry<String, Shot> entry : found.shots.entrySet()) {
            Shot shot = entry.getValue();
            JsonValue named = requireNonNull(shot.camera);
            String name = named.text();
            Camera camera = cameras.get(name);
            if (camera == null) {
                JsonValue stored = found.cameras.get(name);
                if (stored == null) {
                    throw named.wrong("one of " + found.cameras.size() + " cameras", "\"" + name + "\"");
                }
                camera = camera(stored);
                cameras.put(name, camera);
                numbers.put(name, builder.camera(camera));
            }
            shot.size = Math.max(camera.width(), camera.height());
            shot.cx = camera.width() / 2.0;
            shot.cy = camera.height() / 2.0;
            double[] w = requireNonNull(shot.rotation).numbers(3);
            double[] t = requireNonNull(shot.translation).numbers(3);
            double[] r = {1, 0, 0, 0, 1, 0, 0, 0, 1};
            Rotations.turn(r, w[0], w[1], w[2]);
            shot.number =
                    builder.image(entry.getKey(), Pose.ofRotation(r, t[0], t[1], t[2]), numbers.getOrDefault(name, 0));
        }
        return builder;
    }

    private static void observations(Path tracks, List<Reconstruction> found, List<ModelBuilder> builders)
            throws IOException {
        try (TextFile text = TextFile.tabs(tracks)) {
            String[] fields = text.next();
            int columns = COLUMNS[0];
            if (fields != null && fields[0].startsWith("OPENSFM_TRACKS_VERSION")) {
                String version = fields[0].startsWith(VERSION) ? fields[0].substring(VERSION.length()) : "";
                if (!version.matches("[0-2]")) {
                    throw text.wrong(VERSION + "0 to " + VERSION + "2", "\"" + fields[0] + "\"");
                }
                columns = COLUMNS[Integer.parseInt(version)];
                fields = text.next();
            }
            for (; fields != null; fields = text.next()) {
                if (fields.length != columns) {
                    throw text.wrong(columns + " fields", String.valueOf(fields.length));
                }
                double[] x = text.numbers(fields, 3, 2);
                for (int i = 0; i < found.size(); i++) {
                    Shot shot = found.get(i).shots.get(fields[0]);
                    Point point = found.get(i).points.get(fields[1]);
                    if (shot != null && point != null) {
                        ModelBuilder builder = builders.get(i);
                        point.add(
                                shot.number,
                                text.made(() -> builder.place(
                                        shot.number, shot.size * x[0] + shot.cx, shot.size * x[1] + shot.cy)));
                    }
                }
            }
        }
    }

    private static Camera camera(JsonValue c) throws IOException {
        int width = (int) c.member("width").integer(1, Integer.MAX_VALUE);
        int height = (int) c.member("height").integer(1, Integer.MAX_VALUE);
        Optional<JsonValue> named = c.optional("projection_type");
        String type = named.isPresent() ? named.get().text() : "perspective";
        double m = Math.max(width, height);
        double x = width / 2.0;
        double y = height / 2.0;
        boolean oneFocal = ONE_FOCAL.contains(type);
        boolean twoFocals = TWO_FOCALS.contains(type);
        double fx = oneFocal || twoFocals
                ? m * c.member(oneFocal ? "focal" : "focal_x").number()
                : 0;
        double fy = oneFocal || twoFocals
                ? m * c.member(oneFocal ? "focal" : "focal_y").number()
                : 0;
        double cx = x + m * term(c, "c_x");
        double cy = y + m * term(c, "c_y");
        double k1 = term(c, "k1");
        double k2 = term(c, "k2");
        double k3 = term(c, "k3");
        double k4 = term(c, "k4");
        double p1 = term(c, "p1");
        double p2 = term(c, "p2");
        return c.made(() -> switch (type) {
            case "perspective" -> new Camera(CameraModel.RADIAL, width, height, fx, x, y, k1, k2);
            case "brown" -> Brown.camera(width, height, fx, fy, cx, cy, k1, k2, k3, p1, p2);
            case "simple_radial" ->
                fx == fy
                        ? new Camera(CameraModel.SIMPLE_RADIAL, width, height, fx, cx, cy, k1)
                        : new Camera(CameraModel.OPENCV, width, height, fx, fy, cx, cy, k1, 0, 0, 0);
            case "radial" ->
                fx == fy
                        ? new Camera(CameraModel.RADIAL, width, height, fx, cx, cy, k1, k2)
                        : new Camera(CameraModel.OPENCV, width, height, fx, fy, cx, cy, k1, k2, 0, 0);
            case "fisheye" -> new Camera(CameraModel.RADIAL_FISHEYE, width, height, fx, x, y, k1, k2);
            case "fisheye_opencv" ->
                new Camera(CameraModel.OPENCV_FISHEYE, width, height, fx, fy, cx, cy, k1, k2, k3, k4);
            case "fisheye62", "fisheye624" -> prism(c, width, height, fx, fy, cx, cy, k1, k2, k3, k4, p1, p2);
            case "spherical", "equirectangular" -> {
                if (width != 2 * height) {
                    throw c.wrong("a panorama twice as wide as high", width + " x " + height);
                }
                yield new Camera(CameraModel.EQUIRECTANGULAR, width, height, width, height);
            }
            default ->
                throw c.wrong(
                        "perspective, brown, simple_radial, radial, fisheye, fisheye_opencv, fisheye62, fisheye624,"
                                + " spherical or equirectangular",
                        "\"" + type + "\"");
        });
    }

    private static Camera prism(
            JsonValue c,
            int width,
            int height,
            double fx,
            double fy,
            double cx,
            double cy,
            double k1,
            double k2,
            double k3,
            double k4,
            double p1,
            double p2)
            throws IOException {
        double k5 = term(c, "k5");
        double k6 = term(c, "k6");
        double[] s = {term(c, "s0"), term(c, "s1"), term(c, "s2"), term(c, "s3")};
        if (k5 == 0 && k6 == 0 && s[1] == 0 && s[3] == 0) {
            return new Camera(
                    CameraModel.THIN_PRISM_FISHEYE, width, height, fx, fy, cx, cy, k1, k2, p1, p2, k3, k4, s[0], s[2]);
        }
        if (p1 == 0 && p2 == 0 && s[0] == 0 && s[1] == 0 && s[2] == 0 && s[3] == 0) {
            return new Camera(
                    CameraModel.RAD_TAN_THIN_PRISM_FISHEYE,
                    width,
                    height,
                    fx,
                    fy,
                    cx,
                    cy,
                    k1,
                    k2,
                    k3,
                    k4,
                    k5,
                    k6,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0);
        }
        throw c.wrong(
                "k5, k6, s1 and s3 of 0, or p1, p2 and s0 to s3 of 0",
                "tangential and prism terms beside more than four radial ones, which no model of COLMAP has");
    }

    private static double term(JsonValue camera, String name) throws IOException {
        Optional<JsonValue> found = camera.optional(name);
        return found.isPresent() ? found.get().number() : 0;
    }
}
