package org.retrieval4j.rerank;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Reranker;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code qe}: query expansion. Searches, adds the vectors x of the first k images to the query q, weighted by their
 * similarity s to it, and searches again with
 *
 * <p>q' = L2(q + Σ max(s, 0)^α x).
 *
 * <p>With {@code alpha=0} it is average query expansion (Chum et al., Total Recall, ICCV 2007), where the first images
 * must be right ones: let {@code verify} stand before it, or keep k small. With {@code alpha=3} (Radenović et al.,
 * Fine-tuning CNN image retrieval, TPAMI 2019, section 3.4) unlike images hardly count, and k may be large. A query
 * costs a second search and k vectors; no memory beyond them.
 */
public final class QueryExpansion implements Reranker {
    static final String NAME = "qe";

    private final Options options;

    private QueryExpansion(Options options) {
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param k images that are added, at least 1; fewer if there are not as many
     * @param alpha exponent of the similarity, 0 or above
     */
    public record Options(int k, double alpha) {
        /** Checks the ranges. */
        public Options {
            if (k < 1) {
                throw new IllegalArgumentException("k must be at least 1, got " + k);
            }
            if (!(alpha >= 0 && alpha <= 100)) {
                throw new IllegalArgumentException("alpha must be 0 to 100, got " + alpha);
            }
        }

        /**
         * Ten images by the cube of their similarity.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(10, 3);
        }
    }

    /** Makes {@code qe}. */
    public static final class Provider extends ComponentProvider<Reranker, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Reranker.class, NAME, Options.defaults());
        }

        @Override
        public QueryExpansion create(Options options, BuildContext context) {
            return new QueryExpansion(options);
        }
    }

    @Override
    public ComponentSpec spec() {
        return new Provider().specOf(options);
    }

    @Override
    public Gallery over(Gallery below) {
        return new GalleryStage(below) {
            @Override
            public List<SearchResult> searchAll(List<Extraction> queries, SearchOptions search) throws IOException {
                SearchOptions first = Reordered.atLeast(search.withLeastScore(Float.NEGATIVE_INFINITY), options.k);
                List<SearchResult> found = below.searchAll(queries, first);
                List<Extraction> expanded = new ArrayList<>();
                for (int i = 0; i < queries.size(); i++) {
                    List<Hit> hits = found.get(i).hits();
                    hits = hits.subList(0, Math.min(options.k, hits.size()));
                    double[] query = UnitVectors.of(NAME, queries.get(i));
                    double[] vector = expand(query, UnitVectors.of(NAME, below, hits), options.alpha);
                    expanded.add(UnitVectors.query(queries.get(i), vector));
                }
                return below.searchAll(expanded, search);
            }
        };
    }

    /** The expanded query, of length 1. */
    static double[] expand(double[] query, double[][] images, double alpha) {
        double[] sum = query.clone();
        for (double[] image : images) {
            double weight = Math.pow(Math.max(UnitVectors.dot(query, image), 0), alpha);
            for (int j = 0; j < sum.length; j++) {
                sum[j] += weight * image[j];
            }
        }
        return UnitVectors.normalize(sum);
    }
}
