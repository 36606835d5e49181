package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.retrieval4j.experiment.Dataset;
import org.retrieval4j.world.Landmarks;

/** Data sets that are rendered because a file says {@code landmarks: {seeds: [1, 2], landmarks: 24, views: 10}}. */
final class RenderedLandmarks {
    private RenderedLandmarks() {}

    /** What a file says: one data set a seed. */
    static List<Landmarks.Options> options(YamlFields yaml, Object entry) throws IOException {
        Map<String, Object> made =
                yaml.map("landmarks", entry, List.of("seeds", "landmarks", "views", "width", "height"));
        List<Object> seeds = YamlFields.list(made.get("seeds"));
        if (seeds.isEmpty()) {
            throw yaml.wrong("landmarks", "seeds", "none");
        }
        List<Landmarks.Options> sets = new ArrayList<>();
        for (Object seed : seeds) {
            long value = yaml.number("seeds", seed, Long.MIN_VALUE, Long.MAX_VALUE);
            Landmarks.Options defaults = Landmarks.Options.defaults(value);
            try {
                sets.add(new Landmarks.Options(
                        value,
                        size(yaml, made, "landmarks", defaults.landmarks()),
                        size(yaml, made, "views", defaults.views()),
                        size(yaml, made, "width", defaults.width()),
                        size(yaml, made, "height", defaults.height())));
            } catch (IllegalArgumentException refused) {
                throw yaml.refused("landmarks", refused);
            }
        }
        return sets;
    }

    private static int size(YamlFields yaml, Map<String, Object> fields, String name, int otherwise)
            throws IOException {
        return (int) yaml.number(name, fields.getOrDefault(name, otherwise), 1, Integer.MAX_VALUE);
    }

    /** A rendered data set in the cache; its folder is there whole or not at all. */
    static Dataset dataset(Landmarks.Options options, Path cache, Workers workers, Progress progress)
            throws IOException {
        String name = String.format(
                Locale.ROOT,
                "landmarks-%d-%dx%d-%dx%d",
                options.seed(),
                options.landmarks(),
                options.views(),
                options.width(),
                options.height());
        Path folder = cache.resolve(name);
        if (!Files.exists(folder.resolve("relevant.csv"))) {
            Files.createDirectories(cache);
            new Landmarks(options).write(folder, workers.executor(), progress);
        }
        return new Dataset(name, folder, folder.resolve("relevant.csv"));
    }
}
