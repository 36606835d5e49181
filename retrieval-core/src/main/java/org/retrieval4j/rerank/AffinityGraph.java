package org.retrieval4j.rerank;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The reciprocal graph of nearest neighbors (Iscen et al., CVPR 2017, section 3.1): A_ij = max(s_ij, 0)^γ where i and j
 * are among the nearest of each other, zeros on the diagonal; normalized, S = D^{−1/2} A D^{−1/2} with D the row sums
 * plus 1e-12. Symmetric, in rows of (column, value). Immutable.
 */
final class AffinityGraph {
    private static final double DEGREE_FLOOR = 1e-12;
    private static final int MOST_ITERATIONS = 10_000;

    /** How many are solved at once. */
    static final int TOGETHER = 4;

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

    /** Solves for one y; {@link #diffuse(List, double, double, List)} tells how. */
    double[] diffuse(double[] y, double alpha, double tolerance, boolean @Nullable [] member) {
        return diffuse(List.of(y), alpha, tolerance, member == null ? List.of() : List.of(member))
                .get(0);
    }

    /**
     * Solves (I − α S) f = y by conjugate gradients for some y at once, so that the graph, which is larger than caches, is
     * read once for all of them. Each solution is the same as alone. What cannot be reached from y is exactly zero.
     *
     * @param ys at most {@link #TOGETHER}, one value a row each
     * @param alpha 0 to below 1
     * @param tolerance the residual's length over that of y
     * @param members for each y the rows that flow is kept to; no list for all
     */
    List<double[]> diffuse(List<double[]> ys, double alpha, double tolerance, List<boolean[]> members) {
        int n = starts.length - 1;
        // four solutions beside each other: element i of solution k is at 4 i + k
        double[] f = new double[TOGETHER * n];
        double[] residual = new double[TOGETHER * n];
        for (int k = 0; k < ys.size(); k++) {
            double[] y = ys.get(k);
            for (int i = 0; i < n; i++) {
                residual[TOGETHER * i + k] = members.isEmpty() || members.get(k)[i] ? y[i] : 0;
            }
        }
        double[] direction = residual.clone();
        double[] flow = new double[TOGETHER * n];
        double[] square = new double[TOGETHER];
        double[] along = new double[TOGETHER];
        double[] enough = new double[TOGETHER];
        double[] step = new double[TOGETHER];
        dots(residual, residual, square);
        for (int k = 0; k < TOGETHER; k++) {
            enough[k] = square[k] * tolerance * tolerance;
        }
        for (int iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
            boolean done = true;
            for (int k = 0; k < TOGETHER; k++) {
                done &= square[k] <= enough[k];
            }
            if (done) {
                break;
            }
            multiply(direction, alpha, flow);
            for (int k = 0; k < members.size(); k++) {
                keep(flow, k, members.get(k));
            }
            dots(direction, flow, along);
            for (int k = 0; k < TOGETHER; k++) {
                step[k] = square[k] <= enough[k] ? 0 : square[k] / along[k]; // one that is solved rests
            }
            for (int i = 0; i < f.length; i += TOGETHER) {
                for (int k = 0; k < TOGETHER; k++) {
                    f[i + k] += step[k] * direction[i + k];
                    residual[i + k] -= step[k] * flow[i + k];
                }
            }
            dots(residual, residual, along);
            for (int k = 0; k < TOGETHER; k++) {
                step[k] = square[k] <= enough[k] ? 0 : along[k] / square[k];
                square[k] = along[k];
            }
            for (int i = 0; i < f.length; i += TOGETHER) {
                for (int k = 0; k < TOGETHER; k++) {
                    direction[i + k] = residual[i + k] + step[k] * direction[i + k];
                }
            }
        }
        List<double[]> solutions = new ArrayList<>();
        for (int k = 0; k < ys.size(); k++) {
            double[] solution = new double[n];
            for (int i = 0; i < n; i++) {
                solution[i] = f[TOGETHER * i + k];
            }
            solutions.add(solution);
        }
        return solutions;
    }

    /** (I − α S) x of the four. */
    private void multiply(double[] x, double alpha, double[] result) {
        for (int i = 0; i < starts.length - 1; i++) {
            double a = 0;
            double b = 0;
            double c = 0;
            double d = 0;
            for (int e = starts[i]; e < starts[i + 1]; e++) {
                double value = values[e];
                int at = TOGETHER * columns[e];
                a += value * x[at];
                b += value * x[at + 1];
                c += value * x[at + 2];
                d += value * x[at + 3];
            }
            int at = TOGETHER * i;
            result[at] = x[at] - alpha * a;
            result[at + 1] = x[at + 1] - alpha * b;
            result[at + 2] = x[at + 2] - alpha * c;
            result[at + 3] = x[at + 3] - alpha * d;
        }
    }

    private static void keep(double[] flow, int k, boolean[] member) {
        for (int i = 0; i < member.length; i++) {
            if (!member[i]) {
                flow[TOGETHER * i + k] = 0;
            }
        }
    }

    private static void dots(double[] x, double[] y, double[] sums) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        for (int i = 0; i < x.length; i += TOGETHER) {
            a += x[i] * y[i];
            b += x[i + 1] * y[i + 1];
            c += x[i + 2] * y[i + 2];
            d += x[i + 3] * y[i + 3];
        }
        sums[0] = a;
        sums[1] = b;
        sums[2] = c;
        sums[3] = d;
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
