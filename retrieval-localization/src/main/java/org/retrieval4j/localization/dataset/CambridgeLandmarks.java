package org.retrieval4j.localization.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraModel;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.text.TextFile;

/**
 * A scene of Cambridge Landmarks: {@code dataset_train.txt} and {@code dataset_test.txt} with lines {@code name x y z qw qx qy
 * qz}, the camera's position and the rotation from world to camera. Focal length and distortion are those of
 * {@code reconstruction.nvm}, all pictures having 1920 x 1080 pixels; VisualSFM's radial term undistorts where COLMAP's
 * distorts, so that its sign is changed, which is exact to first order. A picture that the model lacks gets the scene's mean
 * focal length.
 */
final class CambridgeLandmarks {
    private static final int WIDTH = 1920;
    private static final int HEIGHT = 1080;
    private static final int FIELDS = 8;

    private CambridgeLandmarks() {}

    static LocalizationDataset read(Path folder) throws IOException {
        Map<String, NvmFile.Entry> model = new LinkedHashMap<>();
        double sum = 0;
        Path nvm = folder.resolve("reconstruction.nvm");
        for (NvmFile.Entry entry : NvmFile.read(nvm)) {
            model.put(stem(entry.name()), entry);
            sum += entry.focalLength();
        }
        if (model.isEmpty()) {
            throw new IOException(nvm + " has no pictures");
        }
        double mean = sum / model.size();
        Map<String, Pose> poses = poses(folder.resolve("dataset_train.txt"));
        Map<String, Pose> truth = poses(folder.resolve("dataset_test.txt"));
        return new LocalizationDataset(
                folder, poses, cameras(poses, model, mean), cameras(truth, model, mean), truth, Map.of());
    }

    private static Map<String, Camera> cameras(Map<String, Pose> poses, Map<String, NvmFile.Entry> model, double mean) {
        Map<String, Camera> cameras = new LinkedHashMap<>();
        for (String name : poses.keySet()) {
            NvmFile.Entry entry = model.get(stem(name));
            double focal = entry == null ? mean : entry.focalLength();
            double radial = entry == null || entry.radial() == 0 ? 0 : -entry.radial();
            cameras.put(
                    name,
                    new Camera(CameraModel.SIMPLE_RADIAL, WIDTH, HEIGHT, focal, WIDTH / 2.0, HEIGHT / 2.0, radial));
        }
        return cameras;
    }

    /** The lists name PNG, the model JPEG. */
    private static String stem(String name) {
        int dot = name.lastIndexOf('.');
        return dot < 0 ? name : name.substring(0, dot);
    }

    private static Map<String, Pose> poses(Path file) throws IOException {
        if (!Files.exists(file)) {
            throw new IOException("no such file: " + file);
        }
        Map<String, Pose> poses = new LinkedHashMap<>();
        try (TextFile text = new TextFile(file, TextFile.SPACES_AND_COMMAS)) {
            for (String[] fields = text.next(); fields != null; fields = text.next()) {
                if (poses.isEmpty() && !fields[0].contains("/")) {
                    continue; // two lines of words at the head
                }
                if (fields.length != FIELDS) {
                    throw text.wrong("\"name x y z qw qx qy qz\"", fields.length + " fields");
                }
                double[] v = text.numbers(fields, 1, 7);
                Pose pose = text.made(() -> Poses.ofCenter(v[3], v[4], v[5], v[6], v[0], v[1], v[2]));
                if (poses.put(fields[0], pose) != null) {
                    throw text.wrong("each name once", "\"" + fields[0] + "\" again");
                }
            }
        }
        if (poses.isEmpty()) {
            throw new IOException(file + " has no poses");
        }
        return poses;
    }
}
