package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.ImageFeatures;
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
import org.retrieval4j.localization.camera.CameraFile;
import org.retrieval4j.localization.map.MapBuilder;
import org.retrieval4j.localization.map.MapImage;
import org.retrieval4j.localization.map.PointMap;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval map build}: a map of points from photographs with known poses and cameras. */
@Command(
        name = "build",
        description = {
            "Make a map from photographs whose poses and cameras are known.",
            "",
            "The map holds exactly the images named in the poses. poses.txt has lines \"name qw qx qy qz tx ty tz\", world to"
                    + " camera; cameras.txt has lines \"name MODEL width height params...\", pixels as COLMAP's. Names are"
                    + " relative to the folder of images, with \"/\", without white space."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class MapBuildCommand extends Subcommand {
    @Option(names = "--images", paramLabel = "DIR", required = true, description = "The folder of the images.")
    private Path images;

    @Option(names = "--poses", paramLabel = "poses.txt", required = true, description = "Where they were taken.")
    private Path poses;

    @Option(names = "--cameras", paramLabel = "cameras.txt", required = true, description = "Their cameras.")
    private Path cameras;

    @Option(names = "--output", paramLabel = "MAP", required = true, description = "The map's folder, a new one.")
    private Path output;

    @Option(
            names = "--local",
            paramLabel = "SPEC",
            description = "Local features (default: ${DEFAULT-VALUE}).",
            defaultValue = "sift(max-keypoints=4000,max-size=1600)")
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

    @Option(
            names = "--pairs",
            paramLabel = "N",
            defaultValue = "20",
            description = "Images that each is matched with, the nearest (default: ${DEFAULT-VALUE}).")
    private int pairs;

    @Option(
            names = "--max-error",
            paramLabel = "PIXELS",
            defaultValue = "4",
            description = "Largest error of an observation (default: ${DEFAULT-VALUE}).")
    private double maxError;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Mixin
    private ThreadOptions threads;

    @Mixin
    private DecodingOptions decoding;

    @Override
    int execute() throws IOException {
        MapBuilder.Options options;
        try {
            options = new MapBuilder.Options(
                    maxError, MapBuilder.Options.defaults().minAngleDegrees(), pairs);
        } catch (IllegalArgumentException refused) {
            throw new UsageException("map build: " + refused.getMessage(), refused);
        }
        Components components = Components.load();
        DatabaseOptions pipeline = DatabaseOptions.defaults()
                .withExtractor(PipelineOptions.spec(components, "--local", Extractor.class, local))
                .withAggregator(
                        Optional.of(PipelineOptions.spec(components, "--retrieval", Aggregator.class, retrieval)))
                .withMatcher(PipelineOptions.spec(components, "--matcher", Matcher.class, matcher))
                .withKeep(Keep.FLOAT);
        Map<String, Pose> posed = PoseFile.read(poses);
        Map<String, Camera> known = CameraFile.read(cameras);
        List<ImageSource> sources = sources(posed, known);
        if (Files.exists(output)) {
            throw new CommandException("already exists: " + output);
        }
        Files.createDirectories(output);
        long start = System.nanoTime();
        try (Workers workers = threads.start();
                Decoding reading = Decoding.open(decoding, workers.threads());
                Progress progress = console().progress()) {
            BuildContext context =
                    BuildContext.defaults().withExecutor(workers.executor()).withProgress(progress);
            try (ImageDatabase database =
                            ImageDatabase.create(MapFolder.database(output), pipeline, components, context);
                    Matcher pairing = components.create(Matcher.class, pipeline.matcher(), context)) {
                IndexingReport report = database.addAll(
                        sources,
                        reading.reader(),
                        IndexingOptions.defaults()
                                .withExecutor(workers.executor())
                                .withProgress(progress)
                                .withWindow(Math.max(32, 4 * workers.threads())));
                if (!report.skipped().isEmpty()) {
                    Skipped first = report.skipped().get(0);
                    throw new CommandException(first.name() + " of " + poses + ": " + first.reason());
                }
                List<MapImage> placed = new ArrayList<>();
                List<ImageFeatures> features = new ArrayList<>();
                for (ImageRecord image : database.images()) {
                    Camera camera = known.get(image.name());
                    Pose pose = posed.get(image.name());
                    if (camera == null || pose == null) {
                        throw new IllegalStateException(image.name());
                    }
                    if (camera.width() != image.width() || camera.height() != image.height()) {
                        throw new CommandException(image.name() + " has " + image.width() + " x " + image.height()
                                + " pixels, its camera " + camera.width() + " x " + camera.height());
                    }
                    placed.add(new MapImage(image.id(), image.name(), camera, pose));
                    features.add(database.features(image.id()).orElseThrow());
                }
                try (PointMap map = MapBuilder.build(placed, features, pairing, options, workers.executor())) {
                    map.write(MapFolder.points(output));
                    progress.close();
                    print(map, (System.nanoTime() - start) / 1e9);
                }
            }
        }
        return Main.DONE;
    }

    private List<ImageSource> sources(Map<String, Pose> posed, Map<String, Camera> known) {
        List<ImageSource> sources = new ArrayList<>();
        if (posed.isEmpty()) {
            throw new CommandException(poses + " has no poses");
        }
        for (String name : posed.keySet()) {
            if (!known.containsKey(name)) {
                throw new CommandException(cameras + " has no camera of " + name);
            }
            Path file = images.resolve(name).normalize();
            if (!file.startsWith(images.normalize()) || !Files.isRegularFile(file)) {
                throw new CommandException("no image " + name + " in " + images);
            }
            sources.add(new ImageSource(name, file));
        }
        return sources;
    }

    private void print(PointMap map, double seconds) {
        Map<String, Object> line = MapInfoCommand.statistics(map);
        line.put("seconds", seconds);
        if (json) {
            console().print(Json.text(line));
        } else {
            console()
                    .print(String.format(
                            Locale.ROOT, "%s in %s", MapInfoCommand.text(map), Progress.duration(seconds)));
        }
    }
}
