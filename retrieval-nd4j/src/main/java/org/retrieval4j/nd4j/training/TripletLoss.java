package org.retrieval4j.nd4j.training;

import java.util.List;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code triplet}: a query's positive shall be nearer than each negative, by a margin.
 *
 * <p>Σ max(0, ‖q − p‖² − ‖q − n‖² + m) over tuples and their negatives, divided by the number of tuples. p is the nearest
 * positive, if a tuple has several. Ng, Balntas, Tian, Mikolajczyk: SOLAR: second-order loss and attention for image
 * retrieval. ECCV 2020, equation 6; their margin is 1.25 for vectors of length 1.
 */
public final class TripletLoss extends TupleLoss {
    private final Options options;

    private TripletLoss(Options options) {
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
         * A margin of 0.1.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(0.1);
        }
    }

    /** Makes {@code triplet}. */
    public static final class Provider extends ComponentProvider<Loss, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Loss.class, "triplet", Options.defaults());
        }

        @Override
        public TripletLoss create(Options options, BuildContext context) {
            return new TripletLoss(options);
        }
    }

    @Override
    double of(Vectors vectors, List<Tuple> tuples) {
        return sum(vectors, tuples, options.margin, 1.0 / tuples.size());
    }

    /** weight · Σ max(0, ‖q − p‖² − ‖q − n‖² + m), its gradient added. */
    static double sum(Vectors vectors, List<Tuple> tuples, double margin, double weight) {
        double sum = 0;
        for (Tuple tuple : tuples) {
            int query = tuple.query();
            int positive = vectors.nearestPositive(tuple);
            double near = vectors.squared(query, positive) + margin;
            int violations = 0;
            for (int negative : tuple.negatives()) {
                double violation = near - vectors.squared(query, negative);
                if (violation > 0) {
                    sum += violation;
                    violations++;
                    vectors.addSquared(query, negative, -weight);
                }
            }
            vectors.addSquared(query, positive, weight * violations);
        }
        return weight * sum;
    }
}
