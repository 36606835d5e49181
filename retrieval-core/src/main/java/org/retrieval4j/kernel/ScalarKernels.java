package org.retrieval4j.kernel;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import org.retrieval4j.api.FloatMatrix;

/**
 * Kernels in plain Java loops, which work everywhere and need no flag. The prepared side is stored dimension by
 * dimension in blocks of up to 512 vectors ({@code Lanes}), and a product is summed for all vectors of a block at once,
 * so that HotSpot makes SIMD instructions of it.
 *
 * <p>Products are summed without fused multiply-add, from the first dimension to the last, or with up to
 * {@value #FEW} prepared vectors in two partial sums: their bits are the same in every batch and on every machine.
 */
public final class ScalarKernels implements Kernels {
    /** Rows of x that share the reading of a block. */
    private static final int ROWS = 32;

    /** So few prepared vectors are multiplied one by one: their lanes would stay empty. */
    private static final int FEW = 8;

    /** So many vectors of x, if there are fewer of y, are put into lanes instead. */
    private static final int MANY = 128;

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
        if (m == 0 || n == 0) {
            return;
        }
        if (n <= FEW) {
            FourStreams.products(x, packed.matrix, products);
            return;
        }
        float[][] sums = new float[Math.min(m, ROWS)][packed.lanes];
        for (int block = 0, first = 0; first < n; block++, first += packed.lanes) {
            int width = Math.min(packed.lanes, n - first);
            for (int from = 0; from < m; from += ROWS) {
                FloatMatrix rows = x.rows(from, Math.min(m, from + ROWS));
                for (int i = 0; i < rows.rows(); i++) {
                    Arrays.fill(sums[i], 0);
                }
                Lanes.addProducts(rows, packed.dimensions, block * x.columns(), sums);
                for (int i = 0; i < rows.rows(); i++) {
                    System.arraycopy(sums[i], 0, products, (from + i) * n + first, width);
                }
            }
        }
    }

    @Override
    public void assign(FloatMatrix x, Operand centroids, int[] ids) {
        NearestRow.check(x, centroids, ids);
        if (x.rows() < MANY) {
            NearestRow.assign(this, x, centroids, ids);
        } else {
            new LaneAssignment(x, centroids).run(ids);
        }
    }

    @Override
    public void reaching(
            FloatMatrix x, float[] scales, float[] biases, Operand y, float[] limits, PairVisitor visitor) {
        int n = y.matrix().rows();
        if (n > FEW && n < MANY && x.rows() >= MANY) {
            Reaching.swapped(this, x, scales, biases, y, limits, visitor);
        } else {
            Reaching.of(this, x, scales, biases, y, limits, visitor);
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
            this.lanes = Lanes.perBlock(n);
            int blocks = n == 0 ? 0 : (n + lanes - 1) / lanes;
            this.dimensions = new float[Math.multiplyExact(blocks, d)][lanes];
            for (int block = 0; block < blocks; block++) {
                int from = block * lanes;
                Lanes.pack(matrix.rows(from, Math.min(n, from + lanes)), dimensions, block * d);
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
