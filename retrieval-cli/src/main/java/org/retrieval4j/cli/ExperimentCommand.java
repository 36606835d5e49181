package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.cli.report.ExperimentPage;
import org.retrieval4j.cli.report.ParetoChart;
import org.retrieval4j.cli.report.WholeFile;
import org.retrieval4j.eval.GroundTruth;
import org.retrieval4j.experiment.Dataset;
import org.retrieval4j.experiment.ExperimentRunner;
import org.retrieval4j.experiment.Outcome;
import org.retrieval4j.world.Landmarks;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code retrieval experiment}: a grid of pipelines over data sets. */
@Command(
        name = "experiment",
        description = {
            "Try every combination of a file, and tell quality beside cost.",
            "",
            "The file is YAML: datasets (name, images, ground-truth; or landmarks with seeds, which are rendered),"
                    + " extractor, aggregator, index, rerank, verify, each one value or a list; matcher, verifier, depth,"
                    + " seed; fusion, a list of combinations whose ranked lists are fused (by, of, weights, rerank, verify)."
                    + " Results of stages are kept: another run computes what changed, and a run that was killed"
                    + " goes on. Written are results.json, results.csv, pareto.png, pareto.svg and index.html."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class ExperimentCommand extends Subcommand {
    private static final int WORST = 30;

    @Parameters(paramLabel = "FILE.yaml", description = "The experiment.")
    private Path file;

    @Option(
            names = "--output",
            paramLabel = "DIR",
            description = "Where results go (default: the file's name without its ending).")
    private Path output;

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description = "Where results of stages are kept (default: cache in the output folder).")
    private Path cache;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Mixin
    private ThreadOptions threads;

    @Mixin
    private DecodingOptions decoding;

    @Override
    int execute() throws IOException {
        Components components = Components.load();
        ExperimentFile experiment = ExperimentFile.read(file, components);
        String name = String.valueOf(file.getFileName()).replaceFirst("\\.[^.]+$", "");
        Path folder = output == null ? Path.of(name) : output;
        Path kept = cache == null ? folder.resolve("cache") : cache;
        Files.createDirectories(folder);
        ExperimentTable table = new ExperimentTable();
        List<Dataset> datasets = new ArrayList<>(experiment.datasets());
        try (Workers workers = threads.start();
                Decoding reading = Decoding.open(decoding, workers.threads());
                Progress progress = console().progress()) {
            Path base = file.toAbsolutePath().getParent();
            BuildContext context = BuildContext.defaults()
                    .withExecutor(workers.executor())
                    .withProgress(progress)
                    .withBaseDirectory(base == null ? Path.of("") : base);
            for (Landmarks.Options options : experiment.landmarks()) {
                datasets.add(RenderedLandmarks.dataset(options, kept, workers, progress));
            }
            requireDifferentNames(datasets);
            ExperimentRunner runner = new ExperimentRunner(kept, components, reading.reader(), context);
            Map<String, String> passedOver = new LinkedHashMap<>();
            ExperimentRunner.Listener listener = new ExperimentRunner.Listener() {
                @Override
                public void outcome(Outcome outcome) {
                    table.add(outcome);
                }

                @Override
                public void passedOver(String combination, String reason) {
                    passedOver.put(combination, reason);
                }
            };
            for (int i = 0; i < datasets.size(); i++) {
                runner.run(datasets.get(i), experiment.grid(), listener);
                progress.progress("data sets", i + 1, datasets.size());
            }
            progress.close();
            if (table.rows().isEmpty()) {
                throw new CommandException(file + ": no combination fits: "
                        + passedOver.entrySet().iterator().next());
            }
            passedOver.forEach((combination, reason) ->
                    console().note("passed over " + combination + ": " + Failures.oneLine(reason)));
            for (ExperimentTable.Row row : table.incomplete(datasets.size())) {
                console()
                        .note("left out " + row.label() + ": it ran on "
                                + row.outcomes().size() + " of " + datasets.size() + " data sets only");
            }
            write(folder, name, table, datasets, reading.reader());
        } catch (IllegalArgumentException refused) {
            throw new CommandException(file + ": " + refused.getMessage(), refused);
        }
        if (json) {
            console().print(Json.text(results(table)));
        } else {
            console().print(table.text());
            console().print("");
            console().print("Look at " + folder.resolve("index.html").toAbsolutePath());
        }
        return Main.DONE;
    }

    private void requireDifferentNames(List<Dataset> datasets) {
        Set<String> names = new HashSet<>();
        for (Dataset dataset : datasets) {
            if (!names.add(dataset.name())) {
                throw new CommandException(file + ": two data sets have the name \"" + dataset.name() + "\"");
            }
        }
    }

    private static Map<String, Object> results(ExperimentTable table) {
        List<Object> rows = new ArrayList<>();
        table.rows().forEach(row -> rows.add(row.json()));
        return Map.of("rows", rows);
    }

    private static void write(
            Path folder, String title, ExperimentTable table, List<Dataset> datasets, ImageReader reader)
            throws IOException {
        WholeFile.text(folder.resolve("results.json"), Json.text(results(table)) + "\n");
        WholeFile.text(folder.resolve("results.csv"), table.csv());
        List<ExperimentTable.Row> rows = table.rows();
        List<ExperimentTable.Row> frontier = ExperimentTable.frontier(rows);
        List<ParetoChart.Point> points = new ArrayList<>();
        List<ExperimentPage.Row> lines = new ArrayList<>();
        for (ExperimentTable.Row row : rows) {
            boolean best = frontier.contains(row);
            points.add(new ParetoChart.Point(row.label(), row.queryMillis(), row.mean(Outcome::map), best));
            lines.add(new ExperimentPage.Row(
                    row.label(),
                    List.of(
                            number("%.4f", row.mean(Outcome::map)),
                            number("%.4f", row.spread()),
                            number("%.3f", row.mean(Outcome::precisionAt1)),
                            number("%.1f", row.mean(Outcome::extractMillis)),
                            number("%.2f", row.mean(Outcome::aggregateMillis)),
                            number("%.2f", row.queryMillis()),
                            number("%.2f", row.mean(Outcome::buildSeconds)),
                            number("%.0f", row.mean(Outcome::bytesPerImage))),
                    best));
        }
        ExperimentPage.write(
                folder,
                title,
                new ParetoChart(title, points),
                List.of("mAP", "±", "p@1", "extract, ms", "aggregate, ms", "query, ms", "build, s", "bytes/image"),
                lines,
                worst(rows.get(0), datasets),
                (dataset, name) -> picture(datasets, reader, dataset, name));
    }

    private static List<ExperimentPage.Query> worst(ExperimentTable.Row row, List<Dataset> datasets)
            throws IOException {
        List<ExperimentPage.Query> queries = new ArrayList<>();
        for (Outcome outcome : row.outcomes()) {
            Dataset dataset = named(datasets, outcome.dataset());
            GroundTruth truth = GroundTruth.readCsv(dataset.groundTruth());
            outcome.averagePrecision().forEach((query, precision) -> {
                Set<String> relevant = truth.relevant().getOrDefault(query, Set.of());
                List<ExperimentPage.Answer> answers = new ArrayList<>();
                for (String answer : outcome.first().getOrDefault(query, List.of())) {
                    answers.add(new ExperimentPage.Answer(answer, relevant.contains(answer)));
                }
                queries.add(new ExperimentPage.Query(outcome.dataset(), query, precision, answers));
            });
        }
        queries.sort((a, b) -> a.precision() != b.precision()
                ? Double.compare(a.precision(), b.precision())
                : (a.dataset() + a.name()).compareTo(b.dataset() + b.name()));
        return queries.subList(0, Math.min(WORST, queries.size()));
    }

    private static Dataset named(List<Dataset> datasets, String name) {
        return datasets.stream()
                .filter(dataset -> dataset.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Optional<Image> picture(List<Dataset> datasets, ImageReader reader, String dataset, String name) {
        try {
            return Optional.of(reader.read(named(datasets, dataset).images().resolve(name)));
        } catch (IOException unreadable) {
            return Optional.empty(); // its name stands in its place
        }
    }

    private static String number(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
