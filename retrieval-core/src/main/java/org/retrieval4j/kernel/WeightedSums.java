package org.retrieval4j.kernel;

import org.retrieval4j.api.FloatMatrix;

/** {@link Kernels#weightedSums} in plain Java: two sums and two vectors at a time, in loops that HotSpot turns into SIMD. */
final class WeightedSums {
    /** Vectors at a time: with 128 values each, half of a core's first cache. */
    private static final int BLOCK = 32;

    private WeightedSums() {}

    static void check(FloatMatrix weights, FloatMatrix x, float[] sums) {
        if (weights.columns() != x.rows()) {
            throw new IllegalArgumentException(
                    "there must be " + x.rows() + " weights like vectors in a row, got " + weights.columns());
        }
        long size = (long) weights.rows() * x.columns();
        if (sums.length < size) {
            throw new IllegalArgumentException("sums must have at least " + size + " values, got " + sums.length);
        }
    }

    static void of(FloatMatrix weights, FloatMatrix x, float[] sums) {
        check(weights, x, sums);
        int k = weights.rows();
        int n = x.rows();
        int d = x.columns();
        // arrays of their own: loops over parts of one array do not become SIMD
        float[][] rows = new float[Math.min(n, BLOCK)][d];
        float[][] results = new float[k][d];
        for (int from = 0; from < n; from += BLOCK) {
            int size = Math.min(BLOCK, n - from);
            for (int i = 0; i < size; i++) {
                System.arraycopy(x.array(), x.offset() + (from + i) * d, rows[i], 0, d);
            }
            int c = 0;
            for (; c + 1 < k; c += 2) {
                int p = weights.offset() + c * n + from;
                int i = 0;
                for (; i + 1 < size; i += 2) {
                    Lanes.addTwoByTwo(
                            results[c], results[c + 1], rows[i], rows[i + 1], weights.array(), p + i, p + n + i);
                }
                if (i < size) {
                    Lanes.addOne(results[c], rows[i], weights.array()[p + i]);
                    Lanes.addOne(results[c + 1], rows[i], weights.array()[p + n + i]);
                }
            }
            for (int i = 0; i < size && c < k; i++) {
                Lanes.addOne(results[c], rows[i], weights.array()[weights.offset() + c * n + from + i]);
            }
        }
        for (int c = 0; c < k; c++) {
            System.arraycopy(results[c], 0, sums, c * d, d);
        }
    }
}
