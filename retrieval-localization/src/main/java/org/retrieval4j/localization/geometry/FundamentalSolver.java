package org.retrieval4j.localization.geometry;

/**
 * Fundamental matrices, x₂ᵀ F x₁ = 0, of seven point pairs (Hartley and Zisserman, Multiple View Geometry, section
 * 11.1.2). Results have Frobenius norm 1 and rank 2. Not thread-safe: holds scratch space.
 */
public final class FundamentalSolver {
    private final double[] constraints = new double[63];
    private final double[] basis = new double[18];
    private final double[] roots = new double[3];
    private final double[] matrix = new double[9];
    private final double[] cofactors = new double[9];

    /** Makes a solver. */
    public FundamentalSolver() {}

    /**
     * All real solutions of seven pairs: the two-dimensional null space of their constraints, intersected with det F = 0.
     *
     * @param x1 x in the first picture
     * @param y1 y in the first picture
     * @param x2 x in the second picture
     * @param y2 y in the second picture
     * @param sample indices of seven pairs
     * @param models receives one to three matrices of nine values
     * @return how many; 0 if the pairs are in special position
     */
    public int sevenPoint(double[] x1, double[] y1, double[] x2, double[] y2, int[] sample, double[] models) {
        for (int i = 0; i < 7; i++) {
            constraint(x1[sample[i]], y1[sample[i]], x2[sample[i]], y2[sample[i]], constraints, 9 * i);
        }
        if (!nullSpace()) {
            return 0;
        }
        // det(F + λ G) = det F + λ cof(F)·G + λ² cof(G)·F + λ³ det G
        double[] f = basis;
        double d = determinant(f, 0, cofactors);
        double c = 0;
        for (int i = 0; i < 9; i++) {
            c += cofactors[i] * f[9 + i];
        }
        double a = determinant(f, 9, cofactors);
        double b = 0;
        for (int i = 0; i < 9; i++) {
            b += cofactors[i] * f[i];
        }
        boolean swap = Math.abs(a) < Math.abs(d); // solve for the factor of the other one: no root at infinity
        if (!(Math.max(Math.abs(a), Math.abs(d)) > 0)) {
            return 0;
        }
        int count = swap ? CubicSolver.solve(d, c, b, a, roots) : CubicSolver.solve(a, b, c, d, roots);
        for (int k = 0; k < count; k++) {
            double first = swap ? roots[k] : 1;
            double second = swap ? 1 : roots[k];
            double length = 1 / Math.hypot(first, second); // the basis is orthonormal
            for (int i = 0; i < 9; i++) {
                models[9 * k + i] = (first * f[i] + second * f[9 + i]) * length;
            }
        }
        return count;
    }

    private static void constraint(double x1, double y1, double x2, double y2, double[] rows, int at) {
        double scale = 1 / Math.sqrt((x1 * x1 + y1 * y1 + 1) * (x2 * x2 + y2 * y2 + 1));
        rows[at] = x2 * x1 * scale;
        rows[at + 1] = x2 * y1 * scale;
        rows[at + 2] = x2 * scale;
        rows[at + 3] = y2 * x1 * scale;
        rows[at + 4] = y2 * y1 * scale;
        rows[at + 5] = y2 * scale;
        rows[at + 6] = x1 * scale;
        rows[at + 7] = y1 * scale;
        rows[at + 8] = scale;
    }

    /** Householder vectors of the seven constraints, then the two last columns of the orthogonal matrix. */
    private boolean nullSpace() {
        double[] v = constraints;
        for (int i = 0; i < 7; i++) {
            double squared = 0;
            for (int k = i; k < 9; k++) {
                squared += v[9 * i + k] * v[9 * i + k];
            }
            if (!(squared > 1e-28)) {
                return false;
            }
            v[9 * i + i] += Math.copySign(Math.sqrt(squared), v[9 * i + i]);
            for (int j = i + 1; j < 7; j++) {
                reflect(v, 9 * i, i, v, 9 * j);
            }
        }
        for (int column = 0; column < 2; column++) {
            for (int k = 0; k < 9; k++) {
                basis[9 * column + k] = k == 7 + column ? 1 : 0;
            }
            for (int i = 6; i >= 0; i--) {
                reflect(v, 9 * i, i, basis, 9 * column);
            }
        }
        return true;
    }

    private static void reflect(double[] v, int vAt, int from, double[] x, int xAt) {
        double vv = 0;
        double vx = 0;
        for (int k = from; k < 9; k++) {
            vv += v[vAt + k] * v[vAt + k];
            vx += v[vAt + k] * x[xAt + k];
        }
        double factor = 2 * vx / vv;
        for (int k = from; k < 9; k++) {
            x[xAt + k] -= factor * v[vAt + k];
        }
    }

    private double determinant(double[] m, int at, double[] cofactors) {
        System.arraycopy(m, at, matrix, 0, 9);
        SmallLinear.cofactors(matrix, cofactors);
        return matrix[0] * cofactors[0] + matrix[1] * cofactors[1] + matrix[2] * cofactors[2];
    }
}
