package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.eval.IndexTrial;
import org.retrieval4j.index.FaissFile;
import org.retrieval4j.storage.NpyFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval knn}: the nearest of one's own vectors, and how long it takes to find them. */
@Command(
        name = "knn",
        description = {
            "Find the nearest vectors of a file for those of another, and time it.",
            "",
            "Files are .npy (n x d), .fvecs, .bvecs, or the .hdf5 of ann-benchmarks. Identifiers are rows of the base, from 0; scores are larger for"
                    + " the better (l2: minus the squared distance). An index that must learn does so from the base."
                    + " Searches run for two seconds, and on while they become faster, before those that are timed; the time stated is the median of one"
                    + " search for all queries. Identifiers of a file of FAISS are its own."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class KnnCommand extends Subcommand {

    @Option(
            names = "--index",
            paramLabel = "SPEC|faiss:FILE",
            description = {
                "The index (default: flat), or a file of FAISS in place of one and of --base.",
                "Stages of re-ranking may stand behind it: \"flat | qe(k=10) | diffusion\"."
            })
    private String index = "flat";

    @Option(
            names = "--write-faiss",
            paramLabel = "FILE",
            description = "Write the index, filled, for FAISS: flat, ivf-flat, ivf-pq, hnsw by l2 or ip.")
    private @Nullable Path writeFaiss;

    @Mixin
    private KnnOptions options;

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

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    int execute() throws IOException {
        options.check();
        boolean file = KnnOptions.isFile(index);
        if (file && options.hasBase()) {
            throw new UsageException("--base is not searched where --index is a file: give one of them");
        }
        ComponentSpec spec = file ? null : options.spec(index);
        FloatMatrix vectors = file ? null : options.base();
        FloatMatrix sought = options.queries();
        try (Workers others = options.start()) {
            BuildContext context = options.context(others);
            try (IndexTrial trial = spec == null || vectors == null
                    ? options.open(index, context, sought.columns())
                    : options.fill(spec, context, vectors)) {
                if (writeFaiss != null) {
                    FaissFile.write(trial.index(), writeFaiss);
                }
                IndexTrial.Timed found = trial.search(sought, SearchOptions.top(options.k()), options.repeat());
                NpyFile.write(outputIds, found.neighbors().ids(), sought.rows(), options.k());
                NpyFile.write(outputScores, found.neighbors().scores(), sought.rows(), options.k());
                print(
                        trial.buildSeconds(),
                        found.seconds(),
                        options.kernel(trial.index().spec(), context));
            } catch (IllegalArgumentException refused) {
                throw new CommandException("knn: " + refused.getMessage(), refused);
            }
        }
        return Main.DONE;
    }

    private void print(double buildSeconds, double searchSeconds, String kernel) throws IOException {
        long peak = peakMemoryBytes();
        if (json) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("buildSeconds", buildSeconds);
            line.put("searchSeconds", searchSeconds);
            line.put("peakMemoryBytes", peak);
            line.put("kernel", kernel);
            console().print(Json.text(line));
        } else {
            console()
                    .print(String.format(
                            Locale.ROOT,
                            "built in %.3f s, searched in %.4f s, %d MB at most, kernel %s",
                            buildSeconds,
                            searchSeconds,
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
