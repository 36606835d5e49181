package org.retrieval4j.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.cli.report.RecallSpeedPage;
import org.retrieval4j.cli.report.WholeFile;
import org.retrieval4j.eval.IndexTrial;
import org.retrieval4j.eval.RecallSpeed;
import org.retrieval4j.eval.RecallSpeedChart;
import org.retrieval4j.index.Metric;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval bench knn}: recall, speed, build time and memory of indexes on one's own vectors. */
@Command(
        name = "knn",
        description = {
            "Measure recall, speed, build time and memory of indexes on your own vectors.",
            "",
            "Files are .npy (n x d), .fvecs, .bvecs, or the .hdf5 of ann-benchmarks. Recall@K is against exact search, or"
                    + " the neighbors of --truth. --sweep and --candidates measure each index with several settings;"
                    + " an index is built anew for each value of a sweep, once for all --candidates. Files of FAISS are"
                    + " measured as they are; they must hold --base, in its order."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class BenchKnnCommand extends Subcommand {
    @Option(
            names = "--index",
            paramLabel = "SPEC|faiss:FILE",
            required = true,
            description = "An index, or a file of FAISS; may be given repeatedly.")
    private List<String> indexes;

    @Mixin
    private KnnOptions options;

    @Option(
            names = "--truth",
            paramLabel = "T.ivecs|.npy|.hdf5",
            description = "The true nearest rows of each query, best first (default: exact search).")
    private @Nullable Path truth;

    @Option(
            names = "--sweep",
            paramLabel = "PARAMETER=A,B,...",
            description = "Measure each index that has the parameter with each value: probes=1,4,16.")
    private @Nullable String sweep;

    @Option(
            names = "--candidates",
            paramLabel = "N",
            split = ",",
            description = "Candidates of a search, several: ef of hnsw, re-ranked ones of ivf-pq and binary.")
    private List<Integer> candidates = List.of();

    @Option(names = "--png", paramLabel = "FILE", description = "Draw recall and speed.")
    private @Nullable Path png;

    @Option(names = "--html", paramLabel = "FILE", description = "Draw recall and speed on a page with a table.")
    private @Nullable Path html;

    @Option(names = "--json", description = "Print one JSON object a measurement.")
    private boolean json;

    /** An index to measure, by its spec or from a file: one point of a sweep. */
    private record Setting(String index, String series, String name) {
        Setting(String index) {
            this(index, index, "");
        }
    }

    @Override
    int execute() throws IOException {
        options.check();
        for (int number : candidates) {
            if (number < 1) {
                throw new UsageException("--candidates must be at least 1, got " + number);
            }
        }
        List<ComponentSpec> specs = options.specs(
                indexes.stream().filter(index -> !KnnOptions.isFile(index)).toList());
        List<Setting> settings = new ArrayList<>();
        int next = 0;
        for (String index : indexes) {
            settings.addAll(KnnOptions.isFile(index) ? List.of(new Setting(index)) : settings(specs.get(next++)));
        }
        FloatMatrix base = options.base();
        FloatMatrix queries = options.queries();
        List<RecallSpeed> points = new ArrayList<>();
        Metric metric;
        try (Workers others = options.start()) {
            BuildContext context = options.context(others);
            metric = specs.isEmpty() ? metricOf(indexes.get(0), context, base.columns()) : options.metric(specs.get(0));
            int[][] nearest = truth != null
                    ? VectorFiles.neighbors(truth)
                    : RecallSpeed.truth(metric, base, queries, options.k(), context);
            for (Setting setting : settings) {
                try (IndexTrial trial = KnnOptions.isFile(setting.index)
                        ? options.open(setting.index, context, base.columns())
                        : options.fill(options.spec(setting.index), context, base)) {
                    requireMetric(setting, metric, trial);
                    measure(setting, trial, queries, nearest, points);
                }
            }
        } catch (IllegalArgumentException refused) {
            throw new CommandException("bench knn: " + refused.getMessage(), refused);
        }
        draw(base, queries, metric, points);
        return Main.DONE;
    }

    private Metric metricOf(String file, BuildContext context, int dimension) throws IOException {
        try (IndexTrial trial = options.open(file, context, dimension)) {
            return options.metric(trial.index().spec());
        }
    }

    private void requireMetric(Setting setting, Metric metric, IndexTrial trial) {
        Metric found = options.metric(trial.index().spec());
        if (found != metric) {
            throw new UsageException("--index " + setting.index + " compares by "
                    + found.name().toLowerCase(Locale.ROOT) + ", an index before it by "
                    + metric.name().toLowerCase(Locale.ROOT));
        }
    }

    private void measure(
            Setting setting, IndexTrial trial, FloatMatrix queries, int[][] nearest, List<RecallSpeed> points) {
        SearchOptions search = SearchOptions.top(options.k());
        for (int number : candidates.isEmpty() ? List.of(0) : candidates) {
            String fixed = number == 0 || setting.name.isEmpty() ? "" : " candidates=" + number;
            String name = number == 0 || !setting.name.isEmpty() ? setting.name : Integer.toString(number);
            SearchOptions here = number == 0 ? search : search.withCandidates(Math.max(number, options.k()));
            RecallSpeed point =
                    RecallSpeed.measure(setting.series + fixed, name, trial, queries, here, options.repeat(), nearest);
            points.add(point);
            print(setting.index, number, point);
        }
    }

    /** An index alone, or with each value of the sweep. */
    private List<Setting> settings(ComponentSpec spec) {
        if (sweep == null) {
            return List.of(new Setting(spec.toString()));
        }
        int equals = sweep.indexOf('=');
        if (equals < 1 || equals == sweep.length() - 1) {
            throw new UsageException("--sweep must be PARAMETER=A,B,..., got " + sweep);
        }
        String parameter = sweep.substring(0, equals);
        if (!options.hasParameter(spec, parameter)) {
            return List.of(new Setting(spec.toString()));
        }
        List<Setting> settings = new ArrayList<>();
        for (String value : sweep.substring(equals + 1).split(",", -1)) {
            Map<String, String> parameters = new LinkedHashMap<>(spec.first().parameters());
            parameters.remove(parameter);
            String series = ComponentSpec.of(new ComponentSpec.Part(spec.first().name(), parameters))
                    .toString();
            parameters.put(parameter, value);
            ComponentSpec one =
                    ComponentSpec.of(new ComponentSpec.Part(spec.first().name(), parameters));
            settings.add(new Setting(options.spec(one.toString()).toString(), series, value));
        }
        return settings;
    }

    private void print(String index, int number, RecallSpeed point) {
        if (json) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("index", index);
            if (number > 0) {
                line.put("candidates", number);
            }
            line.put("k", options.k());
            line.put("recall", point.recall());
            line.put("queriesPerSecond", point.queriesPerSecond());
            line.put("buildSeconds", point.buildSeconds());
            line.put("memoryBytes", point.memoryBytes());
            console().print(Json.text(line));
        } else {
            console()
                    .print(String.format(
                            Locale.ROOT,
                            "%s%s: recall@%d %.4f, %.1f queries/s, built in %.2f s, %.1f MB",
                            index,
                            number > 0 ? " candidates=" + number : "",
                            options.k(),
                            point.recall(),
                            point.queriesPerSecond(),
                            point.buildSeconds(),
                            point.memoryBytes() / 1e6));
        }
    }

    private void draw(FloatMatrix base, FloatMatrix queries, Metric metric, List<RecallSpeed> points)
            throws IOException {
        if (png == null && html == null) {
            return;
        }
        String title = String.format(
                Locale.ROOT,
                "%,d queries in %,d x %d by %s",
                queries.rows(),
                base.rows(),
                base.columns(),
                metric.name().toLowerCase(Locale.ROOT));
        BufferedImage chart = RecallSpeedChart.draw(title, options.k(), points);
        if (png != null) {
            WholeFile.png(png, chart);
        }
        if (html != null) {
            RecallSpeedPage.write(html, title, options.k(), chart, points);
        }
    }
}
