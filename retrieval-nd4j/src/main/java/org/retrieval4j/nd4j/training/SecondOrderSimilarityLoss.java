package org.retrieval4j.nd4j.training;

import java.util.List;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code second-order-similarity}: {@link TripletLoss}, and a query and its positive shall have the same distances to the
 * negatives.
 *
 * <p>L = triplet + λ √(Σ (‖q − n‖² − ‖p − n‖²)²) / B, the sum over all B tuples of the batch and their negatives under one
 * root. Where the sum is 0 its gradient is taken as 0. Ng, Balntas, Tian, Mikolajczyk: SOLAR: second-order loss and
 * attention for image retrieval. ECCV 2020, equations 7 and 8, with one root as in their program.
 */
public final class SecondOrderSimilarityLoss extends TupleLoss {
    private final Options options;

    private SecondOrderSimilarityLoss(Options options) {
        super(new Provider().specOf(options));
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param weight λ, at least 0: how much equal distances matter beside order
     * @param margin of the triplet loss, at least 0
     */
    public record Options(double weight, double margin) {
        /** Checks the ranges. */
        public Options {
            if (!(weight >= 0)) {
                throw new IllegalArgumentException("weight must be at least 0, got " + weight);
            }
            requireMargin(margin);
        }

        /**
         * The published weight of 10 and margin of 1.25.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(10, 1.25);
        }
    }

    /** Makes {@code second-order-similarity}. */
    public static final class Provider extends ComponentProvider<Loss, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Loss.class, "second-order-similarity", Options.defaults());
        }

        @Override
        public SecondOrderSimilarityLoss create(Options options, BuildContext context) {
            return new SecondOrderSimilarityLoss(options);
        }
    }

    @Override
    double of(Vectors vectors, List<Tuple> tuples) {
        return TripletLoss.sum(vectors, tuples, options.margin, 1.0 / tuples.size())
                + similarity(vectors, tuples, options.weight / tuples.size());
    }

    /** weight · √(Σ (‖q − n‖² − ‖p − n‖²)²), its gradient added. */
    static double similarity(Vectors vectors, List<Tuple> tuples, double weight) {
        double square = 0;
        for (Tuple tuple : tuples) {
            int positive = vectors.nearestPositive(tuple);
            for (int negative : tuple.negatives()) {
                double difference = vectors.squared(tuple.query(), negative) - vectors.squared(positive, negative);
                square += difference * difference;
            }
        }
        double root = Math.sqrt(square);
        if (root == 0) {
            return 0;
        }
        for (Tuple tuple : tuples) {
            int positive = vectors.nearestPositive(tuple);
            for (int negative : tuple.negatives()) {
                double difference = vectors.squared(tuple.query(), negative) - vectors.squared(positive, negative);
                vectors.addSquared(tuple.query(), negative, weight * difference / root);
                vectors.addSquared(positive, negative, -weight * difference / root);
            }
        }
        return weight * root;
    }
}
