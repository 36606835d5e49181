package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.database.DatabaseOptions;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.database.ImageRecord;
import org.retrieval4j.database.IndexingOptions;
import org.retrieval4j.database.IndexingReport;
import org.retrieval4j.database.Skipped;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code retrieval index}: adds pictures to a database, which it creates if there is none. */
@Command(
        name = "index",
        description = {
            "Add photographs to a database, which is created if it is not there.",
            "",
            "Folders are walked recursively for files with a picture's ending (jpg, jpeg, png, webp, tif, tiff, bmp, gif,"
                    + " jp2), and so are archives (.tar), which are not unpacked; what is hidden is left out. A picture that cannot be read is reported, skipped and counted."
                    + " What is there already and unchanged is not indexed again: after an interruption, the same command"
                    + " goes on where it stopped."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class IndexCommand extends Subcommand {
    @Option(names = "--database", paramLabel = "DIR", required = true, description = "The database's folder.")
    private Path database;

    @Parameters(
            arity = "1..*",
            paramLabel = "IMAGES_OR_FOLDERS",
            description = "Picture files, folders and .tar of them.")
    private List<String> arguments;

    @Mixin
    private PipelineOptions pipeline;

    @Mixin
    private ThreadOptions threads;

    @Mixin
    private DecodingOptions decoding;

    @Option(names = "--json", description = "Print one JSON object at the end.")
    private boolean json;

    @Override
    int execute() throws IOException {
        Components components = Components.load();
        try (Workers workers = threads.start();
                Decoding reading = Decoding.open(decoding, workers.threads());
                Progress progress = console().progress()) {
            BuildContext context =
                    BuildContext.defaults().withExecutor(workers.executor()).withProgress(progress);
            try (ImageDatabase target = openOrCreate(components, context)) {
                Origins origins = Origins.of(database);
                List<String> names =
                        target.images().stream().map(ImageRecord::name).toList();
                ImageFiles files = ImageFiles.of(arguments, ImageFiles.byRealPath(names, origins));
                Origins.remember(database);
                IndexingReport report = target.addAll(
                        files.sources(),
                        reading.reader(),
                        IndexingOptions.defaults()
                                .withExecutor(workers.executor())
                                .withProgress(progress)
                                .withWindow(Math.max(32, 4 * workers.threads())));
                progress.close();
                print(files, report, target.size());
            }
        }
        return Main.DONE;
    }

    private ImageDatabase openOrCreate(Components components, BuildContext context) throws IOException {
        if (ImageDatabase.exists(database)) {
            ImageDatabase opened = ImageDatabase.open(database, components, context);
            try {
                pipeline.requireAgreement(database, opened.options(), components);
                return opened;
            } catch (RuntimeException disagreement) {
                opened.close();
                throw disagreement;
            }
        }
        // before anything is created: a mistyped folder must not leave an empty database behind
        ImageFiles.of(arguments, new LinkedHashMap<>());
        DatabaseOptions options = pipeline.options(components);
        return ImageDatabase.create(database, options, components, context.withSeed(options.seed()));
    }

    private void print(ImageFiles files, IndexingReport report, long size) {
        List<Skipped> skipped = new ArrayList<>(files.missing());
        skipped.addAll(report.skipped());
        if (json) {
            List<Object> list = new ArrayList<>();
            for (Skipped image : skipped) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("image", image.name());
                entry.put("reason", Failures.oneLine(image.reason()));
                list.add(entry);
            }
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("indexed", report.indexed());
            line.put("skipped", list);
            line.put("seconds", Math.round(report.seconds() * 1000) / 1000.0);
            console().print(Json.text(line));
            return;
        }
        for (Skipped image : skipped) {
            console().print("skipped " + Failures.oneLine(image.name()) + ": " + Failures.oneLine(image.reason()));
        }
        StringBuilder text = new StringBuilder("indexed " + report.indexed() + " images");
        if (report.unchanged() > 0) {
            text.append(", ").append(report.unchanged()).append(" unchanged");
        }
        if (files.repeated() > 0) {
            text.append(", ").append(files.repeated()).append(" named twice");
        }
        if (!skipped.isEmpty()) {
            text.append(", ").append(skipped.size()).append(" skipped");
        }
        text.append(" in ").append(Progress.duration(report.seconds()));
        console().print(text + "; " + database + " holds " + size);
    }
}
