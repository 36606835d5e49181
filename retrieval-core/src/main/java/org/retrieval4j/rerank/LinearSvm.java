package org.retrieval4j.rerank;

/**
 * A linear support vector machine: min ½‖w‖² + C Σ max(0, 1 − y (w·x + b)), the bias not penalized. Solved in the dual
 * by sequential minimal optimization, each step with the pair that violates the optimality conditions most (Keerthi et
 * al. 2001; Fan, Chen and Lin 2005, working set 1). O(n²) memory, for hundreds of examples.
 */
final class LinearSvm {
    private static final double TOLERANCE = 1e-12;
    private static final int MOST_STEPS = 1_000_000;

    private LinearSvm() {}

    /** The weight vector w. Both classes need an example. */
    static double[] train(double[][] positives, double[][] negatives, double c) {
        int n = positives.length + negatives.length;
        double[][] x = new double[n][];
        double[] y = new double[n];
        for (int i = 0; i < n; i++) {
            boolean positive = i < positives.length;
            x[i] = positive ? positives[i] : negatives[i - positives.length];
            y[i] = positive ? 1 : -1;
        }
        double[][] kernel = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                kernel[i][j] = UnitVectors.dot(x[i], x[j]);
                kernel[j][i] = kernel[i][j];
            }
        }
        double[] alpha = solve(kernel, y, c);
        double[] w = new double[x[0].length];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < w.length; k++) {
                w[k] += alpha[i] * y[i] * x[i][k];
            }
        }
        return w;
    }

    private static double[] solve(double[][] kernel, double[] y, double c) {
        int n = y.length;
        double[] alpha = new double[n];
        double[] error = new double[n]; // y_i − Σ α_j y_j k_ij: the optimum has max over "up" ≤ min over "down"
        System.arraycopy(y, 0, error, 0, n);
        for (int step = 0; step < MOST_STEPS; step++) {
            int up = -1;
            int down = -1;
            for (int i = 0; i < n; i++) {
                boolean mayRise = y[i] > 0 ? alpha[i] < c : alpha[i] > 0;
                boolean mayFall = y[i] > 0 ? alpha[i] > 0 : alpha[i] < c;
                if (mayRise && (up < 0 || error[i] > error[up])) {
                    up = i;
                }
                if (mayFall && (down < 0 || error[i] < error[down])) {
                    down = i;
                }
            }
            if (up < 0 || down < 0 || error[up] - error[down] <= TOLERANCE) {
                break;
            }
            double curvature = Math.max(1e-12, kernel[up][up] + kernel[down][down] - 2 * kernel[up][down]);
            double change = (error[up] - error[down]) / curvature;
            double rise = y[up] > 0 ? c - alpha[up] : alpha[up];
            double fall = y[down] > 0 ? alpha[down] : c - alpha[down];
            change = Math.min(change, Math.min(rise, fall));
            // at a bound the bound itself: a rounding error would leave steps of no size for ever
            alpha[up] = change == rise ? (y[up] > 0 ? c : 0) : alpha[up] + y[up] * change;
            alpha[down] = change == fall ? (y[down] > 0 ? 0 : c) : alpha[down] - y[down] * change;
            for (int i = 0; i < n; i++) {
                error[i] -= change * (kernel[up][i] - kernel[down][i]);
            }
        }
        return alpha;
    }
}
