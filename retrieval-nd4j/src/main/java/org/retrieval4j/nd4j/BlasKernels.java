package org.retrieval4j.nd4j;

import java.util.Arrays;
import java.util.Optional;
import org.retrieval4j.api.BackendException;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.DenseAlgebra;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.kernel.ScalarKernels;

/**
 * Kernels on the OpenBLAS that ND4J brings, called directly on blocks outside the heap: {@code kernel=blas}. They need
 * {@code org.bytedeco:openblas} and {@code javacpp} with the platform's classifier on the class path, which
 * {@code nd4j-native} has; no ND4J array is made.
 *
 * <p>Loading takes 0.15 s. After that they take 0.3 to 0.9 of the time of the scalar kernels, and 1.0 to 1.7 of that of the
 * vector kernels (JDK 17, an AMD core with AVX2; {@code AssignBenchmark} and {@code ProductsBenchmark} of retrieval-bench).
 *
 * <p>OpenBLAS runs on the calling thread alone. The bits of a product may depend on the size of the batch and on the
 * processor; ids do not.
 */
public final class BlasKernels implements Kernels {
    /** Floats outside the heap for rows or products at a time: 1 MB … */
    private static final int CHUNK = 1 << 18;

    /** … but as many as it takes for this many rows: each call of OpenBLAS repacks all of the other side. */
    private static final int ENOUGH_ROWS = 512;

    /** So few prepared vectors are left to the scalar kernels, which need no copy and are as fast as memory. */
    private static final int FEW = 8;

    private final Kernels scalar = new ScalarKernels();

    /** Creates the kernels; loads nothing. */
    public BlasKernels() {}

    @Override
    public String name() {
        return "blas";
    }

    /**
     * Before the scalar kernels, behind the vector kernels.
     *
     * @return 10
     */
    @Override
    public int priority() {
        return 10;
    }

    @Override
    public boolean loadsLibraries() {
        return true;
    }

    @Override
    public Optional<String> unavailable() {
        return NativeBlas.unavailable();
    }

    @Override
    public Optional<DenseAlgebra> algebra() {
        return Optional.of(new Lapack());
    }

    @Override
    public Operand prepare(FloatMatrix matrix) {
        requireAvailable();
        return matrix.rows() <= FEW ? new FewVectors(scalar.prepare(matrix)) : new NativeOperand(matrix);
    }

    @Override
    public void products(FloatMatrix x, Operand y, float[] products) {
        if (y instanceof FewVectors few) {
            scalar.products(x, few.operand, products);
            return;
        }
        if (!(y instanceof NativeOperand operand)) {
            throw new IllegalArgumentException("the operand was prepared by other kernels: " + y.getClass());
        }
        int m = x.rows();
        int n = operand.matrix.rows();
        int d = x.columns();
        if (d != operand.matrix.columns()) {
            throw new IllegalArgumentException(
                    "vectors must have " + operand.matrix.columns() + " values like those prepared, got " + d);
        }
        if ((long) m * n > products.length) {
            throw new IllegalArgumentException(
                    "products must have at least " + (long) m * n + " values, got " + products.length);
        }
        if (m == 0 || n == 0 || d == 0) {
            Arrays.fill(products, 0, m * n, 0);
            return;
        }
        int chunk = Math.min(m, Math.max(ENOUGH_ROWS, CHUNK / Math.max(n, d)));
        operand.block.acquire();
        try (NativeBlas.Block rows = NativeBlas.allocate((long) chunk * d);
                NativeBlas.Block result = NativeBlas.allocate((long) chunk * n)) {
            for (int from = 0; from < m; from += chunk) {
                int to = Math.min(m, from + chunk);
                rows.put(x.rows(from, to));
                NativeBlas.multiply(rows, to - from, operand.block, n, d, result);
                result.get(products, from * n, (to - from) * n);
            }
        } finally {
            operand.block.release();
        }
    }

    @Override
    public void weightedSums(FloatMatrix weights, FloatMatrix x, float[] sums) {
        Kernels.requireFit(weights, x, sums);
        requireAvailable();
        int k = weights.rows();
        int n = x.rows();
        int d = x.columns();
        if (k == 0 || n == 0 || d == 0) {
            Arrays.fill(sums, 0, k * d, 0);
            return;
        }
        try (NativeBlas.Block left = NativeBlas.copyOf(weights);
                NativeBlas.Block right = NativeBlas.copyOf(x);
                NativeBlas.Block result = NativeBlas.allocate((long) k * d)) {
            NativeBlas.weightedSums(left, k, right, n, d, result);
            result.get(sums, 0, k * d);
        }
    }

    private static void requireAvailable() {
        NativeBlas.unavailable().ifPresent(reason -> {
            throw new BackendException(reason);
        });
    }

    private record FewVectors(Operand operand) implements Operand {
        @Override
        public FloatMatrix matrix() {
            return operand.matrix();
        }

        @Override
        public float[] squaredNorms() {
            return operand.squaredNorms();
        }
    }

    private static final class NativeOperand implements Operand {
        private final FloatMatrix matrix;
        private final float[] squaredNorms;
        private final NativeBlas.Block block;

        NativeOperand(FloatMatrix matrix) {
            this.matrix = matrix;
            this.squaredNorms = Kernels.squaredNorms(matrix);
            this.block = NativeBlas.copyOf(matrix);
        }

        @Override
        public FloatMatrix matrix() {
            return matrix;
        }

        @Override
        public float[] squaredNorms() {
            return squaredNorms;
        }

        @Override
        public void close() {
            block.close();
        }
    }
}
