package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.retrieval4j.world.Landmarks;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval landmarks}: a rendered data set for retrieval. */
@Command(
        name = "landmarks",
        description = {
            "Render buildings to search for, with exact truth.",
            "",
            "Written are images/ and relevant.csv, a query and its landmark's other pictures: what `evaluate ranking`"
                    + " reads for a database of `images`, indexed in this folder. Views are far apart, structures repeat, and each three buildings look alike but for what hangs"
                    + " on their fronts. The same seed and sizes give the same files."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class LandmarksCommand extends Subcommand {
    @Option(names = "--seed", paramLabel = "S", required = true, description = "Decides everything.")
    private long seed;

    @Option(
            names = "--output",
            paramLabel = "DIR",
            required = true,
            description = "The data set's folder: a new or an empty one.")
    private Path output;

    @Option(
            names = "--landmarks",
            paramLabel = "N",
            defaultValue = "24",
            description = "Buildings that are asked for (default: ${DEFAULT-VALUE}).")
    private int landmarks;

    @Option(
            names = "--views",
            paramLabel = "V",
            defaultValue = "10",
            description = "Pictures of each (default: ${DEFAULT-VALUE}).")
    private int views;

    @Option(
            names = "--width",
            paramLabel = "W",
            defaultValue = "480",
            description = "Pixels of every picture (default: ${DEFAULT-VALUE}).")
    private int width;

    @Option(
            names = "--height",
            paramLabel = "H",
            defaultValue = "360",
            description = "Pixels of every picture (default: ${DEFAULT-VALUE}).")
    private int height;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Mixin
    private ThreadOptions threads;

    @Override
    int execute() throws IOException {
        Landmarks.Options options;
        try {
            options = new Landmarks.Options(seed, landmarks, views, width, height);
        } catch (IllegalArgumentException refused) {
            throw new UsageException("landmarks: " + refused.getMessage(), refused);
        }
        long start = System.nanoTime();
        Landmarks all = new Landmarks(options);
        try (Workers workers = threads.start();
                Progress progress = console().progress()) {
            all.write(output, workers.executor(), progress);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        if (json) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("seed", seed);
            line.put("images", all.views().size());
            line.put("queries", landmarks * views);
            line.put("seconds", seconds);
            console().print(Json.text(line));
        } else {
            console()
                    .print(String.format(
                            Locale.ROOT,
                            "%s: %d pictures, %d of them queries, in %s",
                            output,
                            all.views().size(),
                            landmarks * views,
                            Progress.duration(seconds)));
        }
        return Main.DONE;
    }
}
