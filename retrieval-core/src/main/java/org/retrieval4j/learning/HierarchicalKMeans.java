package org.retrieval4j.learning;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ProgressListener;
import org.retrieval4j.kernel.Kernels;

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
        int k = options.clusters();
        int[][] groups = groups(sample, options, kernels, context);
        int[] shares = shares(sample, groups, k, context);
        BuildContext quiet = context.withProgress(ProgressListener.NONE);
        float[] centroids = new float[Math.multiplyExact(k, sample.columns())];
        int at = 0;
        for (int g = 0; g < groups.length; g++) {
            if (shares[g] > 0) {
                KMeans.Options share = new KMeans.Options(shares[g], options.iterations(), options.seed() + 1 + g);
                FloatMatrix words = KMeans.train(sample.select(groups[g]), share, kernels, quiet)
                        .centroids();
                System.arraycopy(words.toArray(), 0, centroids, at, shares[g] * sample.columns());
                at += shares[g] * sample.columns();
            }
            context.progress().progress(STAGE, g + 1, groups.length);
        }
        return FloatMatrix.of(k, sample.columns(), centroids);
    }

    /** Rows of the sample, nearest group by nearest group; a group may be empty. */
    private static int[][] groups(FloatMatrix sample, KMeans.Options options, Kernels kernels, BuildContext context) {
        int n = sample.rows();
        int count = (int) Math.ceil(Math.sqrt(options.clusters()));
        int most = (int) Math.min(n, (long) SAMPLE_PER_GROUP * count);
        FloatMatrix drawn = TrainingSample.draw(List.of(sample), n, most, options.seed());
        FloatMatrix centers = KMeans.train(
                        drawn, new KMeans.Options(count, options.iterations(), options.seed()), kernels, context)
                .centroids();
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
