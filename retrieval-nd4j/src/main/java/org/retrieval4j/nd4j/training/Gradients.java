package org.retrieval4j.nd4j.training;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** Sums of gradients, an array a parameter. Not thread-safe: each thread has its own, and they are added afterwards. */
public final class Gradients {
    private final Map<Parameter, double[]> sums = new IdentityHashMap<>();

    /**
     * Zeros.
     *
     * @param parameters the parameters
     */
    public Gradients(List<Parameter> parameters) {
        for (Parameter parameter : parameters) {
            sums.put(parameter, new double[parameter.values().length]);
        }
    }

    /**
     * The sum of a parameter, to add to.
     *
     * @param parameter one of those that this was made for
     * @return the array itself, as long as the parameter's
     * @throws IllegalArgumentException if it is none of them
     */
    public double[] of(Parameter parameter) {
        double[] sum = sums.get(parameter);
        if (sum == null) {
            throw new IllegalArgumentException("no gradient is kept for " + parameter);
        }
        return sum;
    }

    /**
     * Adds others of the same parameters.
     *
     * @param others what is added
     */
    public void add(Gradients others) {
        sums.forEach((parameter, sum) -> {
            double[] other = others.of(parameter);
            for (int i = 0; i < sum.length; i++) {
                sum[i] += other[i];
            }
        });
    }
}
