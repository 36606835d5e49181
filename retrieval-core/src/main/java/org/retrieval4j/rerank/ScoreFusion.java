package org.retrieval4j.rerank;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code score-sum}: the score of an image is Σ_i w_i n_i(s_i), s_i its score in list i, n_i what makes the scores of that
 * list comparable (Shaw and Fox: Combination of multiple searches, TREC 1993; Jain, Nandakumar, Ross: Score normalization
 * in multimodal biometric systems, Pattern Recognition 2005):
 *
 * <ul>
 *   <li>{@code min-max}: (s − least) / (most − least), so that each list's first has 1 and its last 0;
 *   <li>{@code z-score}: (s − mean) / deviation over the list, which is less at the mercy of its last.
 * </ul>
 *
 * <p>An image that a list lacks counts as that list's last; a list whose scores are all equal tells nothing. Costs a query:
 * the sum of the lengths of the lists.
 */
public final class ScoreFusion implements Fusion {
    private final Options options;

    private ScoreFusion(Options options) {
        this.options = options;
    }

    /** What makes scores of different lists comparable. */
    public enum Normalization {
        /** The first has 1, the last 0. */
        MIN_MAX,
        /** Mean 0, standard deviation 1. */
        Z_SCORE
    }

    /**
     * Settings.
     *
     * @param normalization of scores
     * @param first images of each list that count, at least 1
     */
    public record Options(Normalization normalization, int first) {
        /** Checks ranges. */
        public Options {
            requireNonNull(normalization, "normalization");
            if (first < 1) {
                throw new IllegalArgumentException("first must be at least 1, got " + first);
            }
        }

        /**
         * Min-max of the first 1000.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(Normalization.MIN_MAX, 1000);
        }
    }

    /** Makes {@code score-sum}. */
    public static final class Provider extends ComponentProvider<Fusion, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Fusion.class, "score-sum", Options.defaults());
        }

        @Override
        public ScoreFusion create(Options options, BuildContext context) {
            return new ScoreFusion(options);
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
        for (int i = 0; i < weights.length; i++) {
            SearchResult list = lists.get(i);
            double[] values = options.normalization == Normalization.MIN_MAX
                    ? FusedScores.fromZeroToOne(list)
                    : standardized(list);
            for (int j = 0; j < values.length; j++) {
                values[j] *= weights[i];
            }
            scores.add(list, values, values.length == 0 ? 0 : values[values.length - 1]);
        }
        return scores.ranked();
    }

    private static double[] standardized(SearchResult list) {
        double[] values = new double[list.hits().size()];
        double mean = 0;
        for (int j = 0; j < values.length; j++) {
            values[j] = list.hits().get(j).score();
            mean += values[j] / values.length;
        }
        double variance = 0;
        for (double value : values) {
            variance += (value - mean) * (value - mean) / values.length;
        }
        // equal floats may differ from their mean by rounding
        double deviation = values.length == 0 || values[0] == values[values.length - 1] ? 0 : Math.sqrt(variance);
        for (int j = 0; j < values.length; j++) {
            values[j] = deviation > 0 ? (values[j] - mean) / deviation : 0;
        }
        return values;
    }
}
