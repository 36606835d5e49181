package org.retrieval4j.localization.dataset;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraFile;
import org.retrieval4j.localization.pose.Pose;

/**
 * Aachen Day-Night: poses of {@code 3D-models/*.nvm} (or of Bundler's files beside it), cameras of the lists of intrinsics,
 * which alone count, and queries of {@code queries/day_time…} and {@code queries/night_time…}. No truth is published.
 */
final class AachenDayNight {
    private AachenDayNight() {}

    static LocalizationDataset read(Path folder) throws IOException {
        Path models = folder.resolve("3D-models");
        Map<String, Camera> known = new LinkedHashMap<>();
        List<Path> intrinsics = PublishedDataset.files(models, "(.*/)?database_intrinsics[^/]*\\.txt");
        if (intrinsics.isEmpty()) {
            throw new IOException(models + " has no database_intrinsics*.txt");
        }
        for (Path file : intrinsics) {
            CameraFile.read(file).forEach(known::putIfAbsent);
        }
        Map<String, Pose> poses = new LinkedHashMap<>();
        List<Path> nvm = PublishedDataset.files(models, "(.*/)?aachen[^/]*\\.nvm");
        if (!nvm.isEmpty()) {
            for (NvmFile.Entry entry : NvmFile.read(nvm.get(0))) {
                poses.put(entry.name(), entry.pose());
            }
        } else {
            List<Path> out = PublishedDataset.files(models, "(.*/)?aachen[^/]*\\.out");
            if (out.isEmpty()) {
                throw new IOException(models + " has no aachen*.nvm and no aachen*.out");
            }
            String name = String.valueOf(out.get(0).getFileName());
            Path list = out.get(0).resolveSibling(name.substring(0, name.length() - 4) + ".list.txt");
            poses.putAll(BundlerFile.read(out.get(0), list, BundlerFile.World.TURNED));
        }
        Map<String, Camera> cameras = new LinkedHashMap<>();
        for (String name : poses.keySet()) {
            Camera camera = known.get(name);
            if (camera == null) {
                throw new IOException(intrinsics.get(0) + " has no camera of " + name);
            }
            cameras.put(name, camera);
        }
        Map<String, Camera> queries = new LinkedHashMap<>();
        Map<String, String> conditions = new LinkedHashMap<>();
        for (String condition : List.of("day", "night")) {
            for (Path file : PublishedDataset.files(
                    folder.resolve("queries"), condition + "_time_queries_with_intrinsics[^/]*\\.txt")) {
                for (Map.Entry<String, Camera> query : CameraFile.read(file).entrySet()) {
                    queries.putIfAbsent(query.getKey(), query.getValue());
                    conditions.putIfAbsent(query.getKey(), condition);
                }
            }
        }
        if (queries.isEmpty()) {
            throw new IOException(folder.resolve("queries") + " has no *_time_queries_with_intrinsics*.txt");
        }
        return new LocalizationDataset(
                PublishedDataset.first(folder, "images/images_upright", "images_upright", "images"),
                poses,
                cameras,
                queries,
                Map.of(),
                conditions);
    }
}
