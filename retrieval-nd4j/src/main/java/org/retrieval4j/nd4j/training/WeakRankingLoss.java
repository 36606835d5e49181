package org.retrieval4j.nd4j.training;

import java.util.List;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code weak-ranking}: the nearest of a query's potential positives shall be nearer than each negative, by a margin.
 *
 * <p>Σ_j max(0, min_i ‖q − p_i‖² + m − ‖q − n_j‖²), summed over tuples. Made for positives that positions alone tell,
 * most of which show something else. Arandjelović, Gronat, Torii, Pajdla, Sivic: NetVLAD: CNN architecture for weakly
 * supervised place recognition. CVPR 2016, equation 7. {@link TripletLoss} is the same divided by the number of tuples.
 */
public final class WeakRankingLoss extends TupleLoss {
    private final Options options;

    private WeakRankingLoss(Options options) {
        super(new Provider().specOf(options));
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param margin m, at least 0: by how much a squared distance to a negative must exceed the one to the positive; larger
     *     keeps pushing negatives that are far already
     */
    public record Options(double margin) {
        /** Checks the range. */
        public Options {
            requireMargin(margin);
        }

        /**
         * The published margin of 0.1.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(0.1);
        }
    }

    /** Makes {@code weak-ranking}. */
    public static final class Provider extends ComponentProvider<Loss, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Loss.class, "weak-ranking", Options.defaults());
        }

        @Override
        public WeakRankingLoss create(Options options, BuildContext context) {
            return new WeakRankingLoss(options);
        }
    }

    @Override
    double of(Vectors vectors, List<Tuple> tuples) {
        return TripletLoss.sum(vectors, tuples, options.margin, 1);
    }
}
