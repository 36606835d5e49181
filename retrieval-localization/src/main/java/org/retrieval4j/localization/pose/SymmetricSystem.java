package org.retrieval4j.localization.pose;

import java.util.Arrays;

/** Normal equations of a few unknowns: sums of rows, solved by Cholesky's decomposition. Allocates nothing after it is made. */
final class SymmetricSystem {
    private final int n;
    private final double[] matrix;
    private final double[] right;
    private final double[] factor;
    private final double[] solution;

    SymmetricSystem(int n) {
        this.n = n;
        matrix = new double[n * n];
        right = new double[n];
        factor = new double[n * n];
        solution = new double[n];
    }

    void clear() {
        Arrays.fill(matrix, 0);
        Arrays.fill(right, 0);
    }

    /** Adds an equation j · x = e of a weight. */
    void add(double[] j, double e, double weight) {
        for (int i = 0; i < n; i++) {
            double scaled = weight * j[i];
            int at = i * n;
            for (int k = 0; k <= i; k++) {
                matrix[at + k] += scaled * j[k];
            }
            right[i] += scaled * e;
        }
    }

    void copy(SymmetricSystem other) {
        System.arraycopy(other.matrix, 0, matrix, 0, matrix.length);
        System.arraycopy(other.right, 0, right, 0, n);
    }

    double[] solution() {
        return solution;
    }

    double right(int i) {
        return right[i];
    }

    double diagonal(int i) {
        return matrix[i * n + i];
    }

    /**
     * Solves, the diagonal raised by a part of itself.
     *
     * @return false if the equations do not determine the unknowns
     */
    boolean solve(double damping) {
        if (!factor(damping)) {
            return false;
        }
        System.arraycopy(right, 0, solution, 0, n);
        substitute();
        return true;
    }

    /** Writes the matrix's inverse, n x n; false if there is none. */
    boolean invert(double[] inverse) {
        if (!factor(0)) {
            return false;
        }
        for (int column = 0; column < n; column++) {
            Arrays.fill(solution, 0);
            solution[column] = 1;
            substitute();
            for (int i = 0; i < n; i++) {
                inverse[i * n + column] = solution[i];
            }
        }
        return true;
    }

    private boolean factor(double damping) {
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = matrix[i * n + j];
                if (i == j) {
                    sum += damping * sum;
                }
                double whole = sum;
                for (int k = 0; k < j; k++) {
                    sum -= factor[i * n + k] * factor[j * n + k];
                }
                if (i == j) {
                    if (!(sum > 1e-14 * whole)) {
                        return false;
                    }
                    factor[i * n + i] = Math.sqrt(sum);
                } else {
                    factor[i * n + j] = sum / factor[j * n + j];
                }
            }
        }
        return true;
    }

    private void substitute() {
        for (int i = 0; i < n; i++) {
            double sum = solution[i];
            for (int k = 0; k < i; k++) {
                sum -= factor[i * n + k] * solution[k];
            }
            solution[i] = sum / factor[i * n + i];
        }
        for (int i = n - 1; i >= 0; i--) {
            double sum = solution[i];
            for (int k = i + 1; k < n; k++) {
                sum -= factor[k * n + i] * solution[k];
            }
            solution[i] = sum / factor[i * n + i];
        }
    }
}
