package org.retrieval4j.nd4j.training;

import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.spi.ComponentProvider;

/** {@code cosine}: the rate falls along half a wave of the cosine to a part of itself in the last epoch, after a linear rise. Loshchilov, Hutter: SGDR. ICLR 2017, equation 5, without restarts. */
public final class CosineSchedule implements Schedule {
    private final Options options;

    private CosineSchedule(Options options) {
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param warmup epochs of the rise, at least 0
     * @param least the factor at the end, 0 to 1
     */
    public record Options(int warmup, double least) {
        /** Checks the ranges. */
        public Options {
            if (warmup < 0) {
                throw new IllegalArgumentException("warmup must be at least 0, got " + warmup);
            }
            if (!(least >= 0 && least <= 1)) {
                throw new IllegalArgumentException("least must be 0 to 1, got " + least);
            }
        }

        /**
         * No rise, down to a hundredth.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(0, 0.01);
        }
    }

    /** Makes {@code cosine}. */
    public static final class Provider extends ComponentProvider<Schedule, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Schedule.class, "cosine", Options.defaults());
        }

        @Override
        public CosineSchedule create(Options options, BuildContext context) {
            return new CosineSchedule(options);
        }
    }

    @Override
    public ComponentSpec spec() {
        return new Provider().specOf(options);
    }

    @Override
    public double factor(int epoch, int epochs) {
        if (epoch < options.warmup) {
            return (epoch + 1.0) / (options.warmup + 1);
        }
        double part = (epoch - options.warmup) / Math.max(1.0, epochs - options.warmup - 1.0);
        return options.least + (1 - options.least) * (1 + Math.cos(Math.PI * Math.min(1, part))) / 2;
    }
}
