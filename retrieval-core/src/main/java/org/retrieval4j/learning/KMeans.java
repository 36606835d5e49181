package org.retrieval4j.learning;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;

/**
 * Codebooks by k-means: seeds by k-means++, then Lloyd's iterations (assign, then mean).
 *
 * <p>Arthur, Vassilvitskii: k-means++: the advantages of careful seeding. SODA 2007. Lloyd: Least squares quantization
 * in PCM. 1982. A cluster that becomes empty takes the vector that is farthest from its own centroid. Means are summed
 * in double, in the order of the sample, so the result does not depend on the number of threads; with the same kernels
 * and seed it is bit-equal. Cost: O(n·k·d) an iteration, n = size of the sample.
 */
public final class KMeans {
    private static final String STAGE = "k-means";
    private static final String KIND = "training-k-means";
    private static final int CHUNK = 2048;

    private KMeans() {}

    /**
     * Settings.
     *
     * @param clusters number of centroids, at least 1; more give finer words and longer vectors
     * @param iterations of Lloyd at most, at least 0; ends earlier when no vector changes its cluster
     * @param seed of the first centroids
     */
    public record Options(int clusters, int iterations, long seed) {
        /** Checks the ranges. */
        public Options {
            if (clusters < 1) {
                throw new IllegalArgumentException("clusters must be at least 1, got " + clusters);
            }
            if (iterations < 0) {
                throw new IllegalArgumentException("iterations must be at least 0, got " + iterations);
            }
        }

        /**
         * 25 iterations, which is where the quality of codebooks stops to grow.
         *
         * @param clusters number of centroids
         * @param seed of the first centroids
         * @return the options
         */
        public static Options of(int clusters, long seed) {
            return new Options(clusters, 25, seed);
        }
    }

    /**
     * A codebook and how it came about.
     *
     * @param centroids k x d
     * @param inertia sum of squared distances at the assignment step of each iteration that ran
     */
    public record Result(FloatMatrix centroids, List<Double> inertia) {
        /** Copies the list. */
        public Result {
            requireNonNull(centroids, "centroids");
            inertia = List.copyOf(inertia);
        }
    }

    /**
     * Learns a codebook.
     *
     * @param sample n x d; at least as many distinct rows as clusters
     * @param options settings
     * @param kernels find the nearest centroids
     * @param context threads, progress
     * @return the codebook
     * @throws IllegalArgumentException if the sample has too few distinct vectors
     * @throws java.util.concurrent.CancellationException if the thread is interrupted
     */
    public static Result train(FloatMatrix sample, Options options, Kernels kernels, BuildContext context) {
        return lloyd(sample, seeds(sample, options, context), options.iterations(), kernels, context);
    }

    /**
     * Learns a codebook, and goes on where it was ended.
     *
     * @param sample n x d; at least as many distinct rows as clusters
     * @param options settings
     * @param kernels find the nearest centroids; others may go on, with the same result
     * @param context threads, progress
     * @param checkpoint where its state is kept
     * @return the codebook
     * @throws IllegalArgumentException if the sample has too few distinct vectors, or the checkpoint is another training's
     * @throws java.util.concurrent.CancellationException if the thread is interrupted
     * @throws IOException if the checkpoint cannot be read or written; what was saved before remains
     */
    public static Result train(
            FloatMatrix sample, Options options, Kernels kernels, BuildContext context, Checkpoint checkpoint)
            throws IOException {
        Fingerprint identity = Checkpoint.identity(STAGE, options, Map.of("sample", sample));
        State state;
        Optional<SectionFile> saved = checkpoint.open(KIND, identity);
        if (saved.isPresent()) {
            try (SectionFile file = saved.get()) {
                state = State.read(file, sample, options);
            }
        } else {
            state = new State(seeds(sample, options, context));
            checkpoint.save(KIND, identity, state::write);
        }
        try (Kernels.Held held = kernels.hold(sample)) {
            while (iterate(state, held, options.iterations(), kernels, context)) {
                if (checkpoint.due(state.inertia.size())) {
                    checkpoint.save(KIND, identity, state::write);
                }
            }
        }
        checkpoint.done(identity);
        return new Result(state.centroids, state.inertia);
    }

    /** How far it has come. */
    private static final class State {
        private FloatMatrix centroids;
        private int[] previous = new int[0]; // clusters, to tell when none changes
        private final List<Double> inertia = new ArrayList<>();

        State(FloatMatrix centroids) {
            this.centroids = centroids;
        }

        void write(SectionWriter writer) throws IOException {
            writer.matrix("centroids", centroids)
                    .ints("clusters", previous)
                    .doubles(
                            "inertia",
                            inertia.stream().mapToDouble(Double::doubleValue).toArray());
        }

        static State read(SectionFile file, FloatMatrix sample, Options options) throws IOException {
            State state = new State(file.matrix("centroids"));
            state.previous = file.ints("clusters");
            for (double value : file.doubles("inertia")) {
                state.inertia.add(value);
            }
            if (state.centroids.rows() != options.clusters()
                    || state.centroids.columns() != sample.columns()
                    || state.previous.length != (state.inertia.isEmpty() ? 0 : sample.rows())) {
                throw new CorruptFileException(
                        file.path(),
                        0,
                        options.clusters() + " x " + sample.columns() + " centroids and " + sample.rows() + " clusters",
                        state.centroids.rows() + " x " + state.centroids.columns() + " and " + state.previous.length);
            }
            return state;
        }
    }

    /**
     * Lloyd's iterations from given centroids.
     *
     * @param sample n x d, at least one row
     * @param initial k x d
     * @param iterations at most
     * @param kernels find the nearest centroids
     * @param context threads, progress
     * @return the codebook
     * @throws java.util.concurrent.CancellationException if the thread is interrupted
     */
    public static Result lloyd(
            FloatMatrix sample, FloatMatrix initial, int iterations, Kernels kernels, BuildContext context) {
        if (sample.columns() != initial.columns()) {
            throw new IllegalArgumentException(
                    "centroids must have " + sample.columns() + " columns like the sample, got " + initial.columns());
        }
        if (sample.rows() < 1 || initial.rows() < 1) {
            throw new IllegalArgumentException(
                    "sample and centroids must have at least 1 row, got " + sample.rows() + " and " + initial.rows());
        }
        State state = new State(initial);
        try (Kernels.Held held = kernels.hold(sample)) {
            while (iterate(state, held, iterations, kernels, context)) {
                // on to the next
            }
        }
        return new Result(state.centroids, state.inertia);
    }

    /** Returns false if there is nothing more to do. */
    private static boolean iterate(
            State state, Kernels.Held held, int iterations, Kernels kernels, BuildContext context) {
        if (state.inertia.size() >= iterations) {
            return false;
        }
        context.checkInterrupted();
        FloatMatrix sample = held.matrix();
        int[] ids = assign(held, state.centroids, kernels, context);
        double[] distances = distances(sample, state.centroids, ids, context);
        double sum = 0;
        for (double distance : distances) {
            sum += distance;
        }
        state.inertia.add(sum);
        int[] counts = counts(ids, state.centroids.rows());
        fillEmpty(ids, counts, distances);
        if (Arrays.equals(ids, state.previous)) {
            return false; // the means would be the same again
        }
        state.centroids = means(sample, ids, counts, state.centroids, context);
        state.previous = ids;
        context.progress().progress(STAGE, state.inertia.size(), iterations);
        return true;
    }

    // k-means++: every next seed is drawn with probability proportional to the squared distance to the nearest so far
    private static FloatMatrix seeds(FloatMatrix sample, Options options, BuildContext context) {
        int n = sample.rows();
        int d = sample.columns();
        int k = options.clusters();
        if (n < k) {
            throw tooFew(k, n + " vectors");
        }
        SplittableRandom random = new SplittableRandom(options.seed());
        float[] seeds = new float[Math.multiplyExact(k, d)];
        double[] nearest = new double[n];
        Arrays.fill(nearest, Double.MAX_VALUE);
        double[] chunkSums = new double[(n + CHUNK - 1) / CHUNK];
        int chosen = random.nextInt(n);
        for (int c = 0; c < k; c++) {
            context.checkInterrupted();
            System.arraycopy(sample.array(), sample.offset() + chosen * d, seeds, c * d, d);
            if (c + 1 == k) {
                break;
            }
            int seed = c * d;
            ParallelChunks.run(context, n, CHUNK, (from, to) -> {
                double sum = 0;
                for (int i = from; i < to; i++) {
                    double distance =
                            Kernels.fixedOrderSquaredDistance(sample.array(), sample.offset() + i * d, seeds, seed, d);
                    nearest[i] = Math.min(nearest[i], distance);
                    sum += nearest[i];
                }
                chunkSums[from / CHUNK] = sum;
            });
            double total = 0;
            for (double sum : chunkSums) {
                total += sum;
            }
            if (total <= 0) {
                throw tooFew(k, (c + 1) + " distinct vectors");
            }
            chosen = draw(random.nextDouble() * total, chunkSums, nearest);
            context.progress().progress("k-means seeds", c + 1, k);
        }
        return FloatMatrix.of(k, d, seeds);
    }

    private static int draw(double target, double[] chunkSums, double[] weights) {
        int chunk = 0;
        double rest = target;
        while (chunk < chunkSums.length - 1 && rest >= chunkSums[chunk]) {
            rest -= chunkSums[chunk++];
        }
        int last = -1;
        int end = (int) Math.min(weights.length, (chunk + 1L) * CHUNK);
        for (int i = chunk * CHUNK; i < end; i++) {
            if (weights[i] > 0) {
                last = i;
                rest -= weights[i];
                if (rest < 0) {
                    return i;
                }
            }
        }
        // rounding may leave a rest at the very end: then the last vector that can be drawn
        for (int i = chunk * CHUNK - 1; last < 0; i--) {
            last = weights[i] > 0 ? i : -1;
        }
        return last;
    }

    /** The nearest centroid of each row. */
    static int[] assign(FloatMatrix sample, FloatMatrix centroids, Kernels kernels, BuildContext context) {
        try (Kernels.Held held = kernels.hold(sample)) {
            return assign(held, centroids, kernels, context);
        }
    }

    private static int[] assign(Kernels.Held sample, FloatMatrix centroids, Kernels kernels, BuildContext context) {
        int[] ids = new int[sample.matrix().rows()];
        try (Kernels.Operand operand = kernels.prepare(centroids)) {
            int chunk = Math.max(CHUNK, kernels.rowsAtOnce());
            ParallelChunks.run(context, ids.length, chunk, (from, to) -> sample.assign(from, to, operand, ids));
        }
        return ids;
    }

    private static double[] distances(FloatMatrix sample, FloatMatrix centroids, int[] ids, BuildContext context) {
        int d = sample.columns();
        double[] distances = new double[ids.length];
        ParallelChunks.run(context, ids.length, CHUNK, (from, to) -> {
            for (int i = from; i < to; i++) {
                distances[i] = Kernels.fixedOrderSquaredDistance(
                        sample.array(), sample.offset() + i * d, centroids.array(), centroids.offset() + ids[i] * d, d);
            }
        });
        return distances;
    }

    private static int[] counts(int[] ids, int clusters) {
        int[] counts = new int[clusters];
        for (int id : ids) {
            counts[id]++;
        }
        return counts;
    }

    private static void fillEmpty(int[] ids, int[] counts, double[] distances) {
        for (int c = 0; c < counts.length; c++) {
            if (counts[c] > 0) {
                continue;
            }
            int farthest = -1;
            for (int i = 0; i < ids.length; i++) {
                if (counts[ids[i]] > 1 && distances[i] > (farthest < 0 ? 0 : distances[farthest])) {
                    farthest = i;
                }
            }
            if (farthest < 0) {
                return; // all vectors lie on their centroids: nothing to gain from this cluster
            }
            counts[ids[farthest]]--;
            ids[farthest] = c;
            counts[c] = 1;
            distances[farthest] = 0;
        }
    }

    // Each cluster sums its own vectors in the order of the sample: the same bits however the clusters are dealt out.
    private static FloatMatrix means(
            FloatMatrix sample, int[] ids, int[] counts, FloatMatrix centroids, BuildContext context) {
        int d = sample.columns();
        int k = counts.length;
        int[] start = new int[k + 1];
        for (int c = 0; c < k; c++) {
            start[c + 1] = start[c] + counts[c];
        }
        int[] members = new int[ids.length];
        int[] at = start.clone();
        for (int i = 0; i < ids.length; i++) {
            members[at[ids[i]]++] = i;
        }
        float[] means = centroids.toArray();
        ParallelChunks.run(context, k, Math.max(1, k / 64), (from, to) -> {
            double[] sum = new double[d];
            for (int c = from; c < to; c++) {
                if (counts[c] == 0) {
                    continue;
                }
                Arrays.fill(sum, 0);
                int m = start[c];
                for (; m + 3 < start[c + 1]; m += 4) {
                    add(sum, sample, members[m], members[m + 1], members[m + 2], members[m + 3]);
                }
                for (; m < start[c + 1]; m++) {
                    int row = sample.offset() + members[m] * d;
                    for (int j = 0; j < d; j++) {
                        sum[j] += sample.array()[row + j];
                    }
                }
                for (int j = 0; j < d; j++) {
                    means[c * d + j] = (float) (sum[j] / counts[c]);
                }
            }
        });
        return FloatMatrix.of(k, d, means);
    }

    // One after another, but read side by side: they lie far from each other in memory, which delivers several at a
    // time.
    private static void add(double[] sum, FloatMatrix sample, int first, int second, int third, int fourth) {
        float[] x = sample.array();
        int d = sum.length;
        int p = sample.offset() + first * d;
        int q = sample.offset() + second * d;
        int r = sample.offset() + third * d;
        int s = sample.offset() + fourth * d;
        for (int j = 0; j < d; j++) {
            double a = x[p + j];
            double b = x[q + j];
            double c = x[r + j];
            double e = x[s + j];
            sum[j] = sum[j] + a + b + c + e;
        }
    }

    static IllegalArgumentException tooFew(int clusters, String found) {
        return new IllegalArgumentException("the sample must have at least as many distinct vectors as clusters, got "
                + clusters + " clusters and " + found);
    }
}
