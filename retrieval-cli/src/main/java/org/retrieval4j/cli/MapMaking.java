package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.database.DatabaseOptions;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.database.ImageRecord;
import org.retrieval4j.database.ImageSource;
import org.retrieval4j.database.IndexingOptions;
import org.retrieval4j.database.IndexingReport;
import org.retrieval4j.database.Keep;
import org.retrieval4j.database.Skipped;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.map.MapImage;
import org.retrieval4j.localization.map.PointColors;
import org.retrieval4j.localization.map.PointMap;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What making a map takes, wherever its points come from: pictures are indexed, then points made of their features. */
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class MapMaking {
    @Option(names = "--images", paramLabel = "DIR", required = true, description = "The folder of the images.")
    private Path images;

    @Option(names = "--output", paramLabel = "MAP", required = true, description = "The map's folder, a new one.")
    private Path output;

    @Option(
            names = "--local",
            paramLabel = "SPEC",
            description = "Local features (default: ${DEFAULT-VALUE}).",
            defaultValue = "sift(max-keypoints=4000,max-size=1600,contrast-threshold=0.01)")
    private String local;

    @Option(
            names = "--matcher",
            paramLabel = "SPEC",
            description = "What pairs features (default: ${DEFAULT-VALUE}).",
            defaultValue = "mutual-nearest-neighbor(ratio=0.85)")
    private String matcher;

    @Option(
            names = "--retrieval",
            paramLabel = "SPEC",
            defaultValue = "vlad(clusters=64,normalization=intra)",
            description = "From local features to the vector that ranks images (default: ${DEFAULT-VALUE}).")
    private String retrieval;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Mixin
    private ThreadOptions threads;

    @Mixin
    private DecodingOptions decoding;

    /** Makes points of pictures whose features are in a database. */
    interface Points {
        PointMap of(List<MapImage> images, ImageDatabase features, Matcher matcher, Executor executor)
                throws IOException;
    }

    /**
     * Makes the map and tells what it holds.
     *
     * @param posed the pictures; their ids are given by the database
     * @param origin who names them, for messages
     */
    void run(Console console, List<MapImage> posed, Path origin, Points points) throws IOException {
        Components components = Components.load();
        DatabaseOptions pipeline = DatabaseOptions.defaults()
                .withExtractor(PipelineOptions.spec(components, "--local", Extractor.class, local))
                .withAggregator(
                        Optional.of(PipelineOptions.spec(components, "--retrieval", Aggregator.class, retrieval)))
                .withMatcher(PipelineOptions.spec(components, "--matcher", Matcher.class, matcher))
                .withKeep(Keep.FLOAT);
        List<ImageSource> sources = sources(images, posed);
        long start = System.nanoTime();
        try (Workers workers = threads.start();
                Decoding reading = Decoding.open(decoding, workers.threads());
                Progress progress = console.progress()) {
            BuildContext context =
                    BuildContext.defaults().withExecutor(workers.executor()).withProgress(progress);
            MapFolder.create(output, folder -> {
                try (ImageDatabase database =
                                ImageDatabase.create(MapFolder.database(folder), pipeline, components, context);
                        Matcher pairing = components.create(Matcher.class, pipeline.matcher(), context)) {
                    index(database, sources, reading, workers, progress, origin);
                    List<MapImage> placed = placed(database, posed);
                    try (PointMap map = points.of(placed, database, pairing, workers.executor());
                            PointMap colored = colored(map, database, images, reading, workers)) {
                        colored.write(MapFolder.points(folder));
                    }
                }
            });
            progress.close();
        }
        try (PointMap map = MapFolder.open(output)) {
            print(console, map, (System.nanoTime() - start) / 1e9);
        }
    }

    static List<ImageSource> sources(Path images, List<MapImage> posed) throws IOException {
        List<ImageSource> sources = new ArrayList<>();
        PictureFolder folder = new PictureFolder(images);
        for (MapImage image : posed) {
            Path file = folder.file(image.name());
            if (!Files.isRegularFile(file)) {
                throw new CommandException("no image " + image.name() + " in " + images);
            }
            sources.add(new ImageSource(image.name(), file));
        }
        return sources;
    }

    static void index(
            ImageDatabase database,
            List<ImageSource> sources,
            Decoding reading,
            Workers workers,
            Progress progress,
            Path origin)
            throws IOException {
        IndexingReport report = database.addAll(
                sources,
                reading.reader(),
                IndexingOptions.defaults()
                        .withExecutor(workers.executor())
                        .withProgress(progress)
                        .withWindow(Math.max(32, 4 * workers.threads())));
        if (!report.skipped().isEmpty()) {
            Skipped first = report.skipped().get(0);
            throw new CommandException(first.name() + " of " + origin + ": " + first.reason());
        }
    }

    /**
     * The pictures with the ids of the database, ascending.
     *
     * @throws CommandException if one is not there: a database has a file under one name
     */
    static List<MapImage> placed(ImageDatabase database, List<MapImage> posed) {
        Map<String, MapImage> byName = new LinkedHashMap<>();
        for (MapImage image : posed) {
            byName.put(image.name(), image);
        }
        List<MapImage> placed = new ArrayList<>();
        for (ImageRecord image : database.images()) {
            MapImage at = byName.get(image.name());
            if (at == null) {
                continue;
            }
            Camera camera = at.camera();
            if (camera.width() != image.width() || camera.height() != image.height()) {
                throw new CommandException(image.name() + " has " + image.width() + " x " + image.height()
                        + " pixels, its camera " + camera.width() + " x " + camera.height());
            }
            placed.add(new MapImage(image.id(), image.name(), camera, at.pose(), at.number(), at.cameraNumber()));
            byName.remove(image.name());
        }
        if (!byName.isEmpty()) {
            throw new CommandException(
                    byName.keySet().iterator().next() + " is the file of another image: a map has a file once");
        }
        return placed;
    }

    /** Points without a color get that of the pictures in a folder. */
    static PointMap colored(PointMap map, ImageDatabase database, Path images, Decoding reading, Workers workers)
            throws IOException {
        PictureFolder folder = new PictureFolder(images);
        return PointColors.color(
                map,
                database,
                image -> {
                    Path file = folder.file(image.name());
                    return Files.isRegularFile(file)
                            ? Optional.of(reading.reader().read(file))
                            : Optional.empty();
                },
                workers.executor());
    }

    private void print(Console console, PointMap map, double seconds) {
        Map<String, @Nullable Object> line = MapInfoCommand.statistics(map);
        line.put("seconds", seconds);
        if (json) {
            console.print(Json.text(line));
        } else {
            console.print(String.format(
                    Locale.ROOT,
                    "%d images, %d points, %d observations in %s",
                    map.images().size(),
                    map.size(),
                    map.observations(),
                    Progress.duration(seconds)));
        }
    }
}
