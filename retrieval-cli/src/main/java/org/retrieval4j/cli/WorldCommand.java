package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.retrieval4j.world.World;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval world}: pictures of a made-up world, with exact truth. */
@Command(
        name = "world",
        description = {
            "Render a street and rooms, two of which look alike, with exact poses, depths and classes.",
            "",
            "The folder gets images/; poses.txt and cameras.txt of a map; queries.txt with truth.txt; elsewhere.txt, queries"
                    + " taken in other places, half of them in rooms that look like those of the map; depths.txt and"
                    + " depths/, 16-bit PNG in millimeters; labels/ and labels/labels.txt; relevant.csv, a query and the"
                    + " map's pictures that show at least 30 % of it. The same seed and sizes give the same files."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class WorldCommand extends Subcommand {
    @Option(names = "--seed", paramLabel = "S", required = true, description = "Decides everything.")
    private long seed;

    @Option(
            names = "--output",
            paramLabel = "DIR",
            required = true,
            description = "The world's folder: a new or an empty one.")
    private Path output;

    @Option(
            names = "--images",
            paramLabel = "N",
            defaultValue = "80",
            description = "Pictures of the map (default: ${DEFAULT-VALUE}).")
    private int images;

    @Option(
            names = "--queries",
            paramLabel = "M",
            defaultValue = "40",
            description = "Queries in the places of the map (default: ${DEFAULT-VALUE}).")
    private int queries;

    @Option(
            names = "--elsewhere",
            paramLabel = "E",
            defaultValue = "20",
            description = "Queries taken in other places (default: ${DEFAULT-VALUE}).")
    private int elsewhere;

    @Option(
            names = "--width",
            paramLabel = "W",
            defaultValue = "640",
            description = "Pixels of every picture (default: ${DEFAULT-VALUE}).")
    private int width;

    @Option(
            names = "--height",
            paramLabel = "H",
            defaultValue = "480",
            description = "Pixels of every picture (default: ${DEFAULT-VALUE}).")
    private int height;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Mixin
    private ThreadOptions threads;

    @Override
    int execute() throws IOException {
        World.Options options;
        try {
            options = new World.Options(seed, images, queries, elsewhere, width, height);
        } catch (IllegalArgumentException refused) {
            throw new UsageException("world: " + refused.getMessage(), refused);
        }
        long start = System.nanoTime();
        try (Workers workers = threads.start();
                Progress progress = console().progress()) {
            new World(options).write(output, workers.executor(), progress);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        if (json) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("seed", seed);
            line.put("images", images);
            line.put("queries", queries);
            line.put("elsewhere", elsewhere);
            line.put("seconds", seconds);
            console().print(Json.text(line));
        } else {
            console()
                    .print(String.format(
                            Locale.ROOT,
                            "%s: %d pictures of a map, %d queries, %d taken elsewhere, in %s",
                            output,
                            images,
                            queries,
                            elsewhere,
                            Progress.duration(seconds)));
        }
        return Main.DONE;
    }
}
