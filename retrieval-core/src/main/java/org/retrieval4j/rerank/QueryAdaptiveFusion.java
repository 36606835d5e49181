package org.retrieval4j.rerank;

import java.util.List;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code query-adaptive}: which descriptor is good for this query shows in the curve of its sorted scores: L-shaped where it
 * tells few images from all others, slowly falling where it does not (Zheng, Wang, Tian, He, Liu, Tian: Query-adaptive late
 * fusion for image search and person re-identification, CVPR 2015). With s_i the scores of list i brought to 0 to 1, and
 * A_i the area below their curve, the mean over its ranks, an image has
 *
 * <p>Π_i s_i^{w_i}, w_i = (1/A_i) / Σ_j (1/A_j)
 *
 * <p>(equations 5 to 7), 1/A_i times the list's own weight where one is given. The paper takes a curve of images that show
 * something else from each before, learned from another collection; there is none here, so that lists whose scores are
 * alike in shape get like weights. Scores below 1e-6, and images that a list lacks, count as 1e-6, where the paper's product
 * would be 0 whatever the others say.
 *
 * <p>Costs a query: the sum of the lengths of the lists.
 */
public final class QueryAdaptiveFusion implements Fusion {
    private static final double LEAST = 1e-6;

    private final Options options;

    private QueryAdaptiveFusion(Options options) {
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param first images of each list that count, and whose scores are the curve; at least 1
     */
    public record Options(int first) {
        /** Checks the range. */
        public Options {
            if (first < 1) {
                throw new IllegalArgumentException("first must be at least 1, got " + first);
            }
        }

        /**
         * The first 1000.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(1000);
        }
    }

    /** Makes {@code query-adaptive}. */
    public static final class Provider extends ComponentProvider<Fusion, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Fusion.class, "query-adaptive", Options.defaults());
        }

        @Override
        public QueryAdaptiveFusion create(Options options, BuildContext context) {
            return new QueryAdaptiveFusion(options);
        }
    }

    @Override
    public ComponentSpec spec() {
        return new Provider().specOf(options);
    }

    @Override
    public int first() {
        return options.first;
    }

    @Override
    public SearchResult fuse(List<SearchResult> lists, double[] weights) {
        FusedScores scores = new FusedScores(lists, weights);
        double[] adapted = adapted(lists, weights);
        double all = 0;
        for (double weight : adapted) {
            all += weight;
        }
        for (int i = 0; i < adapted.length; i++) {
            double weight = all > 0 ? adapted[i] / all : 0;
            double[] values = FusedScores.fromZeroToOne(lists.get(i));
            for (int j = 0; j < values.length; j++) {
                values[j] = weight * Math.log(Math.max(values[j], LEAST));
            }
            scores.add(lists.get(i), values, weight * Math.log(LEAST));
        }
        return scores.ranked();
    }

    /** The weight over the area of each list; 0 of one that tells nothing. */
    static double[] adapted(List<SearchResult> lists, double[] weights) {
        double[] adapted = new double[weights.length];
        for (int i = 0; i < adapted.length; i++) {
            double[] values = FusedScores.fromZeroToOne(lists.get(i));
            double area = 0;
            for (double value : values) {
                area += value / values.length;
            }
            adapted[i] = area > 0 ? weights[i] / area : 0;
        }
        return adapted;
    }
}
