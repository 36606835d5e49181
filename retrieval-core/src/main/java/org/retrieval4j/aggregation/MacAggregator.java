package org.retrieval4j.aggregation;

import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code mac}: the maximum of each channel of a feature map (maximum activations of convolutions).
 *
 * <p>Razavian, Sullivan, Carlsson, Maki: Visual instance retrieval with deep convolutional networks. 2014. Tolias,
 * Sicre, Jégou: Particular object retrieval with integral max-pooling of CNN activations. ICLR 2016. Insensitive to
 * where something is; {@link RmacAggregator} keeps a little of it.
 */
public final class MacAggregator extends DescriptorAggregator<Pooling> {
    private final Options options;

    private MacAggregator(Options options) {
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

    /** Makes {@code mac}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, "mac", Options.defaults());
        }

        @Override
        public MacAggregator create(Options options, BuildContext context) {
            return new MacAggregator(options);
        }
    }

    @Override
    Pooling scratch() {
        return new Pooling();
    }

    @Override
    GlobalDescriptor encode(ImageFeatures image, Pooling scratch) {
        FloatMatrix x = image.descriptors();
        double[] largest = scratch.zeros(Pooling.channels(image));
        for (int i = 0; i < x.rows(); i++) {
            float[] values = x.array();
            int at = x.offset() + i * largest.length;
            for (int j = 0; j < largest.length; j++) {
                largest[j] = i == 0 ? values[at + j] : Math.max(largest[j], values[at + j]);
            }
        }
        return Pooling.dense(largest, options.l2);
    }
}
