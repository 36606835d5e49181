package org.retrieval4j.rerank;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The reciprocal graph of nearest neighbors (Iscen et al., CVPR 2017, section 3.1): A_ij = max(s_ij, 0)^γ where i and j
 * are among the nearest of each other, zeros on the diagonal; normalized, S = D^{−1/2} A D^{−1/2} with D the row sums
 * plus 1e-12. Symmetric, in rows of (column, value). Immutable.
 */
final class AffinityGraph {
    private static final double DEGREE_FLOOR = 1e-12;
    private static final int MOST_ITERATIONS = 10_000;

    private final int[] starts;
    private final int[] columns;
    private final double[] values;

    private AffinityGraph(int[] starts, int[] columns, double[] values) {
        this.starts = starts;
        this.columns = columns;
        this.values = values;
    }

    /**
     * Builds S.
     *
     * @param neighbors the nearest of each row
     * @param similarities s of each of them
     * @param gamma exponent
     */
    static AffinityGraph of(int[][] neighbors, double[][] similarities, double gamma) {
        int n = neighbors.length;
        int[][] sorted = new int[n][];
        for (int i = 0; i < n; i++) {
            sorted[i] = neighbors[i].clone();
            Arrays.sort(sorted[i]);
        }
        int[] starts = new int[n + 1];
        int size = 0;
        for (int[] row : neighbors) {
            size = Math.addExact(size, row.length);
        }
        int[] columns = new int[size];
        double[] values = new double[size];
        int at = 0;
        for (int i = 0; i < n; i++) {
            starts[i] = at;
            for (int j = 0; j < neighbors[i].length; j++) {
                int other = neighbors[i][j];
                double affinity = Math.pow(Math.max(similarities[i][j], 0), gamma);
                if (other != i && affinity > 0 && Arrays.binarySearch(sorted[other], i) >= 0) {
                    columns[at] = other;
                    values[at++] = affinity;
                }
            }
        }
        starts[n] = at;
        AffinityGraph graph = new AffinityGraph(starts, Arrays.copyOf(columns, at), Arrays.copyOf(values, at));
        graph.normalize();
        return graph;
    }

    private void normalize() {
        int n = starts.length - 1;
        double[] scale = new double[n];
        for (int i = 0; i < n; i++) {
            double degree = DEGREE_FLOOR;
            for (int e = starts[i]; e < starts[i + 1]; e++) {
                degree += values[e];
            }
            scale[i] = 1 / Math.sqrt(degree);
        }
        for (int i = 0; i < n; i++) {
            for (int e = starts[i]; e < starts[i + 1]; e++) {
                values[e] *= scale[i] * scale[columns[e]];
            }
        }
    }

    /**
     * Solves (I − α S) f = y by conjugate gradients. What cannot be reached from y is exactly zero.
     *
     * @param y one value a row
     * @param alpha 0 to below 1
     * @param tolerance the residual's length over that of y
     * @param member rows that flow is kept to; null for all
     */
    double[] diffuse(double[] y, double alpha, double tolerance, boolean @Nullable [] member) {
        int n = y.length;
        double[] f = new double[n];
        double[] residual = y.clone();
        if (member != null) {
            for (int i = 0; i < n; i++) {
                residual[i] = member[i] ? residual[i] : 0;
            }
        }
        double[] direction = residual.clone();
        double[] flow = new double[n];
        double square = dot(residual, residual);
        double enough = square * tolerance * tolerance;
        for (int iteration = 0; iteration < MOST_ITERATIONS && square > enough; iteration++) {
            multiply(direction, alpha, member, flow);
            double step = square / dot(direction, flow);
            for (int i = 0; i < n; i++) {
                f[i] += step * direction[i];
                residual[i] -= step * flow[i];
            }
            double next = dot(residual, residual);
            double keep = next / square;
            for (int i = 0; i < n; i++) {
                direction[i] = residual[i] + keep * direction[i];
            }
            square = next;
        }
        return f;
    }

    /** (I − α S) x; four sums at once, so that none waits for the one before. */
    private void multiply(double[] x, double alpha, boolean @Nullable [] member, double[] result) {
        for (int i = 0; i < result.length; i++) {
            if (member != null && !member[i]) {
                result[i] = x[i];
                continue;
            }
            int e = starts[i];
            int end = starts[i + 1];
            double a = 0;
            double b = 0;
            double c = 0;
            double d = 0;
            for (; e + 3 < end; e += 4) {
                a += values[e] * x[columns[e]];
                b += values[e + 1] * x[columns[e + 1]];
                c += values[e + 2] * x[columns[e + 2]];
                d += values[e + 3] * x[columns[e + 3]];
            }
            for (; e < end; e++) {
                a += values[e] * x[columns[e]];
            }
            result[i] = x[i] - alpha * (a + b + (c + d));
        }
    }

    private static double dot(double[] x, double[] y) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 3 < x.length; i += 4) {
            a += x[i] * y[i];
            b += x[i + 1] * y[i + 1];
            c += x[i + 2] * y[i + 2];
            d += x[i + 3] * y[i + 3];
        }
        for (; i < x.length; i++) {
            a += x[i] * y[i];
        }
        return a + b + (c + d);
    }

    /** Number of entries that are not zero. */
    int size() {
        return columns.length;
    }

    /** An entry of S. */
    double get(int row, int column) {
        for (int e = starts[row]; e < starts[row + 1]; e++) {
            if (columns[e] == column) {
                return values[e];
            }
        }
        return 0;
    }
}
