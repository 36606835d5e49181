package org.retrieval4j.rerank;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.Reranker;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.index.FlatIndex;
import org.retrieval4j.index.TopK;
import org.retrieval4j.learning.ParallelChunks;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code diffusion}: images are ranked by what flows to them from the query's neighbors over the graph of all images'
 * neighbors (Iscen et al., Efficient diffusion on region manifolds, CVPR 2017). With the {@link AffinityGraph} S of the
 * gallery and y the similarities max(s, 0)^γ of the query's kq nearest, the scores f solve
 *
 * <p>(I − α S) f = y (equation 7, solved by conjugate gradients as in section 4.2).
 *
 * <p>Images with regions are diffused by their regions, and an image's score is the sum of theirs. With {@code first}
 * the flow stays among the first images of the ranked list (their truncation, section 4.4, which is what scales).
 *
 * <p>Beforehand it searches for every vector of the gallery, which {@code index=hnsw} shortens; the graph then takes at
 * most 12 kd bytes a vector. A query costs some twenty products with it, 24 kd operations a vector each. Images that
 * nothing flows to follow in the order of the search below.
 */
public final class Diffusion implements Reranker {
    static final String NAME = "diffusion";

    private final Options options;
    private final Components components;
    private final BuildContext context;

    private Diffusion(Options options, Components components, BuildContext context) {
        this.options = options;
        this.components = components;
        this.context = context;
    }

    /**
     * Settings.
     *
     * @param kd neighbors of a vector in the graph, itself counted, at least 2
     * @param kq nearest of the query that flow starts from, at least 1
     * @param gamma exponent of similarities, 0 or above
     * @param alpha part that flows on, 0 to below 1
     * @param tolerance of the solution: the residual's length over that of y
     * @param first images that the flow is kept to; 0 for all
     * @param index finds neighbors
     */
    public record Options(
            int kd, int kq, double gamma, double alpha, double tolerance, int first, ComponentSpec index) {
        /** Checks the ranges. */
        public Options {
            requireNonNull(index, "index");
            if (kd < 2) {
                throw new IllegalArgumentException("kd must be at least 2, got " + kd);
            }
            if (kq < 1) {
                throw new IllegalArgumentException("kq must be at least 1, got " + kq);
            }
            if (!(gamma >= 0 && gamma <= 100)) {
                throw new IllegalArgumentException("gamma must be 0 to 100, got " + gamma);
            }
            if (!(alpha >= 0 && alpha < 1)) {
                throw new IllegalArgumentException("alpha must be at least 0 and below 1, got " + alpha);
            }
            if (!(tolerance >= 1e-15 && tolerance < 1)) {
                throw new IllegalArgumentException("tolerance must be 1e-15 to below 1, got " + tolerance);
            }
            if (first < 0) {
                throw new IllegalArgumentException("first must be 0 or above, got " + first);
            }
        }

        /**
         * As published: fifty neighbors, ten of the query, cubes, 0.99.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(50, 10, 3, 0.99, 1e-6, 0, new FlatIndex.Provider().specOf(FlatIndex.Options.defaults()));
        }
    }

    /** Makes {@code diffusion}. */
    public static final class Provider extends ComponentProvider<Reranker, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Reranker.class, NAME, Options.defaults());
        }

        @Override
        public Diffusion create(Options options, BuildContext context) {
            return create(options, context, Components.load());
        }

        @Override
        public Diffusion create(Options options, BuildContext context, Components components) {
            Options canonical = new Options(
                    options.kd,
                    options.kq,
                    options.gamma,
                    options.alpha,
                    options.tolerance,
                    options.first,
                    components.canonical(Index.class, options.index));
            return new Diffusion(canonical, components, context);
        }
    }

    @Override
    public ComponentSpec spec() {
        return new Provider().specOf(options);
    }

    @Override
    public Gallery over(Gallery below) throws IOException {
        long[] ids = below.ids();
        if (ids.length == 0) {
            return below;
        }
        List<Integer> imageOfRow = new ArrayList<>();
        FloatMatrix vectors = UnitVectors.allRegions(below, ids, imageOfRow);
        int[] images = imageOfRow.stream().mapToInt(Integer::intValue).toArray();
        int[][] neighbors = Neighbors.find(vectors, options.kd, options.index, components, context)
                .of();
        double[][] similarities = new double[neighbors.length][];
        for (int i = 0; i < neighbors.length; i++) {
            similarities[i] = new double[neighbors[i].length];
            for (int j = 0; j < neighbors[i].length; j++) {
                similarities[i][j] = dot(vectors, i, vectors, neighbors[i][j]);
            }
        }
        AffinityGraph graph = AffinityGraph.of(neighbors, similarities, options.gamma);
        return new Diffused(below, ids, images, vectors, graph);
    }

    private static double dot(FloatMatrix a, int i, FloatMatrix b, int j) {
        return org.retrieval4j.kernel.Kernels.fixedOrderDot(
                a.array(), a.offset() + i * a.columns(), b.array(), b.offset() + j * b.columns(), a.columns());
    }

    private final class Diffused extends GalleryStage {
        private final long[] ids;
        private final int[] imageOfRow;
        private final FloatMatrix vectors;
        private final AffinityGraph graph;
        private final int[] firstRow;

        Diffused(Gallery below, long[] ids, int[] imageOfRow, FloatMatrix vectors, AffinityGraph graph) {
            super(below);
            this.ids = ids;
            this.imageOfRow = imageOfRow;
            this.vectors = vectors;
            this.graph = graph;
            this.firstRow = new int[ids.length + 1];
            for (int image : imageOfRow) {
                firstRow[image + 1]++;
            }
            for (int i = 0; i < ids.length; i++) {
                firstRow[i + 1] += firstRow[i];
            }
        }

        @Override
        public long[] ids() {
            return ids.clone();
        }

        @Override
        public List<SearchResult> searchAll(List<Extraction> queries, SearchOptions search) throws IOException {
            SearchOptions wider = Reordered.atLeast(
                    search.withLeastScore(Float.NEGATIVE_INFINITY), Math.max(options.kq, options.first));
            List<SearchResult> found = below.searchAll(queries, wider);
            SearchResult[] results = new SearchResult[found.size()];
            ParallelChunks.run(context, results.length, AffinityGraph.TOGETHER, (from, to) -> {
                List<double[]> starts = new ArrayList<>();
                List<boolean[]> members = new ArrayList<>();
                for (int i = from; i < to; i++) {
                    // as many whatever k is, so that more hits asked for do not change the first
                    List<Hit> all = found.get(i).hits();
                    List<Hit> hits =
                            all.subList(0, Math.min(options.first > 0 ? options.first : options.kq, all.size()));
                    double[] y = new double[imageOfRow.length];
                    GlobalDescriptor query =
                            Gallery.descriptors(List.of(queries.get(i))).get(0);
                    for (double[] region : UnitVectors.regions(query)) {
                        start(region, hits, y);
                    }
                    starts.add(y);
                    if (options.first > 0) {
                        members.add(members(hits));
                    }
                }
                List<double[]> flows = graph.diffuse(starts, options.alpha, options.tolerance, members);
                for (int i = from; i < to; i++) {
                    List<Hit> scored = scored(flows.get(i - from), search);
                    results[i] =
                            Reordered.reaching(Reordered.of(scored, found.get(i).hits(), search), search);
                }
            });
            return Arrays.asList(results);
        }

        /** The rows of the first images. */
        private boolean[] members(List<Hit> hits) {
            boolean[] member = new boolean[imageOfRow.length];
            for (Hit hit : hits) {
                int image = Arrays.binarySearch(ids, hit.imageId());
                if (image >= 0) {
                    Arrays.fill(member, firstRow[image], firstRow[image + 1], true);
                }
            }
            return member;
        }

        private List<Hit> scored(double[] flow, SearchOptions search) {
            double[] scores = new double[ids.length];
            for (int i = 0; i < flow.length; i++) {
                scores[imageOfRow[i]] += flow[i];
            }
            TopK best = new TopK(search.k());
            for (int i = 0; i < scores.length; i++) {
                if (scores[i] > 0 && search.accept().test(ids[i])) {
                    best.offer(ids[i], TopK.rounded(scores[i]));
                }
            }
            return best.toResult().hits();
        }

        // the kq regions most similar to one of the query's, among those of the first images
        private void start(double[] region, List<Hit> hits, double[] y) {
            TopK nearest = new TopK(options.kq);
            float[] sought = UnitVectors.rounded(region);
            FloatMatrix query = FloatMatrix.ofRows(sought);
            for (Hit hit : hits) {
                int image = Arrays.binarySearch(ids, hit.imageId());
                for (int row = firstRow[Math.max(0, image)]; image >= 0 && row < firstRow[image + 1]; row++) {
                    nearest.offer(row, (float) dot(query, 0, vectors, row));
                }
            }
            for (Hit hit : nearest.toResult().hits()) {
                int row = (int) hit.imageId();
                y[row] += Math.pow(Math.max(dot(query, 0, vectors, row), 0), options.gamma);
            }
        }
    }
}
