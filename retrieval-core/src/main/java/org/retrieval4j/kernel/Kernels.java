package org.retrieval4j.kernel;

import org.retrieval4j.api.FloatMatrix;

/**
 * Distances and products over batches of vectors. Implementations are stateless and thread-safe, run in the calling
 * thread, and write into arrays of the caller.
 *
 * <p>Ids are equal across kernels: whoever needs an ordering takes candidates with a margin and orders them in one
 * fixed-order routine.
 */
public interface Kernels {
    /** A matrix in the layout that a kernel likes best: packed, off-heap, or on a device. Immutable, thread-safe. */
    interface Operand extends AutoCloseable {
        /**
         * The values it was made of.
         *
         * @return n x d
         */
        FloatMatrix matrix();

        /** Frees what is not on the heap; idempotent. */
        @Override
        default void close() {}
    }

    /**
     * The name in {@code kernel=…}.
     *
     * @return for example {@code "scalar"}
     */
    String name();

    /**
     * Decides which kernels serve where none are named.
     *
     * @return larger is preferred; scalar has 0
     */
    int priority();

    /**
     * Prepares the side that stays: a codebook, a database.
     *
     * @param matrix n x d; kept by the operand
     * @return the operand
     */
    Operand prepare(FloatMatrix matrix);

    /**
     * All inner products.
     *
     * @param x m x d
     * @param y n x d, prepared by these kernels
     * @param products m x n, row-major: {@code products[i * n + j] = x_i · y_j}; overwritten from index 0
     */
    void products(FloatMatrix x, Operand y, float[] products);

    /**
     * The nearest centroid of each vector by L2 distance; of two equally near the one of smaller index. Decided in
     * a fixed order of operations, so that all kernels agree.
     *
     * @param x m x d
     * @param centroids n x d, n at least 1, prepared by these kernels
     * @param ids m indices; overwritten
     */
    void assign(FloatMatrix x, Operand centroids, int[] ids);
}
