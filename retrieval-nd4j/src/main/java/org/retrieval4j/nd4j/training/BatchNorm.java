package org.retrieval4j.nd4j.training;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.retrieval4j.api.FloatMatrix;

/**
 * Batch normalization whose statistics stay: γ (y − mean) / √(variance + ε) + β for each of several outputs, of which γ and
 * β are learned.
 */
final class BatchNorm {
    private final int size;
    private final Parameter scale;
    private final Parameter shift;
    private final double[] mean;
    private final double[] variance;
    private final double[] deviation;

    /** Takes rows γ, β, mean, variance. */
    BatchNorm(String name, double[] rows, double epsilon) {
        this(name, name + "-scale", name + "-shift", rows, epsilon);
    }

    /** With names for the parameters γ and β. */
    BatchNorm(String name, String scale, String shift, double[] rows, double epsilon) {
        this.size = rows.length / 4;
        this.scale = new Parameter(scale, new int[] {size}, States.rows(rows, size, 0, 1));
        this.shift = new Parameter(shift, new int[] {size}, States.rows(rows, size, 1, 2));
        this.mean = States.rows(rows, size, 2, 3);
        this.variance = States.rows(rows, size, 3, 4);
        this.deviation = new double[size];
        for (int c = 0; c < size; c++) {
            if (!(variance[c] + epsilon > 0)) {
                throw new IllegalArgumentException(
                        name + " must have variances above " + -epsilon + ", got " + variance[c] + " for output " + c);
            }
            deviation[c] = Math.sqrt(variance[c] + epsilon);
        }
    }

    List<Parameter> parameters() {
        return List.of(scale, shift);
    }

    /** γ, β, mean, variance in rows. */
    FloatMatrix matrix() {
        double[] rows = new double[4 * size];
        System.arraycopy(scale.values(), 0, rows, 0, size);
        System.arraycopy(shift.values(), 0, rows, size, size);
        System.arraycopy(mean, 0, rows, 2 * size, size);
        System.arraycopy(variance, 0, rows, 3 * size, size);
        return States.matrix(rows, size);
    }

    /** Weights before the normalization as weights without it, a row an output. */
    double[] foldWeights(double[] weights) {
        int d = weights.length / size;
        double[] folded = new double[weights.length];
        for (int i = 0; i < weights.length; i++) {
            int c = i / d;
            folded[i] = weights[i] * scale.values()[c] / deviation[c];
        }
        return folded;
    }

    /** Biases before the normalization as biases without it. */
    double[] foldShifts(double[] biases) {
        double[] folded = new double[size];
        for (int c = 0; c < size; c++) {
            folded[c] = (biases[c] - mean[c]) * scale.values()[c] / deviation[c] + shift.values()[c];
        }
        return folded;
    }

    /** Turns gradients by what was folded into those by what it was folded from, and adds those by γ and β. */
    void unfold(
            double[] weights, double @Nullable [] biases, double[] byWeights, double[] byShifts, Gradients parameters) {
        int d = weights.length / size;
        double[] byScale = parameters.of(scale);
        double[] byShift = parameters.of(shift);
        for (int c = 0; c < size; c++) {
            double bias = biases == null ? 0 : biases[c];
            double own = byShifts[c] * (bias - mean[c]);
            double factor = scale.values()[c] / deviation[c];
            for (int j = c * d; j < (c + 1) * d; j++) {
                own += byWeights[j] * weights[j];
                byWeights[j] *= factor;
            }
            byScale[c] += own / deviation[c];
            byShift[c] += byShifts[c];
            byShifts[c] *= factor;
        }
    }

    /** The same of SameDiff's operations, over the last dimension. */
    SDVariable define(Graph graph, SDVariable y) {
        return y.sub(graph.constant(mean, size))
                .div(graph.constant(deviation, size))
                .mul(graph.variable(scale))
                .add(graph.variable(shift));
    }
}
