package org.retrieval4j.kernel;

import java.util.Arrays;
import org.retrieval4j.api.FloatMatrix;

/**
 * {@link NearestRow} for vector kernels: the scores x·c − |c|²/2 of some rows with all centroids, then the largest of each
 * row and whether another comes near it. The result is the same.
 */
final class VectorAssignment {
    /** Rows that share the reading of the centroids. */
    private static final int ROWS = 48;

    private final FloatMatrix x;
    private final Panels centroids;
    private final double largest;
    private final double bound;
    private final int stride; // scores of a row, in whole panels
    private final float[] biases;
    private final float[] scores;
    private final float[] restProducts;
    private final PackedRows packed;

    VectorAssignment(FloatMatrix x, Panels centroids) {
        this.x = x;
        this.centroids = centroids;
        this.bound = 2 * Kernels.errorBound(x.columns());
        int n = centroids.matrix().rows();
        this.stride = (n + VectorLoops.WIDTH - 1) / VectorLoops.WIDTH * VectorLoops.WIDTH;
        this.biases = new float[stride];
        Arrays.fill(biases, Float.NEGATIVE_INFINITY);
        float[] norms = centroids.squaredNorms();
        double max = 0;
        for (int c = 0; c < n; c++) {
            biases[c] = -0.5f * norms[c];
            max = Math.max(max, norms[c]);
        }
        this.largest = max;
        this.restProducts = new float[ROWS * (n - centroids.packed())];
        this.packed = new PackedRows(Math.min(ROWS, x.rows()), x.columns());
        this.scores = new float[Math.multiplyExact(Math.min(ROWS, x.rows()), stride)];
    }

    void run(int[] ids) {
        int d = x.columns();
        for (int from = 0; from < x.rows(); from += ROWS) {
            FloatMatrix rows = x.rows(from, Math.min(x.rows(), from + ROWS));
            for (int i = 0; i < rows.rows(); i++) {
                System.arraycopy(biases, 0, scores, i * stride, stride);
            }
            packed.pack(rows, 0, d);
            for (int p = 0; p < centroids.count(); p++) {
                centroids.add(packed, p, scores, p * VectorLoops.WIDTH, stride);
            }
            addRest(rows);
            for (int i = 0; i < rows.rows(); i++) {
                int at = rows.offset() + i * d;
                float square = VectorLoops.dot(rows.array(), at, d, rows.array(), at);
                ids[from + i] = nearest(i * stride, square, from + i);
            }
        }
    }

    private void addRest(FloatMatrix rows) {
        int rest = centroids.matrix().rows() - centroids.packed();
        if (rest == 0) {
            return;
        }
        centroids.multiplyRest(rows, restProducts, -centroids.packed(), rest);
        for (int i = 0; i < rows.rows(); i++) {
            for (int j = 0; j < rest; j++) {
                scores[i * stride + centroids.packed() + j] += restProducts[i * rest + j];
            }
        }
    }

    private int nearest(int at, float square, int row) {
        float best = VectorLoops.max(scores, at, stride);
        // the norm is only near, and scores are compared in float32: a quarter more covers both
        double size = 1.25 * (Math.sqrt((double) square * largest) + largest);
        if (!(size < 0.5 * Float.MAX_VALUE)) {
            return exact(row, at, Double.NEGATIVE_INFINITY); // products may have overflowed, or are not numbers
        }
        float limit = best - ((float) (bound * size) + Float.MIN_NORMAL);
        int nearest = -1;
        int lanes = VectorLoops.LANES;
        for (int j = VectorLoops.find(scores, at, 0, stride, limit);
                j < stride;
                j = VectorLoops.find(scores, at, j + lanes, stride, limit)) {
            for (int c = j; c < j + lanes; c++) {
                if (scores[at + c] >= limit) {
                    if (nearest >= 0) {
                        return exact(row, at, limit);
                    }
                    nearest = c;
                }
            }
        }
        return nearest;
    }

    // O(d) for each centroid within the margin
    private int exact(int row, int at, double limit) {
        FloatMatrix c = centroids.matrix();
        int d = x.columns();
        double smallest = Double.POSITIVE_INFINITY;
        int nearest = 0;
        for (int j = 0; j < c.rows(); j++) {
            if (scores[at + j] < limit) {
                continue;
            }
            double distance =
                    FixedOrder.squaredDistance(x.array(), x.offset() + row * d, c.array(), c.offset() + j * d, d);
            if (distance < smallest) {
                smallest = distance;
                nearest = j;
            }
        }
        return nearest;
    }
}
