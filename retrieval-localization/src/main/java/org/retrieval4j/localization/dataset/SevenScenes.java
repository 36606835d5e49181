package org.retrieval4j.localization.dataset;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraModel;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.text.TextFile;

/**
 * A scene of 7-Scenes: {@code TrainSplit.txt} and {@code TestSplit.txt} name sequences ({@code sequence1} is the folder
 * {@code seq-01}), each frame has a color picture and a matrix from camera to world. The color camera is not calibrated; 525
 * pixels are the usual focal length of that sensor.
 */
final class SevenScenes {
    private static final Camera COLOR = new Camera(CameraModel.SIMPLE_PINHOLE, 640, 480, 525, 320, 240);

    private SevenScenes() {}

    static LocalizationDataset read(Path folder) throws IOException {
        Map<String, Pose> poses = poses(folder, "TrainSplit.txt");
        Map<String, Pose> truth = poses(folder, "TestSplit.txt");
        return new LocalizationDataset(folder, poses, cameras(poses), cameras(truth), truth, Map.of());
    }

    private static Map<String, Camera> cameras(Map<String, Pose> poses) {
        Map<String, Camera> cameras = new LinkedHashMap<>();
        poses.keySet().forEach(name -> cameras.put(name, COLOR));
        return cameras;
    }

    private static Map<String, Pose> poses(Path folder, String split) throws IOException {
        Map<String, Pose> poses = new LinkedHashMap<>();
        try (TextFile text = new TextFile(folder.resolve(split), TextFile.SPACES_AND_COMMAS)) {
            for (String[] fields = text.next(); fields != null; fields = text.next()) {
                String digits = fields[0].replace("sequence", "");
                if (!fields[0].startsWith("sequence") || !digits.matches("[0-9]{1,4}")) {
                    throw text.wrong("a sequence as \"sequence1\"", "\"" + fields[0] + "\"");
                }
                String sequence = "seq-" + (digits.length() < 2 ? "0" + digits : digits);
                List<Path> files = PublishedDataset.files(folder.resolve(sequence), "frame-[0-9]+\\.pose\\.txt");
                if (files.isEmpty()) {
                    throw text.wrong("frames in " + folder.resolve(sequence), "none");
                }
                for (Path file : files) {
                    String name = String.valueOf(file.getFileName()).replace(".pose.txt", ".color.png");
                    poses.put(sequence + "/" + name, Poses.readCameraToWorld(file));
                }
            }
        }
        if (poses.isEmpty()) {
            throw new IOException(folder.resolve(split) + " names no sequence");
        }
        return poses;
    }
}
