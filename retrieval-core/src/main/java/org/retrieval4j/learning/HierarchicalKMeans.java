package org.retrieval4j.learning;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ProgressListener;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.SectionFile;

/**
 * Very large codebooks by k-means on two levels: the sample is split into about √k groups by {@link KMeans}, and each
 * group learns its share of the k centroids by itself. An iteration costs O(n·√k·d) in place of O(n·k·d): for 65,536
 * centroids 256 times less, which is what makes them affordable. Centroids near the border of two groups know one side
 * only: the sum of squared distances is 10 to 13 % above that of plain k-means with 256 clusters of 20,000 vectors ({@code
 * HierarchicalKMeansTest}). Where plain k-means can be afforded, take {@link KMeans}.
 *
 * <p>Nistér, Stewénius: Scalable recognition with a vocabulary tree. CVPR 2006, with two levels, shares of a group by its
 * size in place of an equal branching, and flat use: vectors are assigned to the nearest of all centroids. With the same
 * kernels and seed the result is bit-equal for any number of threads.
 */
public final class HierarchicalKMeans {
    private static final String STAGE = "hierarchical k-means";
    private static final String KIND = "training-hierarchical-k-means";

    /** Vectors for each group that the first level learns from, as codebooks of few clusters do. */
    private static final int SAMPLE_PER_GROUP = 512;

    private HierarchicalKMeans() {}

    /**
     * Learns a codebook.
     *
     * @param sample n x d; at least as many distinct rows as clusters
     * @param options settings; the iterations are those of each level
     * @param kernels find the nearest centroids
     * @param context threads; progress is told by the group
     * @return k x d, group after group
     * @throws IllegalArgumentException if the sample has too few distinct vectors
     * @throws java.util.concurrent.CancellationException if the thread is interrupted
     */
    public static FloatMatrix train(FloatMatrix sample, KMeans.Options options, Kernels kernels, BuildContext context) {
        requireNonNull(kernels, "kernels");
        Groups groups = new Groups(sample, centers(sample, options, kernels, context), options, kernels, context);
        for (int g = 0; g < groups.members.length; g++) {
            groups.learn(g, kernels, context);
        }
        return groups.codebook();
    }

    /**
     * Learns a codebook, and goes on where it was ended.
     *
     * @param sample n x d; at least as many distinct rows as clusters
     * @param options settings; the iterations are those of each level
     * @param kernels find the nearest centroids; others may go on, with the same result
     * @param context threads; progress is told by the group
     * @param checkpoint where its state is kept, by the group
     * @return k x d, group after group
     * @throws IllegalArgumentException if the sample has too few distinct vectors, or the checkpoint is another training's
     * @throws java.util.concurrent.CancellationException if the thread is interrupted
     * @throws IOException if the checkpoint cannot be read or written; what was saved before remains
     */
    public static FloatMatrix train(
            FloatMatrix sample, KMeans.Options options, Kernels kernels, BuildContext context, Checkpoint checkpoint)
            throws IOException {
        requireNonNull(kernels, "kernels");
        Fingerprint identity = Checkpoint.identity("hierarchical-k-means", options, Map.of("sample", sample));
        Optional<SectionFile> saved = checkpoint.open(KIND, identity);
        Groups groups;
        int next = 0;
        if (saved.isPresent()) {
            try (SectionFile file = saved.get()) {
                FloatMatrix centers = file.matrix("centers");
                requireWidth(file, centers, sample);
                groups = new Groups(sample, centers, options, kernels, context);
                next = (int) file.headerLong("groups", 0, groups.members.length);
                groups.restore(file);
            }
        } else {
            groups = new Groups(sample, centers(sample, options, kernels, context), options, kernels, context);
            save(checkpoint, identity, groups, 0);
        }
        for (int g = next; g < groups.members.length; g++) {
            groups.learn(g, kernels, context);
            if (checkpoint.due(g + 1)) {
                save(checkpoint, identity, groups, g + 1);
            }
        }
        checkpoint.done(identity);
        return groups.codebook();
    }

    private static void save(Checkpoint checkpoint, Fingerprint identity, Groups groups, int done) throws IOException {
        checkpoint.save(KIND, identity, writer -> writer.header("groups", Integer.toString(done))
                .matrix("centers", groups.centers)
                .floats("words", Arrays.copyOf(groups.words, groups.at)));
    }

    private static void requireWidth(SectionFile file, FloatMatrix found, FloatMatrix sample)
            throws CorruptFileException {
        if (found.columns() != sample.columns() || found.rows() < 1) {
            throw new CorruptFileException(
                    file.path(), 0, "vectors of " + sample.columns(), found.rows() + " x " + found.columns());
        }
    }

    /** The sample in groups, and the words of those that have learned. */
    private static final class Groups {
        private final FloatMatrix sample;
        private final FloatMatrix centers;
        private final KMeans.Options options;
        private final int[][] members;
        private final int[] shares;
        private final float[] words;
        private int at;

        Groups(FloatMatrix sample, FloatMatrix centers, KMeans.Options options, Kernels kernels, BuildContext context) {
            this.sample = sample;
            this.centers = centers;
            this.options = options;
            this.members = groups(sample, centers, kernels, context);
            this.shares = shares(sample, members, options.clusters(), context);
            this.words = new float[Math.multiplyExact(options.clusters(), sample.columns())];
        }

        void learn(int g, Kernels kernels, BuildContext context) {
            if (shares[g] > 0) {
                KMeans.Options share = new KMeans.Options(shares[g], options.iterations(), options.seed() + 1 + g);
                float[] learned = KMeans.train(
                                sample.select(members[g]), share, kernels, context.withProgress(ProgressListener.NONE))
                        .centroids()
                        .toArray();
                System.arraycopy(learned, 0, words, at, learned.length);
                at += learned.length;
            }
            context.progress().progress(STAGE, g + 1, members.length);
        }

        void restore(SectionFile file) throws IOException {
            float[] saved = file.floats("words");
            int done = (int) file.headerLong("groups", 0, members.length);
            int expected = sample.columns() * Arrays.stream(shares, 0, done).sum();
            if (saved.length != expected) {
                throw new CorruptFileException(file.path(), 0, expected + " values of words", saved.length + "");
            }
            System.arraycopy(saved, 0, words, 0, expected);
            at = expected;
        }

        FloatMatrix codebook() {
            return FloatMatrix.of(options.clusters(), sample.columns(), words);
        }
    }

    /** The centers of the groups, learned from a part of the sample. */
    private static FloatMatrix centers(
            FloatMatrix sample, KMeans.Options options, Kernels kernels, BuildContext context) {
        int n = sample.rows();
        int count = (int) Math.ceil(Math.sqrt(options.clusters()));
        int most = (int) Math.min(n, (long) SAMPLE_PER_GROUP * count);
        FloatMatrix drawn = TrainingSample.draw(List.of(sample), n, most, options.seed());
        return KMeans.train(drawn, new KMeans.Options(count, options.iterations(), options.seed()), kernels, context)
                .centroids();
    }

    /** Rows of the sample, nearest group by nearest group; a group may be empty. */
    private static int[][] groups(FloatMatrix sample, FloatMatrix centers, Kernels kernels, BuildContext context) {
        int n = sample.rows();
        int count = centers.rows();
        int[] ids = KMeans.assign(sample, centers, kernels, context);
        int[] sizes = new int[count];
        for (int id : ids) {
            sizes[id]++;
        }
        int[][] groups = new int[count][];
        Arrays.setAll(groups, g -> new int[sizes[g]]);
        for (int i = n - 1; i >= 0; i--) {
            groups[ids[i]][--sizes[ids[i]]] = i;
        }
        return groups;
    }

    /**
     * How many of k centroids each group gets: one at least if it has a vector, then in proportion to its size by
     * D'Hondt's method, and never more than it has distinct vectors.
     */
    private static int[] shares(FloatMatrix sample, int[][] groups, int k, BuildContext context) {
        int[] distinct = new int[groups.length];
        ParallelChunks.run(context, groups.length, 1, (from, to) -> {
            for (int g = from; g < to; g++) {
                distinct[g] = distinct(sample, groups[g]);
            }
        });
        int[] shares = new int[groups.length];
        PriorityQueue<Integer> next = new PriorityQueue<>(Comparator.<Integer>comparingDouble(
                        g -> shares[g] == 0 ? Double.NEGATIVE_INFINITY : -(double) groups[g].length / (shares[g] + 1))
                .thenComparing(Comparator.naturalOrder()));
        for (int g = 0; g < groups.length; g++) {
            if (distinct[g] > 0) {
                next.add(g);
            }
        }
        for (int given = 0; given < k; given++) {
            Integer g = next.poll();
            if (g == null) {
                throw KMeans.tooFew(k, given + " distinct vectors");
            }
            shares[g]++;
            if (shares[g] < distinct[g]) {
                next.add(g);
            }
        }
        return shares;
    }

    private static int distinct(FloatMatrix sample, int[] rows) {
        Integer[] sorted = new Integer[rows.length];
        Arrays.setAll(sorted, i -> rows[i]);
        Arrays.sort(sorted, (a, b) -> compare(sample, a, b));
        int distinct = Math.min(1, rows.length);
        for (int i = 1; i < sorted.length; i++) {
            distinct += compare(sample, sorted[i - 1], sorted[i]) == 0 ? 0 : 1;
        }
        return distinct;
    }

    private static int compare(FloatMatrix sample, int a, int b) {
        int d = sample.columns();
        int atA = sample.offset() + a * d;
        int atB = sample.offset() + b * d;
        for (int j = 0; j < d; j++) {
            float x = sample.array()[atA + j];
            float y = sample.array()[atB + j];
            if (x != y) { // not Float.compare: −0 and 0 have no distance
                return x < y ? -1 : 1;
            }
        }
        return 0;
    }
}
