package org.retrieval4j.index;

import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.KMeans;
import org.retrieval4j.learning.ParallelChunks;

/**
 * The lists of an inverted file: a vector belongs to the list of its nearest centroid, a query looks into the lists
 * whose centroids have the best scores with it. For cosine all vectors are first scaled to length 1; a zero vector stays
 * one. Both decisions are exact, so that they are the same for all kernels.
 */
final class CoarseQuantizer {
    /** Vectors to learn from, for each list: as many as FAISS takes. */
    static final long SAMPLE_PER_LIST = 256;

    private static final int CHUNK = 1024;

    private final Metric metric;
    private final Kernels kernels;
    private final FloatMatrix centroids;
    private final Kernels.Operand operand;

    CoarseQuantizer(Metric metric, FloatMatrix centroids, Kernels kernels) {
        this.metric = metric;
        this.kernels = kernels;
        this.centroids = centroids;
        this.operand = kernels.prepare(centroids);
    }

    /** What the centroids take, and what kernels prepare of them. */
    static long bytes(int lists, int dimension) {
        return 2L * Float.BYTES * lists * dimension;
    }

    /** Learns the centroids by k-means from vectors as {@link #prepared} gives them. */
    static FloatMatrix learn(int lists, FloatMatrix prepared, Kernels kernels, BuildContext context) {
        return KMeans.train(prepared, KMeans.Options.of(lists, context.seed()), kernels, context)
                .centroids();
    }

    /** Vectors as centroids see them. */
    static FloatMatrix prepared(Metric metric, FloatMatrix vectors) {
        if (metric != Metric.COSINE) {
            return vectors;
        }
        float[] scaled = vectors.toArray();
        int d = vectors.columns();
        for (int at = 0; at < scaled.length; at += d) {
            double norm = Math.sqrt(Kernels.fixedOrderDot(scaled, at, scaled, at, d));
            for (int j = at; norm > 0 && j < at + d; j++) {
                scaled[j] = (float) (scaled[j] / norm);
            }
        }
        return FloatMatrix.of(vectors.rows(), d, scaled);
    }

    Metric metric() {
        return metric;
    }

    int lists() {
        return centroids.rows();
    }

    FloatMatrix centroids() {
        return centroids;
    }

    /** The list of each prepared vector. */
    int[] assign(FloatMatrix prepared, BuildContext context) {
        int[] lists = new int[prepared.rows()];
        ParallelChunks.run(context, lists.length, CHUNK, (from, to) -> {
            int[] part = new int[to - from];
            kernels.assign(prepared.rows(from, to), operand, part);
            System.arraycopy(part, 0, lists, from, part.length);
        });
        return lists;
    }

    /** The lists that have the best scores with each prepared query, the best first; equal ones by number. */
    int[][] probes(FloatMatrix prepared, int probes) {
        int n = lists();
        int[][] best = new int[prepared.rows()][];
        float[] products = new float[Math.multiplyExact(prepared.rows(), n)];
        kernels.products(prepared, operand, products);
        for (int q = 0; q < best.length; q++) {
            best[q] = best(prepared.row(q), products, q * n, Math.min(probes, n));
        }
        return best;
    }

    // O(n) for the choice, O(d) more for every list near enough to those chosen
    private int[] best(float[] query, float[] products, int at, int probes) {
        int n = lists();
        double norm = Math.sqrt(Kernels.fixedOrderDot(query, 0, query, 0, query.length));
        double largest = 0;
        float[] scores = new float[n];
        for (int c = 0; c < n; c++) {
            largest = Math.max(largest, operand.squaredNorms()[c]);
            scores[c] = products[at + c] - (metric == Metric.IP ? 0 : 0.5f * operand.squaredNorms()[c]);
        }
        double size = norm * Math.sqrt(largest) + largest;
        double margin = 2 * Kernels.errorBound(query.length) * size + Float.MIN_NORMAL;
        boolean usable = size < 0.5 * Float.MAX_VALUE; // else products may have overflowed
        double least = probes < n && usable ? nthLargest(scores, probes) - margin : Double.NEGATIVE_INFINITY;
        TopK chosen = new TopK(probes);
        for (int c = 0; c < n; c++) {
            if (!(scores[c] < least)) {
                int row = centroids.offset() + c * query.length;
                double score = metric == Metric.IP
                        ? Kernels.fixedOrderDot(query, 0, centroids.array(), row, query.length)
                        : -Kernels.fixedOrderSquaredDistance(query, 0, centroids.array(), row, query.length);
                chosen.offer(c, TopK.rounded(score));
            }
        }
        return chosen.toResult().hits().stream()
                .mapToInt(hit -> (int) hit.imageId())
                .toArray();
    }

    void close() {
        operand.close();
    }

    private static float nthLargest(float[] scores, int n) {
        double[] values = new double[scores.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = scores[i];
        }
        return (float) FlatCandidates.largest(values, values.length, n);
    }
}
