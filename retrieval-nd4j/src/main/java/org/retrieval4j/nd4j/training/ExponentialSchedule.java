package org.retrieval4j.nd4j.training;

import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.spi.ComponentProvider;

/** {@code exponential}: the rate is multiplied by e⁻ᵏ after every epoch; SOLAR was published with k = 0.01. */
public final class ExponentialSchedule implements Schedule {
    private final Options options;

    private ExponentialSchedule(Options options) {
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param decay k, at least 0
     */
    public record Options(double decay) {
        /** Checks the ranges. */
        public Options {
            if (!(decay >= 0)) {
                throw new IllegalArgumentException("decay must be at least 0, got " + decay);
            }
        }

        /**
         * k = 0.01.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(0.01);
        }
    }

    /** Makes {@code exponential}. */
    public static final class Provider extends ComponentProvider<Schedule, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Schedule.class, "exponential", Options.defaults());
        }

        @Override
        public ExponentialSchedule create(Options options, BuildContext context) {
            return new ExponentialSchedule(options);
        }
    }

    @Override
    public ComponentSpec spec() {
        return new Provider().specOf(options);
    }

    @Override
    public double factor(int epoch, int epochs) {
        return Math.exp(-options.decay * epoch);
    }
}
