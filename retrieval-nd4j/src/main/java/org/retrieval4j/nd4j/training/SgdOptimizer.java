package org.retrieval4j.nd4j.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code sgd}: stochastic gradient descent with momentum. v ← μ v + g + λ w; w ← w − rate v, where λ w is the weight
 * decay (as PyTorch's SGD without dampening).
 */
public final class SgdOptimizer implements Optimizer {
    private final Options options;

    private SgdOptimizer(Options options) {
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param rate learning rate, above 0
     * @param momentum μ, from 0 to less than 1
     * @param decay λ, at least 0
     */
    public record Options(double rate, double momentum, double decay) {
        /** Checks the ranges. */
        public Options {
            if (!(rate > 0)) {
                throw new IllegalArgumentException("rate must be above 0, got " + rate);
            }
            if (!(momentum >= 0 && momentum < 1)) {
                throw new IllegalArgumentException("momentum must be from 0 to less than 1, got " + momentum);
            }
            if (!(decay >= 0)) {
                throw new IllegalArgumentException("decay must be at least 0, got " + decay);
            }
        }

        /**
         * Those that NetVLAD was published with.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(1e-4, 0.9, 1e-3);
        }
    }

    /** Makes {@code sgd}. */
    public static final class Provider extends ComponentProvider<Optimizer, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Optimizer.class, "sgd", Options.defaults());
        }

        @Override
        public SgdOptimizer create(Options options, BuildContext context) {
            return new SgdOptimizer(options);
        }
    }

    @Override
    public ComponentSpec spec() {
        return new Provider().specOf(options);
    }

    @Override
    public Steps over(List<Learned> learned) {
        List<double[]> velocities = new ArrayList<>();
        Map<String, double[]> memory = new TreeMap<>();
        for (Learned one : learned) {
            double[] velocity = new double[one.parameter().values().length];
            velocities.add(velocity);
            memory.put("velocity/" + one.name(), velocity);
        }
        return new Steps() {
            @Override
            public void step(Gradients gradients, double factor) {
                for (int p = 0; p < learned.size(); p++) {
                    Learned one = learned.get(p);
                    double[] values = one.parameter().values();
                    double[] gradient = gradients.of(one.parameter());
                    double[] velocity = velocities.get(p);
                    double decay = one.decays() ? options.decay : 0;
                    double rate = options.rate * factor * one.rate();
                    for (int i = 0; i < values.length; i++) {
                        velocity[i] = options.momentum * velocity[i] + gradient[i] + decay * values[i];
                        values[i] -= rate * velocity[i];
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
