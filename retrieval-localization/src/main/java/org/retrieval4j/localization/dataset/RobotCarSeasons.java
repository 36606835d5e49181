package org.retrieval4j.localization.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraModel;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.text.TextFile;

/**
 * RobotCar Seasons: poses of {@code 3D-models/all-merged/all.nvm}, whose names are {@code ./condition/camera/time.png} while
 * the pictures are JPEG; cameras of {@code intrinsics/}; queries are all pictures that are not overcast-reference, by their
 * condition, or those listed per location; truth is what {@code robotcar_v2_train.txt} tells, matrices from camera to world.
 * {@code extrinsics/} are matrices from camera to car, of which the rig has the inverse.
 */
final class RobotCarSeasons {
    private static final int SIDE = 1024;
    private static final String REFERENCE = "overcast-reference";
    private static final String PICTURE = "[^/]+/(left|rear|right)/[0-9]+\\.jpg";

    private RobotCarSeasons() {}

    static LocalizationDataset read(Path folder) throws IOException {
        Map<String, Camera> sides = new LinkedHashMap<>();
        Map<String, Pose> rig = new LinkedHashMap<>();
        for (String side : List.of("left", "rear", "right")) {
            sides.put(side, camera(folder.resolve("intrinsics").resolve(side + "_intrinsics.txt")));
            Path extrinsics = folder.resolve("extrinsics").resolve(side + "_extrinsics.txt");
            if (Files.exists(extrinsics)) {
                rig.put(side, Poses.readCameraToWorld(extrinsics));
            }
        }
        Path images = folder.resolve("images");
        Map<String, Pose> poses = new LinkedHashMap<>();
        Map<String, Camera> cameras = new LinkedHashMap<>();
        Path nvm = folder.resolve("3D-models/all-merged/all.nvm");
        for (NvmFile.Entry entry : NvmFile.read(nvm)) {
            String name = pictureName(entry.name());
            poses.put(name, entry.pose());
            cameras.put(name, camera(nvm, name, sides));
        }
        Map<String, Camera> queries = new LinkedHashMap<>();
        Map<String, String> conditions = new LinkedHashMap<>();
        Path lists = folder.resolve("3D-models/individual/queries_per_location");
        for (Path list : PublishedDataset.files(lists, "[^/]+\\.txt")) {
            try (TextFile text = new TextFile(list, TextFile.SPACES_AND_COMMAS)) {
                for (String[] fields = text.next(); fields != null; fields = text.next()) {
                    add(list, fields[0], sides, queries, conditions);
                }
            }
        }
        if (queries.isEmpty()) {
            for (Path file : PublishedDataset.files(images, PICTURE)) {
                String name = PublishedDataset.relative(images, file);
                if (!name.startsWith(REFERENCE + "/")) {
                    add(images, name, sides, queries, conditions);
                }
            }
        }
        if (queries.isEmpty()) {
            throw new IOException(folder + " has no queries: neither lists in " + lists + " nor pictures in " + images);
        }
        return new LocalizationDataset(images, poses, cameras, queries, truth(folder), conditions, rig, Map.of());
    }

    private static void add(
            Path source,
            String name,
            Map<String, Camera> sides,
            Map<String, Camera> queries,
            Map<String, String> conditions)
            throws IOException {
        queries.put(name, camera(source, name, sides));
        conditions.put(name, name.substring(0, name.indexOf('/')));
    }

    private static String pictureName(String name) {
        String plain = name.startsWith("./") ? name.substring(2) : name;
        return plain.endsWith(".png") ? plain.substring(0, plain.length() - 4) + ".jpg" : plain;
    }

    private static Camera camera(Path source, String name, Map<String, Camera> sides) throws IOException {
        if (!name.matches(PICTURE)) {
            throw new IOException(source + ": expected names as sun/rear/123.jpg, found \"" + name + "\"");
        }
        String[] parts = name.split("/");
        Camera camera = sides.get(parts[1]);
        if (camera == null) {
            throw new IllegalStateException(name);
        }
        return camera;
    }

    /** Lines {@code fx 400.0} and so on. */
    private static Camera camera(Path file) throws IOException {
        double[] values = new double[4];
        try (TextFile text = new TextFile(file, TextFile.SPACES_AND_COMMAS)) {
            String[] keys = {"fx", "fy", "cx", "cy"};
            for (int i = 0; i < 4; i++) {
                String[] fields = text.need("\"" + keys[i] + " number\"", 2);
                if (!fields[0].replace(":", "").equals(keys[i])) {
                    throw text.wrong("\"" + keys[i] + " number\"", "\"" + fields[0] + "\"");
                }
                values[i] = text.numbers(fields, 1, 1)[0];
            }
            return text.made(() -> new Camera(CameraModel.PINHOLE, SIDE, SIDE, values));
        }
    }

    private static Map<String, Pose> truth(Path folder) throws IOException {
        Map<String, Pose> truth = new LinkedHashMap<>();
        Path file = folder.resolve("robotcar_v2_train.txt");
        if (Files.exists(file)) {
            try (TextFile text = new TextFile(file, TextFile.SPACES_AND_COMMAS)) {
                for (String[] fields = text.next(); fields != null; fields = text.next()) {
                    double[] matrix = text.numbers(fields, 1, 16);
                    truth.put(pictureName(fields[0]), text.made(() -> Poses.ofCameraToWorld(matrix)));
                }
            }
        }
        return truth;
    }
}
