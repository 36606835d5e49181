package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.Reranker;
import org.retrieval4j.eval.IndexTrial;
import org.retrieval4j.index.FaissFile;
import org.retrieval4j.index.Metric;
import org.retrieval4j.kernel.KernelCatalog;
import picocli.CommandLine.Option;

/** Which vectors are searched in and for, and how. */
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class KnnOptions {
    private static final String FAISS = "faiss:";
    private static final String METRIC = "metric";

    @Option(
            names = "--metric",
            paramLabel = "l2|ip|cosine",
            description = "What is compared (default: the index's metric).")
    private @Nullable String metric;

    @Option(names = "--base", paramLabel = "X", description = "The vectors to search in.")
    private @Nullable Path base;

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

    /** What an index compares by. */
    Metric metric(ComponentSpec spec) {
        return Metric.valueOf(parameter(spec, METRIC).toUpperCase(Locale.ROOT));
    }

    private String parameter(ComponentSpec spec, String parameter) {
        String value =
                components.canonical(Index.class, spec).first().parameters().get(parameter);
        if (value == null) {
            throw new UsageException("--index " + spec.first().name() + " has no " + parameter);
        }
        return value;
    }

    /** Tells whether an index has a parameter. */
    boolean hasParameter(ComponentSpec spec, String parameter) {
        return components.canonical(Index.class, spec).first().parameters().containsKey(parameter);
    }

    boolean hasBase() {
        return base != null;
    }

    FloatMatrix base() throws IOException {
        if (base == null) {
            throw new UsageException("--base must be given: the vectors to search in");
        }
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

    /** An index filled with the base, and the stages behind it. */
    IndexTrial fill(ComponentSpec spec, BuildContext context, FloatMatrix vectors) throws IOException {
        ComponentSpec index = ComponentSpec.of(spec.first());
        IndexTrial trial = IndexTrial.fill(here -> components.create(Index.class, index, here), context, vectors);
        try {
            if (spec.parts().size() > 1) {
                ComponentSpec stages =
                        new ComponentSpec(spec.parts().subList(1, spec.parts().size()));
                trial.rerank(components.create(Reranker.class, stages, context));
            }
            return trial;
        } catch (IOException | RuntimeException | Error e) {
            trial.close();
            throw e;
        }
    }

    /** The kernels that serve a spec. */
    String kernel(ComponentSpec spec, BuildContext context) {
        return KernelCatalog.load()
                .get(spec.first().parameters().getOrDefault("kernel", context.kernel()))
                .name();
    }

    /** Tells whether {@code --index} names a file of FAISS. */
    static boolean isFile(String index) {
        return index.startsWith(FAISS);
    }

    /** An index that FAISS wrote, filled: {@code faiss:FILE}. */
    IndexTrial open(String file, BuildContext context, int dimension) throws IOException {
        Path faiss = Path.of(file.substring(FAISS.length()));
        long start = System.nanoTime();
        Index index = FaissFile.read(faiss, context);
        try {
            requireMetric(parameter(index.spec(), METRIC), faiss.toString());
            return IndexTrial.of(index, dimension, (System.nanoTime() - start) / 1e9);
        } catch (RuntimeException refused) {
            index.close();
            throw refused;
        }
    }

    /** Specs of indexes with one metric in them: that of {@code --metric}, or the first index's. */
    List<ComponentSpec> specs(List<String> indexes) {
        List<ComponentSpec> specs = new ArrayList<>();
        String common = metric;
        for (String index : indexes) {
            ComponentSpec given = PipelineOptions.spec(components, "--index", Index.class, index);
            common = common == null ? parameter(given, METRIC) : common;
            specs.add(withMetric(given, common));
        }
        return specs;
    }

    ComponentSpec spec(String index) {
        return specs(List.of(index)).get(0);
    }

    private ComponentSpec withMetric(ComponentSpec given, String common) {
        Map<String, String> parameters = new LinkedHashMap<>(given.first().parameters());
        String named = parameters.put(METRIC, common);
        if (named != null && !named.equals(common)) {
            throw new UsageException(
                    "--index names the metric " + named + ", --metric or an index before it another: " + common);
        }
        List<ComponentSpec.Part> parts = new ArrayList<>(given.parts());
        parts.set(0, new ComponentSpec.Part(given.first().name(), parameters));
        ComponentSpec spec = new ComponentSpec(parts);
        return PipelineOptions.spec(components, "--metric", Index.class, spec.toString());
    }

    private void requireMetric(String found, String where) {
        if (metric != null && !metric.equals(found)) {
            throw new UsageException("--metric is " + metric + ", but " + where + " compares by " + found);
        }
    }
}
