package org.retrieval4j.nd4j.training;

import java.util.Arrays;

/**
 * Weighs losses of several tasks against each other, and learns how: Σ f e^(−w) L + w over the losses L with their w. Where a
 * loss is at its least on average, e^w is f L: a task that stays wrong counts less. w starts at 1. f is 1 for a regression
 * and 2 for a classification. Kendall, Gal, Cipolla: Multi-task learning using uncertainty to weigh losses. CVPR 2018,
 * section 3.2, with w = log σ²; as HF-Net has it.
 *
 * <p>Not thread-safe while an optimizer changes the weights.
 */
public final class UncertaintyWeights {
    private final double[] factors;
    private final Parameter weights;

    /**
     * Weights of 1.
     *
     * @param factors f of each loss, above 0
     */
    public UncertaintyWeights(double... factors) {
        for (double factor : factors) {
            if (!(factor > 0) || Double.isInfinite(factor)) {
                throw new IllegalArgumentException(
                        "factors must be above 0 and finite, got " + Arrays.toString(factors));
            }
        }
        this.factors = factors.clone();
        double[] start = new double[factors.length];
        Arrays.fill(start, 1);
        this.weights = new Parameter("uncertainties", new int[] {start.length}, start, 1, false);
    }

    /**
     * What is learned: w of each loss.
     *
     * @return without weight decay
     */
    public Parameter parameter() {
        return weights;
    }

    /**
     * Joins losses into one.
     *
     * @param losses as many as there are factors
     * @param gradient the gradient by each loss is added
     * @param parameters the gradient by {@link #parameter()} is added
     * @return the sum; not a number if a loss is none
     */
    public double of(double[] losses, double[] gradient, Gradients parameters) {
        if (losses.length != factors.length || gradient.length != factors.length) {
            throw new IllegalArgumentException("there must be " + factors.length + " losses and gradients, got "
                    + losses.length + " and " + gradient.length);
        }
        double[] byWeights = parameters.of(weights);
        double sum = 0;
        for (int i = 0; i < losses.length; i++) {
            double w = weights.values()[i];
            double precision = factors[i] * Math.exp(-w);
            sum += precision * losses[i] + w;
            gradient[i] += precision;
            byWeights[i] += 1 - precision * losses[i];
        }
        return sum;
    }
}
