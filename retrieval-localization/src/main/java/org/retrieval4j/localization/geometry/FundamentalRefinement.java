package org.retrieval4j.localization.geometry;

import java.util.Arrays;

/**
 * Gauss–Newton for fundamental matrices by weighted least squares of the Sampson error (Hartley and Zisserman, equation
 * 11.9). A step moves in the seven directions that change neither norm nor, to first order, determinant: those orthogonal
 * to F and to its cofactors; a Newton step on the determinant then makes the rank 2 again. Not thread-safe: holds scratch
 * space.
 */
final class FundamentalRefinement {
    private static final int STEPS = 2;

    private final double[] normal = new double[81];
    private final double[] gradient = new double[9];
    private final double[] derivative = new double[9];
    private final double[] cofactors = new double[9];
    private final double[] reflector = new double[9];
    private final double[] directions = new double[63];
    private final double[] product = new double[63];
    private final double[] reduced = new double[49];
    private final double[] step = new double[7];

    /**
     * Improves a matrix.
     *
     * @param data the pairs
     * @param weights one a pair
     * @param f nine values, overwritten
     * @return false if the pairs do not determine it
     */
    boolean refine(Correspondences data, double[] weights, double[] f) {
        for (int i = 0; i < STEPS; i++) {
            if (!normalize(f)) {
                return false;
            }
            accumulate(data, weights, f);
            if (!move(f)) {
                return false;
            }
        }
        return normalize(f);
    }

    private static boolean normalize(double[] f) {
        double squared = 0;
        for (double value : f) {
            squared += value * value;
        }
        if (!(squared > 0)) {
            return false;
        }
        double scale = 1 / Math.sqrt(squared);
        for (int i = 0; i < 9; i++) {
            f[i] *= scale;
        }
        return true;
    }

    /** O(n), about 150 operations a pair. */
    private void accumulate(Correspondences data, double[] weights, double[] f) {
        double[] x1 = data.x1();
        double[] y1 = data.y1();
        double[] x2 = data.x2();
        double[] y2 = data.y2();
        double[] d = derivative;
        Arrays.fill(normal, 0);
        Arrays.fill(gradient, 0);
        for (int i = 0; i < data.size(); i++) {
            if (weights[i] == 0) {
                continue;
            }
            double x = x1[i];
            double y = y1[i];
            double u = x2[i];
            double v = y2[i];
            double lx = f[0] * x + f[1] * y + f[2];
            double ly = f[3] * x + f[4] * y + f[5];
            double lz = f[6] * x + f[7] * y + f[8];
            double mx = f[0] * u + f[3] * v + f[6];
            double my = f[1] * u + f[4] * v + f[7];
            double e = u * lx + v * ly + lz;
            double squared = lx * lx + ly * ly + mx * mx + my * my;
            double r = 1 / Math.sqrt(squared);
            double q = e / squared;
            // d(e/√g) = (de − e/g · dg/2)/√g
            double a = (u - q * lx) * r;
            double b = (v - q * ly) * r;
            double qmx = q * mx * r;
            double qmy = q * my * r;
            d[0] = a * x - qmx * u;
            d[1] = a * y - qmy * u;
            d[2] = a;
            d[3] = b * x - qmx * v;
            d[4] = b * y - qmy * v;
            d[5] = b;
            d[6] = x * r - qmx;
            d[7] = y * r - qmy;
            d[8] = r;
            double w = weights[i];
            double we = w * e * r;
            for (int j = 0; j < 9; j++) {
                gradient[j] += we * d[j];
                double wd = w * d[j];
                for (int k = 0; k <= j; k++) {
                    normal[9 * j + k] += wd * d[k];
                }
            }
        }
    }

    private boolean move(double[] f) {
        SmallLinear.cofactors(f, cofactors);
        if (!normalize(cofactors)) {
            return false;
        }
        findDirections(f);
        for (int j = 0; j < 9; j++) {
            for (int k = j + 1; k < 9; k++) {
                normal[9 * j + k] = normal[9 * k + j];
            }
        }
        for (int c = 0; c < 7; c++) {
            double slope = 0;
            for (int j = 0; j < 9; j++) {
                double sum = 0;
                for (int k = 0; k < 9; k++) {
                    sum += normal[9 * j + k] * directions[9 * c + k];
                }
                product[9 * c + j] = sum;
                slope += gradient[j] * directions[9 * c + j];
            }
            step[c] = slope;
        }
        for (int c = 0; c < 7; c++) {
            for (int b = 0; b <= c; b++) {
                double sum = 0;
                for (int j = 0; j < 9; j++) {
                    sum += directions[9 * c + j] * product[9 * b + j];
                }
                reduced[7 * c + b] = sum;
            }
        }
        if (!SmallLinear.solvePositive(7, reduced, 7, step)) {
            return false;
        }
        for (int c = 0; c < 7; c++) {
            for (int j = 0; j < 9; j++) {
                f[j] -= step[c] * directions[9 * c + j];
            }
        }
        for (int i = 0; i < 2; i++) {
            SmallLinear.cofactors(f, cofactors);
            double determinant = f[0] * cofactors[0] + f[1] * cofactors[1] + f[2] * cofactors[2];
            double squared = 0;
            for (double value : cofactors) {
                squared += value * value;
            }
            if (!(squared > 0)) {
                return false;
            }
            for (int j = 0; j < 9; j++) {
                f[j] -= determinant / squared * cofactors[j];
            }
        }
        return true;
    }

    /**
     * Seven orthonormal directions: reflections take the cofactors to the last axis and F, orthogonal to them, to the last
     * but one; the other axes, reflected back, are the directions.
     */
    private void findDirections(double[] f) {
        double[] first = derivative;
        System.arraycopy(cofactors, 0, first, 0, 9);
        first[8] += Math.copySign(1, first[8]);
        double[] second = reflector;
        System.arraycopy(f, 0, second, 0, 9);
        reflect(first, second, 0);
        second[8] = 0;
        double length = 0;
        for (int i = 0; i < 8; i++) {
            length += second[i] * second[i];
        }
        second[7] += Math.copySign(Math.sqrt(length), second[7]);
        for (int c = 0; c < 7; c++) {
            for (int j = 0; j < 9; j++) {
                directions[9 * c + j] = j == c ? 1 : 0;
            }
            reflect(second, directions, 9 * c);
            reflect(first, directions, 9 * c);
        }
    }

    private static void reflect(double[] v, double[] x, int at) {
        double vv = 0;
        double vx = 0;
        for (int k = 0; k < 9; k++) {
            vv += v[k] * v[k];
            vx += v[k] * x[at + k];
        }
        double factor = 2 * vx / vv;
        for (int k = 0; k < 9; k++) {
            x[at + k] -= factor * v[k];
        }
    }
}
