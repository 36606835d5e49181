package org.retrieval4j.kernel;

/**
 * Products and eigenvectors of large matrices in double, as BLAS and LAPACK compute them: what principal components are
 * learned with. Implementations are stateless and thread-safe, run in the calling thread, and write into arrays of the
 * caller. {@link KernelCatalog#algebra} finds one; without any, plain Java does the same more slowly.
 */
public interface DenseAlgebra {
    /**
     * Adds AᵀA, or some rows of its upper triangle: {@code sums[(i - from) * columns + j] += Σ a[r][i] a[r][j]} for i from
     * {@code from} to before {@code to} and j from i on. What else is in these rows may be overwritten.
     *
     * @param a rows x columns, row-major
     * @param rows number of rows
     * @param columns number of columns
     * @param from first row of the result
     * @param to row after the last
     * @param sums at least (to − from) x columns
     */
    void addSquare(double[] a, int rows, int columns, int from, int to, double[] sums);

    /**
     * All eigenvalues and eigenvectors of a symmetric matrix.
     *
     * @param matrix n x n; overwritten by the eigenvectors, of length 1, one a row
     * @param n size of the matrix
     * @param values n eigenvalues, from the smallest to the largest; overwritten
     * @throws IllegalStateException if the iteration does not converge
     */
    void eigen(double[] matrix, int n, double[] values);
}
