package org.retrieval4j.localization.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseFile;

/**
 * What a map is built from and what is asked of it. Names are relative to the folder of images.
 *
 * @param images the folder of images
 * @param poses of the map's pictures, world to camera
 * @param cameras of the map's pictures
 * @param queries cameras of the queries
 * @param truth poses of queries, as far as they are published
 * @param conditions of queries; empty where results are not told apart
 * @param rig poses of the cameras of a rig, rig to camera; empty where there is none
 * @param scans poses of laser scans, world to scan, whose cut-outs are the map's pictures; empty where there are none
 */
public record LocalizationDataset(
        Path images,
        Map<String, Pose> poses,
        Map<String, Camera> cameras,
        Map<String, Camera> queries,
        Map<String, Pose> truth,
        Map<String, String> conditions,
        Map<String, Pose> rig,
        Map<String, Pose> scans) {
    /** Copies the maps in their order. */
    public LocalizationDataset {
        poses = copy(poses);
        cameras = copy(cameras);
        queries = copy(queries);
        truth = copy(truth);
        conditions = copy(conditions);
        rig = copy(rig);
        scans = copy(scans);
    }

    LocalizationDataset(
            Path images,
            Map<String, Pose> poses,
            Map<String, Camera> cameras,
            Map<String, Camera> queries,
            Map<String, Pose> truth,
            Map<String, String> conditions) {
        this(images, poses, cameras, queries, truth, conditions, Map.of(), Map.of());
    }

    private static <V> Map<String, V> copy(Map<String, V> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }

    /**
     * Writes {@code poses.txt}, {@code cameras.txt}, {@code queries.txt}, {@code truth.txt}, {@code conditions.txt},
     * {@code rig.txt} and {@code scans.txt}: those that are not empty.
     *
     * @param folder made if need be
     * @throws IOException if a file cannot be written
     */
    public void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        writePoses(folder.resolve("poses.txt"), poses);
        writeLines(folder.resolve("cameras.txt"), cameras);
        writeLines(folder.resolve("queries.txt"), queries);
        writePoses(folder.resolve("truth.txt"), truth);
        writeLines(folder.resolve("conditions.txt"), conditions);
        writePoses(folder.resolve("rig.txt"), rig);
        writePoses(folder.resolve("scans.txt"), scans);
    }

    private static void writePoses(Path file, Map<String, Pose> poses) throws IOException {
        if (!poses.isEmpty()) {
            PoseFile.write(file, poses);
        }
    }

    private static void writeLines(Path file, Map<String, ?> values) throws IOException {
        if (!values.isEmpty()) {
            StringBuilder text = new StringBuilder();
            values.forEach(
                    (name, value) -> text.append(name).append(' ').append(value).append('\n'));
            Files.writeString(file, text);
        }
    }
}
