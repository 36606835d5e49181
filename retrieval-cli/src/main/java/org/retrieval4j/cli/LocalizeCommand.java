package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.database.Ranking;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraFile;
import org.retrieval4j.localization.map.PointMap;
import org.retrieval4j.localization.map.SfmLocalizer;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseEstimate;
import org.retrieval4j.localization.pose.PoseEstimator;
import org.retrieval4j.localization.pose.PoseFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval localize}: where photographs were taken. */
@Command(
        name = "localize",
        description = {
            "Find where photographs were taken, in a map.",
            "",
            "queries.txt has lines \"name MODEL width height params...\"; lines of the output are \"name qw qx qy qz tx ty tz\","
                    + " world to camera, of localized queries alone."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class LocalizeCommand extends Subcommand {
    @Option(names = "--map", paramLabel = "MAP", required = true, description = "The map's folder.")
    private Path map;

    @Option(names = "--queries", paramLabel = "queries.txt", required = true, description = "The queries' cameras.")
    private Path queries;

    @Option(names = "--images", paramLabel = "DIR", required = true, description = "The folder of the queries.")
    private Path images;

    @Option(names = "--output", paramLabel = "poses.txt", required = true, description = "Where the poses go.")
    private Path output;

    @Option(
            names = "--estimator",
            paramLabel = "SPEC",
            defaultValue = "ransac(max-error=8,min-inliers=8,min-significance=6)",
            description = "How poses are estimated (default: ${DEFAULT-VALUE}).")
    private String estimator;

    @Option(
            names = {"-k", "--retrieved"},
            paramLabel = "K",
            defaultValue = "20",
            description = "Images of the map that each query is matched with (default: ${DEFAULT-VALUE}).")
    private int retrieved;

    @Option(names = "--json", description = "Print one JSON object a query.")
    private boolean json;

    @Mixin
    private ThreadOptions threads;

    @Mixin
    private DecodingOptions decoding;

    @Override
    int execute() throws IOException {
        if (retrieved < 1) {
            throw new UsageException("-k must be at least 1, got " + retrieved);
        }
        Components components = Components.load();
        PipelineOptions.spec(components, "--estimator", PoseEstimator.class, estimator);
        Map<String, Camera> cameras = CameraFile.read(queries);
        Map<String, Pose> poses = new LinkedHashMap<>();
        try (PointMap points = MapFolder.open(map);
                Workers workers = threads.start();
                Decoding reading = Decoding.open(decoding, workers.threads());
                ImageDatabase database = Databases.openForReading(
                        MapFolder.database(map),
                        components,
                        BuildContext.defaults().withExecutor(workers.executor()));
                Matcher matcher =
                        components.create(Matcher.class, database.options().matcher(), BuildContext.defaults());
                PoseEstimator estimating = components.create(PoseEstimator.class, estimator)) {
            SfmLocalizer localizer = new SfmLocalizer(points, points.checked(database), matcher, estimating);
            for (Map.Entry<String, Camera> query : cameras.entrySet()) {
                long start = System.nanoTime();
                PoseEstimate found = localize(query.getKey(), query.getValue(), database, reading, localizer);
                found.pose().ifPresent(pose -> poses.put(query.getKey(), pose));
                print(query.getKey(), found, (System.nanoTime() - start) / 1e9);
            }
        }
        PoseFile.write(output, poses);
        if (!json) {
            console().print(poses.size() + " of " + cameras.size() + " queries localized");
        }
        return Main.DONE;
    }

    private PoseEstimate localize(
            String name, Camera camera, ImageDatabase database, Decoding reading, SfmLocalizer localizer)
            throws IOException {
        Image image = reading.reader().read(images.resolve(name));
        if (image.width() != camera.width() || image.height() != camera.height()) {
            throw new CommandException(name + " has " + image.width() + " x " + image.height() + " pixels, its camera "
                    + camera.width() + " x " + camera.height());
        }
        Extraction extraction = database.extract(image);
        Ranking ranking = database.search(extraction, SearchOptions.top(retrieved), 0);
        List<Long> ids = ranking.images().stream().map(hit -> hit.image().id()).toList();
        ImageFeatures features = extraction.local().orElseThrow();
        return localizer.localize(features, camera, ids).estimate();
    }

    private void print(String name, PoseEstimate found, double seconds) {
        if (json) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("query", name);
            line.put("status", found.status().name());
            found.pose().ifPresent(pose -> {
                line.put("qw", pose.qw());
                line.put("qx", pose.qx());
                line.put("qy", pose.qy());
                line.put("qz", pose.qz());
                line.put("tx", pose.tx());
                line.put("ty", pose.ty());
                line.put("tz", pose.tz());
                line.put("positionSigma", found.positionSigma());
                line.put("rotationSigmaDegrees", found.rotationSigmaDegrees());
            });
            line.put("inliers", found.inliers().length);
            line.put("score", found.score());
            line.put("seconds", seconds);
            console().print(Json.text(line));
        } else {
            console()
                    .print(String.format(
                            Locale.ROOT,
                            "%s: %s, %d inliers, %.2f s",
                            Failures.oneLine(name),
                            found.status(),
                            found.inliers().length,
                            seconds));
        }
    }
}
