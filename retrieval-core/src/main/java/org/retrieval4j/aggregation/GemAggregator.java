package org.retrieval4j.aggregation;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.learning.GivenArray;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code gem}: the generalized mean of each channel of a feature map, (mean of max(x, ε)^p)^(1/p). With p = 1 it is the
 * average of {@link SpocAggregator}; the larger p, the nearer it comes to the maximum of {@link MacAggregator}.
 *
 * <p>Radenović, Tolias, Chum: Fine-tuning CNN image retrieval with no human annotation. TPAMI 2019, equation 3.
 */
public final class GemAggregator extends DescriptorAggregator<Pooling> {
    private static final String EXPONENTS = "exponents";

    private final Options options;
    private final FloatMatrix exponents;

    private GemAggregator(Options options, ComponentState state) {
        super(
                new Provider().specOf(options),
                state,
                state.isEmpty() ? 0 : state.array(EXPONENTS).columns());
        this.options = options;
        this.exponents = options.exponents.isPresent() ? state.array(EXPONENTS) : FloatMatrix.empty(0);
        for (int j = 0; j < exponents.columns(); j++) {
            if (!(exponents.get(0, j) > 0)) {
                throw new IllegalArgumentException(
                        "gem: exponents must be above 0, got " + exponents.get(0, j) + " for channel " + j);
            }
        }
    }

    /**
     * Settings.
     *
     * @param p exponent, above 0; larger looks at the strongest places more
     * @param epsilon floor of the values, above 0, so that powers and roots exist
     * @param exponents file of one exponent a channel, in place of {@code p}
     * @param l2 scale the vector to length 1
     */
    public record Options(double p, double epsilon, Optional<String> exponents, boolean l2) {
        /** Checks the ranges. */
        public Options {
            requireNonNull(exponents, "exponents");
            if (!(p > 0)) {
                throw new IllegalArgumentException("p must be above 0, got " + p);
            }
            if (!(epsilon > 0)) {
                throw new IllegalArgumentException("epsilon must be above 0, got " + epsilon);
            }
        }

        /**
         * p = 3 and ε = 10⁻⁶, as published, with L2.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(3, 1e-6, Optional.empty(), true);
        }

        /**
         * With another exponent.
         *
         * @param value p
         * @return the changed options
         */
        public Options withP(double value) {
            return new Options(value, epsilon, exponents, l2);
        }
    }

    /** Makes {@code gem}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, "gem", Options.defaults());
        }

        @Override
        public GemAggregator create(Options options, BuildContext context) throws IOException {
            if (options.exponents.isEmpty()) {
                return new GemAggregator(options, ComponentState.EMPTY);
            }
            FloatMatrix given = GivenArray.row("gem: exponents", options.exponents.get(), context);
            return new GemAggregator(
                    new Options(options.p, options.epsilon, Optional.of(GivenArray.nameOf(given)), options.l2),
                    ComponentState.ofArrays(Map.of(EXPONENTS, given)));
        }

        @Override
        public GemAggregator open(Options options, ComponentState state, BuildContext context) {
            return new GemAggregator(options, state);
        }
    }

    @Override
    Pooling scratch() {
        return new Pooling();
    }

    @Override
    GlobalDescriptor encode(ImageFeatures image, Pooling scratch) {
        FloatMatrix x = image.descriptors();
        double[] sums = scratch.zeros(Pooling.channels(image));
        if (x.rows() == 0) {
            return Pooling.dense(sums, false);
        }
        for (int i = 0; i < x.rows(); i++) {
            addPowers(x.array(), x.offset() + i * sums.length, sums);
        }
        for (int j = 0; j < sums.length; j++) {
            sums[j] = Math.pow(sums[j] / x.rows(), 1 / exponent(j));
        }
        return Pooling.dense(sums, options.l2);
    }

    private void addPowers(float[] values, int at, double[] sums) {
        double epsilon = options.epsilon;
        if (exponents.rows() == 0 && options.p == 3) { // the usual one, many times faster than pow
            for (int j = 0; j < sums.length; j++) {
                double value = Math.max(values[at + j], epsilon);
                sums[j] += value * value * value;
            }
            return;
        }
        for (int j = 0; j < sums.length; j++) {
            sums[j] += Math.pow(Math.max(values[at + j], epsilon), exponent(j));
        }
    }

    private double exponent(int channel) {
        return exponents.rows() == 0 ? options.p : exponents.get(0, channel);
    }
}
