package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.cli.report.LocalizationEntry;
import org.retrieval4j.cli.report.LocalizationPage;
import org.retrieval4j.cli.report.PictureSource;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.database.RankedImage;
import org.retrieval4j.database.Ranking;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraFile;
import org.retrieval4j.localization.localizer.Deadline;
import org.retrieval4j.localization.localizer.Localization;
import org.retrieval4j.localization.localizer.LocalizationMap;
import org.retrieval4j.localization.localizer.Localizer;
import org.retrieval4j.localization.localizer.Query;
import org.retrieval4j.localization.map.PointMap;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseEstimate;
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
                    + " world to camera, of localized queries alone. A query that cannot be read is told, the others go on."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class LocalizeCommand extends Subcommand {
    private static final long SAVING_NANOS = 10_000_000_000L;

    @Option(names = "--map", paramLabel = "MAP", required = true, description = "The map's folder.")
    private Path map;

    @Option(names = "--queries", paramLabel = "queries.txt", required = true, description = "The queries' cameras.")
    private Path queries;

    @Option(names = "--images", paramLabel = "DIR", required = true, description = "The folder of the queries.")
    private Path images;

    @Option(names = "--output", paramLabel = "poses.txt", required = true, description = "Where the poses go.")
    private Path output;

    @Option(
            names = "--localizer",
            paramLabel = "SPEC",
            defaultValue = "sfm",
            description = "How poses are found (default: ${DEFAULT-VALUE}).")
    private String localizer;

    @Option(
            names = {"-k", "--retrieved"},
            paramLabel = "K",
            defaultValue = "20",
            description = "Images of the map that each query is matched with (default: ${DEFAULT-VALUE}).")
    private int retrieved;

    @Option(
            names = "--deadline",
            paramLabel = "SECONDS",
            defaultValue = "0",
            description = "Answer a query after this time with what was found by then; 0 takes the time it needs"
                    + " (default: ${DEFAULT-VALUE}).")
    private double deadline;

    @Option(names = "--report", paramLabel = "FILE.html", description = "Write a report to look at.")
    private @Nullable Path report;

    @Option(names = "--json", description = "Print one JSON object a query.")
    private boolean json;

    @Mixin
    private ThreadOptions threads;

    @Mixin
    private DecodingOptions decoding;

    /** What became of a query: an answer, or why it could not be asked. */
    private record Answer(
            String name,
            Optional<Localization> found,
            String failure,
            Orientation orientation,
            List<RankedImage> ranked,
            Map<String, Double> stages) {
        static Answer failed(String name, String reason) {
            return new Answer(name, Optional.empty(), reason, Orientation.ofExif(1), List.of(), Map.of());
        }

        double seconds() {
            return stages.values().stream().mapToDouble(Double::doubleValue).sum();
        }
    }

    @Override
    int execute() throws IOException {
        if (retrieved < 1) {
            throw new UsageException("-k must be at least 1, got " + retrieved);
        }
        if (!(deadline >= 0) || deadline > 1e6) {
            throw new UsageException("--deadline must be from 0 to 1000000 seconds, got " + deadline);
        }
        if (report != null) {
            Path folder = report.toAbsolutePath().getParent();
            if (folder == null || !Files.isDirectory(folder) || Files.isDirectory(report)) {
                throw new CommandException("the report cannot be written: " + report);
            }
        }
        Components components = Components.load();
        PipelineOptions.spec(components, "--localizer", Localizer.class, localizer);
        Map<String, Camera> cameras = CameraFile.read(queries);
        Map<String, Pose> poses = new LinkedHashMap<>();
        int failed = 0;
        try (PointMap points = MapFolder.open(map);
                Workers workers = threads.start();
                Decoding reading = Decoding.open(decoding, workers.threads());
                ImageDatabase database = Databases.openForReading(
                        MapFolder.database(map),
                        components,
                        BuildContext.defaults().withExecutor(workers.executor()));
                Matcher matcher =
                        components.create(Matcher.class, database.options().matcher(), BuildContext.defaults());
                Localizer localizing = components.create(Localizer.class, localizer);
                Progress progress = console().progress()) {
            LocalizationMap place = new LocalizationMap(points, points.checked(database), matcher);
            Optional<LocalizationPage> page = report == null
                    ? Optional.empty()
                    : Optional.of(new LocalizationPage(
                            map.toString(), localizing.spec().toString(), points));
            int done = 0;
            long saved = System.nanoTime();
            for (Map.Entry<String, Camera> query : cameras.entrySet()) {
                Answer answer = answer(query.getKey(), query.getValue(), database, reading, localizing, place);
                answer.found().flatMap(Localization::pose).ifPresent(pose -> poses.put(answer.name(), pose));
                failed += answer.found().isEmpty() ? 1 : 0;
                print(answer);
                page.ifPresent(drawn -> drawn.add(entry(answer, points, reading)));
                if (System.nanoTime() - saved > SAVING_NANOS) { // a kill loses little
                    PoseFile.write(output, poses);
                    saved = System.nanoTime();
                }
                if (cameras.size() > 1) {
                    progress.progress("localize", ++done, cameras.size());
                }
            }
            progress.close();
            if (page.isPresent() && report != null) {
                page.get().write(report);
                console().note("report written to " + report);
            }
        }
        PoseFile.write(output, poses);
        if (!json) {
            console()
                    .print(poses.size() + " of " + cameras.size() + " queries localized"
                            + (failed == 0 ? "" : ", " + failed + " could not be read"));
        }
        return Main.DONE;
    }

    private Answer answer(
            String name,
            Camera camera,
            ImageDatabase database,
            Decoding reading,
            Localizer localizing,
            LocalizationMap place)
            throws IOException {
        Map<String, Double> stages = new LinkedHashMap<>();
        long start = System.nanoTime();
        Image image;
        try {
            image = reading.reader().read(new PictureFolder(images).file(name));
        } catch (IOException unreadable) {
            return Answer.failed(name, Failures.message(unreadable));
        }
        if (image.width() != camera.width() || image.height() != camera.height()) {
            String sizes = "has " + image.width() + " x " + image.height() + " pixels, its camera " + camera.width()
                    + " x " + camera.height();
            return Answer.failed(name, sizes);
        }
        stages.put("read", since(start));
        long extracting = System.nanoTime();
        Deadline due = deadline == 0 ? Deadline.NONE : Deadline.in(Duration.ofNanos((long) (deadline * 1e9)));
        Extraction extraction = database.extract(image);
        stages.put("extract", since(extracting));
        long searching = System.nanoTime();
        Ranking ranking = database.search(extraction, SearchOptions.top(retrieved), 0);
        List<Hit> ranked = ranking.images().stream()
                .map(hit -> new Hit(hit.image().id(), hit.score()))
                .toList();
        stages.put("search", since(searching));
        Localization found = localizing.localize(
                place, new Query(extraction.local().orElseThrow(), camera, ranked, extraction.global(), due));
        stages.putAll(found.stageSeconds());
        return new Answer(name, Optional.of(found), "", image.orientation(), ranking.images(), stages);
    }

    private LocalizationEntry entry(Answer answer, PointMap points, Decoding reading) {
        List<Long> used = answer.found().map(Localization::images).orElse(List.of()).stream()
                .map(image -> points.images().get(image).id())
                .toList();
        List<LocalizationEntry.Retrieved> retrievedImages = answer.ranked().stream()
                .map(hit -> new LocalizationEntry.Retrieved(
                        hit.image().name(),
                        hit.score(),
                        used.contains(hit.image().id()),
                        picture(hit.image().name(), reading)))
                .toList();
        return new LocalizationEntry(
                answer.name(),
                answer.found(),
                answer.failure(),
                picture(answer.name(), reading),
                answer.orientation(),
                retrievedImages,
                answer.stages());
    }

    /** The map's pictures are looked for where the queries are: maps do not keep pictures. */
    private PictureSource picture(String name, Decoding reading) {
        return new PictureSource(name, () -> reading.reader().read(new PictureFolder(images).file(name)));
    }

    private static double since(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private void print(Answer answer) {
        if (json) {
            console().print(Json.text(object(answer)));
            return;
        }
        String name = Failures.oneLine(answer.name());
        if (answer.found().isEmpty()) {
            console().print(name + ": failed: " + Failures.oneLine(answer.failure()));
            return;
        }
        Localization found = answer.found().orElseThrow();
        PoseEstimate estimate = found.estimate();
        String what = found.pose().isEmpty()
                ? found.status().toString()
                : String.format(
                        Locale.ROOT,
                        "%s by %s, %d inliers, +- %.3g and %.2g degrees",
                        found.status(),
                        found.localizer(),
                        estimate.inliers().length,
                        estimate.positionSigma(),
                        estimate.rotationSigmaDegrees());
        console().print(String.format(Locale.ROOT, "%s: %s, %.2f s", name, what, answer.seconds()));
    }

    private static Map<String, Object> object(Answer answer) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("query", answer.name());
        if (answer.found().isEmpty()) {
            line.put("error", answer.failure());
            return line;
        }
        Localization found = answer.found().orElseThrow();
        PoseEstimate estimate = found.estimate();
        line.put("status", found.status().name());
        line.put("localizer", found.localizer());
        found.pose().ifPresent(pose -> {
            line.putAll(Json.pose(pose));
            if (estimate.covariance().length > 0) {
                line.put("positionSigma", estimate.positionSigma());
                line.put("rotationSigmaDegrees", estimate.rotationSigmaDegrees());
            }
        });
        line.put("inliers", estimate.inliers().length);
        line.put("correspondences", found.pixels().length / 2);
        line.put("score", estimate.score());
        line.put("images", found.images().size());
        line.put("stages", answer.stages());
        line.put("seconds", answer.seconds());
        return line;
    }
}
