package org.retrieval4j.nd4j;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.DenseAlgebra;

/**
 * The door to native memory: blocks of floats outside the heap, and the matrix product of OpenBLAS over them. The
 * library is loaded when {@link #unavailable()} is first called, once a class loader; JavaCPP unpacks it into its
 * cache in the user's home directory and starts its own daemon thread that frees forgotten blocks. JavaCPP's messages go
 * to SLF4J unless {@code org.bytedeco.javacpp.logger} says otherwise.
 *
 * <p>OpenBLAS is set to one thread: parallel work belongs to the caller's executor. The setting is global in the
 * process, so an application that uses ND4J's BLAS beside this library may set another number after this.
 */
final class NativeBlas {
    private NativeBlas() {}

    /** Why the library cannot be used here; empty if it can. */
    static Optional<String> unavailable() {
        return Library.FAILURE;
    }

    /** Sets one thread again, where something else may have set another number. */
    static void oneThread() {
        openblas_nolapack.blas_set_num_threads(1);
    }

    /** A block of floats; as it was allocated, not zeroed. */
    static Block allocate(long size) {
        return new Block(new FloatPointer(size));
    }

    /** A copy of a matrix, row after row. */
    static Block copyOf(FloatMatrix matrix) {
        long size = (long) matrix.rows() * matrix.columns();
        Block block = allocate(Math.max(1, size));
        block.put(matrix);
        return block;
    }

    /**
     * All inner products of m rows of x with n rows of y, both of d floats, into m x n floats. All blocks must be large
     * enough: nothing checks it below here.
     */
    static void multiply(Block x, int m, Block y, int n, int d, Block products) {
        if (m == 1) {
            // one pass over y; sgemm would copy it first
            openblas_nolapack.cblas_sgemv(
                    openblas_nolapack.CblasRowMajor,
                    openblas_nolapack.CblasNoTrans,
                    n,
                    d,
                    1,
                    y.pointer,
                    d,
                    x.pointer,
                    1,
                    0,
                    products.pointer,
                    1);
            return;
        }
        openblas_nolapack.cblas_sgemm(
                openblas_nolapack.CblasRowMajor,
                openblas_nolapack.CblasNoTrans,
                openblas_nolapack.CblasTrans,
                m,
                n,
                d,
                1,
                x.pointer,
                d,
                y.pointer,
                d,
                0,
                products.pointer,
                n);
    }

    /** Sums of n vectors of d floats with k weights each, given k x n: into k x d floats. All blocks must be large enough. */
    static void weightedSums(Block weights, int k, Block x, int n, int d, Block sums) {
        openblas_nolapack.cblas_sgemm(
                openblas_nolapack.CblasRowMajor,
                openblas_nolapack.CblasNoTrans,
                openblas_nolapack.CblasNoTrans,
                k,
                d,
                n,
                1,
                weights.pointer,
                n,
                x.pointer,
                d,
                0,
                sums.pointer,
                d);
    }

    /** Rows of the upper triangle of AᵀA, added to what is there; see {@link DenseAlgebra#addSquare}. */
    static void addSquare(double[] a, int rows, int columns, int from, int to, double[] sums) {
        if (rows == 0) {
            return;
        }
        int height = to - from;
        try (DoublePointer block = new DoublePointer((long) rows * columns);
                DoublePointer left = new DoublePointer(block);
                DoublePointer result = new DoublePointer((long) height * columns);
                DoublePointer right = new DoublePointer(result)) {
            block.put(a, 0, rows * columns);
            result.put(sums, 0, height * columns);
            left.position(from);
            right.position(from); // of the result: columns before are below the diagonal
            openblas_nolapack.cblas_dgemm(
                    openblas_nolapack.CblasRowMajor,
                    openblas_nolapack.CblasTrans,
                    openblas_nolapack.CblasNoTrans,
                    height,
                    columns - from,
                    rows,
                    1,
                    left,
                    columns,
                    left,
                    columns,
                    1,
                    right,
                    columns);
            result.get(sums, 0, height * columns);
        }
    }

    /** LAPACK's dsyevd; see {@link DenseAlgebra#eigen}. Returns its info: 0 if all went well. */
    static int eigen(double[] matrix, int n, double[] values) {
        try (DoublePointer a = new DoublePointer((long) n * n);
                DoublePointer w = new DoublePointer(n)) {
            a.put(matrix, 0, n * n);
            // by columns: a symmetric matrix is the same, and an eigenvector a column is one a row of ours
            int info = openblas.LAPACKE_dsyevd(openblas.LAPACK_COL_MAJOR, (byte) 'V', (byte) 'U', n, a, n, w);
            a.get(matrix, 0, n * n);
            w.get(values, 0, n);
            return info;
        }
    }

    /** Native floats that are freed at {@link #close()}, but not before running uses have ended. */
    static final class Block implements AutoCloseable {
        private final FloatPointer pointer;
        private final AtomicInteger users = new AtomicInteger(1); // the owner
        private final AtomicBoolean closed = new AtomicBoolean();

        private Block(FloatPointer pointer) {
            this.pointer = pointer;
        }

        /** Copies a matrix to the start of the block. */
        void put(FloatMatrix matrix) {
            pointer.put(matrix.array(), matrix.offset(), matrix.rows() * matrix.columns());
        }

        /** Copies the first floats of the block. */
        void get(float[] target, int offset, int size) {
            pointer.get(target, offset, size);
        }

        /** Holds the block open; each call needs a {@link #release()}. */
        void acquire() {
            for (int n = users.get(); ; n = users.get()) {
                if (n == 0 || closed.get()) {
                    throw new IllegalStateException("the operand is closed");
                }
                if (users.compareAndSet(n, n + 1)) {
                    return;
                }
            }
        }

        void release() {
            if (users.decrementAndGet() == 0) {
                pointer.close();
            }
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                release();
            }
        }
    }

    /** Loads the library at first use; constant afterwards. */
    private static final class Library {
        private static final String LOGGER = "org.bytedeco.javacpp.logger";

        static final Optional<String> FAILURE = load();

        private static Optional<String> load() {
            if (System.getProperty(LOGGER) == null) {
                // JavaCPP's own logger writes to standard error, in a shaded JAR at every start
                System.setProperty(LOGGER, "slf4j");
            }
            try {
                openblas_nolapack.blas_set_num_threads(1);
                return Optional.empty();
            } catch (LinkageError | RuntimeException e) {
                Throwable cause = e;
                while (cause instanceof ExceptionInInitializerError && cause.getCause() != null) {
                    cause = cause.getCause();
                }
                return Optional.of("ND4J's OpenBLAS cannot be loaded (is org.bytedeco:openblas on the class path with"
                        + " this platform's classifier?): " + cause);
            }
        }
    }
}
