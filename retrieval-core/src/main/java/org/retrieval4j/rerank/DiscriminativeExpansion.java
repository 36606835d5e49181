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
 * {@code dqe}: discriminative query expansion (Arandjelović and Zisserman, Three things everyone should know to improve
 * object retrieval, CVPR 2012, section 3.2). A linear support vector machine learns to tell the query and the first k
 * images from the least similar ones, and its weight vector is the new query: what look-alikes share with everything
 * counts less. A query costs two further searches, k + n vectors, and a machine of so many examples (milliseconds).
 */
public final class DiscriminativeExpansion implements Reranker {
    static final String NAME = "dqe";

    private final Options options;

    private DiscriminativeExpansion(Options options) {
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param k images taken as right, 1 to 1000
     * @param negatives images taken as wrong, the least similar of all, 1 to 1000
     * @param c cost of an example on the wrong side of the margin, above 0
     */
    public record Options(int k, int negatives, double c) {
        /** Checks the ranges. */
        public Options {
            if (k < 1 || k > 1000) {
                throw new IllegalArgumentException("k must be 1 to 1000, got " + k);
            }
            if (negatives < 1 || negatives > 1000) {
                throw new IllegalArgumentException("negatives must be 1 to 1000, got " + negatives);
            }
            if (!(c > 0 && c <= 1e6)) {
                throw new IllegalArgumentException("c must be above 0 and at most 1e6, got " + c);
            }
        }

        /**
         * Five right images, fifty wrong ones.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(5, 50, 1);
        }
    }

    /** Makes {@code dqe}. */
    public static final class Provider extends ComponentProvider<Reranker, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Reranker.class, NAME, Options.defaults());
        }

        @Override
        public DiscriminativeExpansion create(Options options, BuildContext context) {
            return new DiscriminativeExpansion(options);
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
                List<Extraction> opposites = new ArrayList<>();
                for (Extraction query : queries) {
                    double[] vector = UnitVectors.of(NAME, query);
                    for (int j = 0; j < vector.length; j++) {
                        vector[j] = -vector[j];
                    }
                    opposites.add(UnitVectors.query(query, vector));
                }
                List<SearchResult> farthest = below.searchAll(
                        opposites, new SearchOptions(options.negatives, options.negatives, search.accept()));
                List<Extraction> expanded = new ArrayList<>();
                for (int i = 0; i < queries.size(); i++) {
                    List<Hit> right = found.get(i).hits();
                    right = right.subList(0, Math.min(options.k, right.size()));
                    List<Hit> wrong = without(farthest.get(i).hits(), right);
                    double[][] positives = new double[1 + right.size()][];
                    positives[0] = UnitVectors.of(NAME, queries.get(i));
                    System.arraycopy(UnitVectors.of(NAME, below, right), 0, positives, 1, right.size());
                    double[][] negatives = UnitVectors.of(NAME, below, wrong);
                    double[] vector = negatives.length == 0
                            ? positives[0]
                            : UnitVectors.normalize(LinearSvm.train(positives, negatives, options.c));
                    expanded.add(UnitVectors.query(queries.get(i), vector));
                }
                return below.searchAll(expanded, search);
            }
        };
    }

    // in a small gallery the first images are among the last, too
    private static List<Hit> without(List<Hit> hits, List<Hit> others) {
        return hits.stream()
                .filter(hit -> others.stream().noneMatch(other -> other.imageId() == hit.imageId()))
                .toList();
    }
}
