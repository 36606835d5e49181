package org.retrieval4j.kernel;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import org.retrieval4j.api.FloatMatrix;

/**
 * Kernels in plain Java loops, which work everywhere and need no flag. HotSpot turns loops of the form
 * {@code a[j] = a[j] + p * y[j]} over separate arrays into SIMD instructions (sums over j it does not), so the
 * prepared side is stored dimension by dimension in blocks of up to 512 vectors, each dimension an array of its own,
 * and a product is summed for all vectors of a block at once.
 *
 * <p>Products are summed from the first dimension to the last, without fused multiply-add: the bits of a product depend
 * on its two vectors alone, not on the rest of the batch, and are the same on every machine.
 */
public final class ScalarKernels implements Kernels {
    /** Vectors in a block: a dimension is 2 kB, so that what a loop reads and writes stays in the first cache. */
    private static final int LANES = 512;

    /** Dimensions done for a group of rows before the next: 256 kB of a block, which stay in the second cache. */
    private static final int DEPTH = 128;

    /** Rows of x in a group. */
    private static final int ROWS = 32;

    /** Below so many lanes more dimensions at once are faster than more rows at once. */
    private static final int FEW_LANES = 160;

    /** Creates the kernels. */
    public ScalarKernels() {}

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public int priority() {
        return 0;
    }

    @Override
    public Operand prepare(FloatMatrix matrix) {
        return new Packed(matrix);
    }

    @Override
    public void products(FloatMatrix x, Operand y, float[] products) {
        if (!(y instanceof Packed packed)) {
            throw new IllegalArgumentException("the operand was prepared by other kernels: " + y.getClass());
        }
        int m = x.rows();
        int n = packed.matrix.rows();
        NearestRow.requireWidth(x, packed.matrix);
        if ((long) m * n > products.length) {
            throw new IllegalArgumentException(
                    "products must have at least " + (long) m * n + " values, got " + products.length);
        }
        int d = x.columns();
        float[][] sums = new float[Math.min(m, ROWS)][packed.lanes];
        for (int block = 0, first = 0; first < n; block++, first += packed.lanes) {
            int width = Math.min(packed.lanes, n - first);
            for (int from = 0; from < m; from += ROWS) {
                int rows = Math.min(ROWS, m - from);
                for (int i = 0; i < rows; i++) {
                    Arrays.fill(sums[i], 0);
                }
                for (int k = 0; k < d; k += DEPTH) {
                    add(x, from, rows, k, Math.min(d, k + DEPTH), packed.dimensions, block * d, sums);
                }
                for (int i = 0; i < rows; i++) {
                    System.arraycopy(sums[i], 0, products, (from + i) * n + first, width);
                }
            }
        }
    }

    private static void add(
            FloatMatrix x, int from, int rows, int begin, int end, float[][] y, int yAt, float[][] sums) {
        int d = x.columns();
        int i = 0;
        if (sums[0].length > FEW_LANES) {
            for (; i + 1 < rows; i += 2) {
                int p = x.offset() + (from + i) * d;
                int k = begin;
                for (; k + 1 < end; k += 2) {
                    addTwoByTwo(sums[i], sums[i + 1], y[yAt + k], y[yAt + k + 1], x.array(), p + k, p + d + k);
                }
                if (k < end) {
                    addOne(sums[i], y[yAt + k], x.array()[p + k]);
                    addOne(sums[i + 1], y[yAt + k], x.array()[p + d + k]);
                }
            }
        }
        for (; i < rows; i++) {
            int p = x.offset() + (from + i) * d;
            int k = begin;
            for (; k + 3 < end; k += 4) {
                int at = yAt + k;
                addFour(sums[i], y[at], y[at + 1], y[at + 2], y[at + 3], x.array(), p + k);
            }
            for (; k < end; k++) {
                addOne(sums[i], y[yAt + k], x.array()[p + k]);
            }
        }
    }

    // The three loops add from left to right: which of them computes a product does not change its bits. Larger bodies
    // (three rows by three dimensions) exceed HotSpot's limit for unrolling, stay without SIMD and are 5 times slower.

    private static void addTwoByTwo(float[] s, float[] t, float[] y0, float[] y1, float[] x, int p, int q) {
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

    private static void addOne(float[] s, float[] y, float p) {
        for (int j = 0; j < s.length; j++) {
            s[j] = s[j] + p * y[j];
        }
    }

    /** Dimension k of block b is {@code dimensions[b * d + k]}; the lanes behind the last vector are 0. */
    private static final class Packed implements Operand {
        private final FloatMatrix matrix;
        private final float[] squaredNorms;
        private final int lanes;
        private final float[][] dimensions;

        Packed(FloatMatrix matrix) {
            this.matrix = requireNonNull(matrix, "matrix");
            this.squaredNorms = Kernels.squaredNorms(matrix);
            int n = matrix.rows();
            int d = matrix.columns();
            int blocks = (n + LANES - 1) / LANES;
            // blocks of equal size, in whole SIMD registers
            this.lanes = blocks == 0 ? 0 : ((n + blocks - 1) / blocks + 15) / 16 * 16;
            this.dimensions = new float[Math.multiplyExact(blocks, d)][lanes];
            float[] array = matrix.array();
            for (int i = 0; i < n; i++) {
                int at = matrix.offset() + i * d;
                int first = i / lanes * d;
                int lane = i % lanes;
                for (int k = 0; k < d; k++) {
                    dimensions[first + k][lane] = array[at + k];
                }
            }
        }

        @Override
        public FloatMatrix matrix() {
            return matrix;
        }

        @Override
        public float[] squaredNorms() {
            return squaredNorms;
        }
    }
}
