package org.retrieval4j.index;

import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;

/**
 * Distances in float32 from one vector to nodes of a graph; smaller is nearer: |x − y|² for l2, −x·y for ip, −x·y / (|x| |y|)
 * for cosine. For one thread.
 */
final class NodeDistances {
    private final Metric metric;
    private final Kernels kernels;
    private final NodeVectors vectors;
    private final @Nullable FloatMatrix heap;
    private final int d;
    private float[] from;
    private int fromAt;
    private double fromNorm = 1;
    private int[] starts = {};
    private float[] copies = {};

    NodeDistances(Metric metric, Kernels kernels, NodeVectors vectors) {
        this.metric = metric;
        this.kernels = kernels;
        this.vectors = vectors;
        this.heap = vectors.heap();
        this.d = vectors.dimension();
        this.from = new float[heap == null ? d : 0];
    }

    /** Distances are from a query now. */
    NodeDistances from(float[] query) {
        from = query;
        fromAt = 0;
        fromNorm = Math.sqrt(Kernels.fixedOrderDot(query, 0, query, 0, d));
        return this;
    }

    /** Distances are from a node now. */
    NodeDistances from(int node) {
        fromNorm = vectors.norm(node);
        if (heap != null) {
            from = heap.array();
            fromAt = heap.offset() + node * d;
        } else {
            vectors.copy(node, from, 0);
        }
        return this;
    }

    // O(count · d)
    void to(int[] nodes, int first, int count, float[] distances) {
        if (starts.length < count) {
            starts = new int[count];
            copies = new float[heap == null ? count * d : 0];
        }
        float[] array = heap == null ? copies : heap.array();
        for (int i = 0; i < count; i++) {
            if (heap == null) {
                starts[i] = i * d;
                vectors.copy(nodes[first + i], copies, i * d);
            } else {
                starts[i] = heap.offset() + nodes[first + i] * d;
            }
        }
        if (metric == Metric.L2) {
            kernels.squaredDistances(from, fromAt, array, starts, count, d, distances);
            return;
        }
        kernels.products(from, fromAt, array, starts, count, d, distances);
        for (int i = 0; i < count; i++) {
            double norm = metric == Metric.COSINE ? fromNorm * vectors.norm(nodes[first + i]) : 1;
            distances[i] = norm == 0 ? 0 : (float) (-distances[i] / norm);
        }
    }

    /** A distance and a node as one number: less for nearer, of equal distances for the smaller node; NaN is farthest. */
    static long key(float distance, int node) {
        int bits = Float.floatToIntBits(distance + 0f);
        return (long) (bits ^ bits >> 31 & 0x7fffffff) << 32 | node;
    }

    static int node(long key) {
        return (int) key;
    }

    static float distance(long key) {
        int bits = (int) (key >> 32);
        return Float.intBitsToFloat(bits ^ bits >> 31 & 0x7fffffff);
    }
}
