package org.retrieval4j.nd4j;

import org.retrieval4j.kernel.DenseAlgebra;

/** The BLAS and LAPACK of ND4J's OpenBLAS, in double. Stateless and thread-safe. */
final class Lapack implements DenseAlgebra {
    @Override
    public void addSquare(double[] a, int rows, int columns, int from, int to, double[] sums) {
        NativeBlas.addSquare(a, rows, columns, from, to, sums);
    }

    @Override
    public void eigen(double[] matrix, int n, double[] values) {
        int failed = NativeBlas.eigen(matrix, n, values);
        if (failed != 0) {
            throw new IllegalStateException("LAPACK's dsyevd did not converge: info " + failed);
        }
    }
}
