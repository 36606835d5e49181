package org.retrieval4j.kernel;

import org.retrieval4j.api.FloatMatrix;

/**
 * Vectors side by side: dimension k of all vectors of a block is one array, lane j of it belongs to vector j. HotSpot
 * turns loops of the form {@code a[j] = a[j] + p * y[j]} over separate arrays into SIMD instructions; over one array
 * with offsets, and for sums over j, it does not.
 *
 * <p>Each sum is added from the first dimension to the last, without fused multiply-add, whichever loop does it: the
 * bits of a product depend on its two vectors alone, and are the same on every machine.
 */
final class Lanes {
    /** Vectors in a block: a dimension is 2 kB, so that what a loop reads and writes stays in the first cache. */
    static final int MOST = 512;

    /** Dimensions done for a group of rows before the next: 256 kB of a block, which stay in the second cache. */
    private static final int DEPTH = 128;

    /** Below so many lanes more dimensions at once are faster than more rows at once. */
    private static final int FEW = 160;

    private Lanes() {}

    /** Lanes of each of the blocks of equal size that n vectors take, in whole SIMD registers. */
    static int perBlock(int n) {
        int blocks = (n + MOST - 1) / MOST;
        return blocks == 0 ? 0 : ((n + blocks - 1) / blocks + 15) / 16 * 16;
    }

    /** Copies vectors into lanes, from lane 0. */
    static void pack(FloatMatrix vectors, float[][] dimensions, int firstDimension) {
        float[] array = vectors.array();
        int d = vectors.columns();
        for (int j = 0; j < vectors.rows(); j++) {
            int at = vectors.offset() + j * d;
            for (int k = 0; k < d; k++) {
                dimensions[firstDimension + k][j] = array[at + k];
            }
        }
    }

    /**
     * Adds the products of some rows with all vectors of a block.
     *
     * @param rows m x d
     * @param y arrays of the block's dimensions, from index {@code yAt}
     * @param sums an array of lanes for each row
     */
    static void addProducts(FloatMatrix rows, float[][] y, int yAt, float[][] sums) {
        int d = rows.columns();
        for (int k = 0; k < d; k += DEPTH) {
            add(rows, k, Math.min(d, k + DEPTH), y, yAt, sums);
        }
    }

    private static void add(FloatMatrix x, int begin, int end, float[][] y, int yAt, float[][] sums) {
        float[] array = x.array();
        int d = x.columns();
        int rows = x.rows();
        int i = 0;
        if (sums[0].length > FEW) {
            for (; i + 1 < rows; i += 2) {
                int p = x.offset() + i * d;
                int k = begin;
                for (; k + 1 < end; k += 2) {
                    addTwoByTwo(sums[i], sums[i + 1], y[yAt + k], y[yAt + k + 1], array, p + k, p + d + k);
                }
                if (k < end) {
                    addOne(sums[i], y[yAt + k], array[p + k]);
                    addOne(sums[i + 1], y[yAt + k], array[p + d + k]);
                }
            }
        }
        for (; i < rows; i++) {
            int p = x.offset() + i * d;
            int k = begin;
            for (; k + 3 < end; k += 4) {
                int at = yAt + k;
                addFour(sums[i], y[at], y[at + 1], y[at + 2], y[at + 3], array, p + k);
            }
            for (; k < end; k++) {
                addOne(sums[i], y[yAt + k], array[p + k]);
            }
        }
    }

    // Larger bodies than these (three rows by four dimensions, one by eight) exceed HotSpot's limit for unrolling, stay
    // without SIMD and are five times slower.

    /** Adds two lanes, weighted by x[p], x[p + 1] and x[q], x[q + 1], to two sums. */
    static void addTwoByTwo(float[] s, float[] t, float[] y0, float[] y1, float[] x, int p, int q) {
        float p0 = x[p];
        float p1 = x[p + 1];
        float q0 = x[q];
        float q1 = x[q + 1];
        for (int j = 0; j < s.length; j++) {
            float u = y0[j];
            float v = y1[j];
            float a = s[j] + p0 * u + p1 * v;
            float b = t[j] + q0 * u + q1 * v;
            s[j] = a;
            t[j] = b;
        }
    }

    private static void addFour(float[] s, float[] y0, float[] y1, float[] y2, float[] y3, float[] x, int p) {
        float p0 = x[p];
        float p1 = x[p + 1];
        float p2 = x[p + 2];
        float p3 = x[p + 3];
        for (int j = 0; j < s.length; j++) {
            s[j] = s[j] + p0 * y0[j] + p1 * y1[j] + p2 * y2[j] + p3 * y3[j];
        }
    }

    /** Adds a lane times a weight. */
    static void addOne(float[] s, float[] y, float p) {
        for (int j = 0; j < s.length; j++) {
            s[j] = s[j] + p * y[j];
        }
    }

    /** Adds the square of each lane. */
    static void addSquare(float[] s, float[] y) {
        for (int j = 0; j < s.length; j++) {
            s[j] = s[j] + y[j] * y[j];
        }
    }

    /** Raises each lane to another's value where that is larger. */
    static void raise(float[] s, float[] y0, float[] y1) {
        for (int j = 0; j < s.length; j++) {
            s[j] = Math.max(s[j], Math.max(y0[j], y1[j]));
        }
    }
}
