package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Index;
import org.retrieval4j.eval.IndexTrial;
import org.retrieval4j.index.Metric;
import org.retrieval4j.kernel.KernelCatalog;
import picocli.CommandLine.Option;

/** Which vectors are searched in and for, and how. */
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class KnnOptions {
    private static final String METRIC = "metric";

    @Option(
            names = "--metric",
            paramLabel = "l2|ip|cosine",
            description = "What is compared (default: the index's metric).")
    private @Nullable String metric;

    @Option(names = "--base", paramLabel = "X", required = true, description = "The vectors to search in.")
    private Path base;

    @Option(names = "--queries", paramLabel = "Q", required = true, description = "The vectors to search for.")
    private Path queries;

    @Option(names = "-k", paramLabel = "K", required = true, description = "Hits a query.")
    private int k;

    @Option(names = "--threads", paramLabel = "N", description = "Threads (default: one a processor).")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--repeat", paramLabel = "R", description = "Searches that are timed (default: 5).")
    private int repeat = 5;

    private final Components components = Components.load();

    void check() {
        if (threads < 1) {
            throw new UsageException("--threads must be at least 1, got " + threads);
        }
        if (repeat < 1) {
            throw new UsageException("--repeat must be at least 1, got " + repeat);
        }
        if (k < 1) {
            throw new UsageException("-k must be at least 1, got " + k);
        }
    }

    int k() {
        return k;
    }

    int repeat() {
        return repeat;
    }

    /** The metric, after {@link #spec} has told it. */
    String metric() {
        return Objects.requireNonNull(metric, "metric");
    }

    /** The metric, which {@link #spec} has checked. */
    Metric metricValue() {
        return Metric.valueOf(metric().toUpperCase(Locale.ROOT));
    }

    /** Tells whether an index has a parameter. */
    boolean hasParameter(ComponentSpec spec, String parameter) {
        return components.canonical(Index.class, spec).first().parameters().containsKey(parameter);
    }

    FloatMatrix base() throws IOException {
        return VectorFiles.read(base, "train");
    }

    FloatMatrix queries() throws IOException {
        return VectorFiles.read(queries, "test");
    }

    /** The threads beside the calling one, which searches too. */
    Workers start() {
        return new Workers(Math.max(1, threads - 1));
    }

    BuildContext context(Workers others) {
        Executor executor = threads == 1 ? Runnable::run : others.executor();
        return BuildContext.defaults().withExecutor(executor);
    }

    /** An index filled with the base. */
    IndexTrial fill(ComponentSpec spec, BuildContext context, FloatMatrix vectors) {
        return IndexTrial.fill(here -> components.create(Index.class, spec, here), context, vectors);
    }

    /** The kernels that serve a spec. */
    String kernel(ComponentSpec spec, BuildContext context) {
        return KernelCatalog.load()
                .get(spec.first().parameters().getOrDefault("kernel", context.kernel()))
                .name();
    }

    /** An index's spec with the metric in it; without {@code --metric}, all indexes must have the first one's. */
    ComponentSpec spec(String index) {
        ComponentSpec given = PipelineOptions.spec(components, "--index", Index.class, index);
        if (metric == null) {
            metric = components
                    .canonical(Index.class, given)
                    .first()
                    .parameters()
                    .get(METRIC);
        }
        if (metric == null) {
            throw new UsageException("--index " + given.first().name() + " does not compare vectors by a metric");
        }
        Map<String, String> parameters = new LinkedHashMap<>(given.first().parameters());
        String named = parameters.put(METRIC, metric);
        if (named != null && !named.equals(metric)) {
            throw new UsageException(
                    "--index names the metric " + named + ", --metric or an index before it another: " + metric);
        }
        ComponentSpec spec =
                ComponentSpec.of(new ComponentSpec.Part(given.first().name(), parameters));
        return PipelineOptions.spec(components, "--metric", Index.class, spec.toString());
    }
}
