package org.retrieval4j.localization.reconstruction;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraModel;
import org.retrieval4j.localization.colmap.ColmapModel;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.text.JsonFile;
import org.retrieval4j.localization.text.JsonValue;

/**
 * A reconstruction of openMVG, {@code sfm_data.json}: views with a pose and their intrinsics, and the structure with its
 * observations. Views without a pose are left out, control points are not read. Images are named by
 * {@code local_path/filename}; the {@code root_path}, a folder of the machine that made the file, is not used. 3D points
 * keep their numbers, views and intrinsics are numbered from 1 in the order of the file.
 *
 * <p>openMVG stores R and the camera's position c, so t = −R c. Its pixels have the center of the first one at (0, 0):
 * 0.5 is added to principal points and observations. A 3D point's observations are named by view: the file is refused where
 * one comes twice.
 *
 * <table>
 * <caption>Cameras</caption>
 * <tr><th>openMVG</th><th>here</th></tr>
 * <tr><td>{@code pinhole}</td><td>SIMPLE_PINHOLE</td></tr>
 * <tr><td>{@code pinhole_radial_k1}</td><td>SIMPLE_RADIAL</td></tr>
 * <tr><td>{@code pinhole_radial_k3}</td><td>RADIAL if k3 is 0, else FULL_OPENCV</td></tr>
 * <tr><td>{@code pinhole_brown_t2}</td><td>OPENCV if k3 is 0, else FULL_OPENCV</td></tr>
 * <tr><td>{@code fisheye}</td><td>OPENCV_FISHEYE</td></tr>
 * </table>
 *
 * {@code spherical} is refused: EQUIRECTANGULAR has no center that could be shifted by half a pixel.
 *
 * <p>Thread-safe: static.
 */
public final class OpenMvgReader {
    private static final long MOST_UNSIGNED = 0xFFFF_FFFFL;
    private static final double FIRST_PIXEL = 0.5;

    /** Of a polymorphic or pointer id: what it names comes with it; without it, it came before. */
    private static final long FRESH = 0x8000_0000L;

    private final Path file;
    private final Map<Long, String> types = new HashMap<>();
    private final Map<Long, JsonValue> pointers = new HashMap<>();
    private final Map<Long, JsonValue> views = new LinkedHashMap<>();
    private final Map<Long, Intrinsics> intrinsics = new HashMap<>();
    private final Map<Long, Pose> poses = new HashMap<>();
    private final List<Landmark> landmarks = new ArrayList<>();

    private record Intrinsics(String type, JsonValue data) {}

    /** @param places x and y of each observation */
    private record Landmark(long id, double[] place, long[] views, double[] places) {}

    private OpenMvgReader(Path file) {
        this.file = file;
    }

    /**
     * Reads a reconstruction.
     *
     * @param path {@code sfm_data.json} or the folder that has it
     * @return the model
     * @throws IOException if the file cannot be read, is not of this form, names what it does not have, or has a camera
     *     that is not in the table; the message tells file, line and value
     */
    public static ColmapModel read(Path path) throws IOException {
        Path file = Files.isDirectory(path) ? path.resolve("sfm_data.json") : path;
        if (file.toString().endsWith(".bin") || file.toString().endsWith(".xml")) {
            throw new IOException(file + ": of openMVG's files only JSON is read;"
                    + " openMVG_main_ConvertSfM_DataFormat makes it of the others");
        }
        OpenMvgReader reader = new OpenMvgReader(file);
        reader.readParts();
        try {
            return reader.model();
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private void readParts() throws IOException {
        List<String> parts = new ArrayList<>();
        try (JsonFile json = new JsonFile(file)) {
            json.members(name -> {
                if (parts.contains(name)) {
                    throw json.wrong("each part once", "\"" + name + "\" again");
                }
                parts.add(name);
                switch (name) {
                    case "views" -> json.elements(() -> view(json.value()));
                    case "intrinsics" -> json.elements(() -> intrinsics(json.value()));
                    case "extrinsics" -> json.elements(() -> pose(json.value()));
                    case "structure" -> json.elements(() -> landmark(json.value()));
                    default -> {
                        // sfm_data_version, root_path, control_points: passed over
                    }
                }
            });
            json.end();
        }
        for (String part : List.of("views", "intrinsics", "extrinsics", "structure")) {
            if (!parts.contains(part)) {
                throw new IOException(file + " is no sfm_data.json of openMVG: it has no \"" + part + "\"");
            }
        }
    }

    private void view(JsonValue entry) throws IOException {
        once(views.put(key(entry), pointed(entry.member("value"))), entry, "view");
    }

    private void intrinsics(JsonValue entry) throws IOException {
        JsonValue value = entry.member("value");
        long id = value.member("polymorphic_id").integer(0, MOST_UNSIGNED);
        String type;
        Optional<JsonValue> named = value.optional("polymorphic_name");
        if (named.isPresent()) {
            type = named.get().text();
            types.put(id & ~FRESH, type);
        } else {
            type = types.get(id);
            if (type == null) {
                throw value.wrong("a polymorphic_id whose name came before", String.valueOf(id));
            }
        }
        once(intrinsics.put(key(entry), new Intrinsics(type, pointed(value))), entry, "intrinsic");
    }

    /** What a shared pointer of cereal points to: an object with it, or the id of one that came before. */
    private JsonValue pointed(JsonValue value) throws IOException {
        JsonValue pointer = value.member("ptr_wrapper");
        long id = pointer.member("id").integer(0, MOST_UNSIGNED);
        if ((id & FRESH) != 0) {
            JsonValue data = pointer.member("data");
            pointers.put(id & ~FRESH, data);
            return data;
        }
        JsonValue data = pointers.get(id);
        if (data == null) {
            throw pointer.wrong("a pointer to what came before", "id " + id);
        }
        return data;
    }

    private void pose(JsonValue entry) throws IOException {
        JsonValue value = entry.member("value");
        JsonValue rotation = field(value, "rotation");
        List<JsonValue> rows = rotation.elements();
        if (rows.size() != 3) {
            throw rotation.wrong("3 rows", String.valueOf(rows.size()));
        }
        double[] r = new double[9];
        for (int i = 0; i < 3; i++) {
            System.arraycopy(rows.get(i).numbers(3), 0, r, 3 * i, 3);
        }
        double[] c = field(value, "center").numbers(3);
        Pose pose = entry.made(() -> Pose.ofRotation(
                r,
                -(r[0] * c[0] + r[1] * c[1] + r[2] * c[2]),
                -(r[3] * c[0] + r[4] * c[1] + r[5] * c[2]),
                -(r[6] * c[0] + r[7] * c[1] + r[8] * c[2])));
        once(poses.put(key(entry), pose), entry, "pose");
    }

    private void landmark(JsonValue entry) throws IOException {
        JsonValue value = entry.member("value");
        List<JsonValue> observations = value.member("observations").elements();
        long[] seenBy = new long[observations.size()];
        double[] places = new double[2 * seenBy.length];
        for (int i = 0; i < seenBy.length; i++) {
            seenBy[i] = key(observations.get(i));
            double[] x = observations.get(i).member("value").member("x").numbers(2);
            places[2 * i] = x[0] + FIRST_PIXEL;
            places[2 * i + 1] = x[1] + FIRST_PIXEL;
        }
        landmarks.add(new Landmark(key(entry), value.member("X").numbers(3), seenBy, places));
    }

    private static long key(JsonValue entry) throws IOException {
        return entry.member("key").integer(0, MOST_UNSIGNED);
    }

    private static void once(@Nullable Object before, JsonValue entry, String what) throws IOException {
        if (before != null) {
            throw entry.wrong("each " + what + " once", key(entry) + " again");
        }
    }

    /** A member of an object or of its base class, which cereal writes as value0 in it. */
    private static JsonValue field(JsonValue data, String name) throws IOException {
        for (JsonValue part = data; ; part = part.member("value0")) {
            Optional<JsonValue> found = part.optional(name);
            if (found.isPresent()) {
                return found.get();
            }
            if (part.optional("value0").isEmpty()) {
                return data.member(name);
            }
        }
    }

    private ColmapModel model() throws IOException {
        ModelBuilder builder = new ModelBuilder();
        Map<Long, Integer> cameras = new HashMap<>();
        Map<Long, Integer> images = new HashMap<>();
        for (Map.Entry<Long, JsonValue> entry : views.entrySet()) {
            JsonValue view = entry.getValue();
            Pose pose = poses.get(field(view, "id_pose").integer(0, MOST_UNSIGNED));
            if (pose == null) {
                continue;
            }
            JsonValue reference = field(view, "id_intrinsic");
            long id = reference.integer(0, MOST_UNSIGNED);
            Integer camera = cameras.get(id);
            if (camera == null) {
                Intrinsics known = intrinsics.get(id);
                if (known == null) {
                    throw reference.wrong("one of " + intrinsics.size() + " intrinsics", "id_intrinsic " + id);
                }
                camera = builder.camera(camera(known));
                cameras.put(id, camera);
            }
            String folder = field(view, "local_path").text().replace('\\', '/');
            String name = field(view, "filename").text();
            images.put(
                    entry.getKey(),
                    builder.image(
                            folder.isEmpty() || folder.endsWith("/") ? folder + name : folder + "/" + name,
                            pose,
                            camera));
        }
        for (Landmark landmark : landmarks) {
            int[] track = new int[2 * landmark.views.length];
            int n = 0;
            for (int i = 0; i < landmark.views.length; i++) {
                Integer image = images.get(landmark.views[i]);
                if (image != null) {
                    track[n++] = image;
                    track[n++] = builder.place(image, landmark.places[2 * i], landmark.places[2 * i + 1]);
                } else if (!views.containsKey(landmark.views[i])) {
                    throw new IllegalArgumentException("3D point " + landmark.id + " is seen in view "
                            + landmark.views[i] + ", which the file does not have");
                }
            }
            int[] known = Arrays.copyOf(track, n);
            Optional<String> twice = builder.twice(known);
            if (twice.isPresent()) {
                throw new IllegalArgumentException(
                        "3D point " + landmark.id + " must be seen once in an image, is twice in " + twice.get());
            }
            builder.point(landmark.id, landmark.place, 0, known);
        }
        return builder.model();
    }

    private static Camera camera(Intrinsics intrinsics) throws IOException {
        JsonValue data = intrinsics.data;
        if (intrinsics.type.equals("spherical")) {
            throw data.wrong(
                    "a pinhole or fisheye camera", "\"spherical\", which cannot be represented to half a pixel");
        }
        int width = (int) field(data, "width").integer(1, Integer.MAX_VALUE);
        int height = (int) field(data, "height").integer(1, Integer.MAX_VALUE);
        double f = field(data, "focal_length").number();
        double[] center = field(data, "principal_point").numbers(2);
        double x = center[0] + FIRST_PIXEL;
        double y = center[1] + FIRST_PIXEL;
        return data.made(() -> switch (intrinsics.type) {
            case "pinhole" -> new Camera(CameraModel.SIMPLE_PINHOLE, width, height, f, x, y);
            case "pinhole_radial_k1" -> {
                double k = field(data, "disto_k1").numbers(1)[0];
                yield new Camera(CameraModel.SIMPLE_RADIAL, width, height, f, x, y, k);
            }
            case "pinhole_radial_k3" -> {
                double[] k = field(data, "disto_k3").numbers(3);
                yield k[2] == 0
                        ? new Camera(CameraModel.RADIAL, width, height, f, x, y, k[0], k[1])
                        : Brown.camera(width, height, f, f, x, y, k[0], k[1], k[2], 0, 0);
            }
            case "pinhole_brown_t2" -> {
                double[] k = field(data, "disto_t2").numbers(5);
                yield Brown.camera(width, height, f, f, x, y, k[0], k[1], k[2], k[3], k[4]);
            }
            case "fisheye" -> {
                double[] k = field(data, "fisheye").numbers(4);
                yield new Camera(CameraModel.OPENCV_FISHEYE, width, height, f, f, x, y, k[0], k[1], k[2], k[3]);
            }
            default ->
                throw data.wrong(
                        "pinhole, pinhole_radial_k1, pinhole_radial_k3, pinhole_brown_t2 or fisheye",
                        "\"" + intrinsics.type + "\"");
        });
    }
}
