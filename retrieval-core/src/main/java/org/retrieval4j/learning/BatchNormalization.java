package org.retrieval4j.learning;

import org.retrieval4j.api.FloatMatrix;

/**
 * A batch norm of a trained network, BN(y) = γ (y − mean) / √(variance + ε) + β for each output y. Behind a linear function
 * it is folded into weights and biases, and costs nothing.
 */
public final class BatchNormalization {
    private BatchNormalization() {}

    /**
     * Folds it into a linear function.
     *
     * @param component name of the component, for messages
     * @param norm 4 x m: γ, β, mean, variance
     * @param epsilon what is added to the variance
     * @param weights m x d, row-major; changed
     * @param biases m values; changed
     * @throws IllegalArgumentException if the norm has another shape, or variance + ε is not above 0
     */
    public static void fold(String component, FloatMatrix norm, double epsilon, float[] weights, float[] biases) {
        int m = biases.length;
        if (norm.rows() != 4 || norm.columns() != m) {
            throw new IllegalArgumentException(
                    component + ": batch-norm must be 4 x " + m + ", got " + norm.rows() + " x " + norm.columns());
        }
        for (int c = 0; c < m; c++) {
            double variance = norm.get(3, c) + epsilon;
            if (!(variance > 0)) {
                throw new IllegalArgumentException(component + ": batch-norm must have variances above " + -epsilon
                        + ", got " + norm.get(3, c) + " for output " + c);
            }
            double scale = norm.get(0, c) / Math.sqrt(variance);
            biases[c] = (float) ((biases[c] - norm.get(2, c)) * scale + norm.get(1, c));
            int d = weights.length / m;
            for (int j = c * d; j < (c + 1) * d; j++) {
                weights[j] = (float) (weights[j] * scale);
            }
        }
    }
}
