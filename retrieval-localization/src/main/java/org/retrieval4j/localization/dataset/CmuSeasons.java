package org.retrieval4j.localization.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraFile;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.text.TextFile;

/**
 * CMU Seasons (undistorted pictures; poses of {@code 3D-models/…sliceN.nvm}; {@code query_lists/…sliceN.txt} with intrinsics,
 * which serve the map's pictures of the same camera too) and Extended CMU Seasons ({@code sliceN/} with its lists, positions of
 * cameras instead of translations, poses of half of the queries, one {@code intrinsics.txt}). Which of the two cameras took a
 * picture is told by {@code _c0_} or {@code _c1_} in its name. Conditions are the benchmark's scenes: urban, suburban and park.
 */
final class CmuSeasons {
    private static final Pattern SLICE = Pattern.compile("slice_?([0-9]+)");
    private static final Pattern CAMERA = Pattern.compile("_(c[0-9])_");

    private final Map<String, Pose> poses = new LinkedHashMap<>();
    private final Map<String, Camera> cameras = new LinkedHashMap<>();
    private final Map<String, Camera> queries = new LinkedHashMap<>();
    private final Map<String, Pose> truth = new LinkedHashMap<>();
    private final Map<String, String> conditions = new LinkedHashMap<>();
    private final Map<String, Camera> known = new LinkedHashMap<>();

    private CmuSeasons() {}

    static LocalizationDataset read(Path folder) throws IOException {
        CmuSeasons reader = new CmuSeasons();
        return Files.exists(folder.resolve("intrinsics.txt")) ? reader.extended(folder) : reader.first(folder);
    }

    private LocalizationDataset first(Path folder) throws IOException {
        for (Path list : PublishedDataset.files(folder.resolve("query_lists"), "(.*/)?[^/]*slice[^/]*\\.txt")) {
            int slice = slice(list);
            for (Map.Entry<String, Camera> query : CameraFile.read(list).entrySet()) {
                query(slice, query.getKey(), query.getValue());
                known.putIfAbsent(camera(list, query.getKey()), query.getValue());
            }
        }
        if (queries.isEmpty()) {
            throw new IOException(folder + " has no intrinsics.txt and no query_lists/*slice*.txt");
        }
        List<Path> models = PublishedDataset.files(folder.resolve("3D-models"), "(.*/)?[^/]*slice[^/]*\\.nvm");
        if (models.isEmpty()) {
            throw new IOException(folder.resolve("3D-models") + " has no *slice*.nvm");
        }
        for (Path model : models) {
            int slice = slice(model);
            for (NvmFile.Entry entry : NvmFile.read(model)) {
                String name = path(slice, "database", entry.name());
                poses.put(name, entry.pose());
                cameras.put(name, taken(model, name));
            }
        }
        return new LocalizationDataset(folder.resolve("images"), poses, cameras, queries, truth, conditions);
    }

    private LocalizationDataset extended(Path folder) throws IOException {
        known.putAll(CameraFile.read(folder.resolve("intrinsics.txt")));
        List<Path> lists = PublishedDataset.files(folder, "slice[0-9]+/ground-truth-database-images-slice[0-9]+\\.txt");
        if (lists.isEmpty()) {
            throw new IOException(folder + " has no sliceN/ground-truth-database-images-sliceN.txt");
        }
        for (Path list : lists) {
            int slice = slice(list);
            for (Map.Entry<String, Pose> image : centers(list).entrySet()) {
                String name = path(slice, "database", image.getKey());
                poses.put(name, image.getValue());
                cameras.put(name, taken(list, name));
            }
            Path images = list.resolveSibling("test-images-slice" + slice + ".txt");
            try (TextFile text = new TextFile(images, TextFile.SPACES_AND_COMMAS)) {
                for (String[] fields = text.next(); fields != null; fields = text.next()) {
                    query(slice, fields[0], taken(images, fields[0]));
                }
            }
            for (Path file : PublishedDataset.files(list.resolveSibling("camera-poses"), "[^/]+\\.txt")) {
                for (Map.Entry<String, Pose> image : centers(file).entrySet()) {
                    query(slice, image.getKey(), taken(file, image.getKey()));
                    truth.put(path(slice, "query", image.getKey()), image.getValue());
                }
            }
        }
        return new LocalizationDataset(folder, poses, cameras, queries, truth, conditions);
    }

    private void query(int slice, String name, Camera camera) {
        String path = path(slice, "query", name);
        queries.put(path, camera);
        conditions.put(path, scene(slice));
    }

    private static String scene(int slice) {
        if (slice >= 2 && slice <= 8) {
            return "urban";
        } else if (slice == 9 || slice == 10 || slice == 17) {
            return "suburban";
        } else if (slice >= 18 && slice <= 22 || slice == 24 || slice == 25) {
            return "park";
        }
        return "slice" + slice; // slices of the extended set, which the tables of 2018 do not name
    }

    private static String path(int slice, String folder, String name) {
        String inside = name.startsWith("./") ? name.substring(2) : name;
        String below = inside.indexOf('/') < 0 ? folder + "/" + inside : inside;
        return below.startsWith("slice") ? below : "slice" + slice + "/" + below;
    }

    private static int slice(Path file) throws IOException {
        Matcher matcher = SLICE.matcher(String.valueOf(file.getFileName()));
        if (!matcher.find() || matcher.group(1).length() > 4) {
            throw new IOException(file + ": expected the number of a slice in its name");
        }
        return Integer.parseInt(matcher.group(1));
    }

    private static String camera(Path file, String name) throws IOException {
        Matcher matcher = CAMERA.matcher(name);
        if (!matcher.find()) {
            throw new IOException(file + ": expected _c0_ or _c1_ in the name of a picture, found \"" + name + "\"");
        }
        return matcher.group(1);
    }

    private Camera taken(Path file, String name) throws IOException {
        String id = camera(file, name);
        Camera camera = known.get(id);
        if (camera == null) {
            throw new IOException(file + ": no intrinsics of camera " + id + ", which took " + name);
        }
        return camera;
    }

    /** Lines {@code name qw qx qy qz cx cy cz}: rotation from world to camera, position of the camera. */
    private static Map<String, Pose> centers(Path file) throws IOException {
        Map<String, Pose> poses = new LinkedHashMap<>();
        try (TextFile text = new TextFile(file, TextFile.SPACES_AND_COMMAS)) {
            for (String[] fields = text.next(); fields != null; fields = text.next()) {
                if (fields.length != 8) {
                    throw text.wrong("\"name qw qx qy qz cx cy cz\"", fields.length + " fields");
                }
                double[] v = text.numbers(fields, 1, 7);
                Pose pose = text.made(() -> Poses.ofCenter(v[0], v[1], v[2], v[3], v[4], v[5], v[6]));
                if (poses.put(fields[0], pose) != null) {
                    throw text.wrong("each name once", "\"" + fields[0] + "\" again");
                }
            }
        }
        return poses;
    }
}
