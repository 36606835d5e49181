package org.retrieval4j.aggregation;

import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code crow}: sums of each channel of a feature map in which places where much happens weigh more, and channels that
 * fire everywhere weigh less (cross-dimensional weighting).
 *
 * <p>With S_i = Σ_k X_ki, places weigh (S_i / ‖S‖)^½; with Q_k the part of a channel's entries that are positive,
 * channels weigh ln((K ε + Σ Q) / (ε + Q_k)), ε = 10⁻⁶. Kalantidis, Mellina, Osindero: Cross-dimensional weighting for
 * aggregated deep convolutional features. ECCV workshops 2016. Made for activations after ReLU: a place whose sum is
 * negative weighs nothing.
 */
public final class CrowAggregator extends DescriptorAggregator<Pooling> {
    private static final double EPSILON = 1e-6;

    private final Options options;

    private CrowAggregator(Options options) {
        super(new Provider().specOf(options), ComponentState.EMPTY, 0);
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param l2 scale the vector to length 1
     */
    public record Options(boolean l2) {
        /**
         * With L2.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(true);
        }
    }

    /** Makes {@code crow}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, "crow", Options.defaults());
        }

        @Override
        public CrowAggregator create(Options options, BuildContext context) {
            return new CrowAggregator(options);
        }
    }

    @Override
    Pooling scratch() {
        return new Pooling();
    }

    @Override
    GlobalDescriptor encode(ImageFeatures image, Pooling scratch) {
        FloatMatrix x = image.descriptors();
        int channels = Pooling.channels(image);
        double[] sums = scratch.zeros(channels);
        int[] positive = new int[channels];
        double square = 0;
        for (int i = 0; i < x.rows(); i++) {
            double place = placeSum(x, i);
            square += place * place;
            count(x, i, positive);
        }
        if (square > 0) {
            double norm = Math.sqrt(square);
            for (int i = 0; i < x.rows(); i++) {
                Pooling.addScaled(x, i, Math.sqrt(Math.max(0, placeSum(x, i)) / norm), sums);
            }
            weighChannels(sums, positive, x.rows());
        }
        return Pooling.dense(sums, options.l2);
    }

    private static double placeSum(FloatMatrix x, int row) {
        double sum = 0;
        int at = x.offset() + row * x.columns();
        for (int j = 0; j < x.columns(); j++) {
            sum += x.array()[at + j];
        }
        return sum;
    }

    private static void count(FloatMatrix x, int row, int[] positive) {
        int at = x.offset() + row * positive.length;
        for (int j = 0; j < positive.length; j++) {
            positive[j] += x.array()[at + j] > 0 ? 1 : 0;
        }
    }

    private static void weighChannels(double[] sums, int[] positive, int places) {
        double all = 0;
        for (int count : positive) {
            all += (double) count / places;
        }
        for (int j = 0; j < sums.length; j++) {
            double part = (double) positive[j] / places;
            sums[j] *= Math.log((sums.length * EPSILON + all) / (EPSILON + part));
        }
    }
}
