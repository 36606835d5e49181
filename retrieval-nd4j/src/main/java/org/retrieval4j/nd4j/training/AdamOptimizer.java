package org.retrieval4j.nd4j.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code adam}: steps as long as the mean of recent gradients over the root of the mean of their squares. Kingma, Ba: Adam:
 * A method for stochastic optimization. ICLR 2015, algorithm 1. Weight decay λ w is added to the gradient, as PyTorch's
 * Adam does.
 */
public final class AdamOptimizer implements Optimizer {
    private final Options options;

    private AdamOptimizer(Options options) {
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param rate learning rate, above 0
     * @param beta1 how slowly the mean of gradients follows, from 0 to less than 1
     * @param beta2 how slowly the mean of squares follows, from 0 to less than 1
     * @param epsilon added to the root, above 0
     * @param decay λ, at least 0
     */
    public record Options(double rate, double beta1, double beta2, double epsilon, double decay) {
        /** Checks the ranges. */
        public Options {
            if (!(rate > 0)) {
                throw new IllegalArgumentException("rate must be above 0, got " + rate);
            }
            if (!(beta1 >= 0 && beta1 < 1) || !(beta2 >= 0 && beta2 < 1)) {
                throw new IllegalArgumentException(
                        "beta1 and beta2 must be from 0 to less than 1, got " + beta1 + " and " + beta2);
            }
            if (!(epsilon > 0)) {
                throw new IllegalArgumentException("epsilon must be above 0, got " + epsilon);
            }
            if (!(decay >= 0)) {
                throw new IllegalArgumentException("decay must be at least 0, got " + decay);
            }
        }

        /**
         * The paper's, with a rate of 10⁻³ and without decay.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(1e-3, 0.9, 0.999, 1e-8, 0);
        }
    }

    /** Makes {@code adam}. */
    public static final class Provider extends ComponentProvider<Optimizer, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Optimizer.class, "adam", Options.defaults());
        }

        @Override
        public AdamOptimizer create(Options options, BuildContext context) {
            return new AdamOptimizer(options);
        }
    }

    @Override
    public ComponentSpec spec() {
        return new Provider().specOf(options);
    }

    @Override
    public Steps over(List<Learned> learned) {
        List<double[]> means = new ArrayList<>();
        List<double[]> squares = new ArrayList<>();
        double[] count = {0};
        Map<String, double[]> memory = new TreeMap<>();
        memory.put("count", count);
        for (Learned one : learned) {
            int size = one.parameter().values().length;
            means.add(new double[size]);
            squares.add(new double[size]);
            memory.put("mean/" + one.name(), means.get(means.size() - 1));
            memory.put("square/" + one.name(), squares.get(squares.size() - 1));
        }
        return new Steps() {
            @Override
            public void step(Gradients gradients, double factor) {
                count[0]++;
                double first = 1 - Math.pow(options.beta1, count[0]);
                double second = Math.sqrt(1 - Math.pow(options.beta2, count[0]));
                for (int p = 0; p < learned.size(); p++) {
                    Learned one = learned.get(p);
                    double[] values = one.parameter().values();
                    double[] gradient = gradients.of(one.parameter());
                    double[] mean = means.get(p);
                    double[] square = squares.get(p);
                    double decay = one.decays() ? options.decay : 0;
                    double rate = options.rate * factor * one.rate() / first;
                    for (int i = 0; i < values.length; i++) {
                        double g = gradient[i] + decay * values[i];
                        mean[i] += (1 - options.beta1) * (g - mean[i]);
                        square[i] += (1 - options.beta2) * (g * g - square[i]);
                        values[i] -= rate * mean[i] / (Math.sqrt(square[i]) / second + options.epsilon);
                    }
                }
            }

            @Override
            public Map<String, double[]> memory() {
                return memory;
            }
        };
    }
}
