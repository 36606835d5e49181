package org.retrieval4j.rerank;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Reranker;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.index.TopK;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.ParallelChunks;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code k-reciprocal}: two images are near if each is among the nearest of the other, and if their neighbors are the
 * same (Zhong et al., Re-ranking person re-identification with k-reciprocal encoding, CVPR 2017, with their code's
 * details). Scores are the negated final distance, (1 − λ) Jaccard + λ original.
 *
 * <p>By default each query stands alone with its first 1000 images, which {@link ReciprocalEncoding} compares with each
 * other: n²d operations a query for n images of d values; rows are computed in blocks, and never all of them kept. With
 * {@code first=0} it does as the published script: all queries of one call, and the whole gallery, are compared at once,
 * so that queries are neighbors of each other, and a result depends on what else was asked in the
 * call (the command line asks for as many at once as it has threads; {@code retrieval knn} for all). It stands first.
 */
public final class KReciprocal implements Reranker {
    static final String NAME = "k-reciprocal";

    private final Options options;
    private final BuildContext context;
    private final Kernels kernels;

    private KReciprocal(Options options, BuildContext context) {
        this.options = options;
        this.context = context;
        this.kernels = KernelCatalog.of(context);
    }

    /**
     * Settings.
     *
     * @param k1 neighbors that must be mutual, at least 1
     * @param k2 neighbors that an encoding is averaged over, itself counted, at least 1
     * @param lambda weight of the original distance, 0 to 1
     * @param first images of each list that are re-ranked; 0 for all images and queries at once
     */
    public record Options(int k1, int k2, double lambda, int first) {
        /** Checks the ranges. */
        public Options {
            if (k1 < 1) {
                throw new IllegalArgumentException("k1 must be at least 1, got " + k1);
            }
            if (k2 < 1) {
                throw new IllegalArgumentException("k2 must be at least 1, got " + k2);
            }
            if (!(lambda >= 0 && lambda <= 1)) {
                throw new IllegalArgumentException("lambda must be 0 to 1, got " + lambda);
            }
            if (first < 0) {
                throw new IllegalArgumentException("first must be 0 or above, got " + first);
            }
        }

        /**
         * As published, for the first thousand.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(20, 6, 0.3, 1000);
        }
    }

    /** Makes {@code k-reciprocal}. */
    public static final class Provider extends ComponentProvider<Reranker, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Reranker.class, NAME, Options.defaults());
        }

        @Override
        public KReciprocal create(Options options, BuildContext context) {
            return new KReciprocal(options, context);
        }
    }

    @Override
    public ComponentSpec spec() {
        return new Provider().specOf(options);
    }

    @Override
    public Gallery over(Gallery below) throws IOException {
        return options.first == 0 ? new Whole(below) : new Local(below);
    }

    /** The distances of queries, which stand before the images in the matrix, to the images. */
    private double[][] distances(FloatMatrix vectors, int queries, BuildContext threads) {
        try (ReciprocalEncoding.Vectors source = new ReciprocalEncoding.Vectors(vectors, kernels)) {
            return new ReciprocalEncoding(options.k1, options.k2, options.lambda).distances(source, queries, threads);
        }
    }

    private static FloatMatrix joined(List<double[]> queries, FloatMatrix images) {
        List<FloatMatrix> parts = new ArrayList<>();
        parts.add(FloatMatrix.ofRows(queries.stream().map(UnitVectors::rounded).toArray(float[][]::new)));
        parts.add(images);
        return FloatMatrix.concat(parts);
    }

    private static List<Hit> scored(List<Hit> hits, double[] distances) {
        List<Hit> scored = new ArrayList<>();
        for (int j = 0; j < distances.length; j++) {
            scored.add(new Hit(hits.get(j).imageId(), TopK.rounded(-distances[j])));
        }
        return scored;
    }

    private final class Local extends GalleryStage {
        Local(Gallery below) {
            super(below);
        }

        @Override
        public List<SearchResult> searchAll(List<Extraction> queries, SearchOptions search) throws IOException {
            SearchOptions wider = Reordered.atLeast(search.withLeastScore(Float.NEGATIVE_INFINITY), options.first);
            List<SearchResult> found = below.searchAll(queries, wider);
            List<SearchResult> results = new ArrayList<>();
            for (int i = 0; i < queries.size(); i++) {
                context.checkInterrupted();
                List<Hit> hits = found.get(i).hits();
                List<Hit> first = hits.subList(0, Math.min(options.first, hits.size()));
                if (first.isEmpty()) {
                    results.add(found.get(i));
                    continue;
                }
                double[][] images = UnitVectors.of(NAME, below, first);
                FloatMatrix rows = FloatMatrix.ofRows(
                        Arrays.stream(images).map(UnitVectors::rounded).toArray(float[][]::new));
                double[] query = UnitVectors.of(NAME, queries.get(i));
                double[] distances = distances(joined(List.of(query), rows), 1, context)[0];
                results.add(Reordered.reaching(Reordered.of(scored(first, distances), hits, search), search));
            }
            return results;
        }
    }

    private final class Whole extends GalleryStage {
        private final long[] ids;
        private final FloatMatrix images;

        Whole(Gallery below) throws IOException {
            super(below);
            this.ids = below.ids();
            this.images = ids.length == 0 ? FloatMatrix.empty(1) : UnitVectors.all(NAME, below, ids);
        }

        @Override
        public long[] ids() {
            return ids.clone();
        }

        @Override
        public List<SearchResult> searchAll(List<Extraction> queries, SearchOptions search) throws IOException {
            if (ids.length == 0 || queries.isEmpty()) {
                return below.searchAll(queries, search);
            }
            List<double[]> vectors = new ArrayList<>();
            for (Extraction query : queries) {
                vectors.add(UnitVectors.of(NAME, query));
            }
            double[][] distances = distances(joined(vectors, images), queries.size(), context);
            SearchResult[] results = new SearchResult[queries.size()];
            ParallelChunks.run(context, results.length, 1, (from, to) -> {
                TopK best = new TopK(search.k());
                for (int j = 0; j < ids.length; j++) {
                    if (search.accept().test(ids[j])) {
                        best.offer(ids[j], TopK.rounded(-distances[from][j]));
                    }
                }
                results[from] = Reordered.reaching(best.toResult(), search);
            });
            return Arrays.asList(results);
        }
    }
}
