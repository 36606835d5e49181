package org.retrieval4j.nd4j.training;

import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.spi.ComponentProvider;

/** {@code steps}: the rate is multiplied after some epochs, time and again; NetVLAD was published with a half after every five. */
public final class StepSchedule implements Schedule {
    private final Options options;

    private StepSchedule(Options options) {
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param every after how many epochs, at least 1
     * @param factor by what, above 0; 1 leaves the rate as it is
     */
    public record Options(int every, double factor) {
        /** Checks the ranges. */
        public Options {
            if (every < 1) {
                throw new IllegalArgumentException("every must be at least 1, got " + every);
            }
            if (!(factor > 0)) {
                throw new IllegalArgumentException("factor must be above 0, got " + factor);
            }
        }

        /**
         * Half the rate after every five epochs.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(5, 0.5);
        }
    }

    /** Makes {@code steps}. */
    public static final class Provider extends ComponentProvider<Schedule, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Schedule.class, "steps", Options.defaults());
        }

        @Override
        public StepSchedule create(Options options, BuildContext context) {
            return new StepSchedule(options);
        }
    }

    @Override
    public ComponentSpec spec() {
        return new Provider().specOf(options);
    }

    @Override
    public double factor(int epoch, int epochs) {
        return Math.pow(options.factor, epoch / options.every);
    }
}
