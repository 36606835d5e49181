package org.retrieval4j.aggregation;

import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code spoc}: the average of each channel of a feature map (sum-pooled convolutional features).
 *
 * <p>Babenko, Lempitsky: Aggregating deep convolutional features for image retrieval. ICCV 2015. With {@code
 * center-prior=true} it is their sum weighted by a Gaussian around the middle, exp(−((y − (H−1)/2)² + (x − (W−1)/2)²) /
 * 2s²) with s a sixth of the shorter side, for pictures that have their object there.
 */
public final class SpocAggregator extends DescriptorAggregator<Pooling> {
    private final Options options;

    private SpocAggregator(Options options) {
        super(new Provider().specOf(options), ComponentState.EMPTY, 0);
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param centerPrior weigh the middle more; needs a feature map
     * @param l2 scale the vector to length 1
     */
    public record Options(boolean centerPrior, boolean l2) {
        /**
         * The plain average, with L2.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(false, true);
        }
    }

    /** Makes {@code spoc}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, "spoc", Options.defaults());
        }

        @Override
        public SpocAggregator create(Options options, BuildContext context) {
            return new SpocAggregator(options);
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
        if (options.centerPrior && x.rows() > 0) {
            addWeighted(x, Pooling.grid(image, "spoc(center-prior=true)"), sums);
        } else {
            for (int i = 0; i < x.rows(); i++) {
                Pooling.addScaled(x, i, 1.0 / x.rows(), sums);
            }
        }
        return Pooling.dense(sums, options.l2);
    }

    private static void addWeighted(FloatMatrix x, Grid grid, double[] sums) {
        double sigma = Math.min(grid.rows(), grid.columns()) / 6.0;
        for (int row = 0; row < grid.rows(); row++) {
            double dy = row - (grid.rows() - 1) / 2.0;
            for (int column = 0; column < grid.columns(); column++) {
                double dx = column - (grid.columns() - 1) / 2.0;
                double weight = Math.exp(-(dy * dy + dx * dx) / (2 * sigma * sigma));
                Pooling.addScaled(x, row * grid.columns() + column, weight, sums);
            }
        }
    }
}
