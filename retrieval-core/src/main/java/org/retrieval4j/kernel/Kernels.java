package org.retrieval4j.kernel;

import java.util.List;
import java.util.Optional;
import org.retrieval4j.api.FloatMatrix;

/**
 * Distances and products over batches of vectors. Implementations are stateless and thread-safe, run in the calling
 * thread, and write into arrays of the caller. They are found by {@link java.util.ServiceLoader} through
 * {@link KernelCatalog}; their class is public with a public constructor that costs nothing: native libraries are
 * loaded when {@link #unavailable} or a computing method is first called.
 *
 * <p>Ids are equal across kernels: whoever needs an ordering takes candidates within a margin and orders them by
 * {@link #fixedOrderDot} or {@link #fixedOrderSquaredDistance}. {@link #errorBound} gives the margin.
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

        /**
         * The squared L2 norm of each row, computed in double and rounded once.
         *
         * @return n values; read-only by contract
         */
        float[] squaredNorms();

        /** Frees what is not on the heap; idempotent. */
        @Override
        default void close() {}
    }

    /**
     * Vectors that are assigned time and again, as those that k-means learns from: on a device where kernels compute on
     * one. Immutable, thread-safe.
     */
    interface Held extends AutoCloseable {
        /**
         * The values it was made of.
         *
         * @return n x d
         */
        FloatMatrix matrix();

        /**
         * {@link Kernels#assign(FloatMatrix, Operand, int[])} of some rows.
         *
         * @param from first row
         * @param to row after the last
         * @param centroids prepared by the same kernels
         * @param ids n indices, of which those from {@code from} to before {@code to} are overwritten
         */
        void assign(int from, int to, Operand centroids, int[] ids);

        /** Frees what is not on the heap; idempotent. */
        @Override
        default void close() {}
    }

    /** Receives pairs of vectors. */
    @FunctionalInterface
    interface PairVisitor {
        /**
         * Takes a pair.
         *
         * @param i row of x
         * @param j row of y
         * @param score of the pair
         */
        void visit(int i, int j, float score);
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
     * Whether {@link #unavailable} and computing load native libraries, which takes some tenths of a second.
     *
     * @return false, unless it is so
     */
    default boolean loadsLibraries() {
        return false;
    }

    /**
     * Why these kernels cannot be used here. May load native libraries; the answer does not change.
     *
     * @return the reason, empty if they can be used
     */
    default Optional<String> unavailable() {
        return Optional.empty();
    }

    /**
     * Products and eigenvectors of large matrices, if these kernels bring a library for them. Loads nothing.
     *
     * @return what is usable when {@link #unavailable} is empty
     */
    default Optional<DenseAlgebra> algebra() {
        return Optional.empty();
    }

    /**
     * Prepares the side that stays: a codebook, a database, the query of many matchings.
     *
     * @param matrix n x d; kept by the operand
     * @return the operand
     */
    Operand prepare(FloatMatrix matrix);

    /**
     * All inner products, each within {@link #errorBound} of the exact one.
     *
     * @param x m x d
     * @param y n x d, prepared by these kernels
     * @param products m x n, row-major: {@code products[i * n + j] = x_i · y_j}; overwritten from index 0
     * @throws IllegalArgumentException if the widths differ or {@code products} is too short
     */
    void products(FloatMatrix x, Operand y, float[] products);

    /**
     * The nearest centroid of each vector by L2 distance; of two equally near the one of smaller index. All kernels
     * agree: near ties are decided by {@link #fixedOrderSquaredDistance}.
     *
     * @param x m x d
     * @param centroids n x d, n at least 1, prepared by these kernels
     * @param ids m indices; overwritten
     * @throws IllegalArgumentException if the widths differ, there is no centroid, or {@code ids} is too short
     */
    default void assign(FloatMatrix x, Operand centroids, int[] ids) {
        NearestRow.assign(this, x, centroids, ids);
    }

    /**
     * How many vectors a call should bring together, where it may bring any number: kernels for which a call costs much
     * want many, others are best served picture by picture.
     *
     * @return number of vectors, at least 1
     */
    default int rowsAtOnce() {
        return 1;
    }

    /**
     * {@link #assign(FloatMatrix, Operand, int[])} for the vectors of several pictures.
     *
     * @param batch matrices with d columns; those without rows may have any width
     * @param centroids n x d, n at least 1, prepared by these kernels
     * @param ids an index for each vector, one matrix after another; overwritten
     * @throws IllegalArgumentException if the widths differ, there is no centroid, or {@code ids} is too short
     */
    default void assign(List<FloatMatrix> batch, Operand centroids, int[] ids) {
        NearestRow.assign(this, batch, centroids, ids);
    }

    /**
     * Takes hold of vectors that are assigned time and again.
     *
     * @param matrix n x d; kept
     * @return the vectors
     */
    default Held hold(FloatMatrix matrix) {
        return new HeldRows(this, matrix);
    }

    /**
     * Sums of softly assigned vectors, for each picture of a batch and each cluster c: the mass Σ a_c(x) and the vector
     * Σ a_c(x) x, where a(x) is the softmax of the n values w_c · x + b_c. In float32, so that kernels differ by rounding.
     *
     * @param batch m matrices with d columns; those without rows may have any width
     * @param weights n x d, prepared by these kernels: w
     * @param biases n values: b
     * @param unit scale each vector to length 1 first
     * @param sums m x n x d; overwritten from index 0
     * @param masses m x n; overwritten from index 0
     * @throws IllegalArgumentException if the widths or the number of biases differ, or an array is too short
     */
    default void softSums(
            List<FloatMatrix> batch, Operand weights, float[] biases, boolean unit, double[] sums, double[] masses) {
        SoftSums.of(this, batch, weights, biases, unit, false, sums, masses);
    }

    /**
     * {@link #softSums} with the sums of squares Σ a_c(x) x² of each dimension: what Fisher vectors need.
     *
     * @param batch m matrices with d columns; those without rows may have any width
     * @param weights n x d, prepared by these kernels: w
     * @param biases n values: b
     * @param unit scale each vector to length 1 first
     * @param moments m x 2 x n x d: for each picture its sums, then its sums of squares; overwritten from index 0
     * @param masses m x n; overwritten from index 0
     * @throws IllegalArgumentException if the widths or the number of biases differ, or an array is too short
     */
    default void softMoments(
            List<FloatMatrix> batch, Operand weights, float[] biases, boolean unit, double[] moments, double[] masses) {
        SoftSums.of(this, batch, weights, biases, unit, true, moments, masses);
    }

    /**
     * Turns values into shares that sum to 1: e to each, divided by the sum of all.
     *
     * @param values the values, overwritten; the largest may be of any size
     * @param at where they start
     * @param size their number
     */
    static void softmax(float[] values, int at, int size) {
        SoftSums.softmax(values, at, size);
    }

    /**
     * Sums of vectors, each with several weights: what posteriors or soft assignments make of the descriptors of a picture.
     *
     * @param weights k x n
     * @param x n x d
     * @param sums k x d, row-major: Σ_i weights_ci x_i; overwritten from index 0; each within {@link #errorBound} of n of the
     *     exact sum
     * @throws IllegalArgumentException if the sizes do not fit
     */
    default void weightedSums(FloatMatrix weights, FloatMatrix x, float[] sums) {
        WeightedSums.of(weights, x, sums);
    }

    /**
     * What {@link #weightedSums} checks.
     *
     * @param weights k x n
     * @param x n x d
     * @param sums the array for results
     * @throws IllegalArgumentException if the sizes do not fit
     */
    static void requireFit(FloatMatrix weights, FloatMatrix x, float[] sums) {
        WeightedSums.check(weights, x, sums);
    }

    /**
     * Inner products of one vector with rows that lie anywhere in an array: the neighbors of a node of a graph, the
     * members of a list. Each is within {@link #errorBound} of the exact one.
     *
     * @param x array of the vector
     * @param xAt where it starts
     * @param rows array of the rows
     * @param starts where each row starts
     * @param count number of rows
     * @param size number of values of a vector
     * @param products one value a row; overwritten from index 0
     * @throws IllegalArgumentException if an array is too short
     */
    default void products(float[] x, int xAt, float[] rows, int[] starts, int count, int size, float[] products) {
        ScatteredRows.products(x, xAt, rows, starts, count, size, products);
    }

    /**
     * Squared L2 distances of one vector to rows that lie anywhere in an array, summed from differences: they keep their
     * digits where the distance is small.
     *
     * @param x array of the vector
     * @param xAt where it starts
     * @param rows array of the rows
     * @param starts where each row starts
     * @param count number of rows
     * @param size number of values of a vector
     * @param distances one value a row; overwritten from index 0
     * @throws IllegalArgumentException if an array is too short
     */
    default void squaredDistances(
            float[] x, int xAt, float[] rows, int[] starts, int count, int size, float[] distances) {
        ScatteredRows.squaredDistances(x, xAt, rows, starts, count, size, distances);
    }

    /**
     * Finds the pairs whose score is not below a limit: {@code scale_i (x_i · y_j) + bias_i}, the product within
     * {@link #errorBound} of the exact one, the rest rounded once or twice. Scores that are NaN are found too. The order of
     * pairs is up to the kernels; a visitor may change limits, and whether pairs that were computed already are measured
     * by the old or the new one is open.
     *
     * @param x m x d, for example a block of a database
     * @param scales m factors
     * @param biases m values to add
     * @param y n x d, prepared by these kernels, for example queries
     * @param limits n values; read again after each visit
     * @param visitor receives the pairs, in the calling thread
     * @throws IllegalArgumentException if the widths differ
     */
    default void reaching(
            FloatMatrix x, float[] scales, float[] biases, Operand y, float[] limits, PairVisitor visitor) {
        Reaching.of(this, x, scales, biases, y, limits, visitor);
    }

    /**
     * The inner product of two vectors in double, summed in one order that no kernel changes.
     *
     * @param a array of the first vector
     * @param aOffset where it starts
     * @param b array of the second vector
     * @param bOffset where it starts
     * @param size number of values
     * @return the inner product
     */
    static double fixedOrderDot(float[] a, int aOffset, float[] b, int bOffset, int size) {
        return FixedOrder.dot(a, aOffset, b, bOffset, size);
    }

    /**
     * The squared L2 distance of two vectors in double, summed in one order that no kernel changes.
     *
     * @param a array of the first vector
     * @param aOffset where it starts
     * @param b array of the second vector
     * @param bOffset where it starts
     * @param size number of values
     * @return the squared distance
     */
    static double fixedOrderSquaredDistance(float[] a, int aOffset, float[] b, int bOffset, int size) {
        return FixedOrder.squaredDistance(a, aOffset, b, bOffset, size);
    }

    /**
     * The squared L2 norm of each row, as {@link Operand#squaredNorms()} wants it.
     *
     * @param matrix n x d
     * @return n values
     */
    static float[] squaredNorms(FloatMatrix matrix) {
        float[] norms = new float[matrix.rows()];
        int d = matrix.columns();
        for (int i = 0, at = matrix.offset(); i < norms.length; i++, at += d) {
            norms[i] = (float) FixedOrder.dot(matrix.array(), at, matrix.array(), at, d);
        }
        return norms;
    }

    /**
     * What {@link #assign(List, Operand, int[])} checks.
     *
     * @param batch matrices
     * @param centroids the operand
     * @param ids the array for results
     * @return number of vectors
     * @throws IllegalArgumentException if they do not fit
     */
    static int requireFit(List<FloatMatrix> batch, Operand centroids, int[] ids) {
        return NearestRow.check(batch, centroids, ids);
    }

    /**
     * What {@link #softSums} checks.
     *
     * @param batch matrices
     * @param weights the operand
     * @param biases a value for each weight
     * @param sums the array for results
     * @param masses the other one
     * @return number of vectors
     * @throws IllegalArgumentException if they do not fit
     */
    static int requireFit(List<FloatMatrix> batch, Operand weights, float[] biases, double[] sums, double[] masses) {
        return SoftSums.check(batch, weights, biases, 1, sums, masses);
    }

    /**
     * Scales the rows of a matrix to length 1; the length has a floor of 1e-12.
     *
     * @param values the matrix
     * @param at where it starts
     * @param rows number of rows
     * @param size number of values of a row
     */
    static void normalize(float[] values, int at, int rows, int size) {
        SoftSums.normalize(values, at, rows, size);
    }

    /**
     * How far a product of two vectors in float32, summed in any order, can lie from the exact one, relative to the
     * product of their norms (Higham, Accuracy and Stability of Numerical Algorithms, eq. 3.5), with room for one
     * bias of that size added in float32.
     *
     * @param size number of values of a vector
     * @return a factor on {@code |x| |y|}
     */
    static double errorBound(int size) {
        double unit = 0x1p-24;
        double terms = size + 4.0;
        return terms * unit / (1 - Math.min(0.5, terms * unit));
    }
}
