package org.retrieval4j.nd4j.training;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;
import org.retrieval4j.api.Component;

/** How parameters follow their gradients. Named in specs: {@code adam(rate=0.001)}. */
public interface Optimizer extends Component {
    /**
     * Begins a training.
     *
     * @param learned what is changed, and how much
     * @return remembers what its steps need
     */
    Steps over(List<Learned> learned);

    /**
     * A parameter with its settings.
     *
     * @param name unique among those of a training
     * @param parameter the parameter
     * @param rate factor on the learning rate, at least 0
     * @param decays whether weight decay shrinks it
     */
    record Learned(String name, Parameter parameter, double rate, boolean decays) {
        /** Checks the range. */
        public Learned {
            requireNonNull(name, "name");
            requireNonNull(parameter, "parameter");
            if (!(rate >= 0) || Double.isInfinite(rate)) {
                throw new IllegalArgumentException("the rate of " + name + " must be at least 0, got " + rate);
            }
        }
    }

    /** The steps of one training. Not thread-safe. */
    interface Steps {
        /**
         * Changes the parameters.
         *
         * @param gradients of the loss
         * @param factor of the schedule, on the learning rate
         */
        void step(Gradients gradients, double factor);

        /**
         * What later steps depend on.
         *
         * @return arrays by name; the arrays themselves
         */
        Map<String, double[]> memory();

        /**
         * Goes on from what {@link #memory()} was.
         *
         * @param memory arrays of the same names and lengths; copied
         * @throws IllegalArgumentException if they are others
         */
        default void restore(Map<String, double[]> memory) {
            Map<String, double[]> own = memory();
            if (!own.keySet().equals(memory.keySet())) {
                throw new IllegalArgumentException(
                        "the optimizer remembers " + own.keySet() + ", got " + memory.keySet());
            }
            own.forEach((name, values) -> {
                double[] given = requireNonNull(memory.get(name));
                if (given.length != values.length) {
                    throw new IllegalArgumentException(
                            name + " must have " + values.length + " values, got " + given.length);
                }
                System.arraycopy(given, 0, values, 0, values.length);
            });
        }
    }
}
