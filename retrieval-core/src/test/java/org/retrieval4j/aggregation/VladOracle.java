package org.retrieval4j.aggregation;

import org.retrieval4j.storage.NpyArray;

/** VLAD in plain double loops, straight from the formulas: what the float code is compared with. */
final class VladOracle {
    private final int n;
    private final int k;
    private final int d;
    private final double[] x;
    private final double[] centers;
    private final double[] weights;
    private boolean residualNormalization;
    private double[] bases = {};
    private boolean mass;
    private double power = 1;
    private boolean intra;
    private boolean l2 = true;

    VladOracle(double[] x, double[] centers, double[] weights, int k, int d) {
        this.n = x.length / d;
        this.k = k;
        this.d = d;
        this.x = x;
        this.centers = centers;
        this.weights = weights;
    }

    static double[] oneHot(int[] assignments, int clusters) {
        double[] weights = new double[assignments.length * clusters];
        for (int i = 0; i < assignments.length; i++) {
            weights[i * clusters + assignments[i]] = 1;
        }
        return weights;
    }

    VladOracle flags(int flags) {
        intra = (flags & 1) != 0;
        power = (flags & 2) != 0 ? 0.5 : 1;
        l2 = (flags & 4) == 0;
        mass = (flags & 8) != 0;
        return this;
    }

    VladOracle residualNormalization() {
        residualNormalization = true;
        return this;
    }

    VladOracle bases(NpyArray columns) {
        bases = columns.toDoubles();
        return this;
    }

    VladOracle power(double value) {
        power = value;
        return this;
    }

    double[] encode() {
        double[] v = new double[k * d];
        for (int c = 0; c < k; c++) {
            double[] sum = new double[d];
            double total = 0;
            for (int i = 0; i < n; i++) {
                double weight = weights[i * k + c];
                double[] residual = new double[d];
                for (int j = 0; j < d; j++) {
                    residual[j] = x[i * d + j] - centers[c * d + j];
                }
                double norm = residualNormalization ? norm(residual) : 1;
                for (int j = 0; j < d && norm > 1e-12; j++) {
                    sum[j] += weight * residual[j] / norm;
                }
                total += weight;
            }
            if (total > 0) {
                System.arraycopy(finished(sum, total, c), 0, v, c * d, d);
            }
        }
        return l2 ? scaled(v, 1 / Math.max(norm(v), 1e-12)) : v;
    }

    private double[] finished(double[] sum, double total, int cluster) {
        double[] v = sum.clone();
        if (bases.length > 0) {
            for (int j = 0; j < d; j++) {
                v[j] = 0;
                for (int i = 0; i < d; i++) {
                    v[j] += bases[(cluster * d + i) * d + j] * sum[i];
                }
            }
        }
        for (int j = 0; j < d; j++) {
            v[j] = mass ? v[j] / total : v[j];
            v[j] = Math.signum(v[j]) * Math.pow(Math.abs(v[j]), power);
        }
        return intra ? scaled(v, 1 / Math.max(norm(v), 1e-12)) : v;
    }

    private static double norm(double[] v) {
        double square = 0;
        for (double value : v) {
            square += value * value;
        }
        return Math.sqrt(square);
    }

    private static double[] scaled(double[] v, double factor) {
        double[] scaled = new double[v.length];
        for (int i = 0; i < v.length; i++) {
            scaled[i] = v[i] * factor;
        }
        return scaled;
    }
}
