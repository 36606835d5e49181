package org.retrieval4j.index;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.ParallelChunks;
import org.retrieval4j.spi.ComponentProvider;
import org.retrieval4j.storage.LiveSegment;
import org.retrieval4j.storage.MergePolicy;
import org.retrieval4j.storage.SectionFile;
import org.retrieval4j.storage.SectionWriter;

/**
 * {@code hnsw}: walks through a graph whose links lead from anywhere to near vectors in few steps.
 *
 * <p>Malkov, Yashunin: Efficient and robust approximate nearest neighbor search using hierarchical navigable small world
 * graphs. PAMI 2020. Links are chosen by the heuristic of algorithm 4, both ways, and thinned by it where they are too
 * many. Each segment has its graph, built once: when it is added or merged. Scores are those of {@link FlatIndex}; which
 * images are found depends on segments and kernels, but not on threads.
 *
 * <p>Removed images and those that the filter refuses are walked through and not returned. A segment is compared as a
 * whole, exactly, where that is not slower: if those that may be returned are fewer than 32 times {@code ef}; and if the
 * walk finds fewer than k. Takes dense vectors; needs no sample.
 *
 * <p>Prefer {@code flat} below some 10,000 vectors, {@code ivf-pq} where vectors and links do not fit into memory.
 */
public final class HnswIndex implements IndexAlgorithm<HnswSegment> {
    private static final String NAME = "hnsw";

    /** Segments of fewer rows get no graph: they are always compared as a whole. */
    private static final int LEAST_GRAPH = 256;

    /**
     * With r of n images to return, a walk takes as long as comparing all n where r is so many times ef: measured with
     * 20,000 x 128 and ef = 64, 37 with the vector kernels and 24 with the scalar ones.
     */
    private static final int SCANNED_PER_FOUND = 32;

    /** Rows that tell how many pass a filter. */
    private static final int PROBED_ROWS = 256;

    private final Options options;
    private final Kernels kernels;
    private final BuildContext context;
    private final Queue<HnswWalk> walks = new ConcurrentLinkedQueue<>();

    /**
     * Settings.
     *
     * @param m links of a node above level 0, at least 2, and half of those at level 0; more take memory and time and
     *     find more. 12 to 48 is usual
     * @param efConstruction candidates for the links of a new node, at least 1; more build slower and better
     * @param efSearch candidates of a search, at least 1; more are slower and find more. A search for more hits or
     *     candidates has as many
     * @param metric cosine, ip or l2
     */
    public record Options(int m, int efConstruction, int efSearch, Metric metric) {
        /** Checks the ranges. */
        public Options {
            requireNonNull(metric, "metric");
            if (m < 2 || m > 1024) {
                throw new IllegalArgumentException("m must be from 2 to 1024, got " + m);
            }
            IvfFlatIndex.requirePositive("ef-construction", efConstruction);
            IvfFlatIndex.requirePositive("ef-search", efSearch);
        }

        /**
         * m = 16, ef-construction = 200, ef-search = 64, by cosine.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(16, 200, 64, Metric.COSINE);
        }

        /**
         * With another number of links.
         *
         * @param value at least 2
         * @return the changed options
         */
        public Options withM(int value) {
            return new Options(value, efConstruction, efSearch, metric);
        }

        /**
         * With another number of candidates for links.
         *
         * @param value at least 1
         * @return the changed options
         */
        public Options withEfConstruction(int value) {
            return new Options(m, value, efSearch, metric);
        }

        /**
         * With another number of candidates of a search.
         *
         * @param value at least 1
         * @return the changed options
         */
        public Options withEfSearch(int value) {
            return new Options(m, efConstruction, value, metric);
        }

        /**
         * With another metric.
         *
         * @param value the metric
         * @return the changed options
         */
        public Options withMetric(Metric value) {
            return new Options(m, efConstruction, efSearch, value);
        }
    }

    /** Makes {@code hnsw(m=16,ef-construction=200,ef-search=64,metric=cosine)}. */
    public static final class Provider extends ComponentProvider<Index, Options> implements IndexMemory<Options> {
        /** Called by ServiceLoader. */
        public Provider() {
            super(Index.class, NAME, Options.defaults());
        }

        @Override
        public Index create(Options options, BuildContext context) throws IOException {
            return HnswIndex.open(options, context);
        }

        @Override
        public long estimateMemory(Options options, long count, int dimension) {
            VectorLists.Shape shape = new VectorLists.Shape(1, dimension, true, 0, false);
            return VectorLists.bytes(count, shape) + (count < LEAST_GRAPH ? 0 : HnswGraph.bytes(count, options.m));
        }
    }

    private HnswIndex(Options options, BuildContext context) {
        this.options = options;
        this.kernels = KernelCatalog.of(context);
        this.context = context;
    }

    /**
     * Opens an index, empty in memory or with what its directory holds.
     *
     * @param options settings
     * @param context seed, directory, executor, kernels
     * @return the index
     * @throws IOException if the directory cannot be read
     */
    public static Index open(Options options, BuildContext context) throws IOException {
        return of(options, context);
    }

    static SegmentedIndex<HnswSegment> of(Options options, BuildContext context) throws IOException {
        return SegmentedIndex.open(new HnswIndex(options, context), context);
    }

    Options options() {
        return options;
    }

    /** A graph over vectors, however few. */
    HnswGraph newGraph(NodeVectors vectors) {
        return HnswBuilder.build(vectors, options.m, options.efConstruction, options.metric, kernels, context);
    }

    /** A segment with a graph made elsewhere, which is left out where segments have none. */
    static HnswSegment segment(VectorLists vectors, HnswGraph graph) {
        return new HnswSegment(vectors, vectors.size() < LEAST_GRAPH ? null : graph);
    }

    @Override
    public String kind() {
        return "index-" + NAME;
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.of(OptionsText.format(NAME, options));
    }

    @Override
    public boolean accepts(Class<? extends GlobalDescriptor> kind) {
        return kind == GlobalDescriptor.Dense.class;
    }

    @Override
    public int dimension(HnswSegment segment) {
        return segment.vectors().dimension();
    }

    @Override
    public MergePolicy mergePolicy() {
        return MergePolicy.defaults().withSmallRows(LEAST_GRAPH); // beyond, a merge builds a graph
    }

    @Override
    public HnswSegment build(long[] ids, List<? extends GlobalDescriptor> descriptors) {
        FloatMatrix vectors = QueryVector.matrix(descriptors);
        VectorLists lists = VectorLists.build(
                ids, new int[ids.length], 1, new VectorLists.Content(vectors.columns(), vectors, null, null));
        return new HnswSegment(lists, graph(lists));
    }

    @Override
    public HnswSegment join(List<LiveSegment<HnswSegment>> parts) {
        VectorLists lists = MergedLists.of(parts, HnswSegment::vectors).join();
        return new HnswSegment(lists, graph(lists));
    }

    @Override
    public void write(List<LiveSegment<HnswSegment>> parts, Path file) throws IOException {
        MergedLists merged = MergedLists.of(parts, HnswSegment::vectors);
        boolean unchanged = parts.size() == 1 && parts.get(0).isWhole();
        HnswGraph graph = unchanged ? parts.get(0).segment().graph() : graph(merged);
        try (SectionWriter writer = SectionWriter.create(file, kind(), VectorLists.VERSION)) {
            if (graph != null) {
                writer.header("entry", Integer.toString(graph.entry()));
            }
            merged.write(writer);
            if (graph != null) {
                graph.write(writer);
            }
            writer.commit();
        }
    }

    @Override
    public HnswSegment open(Path path) throws IOException {
        try (SectionFile file = SectionFile.open(path, kind(), VectorLists.VERSION, VectorLists.VERSION)) {
            int d = (int) file.headerLong("dimension", 1, Integer.MAX_VALUE);
            VectorLists lists = VectorLists.open(file, new VectorLists.Shape(1, d, true, 0, false));
            boolean hasGraph = lists.size() >= LEAST_GRAPH;
            return new HnswSegment(lists, hasGraph ? HnswGraph.open(file, options.m, lists.size()) : null);
        }
    }

    private @Nullable HnswGraph graph(NodeVectors vectors) {
        return vectors.size() < LEAST_GRAPH ? null : newGraph(vectors);
    }

    @Override
    public Search<HnswSegment> search(List<? extends GlobalDescriptor> queries, SearchOptions search) {
        return new GraphSearch(queries, search);
    }

    /** The share of rows that a predicate accepts, told from some of them. */
    static double share(int size, IntPredicate accept) {
        int accepted = 0;
        for (int i = 0; i < PROBED_ROWS; i++) {
            // rows at even distances would fall in step with what a filter repeats
            int row = (int) ((i * 0x9e3779b97f4a7c15L >>> 33) % size);
            accepted += accept.test(row) ? 1 : 0;
        }
        return accepted / (double) PROBED_ROWS;
    }

    private final class GraphSearch implements Search<HnswSegment> {
        private final SearchOptions search;
        private final List<FlatScan> scans = new ArrayList<>();
        private final int ef;

        GraphSearch(List<? extends GlobalDescriptor> queries, SearchOptions search) {
            this.search = search;
            this.ef = Math.max(options.efSearch, search.candidates());
            for (GlobalDescriptor query : queries) {
                QueryVector vector = new QueryVector(options.metric, QueryVector.values(query));
                scans.add(new FlatScan(vector, kernels, search));
            }
        }

        @Override
        public void visit(LiveSegment<HnswSegment> part) {
            HnswGraph graph = part.segment().graph();
            boolean walkable = graph != null && returnable(part) > (long) SCANNED_PER_FOUND * ef;
            ParallelChunks.run(context, scans.size(), 1, (from, to) -> {
                for (int q = from; q < to; q++) {
                    if (!walkable || graph == null || !walk(part, graph, scans.get(q))) {
                        scans.get(q).list(part.segment().vectors(), 0, part::isLive);
                    }
                }
            });
        }

        /** How many images of a segment may be returned, roughly. */
        private long returnable(LiveSegment<HnswSegment> part) {
            int live = part.liveCount();
            if (search.acceptsAll()) {
                return live;
            }
            return Math.round(live
                    * share(part.segment().size(), row -> search.accept()
                            .test(part.segment().id(row))));
        }

        /** Returns false if the walk found too few; then nothing was offered. */
        private boolean walk(LiveSegment<HnswSegment> part, HnswGraph graph, FlatScan scan) {
            VectorLists vectors = part.segment().vectors();
            HnswWalk pooled = walks.poll();
            HnswWalk walk = pooled == null ? new HnswWalk() : pooled;
            NodeDistances distances = new NodeDistances(options.metric, kernels, vectors)
                    .from(scan.query().values());
            IntPredicate accept = part.isWhole() && search.acceptsAll()
                    ? null
                    : row -> part.isLive(row) && search.accept().test(vectors.id(row));
            long nearest = walk.descend(graph, distances, 0);
            int found = walk.search(graph, distances, nearest, 0, ef, accept);
            boolean enough = found >= Math.min(search.k(), part.liveCount());
            if (enough) {
                score(vectors, walk.results(), found, scan);
            }
            walks.add(walk);
            return enough;
        }

        // O(found · d) at most: those that cannot come among the best any more are not scored
        private void score(VectorLists vectors, long[] results, int found, FlatScan scan) {
            float[] copy = new float[vectors.dimension()];
            for (int i = 0; i < found; i++) {
                int row = NodeDistances.node(results[i]);
                double norm = vectors.norm(row);
                if (scan.query().reachesAt(scan.best().threshold(), NodeDistances.distance(results[i]), norm)) {
                    FloatMatrix vector = vectors.vectors().block(row, row + 1, copy);
                    float score = scan.query().score(vector.array(), vector.offset(), norm);
                    scan.best().offer(vectors.id(row), score);
                }
            }
        }

        @Override
        public List<SearchResult> results() {
            return scans.stream().map(scan -> scan.best().toResult()).toList();
        }
    }
}
