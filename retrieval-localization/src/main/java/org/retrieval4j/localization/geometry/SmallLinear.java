package org.retrieval4j.localization.geometry;

/** Dense linear algebra of a few rows, in place and without allocation. */
final class SmallLinear {
    private SmallLinear() {}

    /**
     * Solves A x = b for a symmetric positive definite A by Cholesky's decomposition.
     *
     * @param n number of unknowns
     * @param a n x n with row length {@code stride}; its lower triangle is read and overwritten
     * @param stride row length of a
     * @param b right side, overwritten by the solution
     * @return false if A is not positive definite to working precision
     */
    static boolean solvePositive(int n, double[] a, int stride, double[] b) {
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = a[i * stride + j];
                double diagonal = sum;
                for (int k = 0; k < j; k++) {
                    sum -= a[i * stride + k] * a[j * stride + k];
                }
                if (i == j) {
                    if (!(sum > 1e-14 * diagonal)) {
                        return false;
                    }
                    a[i * stride + i] = Math.sqrt(sum);
                } else {
                    a[i * stride + j] = sum / a[j * stride + j];
                }
            }
        }
        for (int i = 0; i < n; i++) {
            double sum = b[i];
            for (int k = 0; k < i; k++) {
                sum -= a[i * stride + k] * b[k];
            }
            b[i] = sum / a[i * stride + i];
        }
        for (int i = n - 1; i >= 0; i--) {
            double sum = b[i];
            for (int k = i + 1; k < n; k++) {
                sum -= a[k * stride + i] * b[k];
            }
            b[i] = sum / a[i * stride + i];
        }
        return true;
    }

    /** The 3 x 3 matrix of cofactors, row after row: its transpose is the adjugate. */
    static void cofactors(double[] m, double[] c) {
        c[0] = m[4] * m[8] - m[5] * m[7];
        c[1] = m[5] * m[6] - m[3] * m[8];
        c[2] = m[3] * m[7] - m[4] * m[6];
        c[3] = m[2] * m[7] - m[1] * m[8];
        c[4] = m[0] * m[8] - m[2] * m[6];
        c[5] = m[1] * m[6] - m[0] * m[7];
        c[6] = m[1] * m[5] - m[2] * m[4];
        c[7] = m[2] * m[3] - m[0] * m[5];
        c[8] = m[0] * m[4] - m[1] * m[3];
    }
}
