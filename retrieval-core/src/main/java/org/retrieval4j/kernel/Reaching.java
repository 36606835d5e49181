package org.retrieval4j.kernel;

import java.util.Arrays;
import org.retrieval4j.api.FloatMatrix;

/**
 * {@link Kernels#reaching} from products. The largest score of a group of rows is found for all columns in loops that
 * HotSpot turns into SIMD; only columns where it reaches the limit are looked at.
 */
final class Reaching {
    /** Products held at a time: 2 MB, so that some hundred rows share what BLAS repacks at each call. */
    private static final int CHUNK = 1 << 19;

    /** Fewer columns than this are compared one by one. */
    private static final int NARROW = 32;

    private static final int GROUP = 32;

    private static final int BLOCK = 512;

    private Reaching() {}

    static void of(
            Kernels kernels,
            FloatMatrix x,
            float[] scales,
            float[] biases,
            Kernels.Operand y,
            float[] limits,
            Kernels.PairVisitor visitor) {
        int m = x.rows();
        int n = y.matrix().rows();
        if (m == 0 || n == 0) {
            return;
        }
        int chunk = Math.min(m, Math.max(GROUP, CHUNK / n));
        float[] products = new float[Math.multiplyExact(chunk, n)];
        float[] most = new float[n < NARROW ? 0 : n];
        float[] row = new float
                [most.length]; // loops over arrays of their own, from 0, become SIMD; over a part of one do not
        for (int from = 0; from < m; from += chunk) {
            int to = Math.min(m, from + chunk);
            kernels.products(x.rows(from, to), y, products);
            if (n < NARROW) {
                for (int j = 0; j < n; j++) {
                    visit(products, j, n, from, to, scales, biases, limits, j, visitor);
                }
                continue;
            }
            for (int group = from; group < to; group += GROUP) {
                int end = Math.min(to, group + GROUP);
                int at = (group - from) * n;
                Arrays.fill(most, Float.NEGATIVE_INFINITY);
                for (int i = group; i < end; i++) {
                    System.arraycopy(products, at + (i - group) * n, row, 0, n);
                    raise(most, row, scales[i], biases[i]);
                }
                for (int j = 0; j < n; j++) {
                    if (!(most[j] < limits[j])) {
                        visit(products, at + j, n, group, end, scales, biases, limits, j, visitor);
                    }
                }
            }
        }
    }

    /** The same with x prepared, block by block: where kernels are faster with many prepared vectors than with few. */
    static void swapped(
            Kernels kernels,
            FloatMatrix x,
            float[] scales,
            float[] biases,
            Kernels.Operand y,
            float[] limits,
            Kernels.PairVisitor visitor) {
        int n = y.matrix().rows();
        float[] products = new float[n * Math.min(x.rows(), BLOCK)];
        for (int from = 0; from < x.rows(); from += BLOCK) {
            int to = Math.min(x.rows(), from + BLOCK);
            try (Kernels.Operand block = kernels.prepare(x.rows(from, to))) {
                kernels.products(y.matrix(), block, products);
            }
            for (int j = 0; j < n; j++) {
                int at = j * (to - from) - from;
                for (int i = from; i < to; i++) {
                    float score = products[at + i] * scales[i] + biases[i];
                    if (!(score < limits[j])) {
                        visitor.visit(i, j, score);
                    }
                }
            }
        }
    }

    /**
     * Visits the rows from one to another whose score reaches the limit of a column.
     *
     * @param products the first row's with this column is {@code at}, the next is {@code at + step}
     */
    static void visit(
            float[] products,
            int at,
            int step,
            int from,
            int to,
            float[] scales,
            float[] biases,
            float[] limits,
            int column,
            Kernels.PairVisitor visitor) {
        float limit = limits[column];
        for (int i = from; i < to; i++) {
            float score = products[at + (i - from) * step] * scales[i] + biases[i];
            if (!(score < limit)) {
                visitor.visit(i, column, score);
                limit = limits[column];
            }
        }
    }

    private static void raise(float[] most, float[] products, float scale, float bias) {
        for (int j = 0; j < most.length; j++) {
            most[j] = Math.max(most[j], products[j] * scale + bias);
        }
    }
}
