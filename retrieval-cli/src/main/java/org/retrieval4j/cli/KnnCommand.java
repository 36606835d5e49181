package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Index;
import org.retrieval4j.eval.NearestNeighbors;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.storage.NpyFile;
import org.retrieval4j.storage.VecsFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code retrieval knn}: the nearest of one's own vectors, and how long it takes to find them. */
@Command(
        name = "knn",
        description = {
            "Find the nearest vectors of a file for those of another, and time it.",
            "",
            "Files are .npy (n x d), .fvecs or .bvecs. Identifiers are rows of the base, from 0; scores are larger for"
                    + " the better (l2: minus the squared distance). Searches run for a second before those that are"
                    + " timed; the time stated is the median of one search for all queries."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class KnnCommand extends Subcommand {
    private static final String METRIC = "metric";

    @Option(names = "--index", paramLabel = "SPEC", description = "The index (default: flat).")
    private String index = "flat";

    @Option(names = "--metric", paramLabel = "l2|ip|cosine", required = true, description = "What is compared.")
    private String metric;

    @Option(names = "--base", paramLabel = "X", required = true, description = "The vectors to search in.")
    private Path base;

    @Option(names = "--queries", paramLabel = "Q", required = true, description = "The vectors to search for.")
    private Path queries;

    @Option(names = "-k", paramLabel = "K", required = true, description = "Hits a query.")
    private int k;

    @Option(
            names = "--output-ids",
            paramLabel = "I.npy",
            required = true,
            description = "Where the rows go: int64, q x K, best first.")
    private Path outputIds;

    @Option(
            names = "--output-scores",
            paramLabel = "S.npy",
            required = true,
            description = "Where the scores go: float32, q x K.")
    private Path outputScores;

    @Option(names = "--threads", paramLabel = "N", description = "Threads (default: one a processor).")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--repeat", paramLabel = "R", description = "Searches that are timed (default: 5).")
    private int repeat = 5;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    int execute() throws IOException {
        if (threads < 1) {
            throw new UsageException("--threads must be at least 1, got " + threads);
        }
        if (repeat < 1) {
            throw new UsageException("--repeat must be at least 1, got " + repeat);
        }
        Components components = Components.load();
        ComponentSpec spec = spec(components);
        FloatMatrix vectors = matrix(base);
        FloatMatrix sought = matrix(queries);
        // the calling thread searches too
        try (Workers others = new Workers(Math.max(1, threads - 1))) {
            Executor executor = threads == 1 ? Runnable::run : others.executor();
            BuildContext context = BuildContext.defaults().withExecutor(executor);
            String kernel = spec.first().parameters().getOrDefault("kernel", context.kernel());
            try (Index made = components.create(Index.class, spec, context)) {
                NearestNeighbors found = measured(made, vectors, sought);
                NpyFile.write(outputIds, found.ids(), sought.rows(), k);
                NpyFile.write(outputScores, found.scores(), sought.rows(), k);
                print(found, KernelCatalog.load().get(kernel).name());
            }
        }
        return Main.DONE;
    }

    private NearestNeighbors measured(Index made, FloatMatrix vectors, FloatMatrix sought) {
        try {
            return NearestNeighbors.measure(made, vectors, sought, k, repeat);
        } catch (IllegalArgumentException refused) {
            throw new CommandException("knn: " + refused.getMessage(), refused);
        }
    }

    /** The index's spec with the metric in it. */
    private ComponentSpec spec(Components components) {
        ComponentSpec given = PipelineOptions.spec(components, "--index", Index.class, index);
        Map<String, String> parameters = new LinkedHashMap<>(given.first().parameters());
        String named = parameters.put(METRIC, metric);
        if (named != null && !named.equals(metric)) {
            throw new UsageException("--index names the metric " + named + ", --metric another: " + metric);
        }
        ComponentSpec spec =
                ComponentSpec.of(new ComponentSpec.Part(given.first().name(), parameters));
        return PipelineOptions.spec(components, "--metric", Index.class, spec.toString());
    }

    private static FloatMatrix matrix(Path file) throws IOException {
        String name = file.toString();
        try {
            return name.endsWith(".fvecs") || name.endsWith(".bvecs")
                    ? VecsFile.readFloats(file)
                    : NpyFile.read(file).toFloatMatrix();
        } catch (IllegalArgumentException refused) {
            throw new CommandException(file + ": " + refused.getMessage(), refused);
        }
    }

    private void print(NearestNeighbors found, String kernel) throws IOException {
        long peak = peakMemoryBytes();
        if (json) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("buildSeconds", found.buildSeconds());
            line.put("searchSeconds", found.searchSeconds());
            line.put("peakMemoryBytes", peak);
            line.put("kernel", kernel);
            console().print(Json.text(line));
        } else {
            console()
                    .print(String.format(
                            java.util.Locale.ROOT,
                            "built in %.3f s, searched in %.4f s, %d MB at most, kernel %s",
                            found.buildSeconds(),
                            found.searchSeconds(),
                            peak >> 20,
                            kernel));
        }
    }

    /** The largest resident size of this process; where the system does not tell, the heap's size now. */
    private static long peakMemoryBytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (Files.isReadable(status)) {
            List<String> lines = Files.readAllLines(status);
            for (String line : lines) {
                if (line.startsWith("VmHWM:")) {
                    return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
                }
            }
        }
        return Runtime.getRuntime().totalMemory();
    }
}
