package org.retrieval4j.learning;

import static java.util.Objects.requireNonNull;

import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ProgressListener;
import org.retrieval4j.kernel.Kernels;

/**
 * Codebooks by k-means from more vectors than memory holds: one pass over batches, of which one is in memory at a time.
 * Seeds are learned from the first batch by {@link KMeans}; then every vector draws its nearest centroid towards it, by
 * one part in as many vectors as that centroid has had.
 *
 * <p>Sculley: Web-scale k-means clustering. WWW 2010, algorithm 1. A centroid is the mean of all vectors that it was given,
 * summed in double in their order, so that with the same kernels, batches and seed the result is bit-equal for any number
 * of threads. Vectors should come in random order: each batch a fair part of the whole. The sum of squared
 * distances is 5 to 8 % above that of {@link KMeans} over everything, with 256 clusters of 20,000 vectors in ten batches
 * ({@code MiniBatchKMeansTest}); where memory holds all, take {@link KMeans}. Cost: O(n·k·d), and of memory O((b + k)·d), b = size of a batch.
 */
public final class MiniBatchKMeans {
    private static final String STAGE = "mini-batch k-means";

    private MiniBatchKMeans() {}

    /**
     * Learns a codebook.
     *
     * @param batches matrices with d columns, taken one after another and not kept; the first has at least as many
     *     distinct rows as there are clusters, the others any number of rows
     * @param options settings; the iterations are those on the first batch
     * @param kernels find the nearest centroids
     * @param context threads; progress is told by the batch, without knowing how many there are
     * @return k x d
     * @throws IllegalArgumentException if there is no batch, the first has too few distinct vectors, or widths differ
     * @throws java.util.concurrent.CancellationException if the thread is interrupted
     */
    public static FloatMatrix train(
            Iterable<FloatMatrix> batches, KMeans.Options options, Kernels kernels, BuildContext context) {
        requireNonNull(kernels, "kernels");
        Means means = null;
        long done = 0;
        for (FloatMatrix batch : batches) {
            context.checkInterrupted();
            if (means == null) {
                means = new Means(KMeans.train(batch, options, kernels, context.withProgress(ProgressListener.NONE))
                        .centroids());
            }
            if (batch.columns() != means.centroids.columns()) {
                throw new IllegalArgumentException("all batches must have one width, got " + means.centroids.columns()
                        + " and " + batch.columns());
            }
            means.add(batch, KMeans.assign(batch, means.centroids, kernels, context));
            context.progress().progress(STAGE, ++done, -1);
        }
        if (means == null) {
            throw new IllegalArgumentException("there must be at least one batch, got none");
        }
        return means.centroids;
    }

    private static final class Means {
        private final double[] sums;
        private final long[] counts;
        private FloatMatrix centroids;

        Means(FloatMatrix centroids) {
            this.centroids = centroids;
            this.sums = new double[centroids.rows() * centroids.columns()];
            this.counts = new long[centroids.rows()];
        }

        void add(FloatMatrix batch, int[] ids) {
            int d = batch.columns();
            for (int i = 0; i < ids.length; i++) {
                int row = batch.offset() + i * d;
                int at = ids[i] * d;
                for (int j = 0; j < d; j++) {
                    sums[at + j] += batch.array()[row + j];
                }
                counts[ids[i]]++;
            }
            float[] next = centroids.toArray(); // one that was given no vector stays where it was seeded
            for (int c = 0; c < counts.length; c++) {
                for (int j = c * d; counts[c] > 0 && j < (c + 1) * d; j++) {
                    next[j] = (float) (sums[j] / counts[c]);
                }
            }
            centroids = FloatMatrix.of(counts.length, d, next);
        }
    }
}
