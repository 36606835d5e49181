package org.retrieval4j.localization.geometry;

import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.SingularValueDecomposition;

/**
 * Fundamental matrices, x₂ᵀ F x₁ = 0, of seven point pairs (Hartley and Zisserman, Multiple View Geometry, section
 * 11.1.2), or of eight and more. Results have Frobenius norm 1 and rank 2. Not thread-safe: holds scratch space.
 */
public final class FundamentalSolver {
    /** Eight constraints are independent if the least of their singular values is this part of the greatest. */
    private static final double DETERMINED = 1e-10;

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

    /**
     * The matrix of eight pairs or more that minimizes the algebraic error, of rank 2 (Hartley, In defense of the eight-point
     * algorithm, PAMI 1997): points are moved and scaled first so that they lie about the origin at a mean distance of √2.
     *
     * @param x1 x in the first picture
     * @param y1 y in the first picture
     * @param x2 x in the second picture
     * @param y2 y in the second picture
     * @param sample indices of eight different pairs or more
     * @param model receives nine values of Frobenius norm 1
     * @return false if the pairs are fewer than eight or do not determine a matrix: all on a line or a plane, or not finite
     */
    public static boolean eightPoint(double[] x1, double[] y1, double[] x2, double[] y2, int[] sample, double[] model) {
        double[] first = normalization(x1, y1, sample);
        double[] second = normalization(x2, y2, sample);
        if (sample.length < 8 || !(first[2] > 0 && second[2] > 0) || first[2] + second[2] == Double.POSITIVE_INFINITY) {
            return false;
        }
        double[][] rows = new double[Math.max(9, sample.length)][9];
        for (int i = 0; i < sample.length; i++) {
            double x = (x1[sample[i]] - first[0]) * first[2];
            double y = (y1[sample[i]] - first[1]) * first[2];
            double u = (x2[sample[i]] - second[0]) * second[2];
            double v = (y2[sample[i]] - second[1]) * second[2];
            rows[i] = new double[] {u * x, u * y, u, v * x, v * y, v, x, y, 1};
        }
        SingularValueDecomposition constraints = new SingularValueDecomposition(new Array2DRowRealMatrix(rows, false));
        double[] values = constraints.getSingularValues();
        if (!(values[7] > DETERMINED * values[0])) {
            return false;
        }
        double[] f = constraints.getV().getColumn(8);
        SingularValueDecomposition matrix = new SingularValueDecomposition(new Array2DRowRealMatrix(
                new double[][] {{f[0], f[1], f[2]}, {f[3], f[4], f[5]}, {f[6], f[7], f[8]}}, false));
        RealMatrix s = matrix.getS();
        s.setEntry(2, 2, 0);
        RealMatrix rankTwo = matrix.getU().multiply(s).multiply(matrix.getVT());
        RealMatrix f2 = transformation(second).transpose().multiply(rankTwo).multiply(transformation(first));
        double norm = f2.getFrobeniusNorm();
        for (int i = 0; i < 9; i++) {
            model[i] = f2.getEntry(i / 3, i % 3) / norm;
        }
        return true;
    }

    /** Mean x, mean y, and the factor that makes the mean distance from them √2. */
    private static double[] normalization(double[] x, double[] y, int[] sample) {
        double mx = 0;
        double my = 0;
        for (int i : sample) {
            mx += x[i] / sample.length;
            my += y[i] / sample.length;
        }
        double distance = 0;
        for (int i : sample) {
            distance += Math.hypot(x[i] - mx, y[i] - my) / sample.length;
        }
        return new double[] {mx, my, Math.sqrt(2) / distance};
    }

    private static RealMatrix transformation(double[] n) {
        return new Array2DRowRealMatrix(
                new double[][] {{n[2], 0, -n[2] * n[0]}, {0, n[2], -n[2] * n[1]}, {0, 0, 1}}, false);
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
