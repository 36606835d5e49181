package org.retrieval4j.nd4j;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.retrieval4j.api.FloatMatrix;

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
