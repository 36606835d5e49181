package org.retrieval4j.kernel;

import java.util.List;
import org.retrieval4j.api.FloatMatrix;

/**
 * Nearest centroids from products: argmin |x − c|² = argmax x·c − |c|²/2, with every centroid that float32 cannot
 * tell from the best decided in the fixed-order routine. The margin is a proven bound, so the result is that of the
 * fixed-order routine over all centroids, whatever the kernels.
 */
final class NearestRow {
    /** Products held at a time: 256 kB, which stays in a core's cache … */
    private static final int CHUNK = 1 << 16;

    /** … but up to 16 MB if it takes that many for enough rows to share the reading of the centroids. */
    private static final int LARGE_CHUNK = 1 << 22;

    private static final int ENOUGH_ROWS = 64;

    private NearestRow() {}

    static void assign(Kernels kernels, FloatMatrix x, Kernels.Operand centroids, int[] ids) {
        check(x, centroids, ids);
        FloatMatrix c = centroids.matrix();
        int m = x.rows();
        int n = c.rows();
        float[] halfNorms = centroids.squaredNorms().clone();
        float largest = 0;
        for (int j = 0; j < n; j++) {
            largest = Math.max(largest, halfNorms[j]);
            halfNorms[j] *= 0.5f;
        }
        double bound = 2 * Kernels.errorBound(x.columns());
        int chunk = Math.min(m, chunkRows(n));
        float[] products = new float[chunk * n];
        for (int from = 0; from < m; from += chunk) {
            FloatMatrix rows = x.rows(from, Math.min(m, from + chunk));
            kernels.products(rows, centroids, products);
            for (int i = 0; i < rows.rows(); i++) {
                double norm = Math.sqrt(squaredNorm(rows, i));
                // both terms of x·c − |c|²/2 are rounded: |x||c| bounds the first, |c|² the second
                double size = norm * Math.sqrt(largest) + largest;
                boolean usable = size < 0.5 * Float.MAX_VALUE; // else products may have overflowed
                ids[from + i] = usable
                        ? nearest(rows, i, c, products, i * n, halfNorms, bound * size + Float.MIN_NORMAL)
                        : nearestOf(rows, i, c, products, i * n, halfNorms, Double.NEGATIVE_INFINITY);
            }
        }
    }

    static void assign(Kernels kernels, List<FloatMatrix> batch, Kernels.Operand centroids, int[] ids) {
        check(batch, centroids, ids);
        int at = 0;
        for (FloatMatrix x : batch) {
            if (x.rows() == 0) {
                continue; // of any width
            }
            if (at == 0) {
                kernels.assign(x, centroids, ids);
            } else {
                int[] part = new int[x.rows()];
                kernels.assign(x, centroids, part);
                System.arraycopy(part, 0, ids, at, part.length);
            }
            at += x.rows();
        }
    }

    /** Returns the number of vectors. */
    static int check(List<FloatMatrix> batch, Kernels.Operand centroids, int[] ids) {
        if (centroids.matrix().rows() < 1) {
            throw new IllegalArgumentException("there must be at least 1 centroid, got 0");
        }
        long rows = 0;
        for (FloatMatrix x : batch) {
            if (x.rows() > 0) {
                requireWidth(x, centroids.matrix());
                rows += x.rows();
            }
        }
        if (ids.length < rows) {
            throw new IllegalArgumentException("ids must have at least " + rows + " values, got " + ids.length);
        }
        return (int) rows;
    }

    private static int chunkRows(int n) {
        return Math.max(1, Math.max(CHUNK / n, Math.min(ENOUGH_ROWS, LARGE_CHUNK / n)));
    }

    static void check(FloatMatrix x, Kernels.Operand centroids, int[] ids) {
        if (centroids.matrix().rows() < 1) {
            throw new IllegalArgumentException("there must be at least 1 centroid, got 0");
        }
        requireWidth(x, centroids.matrix());
        if (ids.length < x.rows()) {
            throw new IllegalArgumentException("ids must have at least " + x.rows() + " values, got " + ids.length);
        }
    }

    static void requireWidth(FloatMatrix x, FloatMatrix y) {
        if (x.columns() != y.columns()) {
            throw new IllegalArgumentException(
                    "vectors must have " + y.columns() + " values like those prepared, got " + x.columns());
        }
    }

    private static double squaredNorm(FloatMatrix rows, int i) {
        int at = rows.offset() + i * rows.columns();
        return FixedOrder.dot(rows.array(), at, rows.array(), at, rows.columns());
    }

    // O(n), n = number of centroids; O(d) more for each centroid within the margin
    private static int nearest(
            FloatMatrix x, int row, FloatMatrix c, float[] products, int at, float[] halfNorms, double margin) {
        int n = halfNorms.length;
        float best = Float.NEGATIVE_INFINITY;
        float second = Float.NEGATIVE_INFINITY;
        int id = -1;
        for (int j = 0; j < n; j++) {
            float value = products[at + j] - halfNorms[j];
            if (value > second) {
                if (value > best) {
                    second = best;
                    best = value;
                    id = j;
                } else {
                    second = value;
                }
            }
        }
        double threshold = best - margin;
        return second < threshold ? id : nearestOf(x, row, c, products, at, halfNorms, threshold);
    }

    private static int nearestOf(
            FloatMatrix x, int row, FloatMatrix c, float[] products, int at, float[] halfNorms, double threshold) {
        int d = x.columns();
        int xAt = x.offset() + row * d;
        double smallest = Double.POSITIVE_INFINITY;
        int nearest = 0;
        for (int j = 0; j < halfNorms.length; j++) {
            if (products[at + j] - halfNorms[j] < threshold) {
                continue; // a NaN is not passed over
            }
            double distance = FixedOrder.squaredDistance(x.array(), xAt, c.array(), c.offset() + j * d, d);
            if (distance < smallest) {
                smallest = distance;
                nearest = j;
            }
        }
        return nearest;
    }
}
