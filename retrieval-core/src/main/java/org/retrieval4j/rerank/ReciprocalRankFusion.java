package org.retrieval4j.rerank;

import java.util.List;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code reciprocal-rank}: the score of an image is Σ_i w_i / (k + r_i), r_i its rank in list i from 1; a list that lacks it
 * adds nothing (Cormack, Clarke, Büttcher: Reciprocal rank fusion outperforms Condorcet and individual rank learning
 * methods, SIGIR 2009). It needs no scores that can be compared, so it is the one to begin with; {@code score-sum} gains
 * where one list is sure of its first and the other is not.
 *
 * <p>Costs a query: the sum of the lengths of the lists.
 */
public final class ReciprocalRankFusion implements Fusion {
    private final Options options;

    private ReciprocalRankFusion(Options options) {
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param k added to ranks, at least 0; larger makes first places count less beside agreement
     * @param first images of each list that count, at least 1
     */
    public record Options(double k, int first) {
        /** Checks ranges. */
        public Options {
            if (!(k >= 0)) {
                throw new IllegalArgumentException("k must be at least 0, got " + k);
            }
            if (first < 1) {
                throw new IllegalArgumentException("first must be at least 1, got " + first);
            }
        }

        /**
         * 60, as the paper has it, of the first 1000.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(60, 1000);
        }
    }

    /** Makes {@code reciprocal-rank}. */
    public static final class Provider extends ComponentProvider<Fusion, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Fusion.class, "reciprocal-rank", Options.defaults());
        }

        @Override
        public ReciprocalRankFusion create(Options options, BuildContext context) {
            return new ReciprocalRankFusion(options);
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
            double[] values = new double[lists.get(i).hits().size()];
            for (int j = 0; j < values.length; j++) {
                values[j] = weights[i] / (options.k + j + 1);
            }
            scores.add(lists.get(i), values, 0);
        }
        return scores.ranked();
    }
}
