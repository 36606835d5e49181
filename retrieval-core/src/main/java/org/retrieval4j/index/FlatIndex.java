package org.retrieval4j.index;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
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

/**
 * Compares a query with every vector: exact, and the yardstick for every other index. O(n·d) a query; up to some
 * hundred thousand vectors nothing else is needed.
 *
 * <p>Takes dense vectors and regions; the score of two pictures with regions is that of their most similar pair. The
 * products of a block of vectors come from the kernels in float32. A vector whose product, with the kernels' error bound
 * added, cannot reach the k-th best score is skipped; the others are scored again in double in a fixed order, and that
 * score alone decides. So ids and scores are the same for all kernels, thread counts, and segments.
 */
public final class FlatIndex implements IndexAlgorithm<FlatSegment> {
    // values of a block: 256 kB, so that it stays in a core's cache while it is compared with all queries
    private static final int BLOCK_VALUES = 1 << 16;
    private static final int BLOCK_PRODUCTS = 1 << 18;

    private final Options options;
    private final Kernels kernels;
    private final BuildContext context;

    /**
     * How to compare.
     *
     * @param metric cosine, ip or l2
     */
    public record Options(Metric metric) {
        /** Checks that there is a metric. */
        public Options {
            requireNonNull(metric, "metric");
        }

        /**
         * Cosine.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(Metric.COSINE);
        }

        /**
         * With another metric.
         *
         * @param other the metric
         * @return the changed options
         */
        public Options withMetric(Metric other) {
            return new Options(other);
        }
    }

    /** Makes {@code flat(metric=cosine)}. */
    public static final class Provider extends ComponentProvider<Index, Options> {
        /** Called by ServiceLoader. */
        public Provider() {
            super(Index.class, "flat", Options.defaults());
        }

        @Override
        public Index create(Options options, BuildContext context) throws IOException {
            return FlatIndex.open(options, context);
        }
    }

    private FlatIndex(Options options, BuildContext context) {
        this.options = options;
        this.kernels = KernelCatalog.of(context);
        this.context = context;
    }

    /**
     * Opens an index, empty in memory or with what its directory holds.
     *
     * @param options how to compare
     * @param context directory, executor, kernels
     * @return the index
     * @throws IOException if the directory cannot be read
     */
    public static Index open(Options options, BuildContext context) throws IOException {
        return SegmentedIndex.open(new FlatIndex(options, context), context);
    }

    @Override
    public String kind() {
        return "index-flat";
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.of(OptionsText.format("flat", options));
    }

    @Override
    public boolean accepts(Class<? extends GlobalDescriptor> kind) {
        return kind == GlobalDescriptor.Dense.class || kind == GlobalDescriptor.Regions.class;
    }

    @Override
    public int dimension(FlatSegment segment) {
        return segment.dimension();
    }

    @Override
    public FlatSegment build(long[] ids, List<? extends GlobalDescriptor> descriptors) {
        return FlatSegment.build(ids, descriptors);
    }

    @Override
    public FlatSegment join(List<LiveSegment<FlatSegment>> parts) {
        return FlatSegment.join(parts);
    }

    @Override
    public void write(List<LiveSegment<FlatSegment>> parts, Path file) throws IOException {
        FlatSegment.write(parts, file, kind());
    }

    @Override
    public FlatSegment open(Path file) throws IOException {
        return FlatSegment.open(file, kind());
    }

    @Override
    public Search<FlatSegment> search(List<? extends GlobalDescriptor> queries, SearchOptions search) {
        return new FlatSearch(queries, search);
    }

    private final class FlatSearch implements Search<FlatSegment> {
        private final SearchOptions search;
        private final int count;
        private final int dimension;
        private final FloatMatrix queries;
        private final Kernels.Operand operand;
        private final double[] norms;
        private final int[] starts;
        private final double relative;
        private final double absolute;
        private final Queue<Scratch> scratches = new ConcurrentLinkedQueue<>();

        FlatSearch(List<? extends GlobalDescriptor> queries, SearchOptions search) {
            this.search = search;
            this.count = queries.size();
            List<FloatMatrix> rows = new ArrayList<>();
            this.starts = new int[count + 1];
            for (int q = 0; q < count; q++) {
                rows.add(FlatSegment.rowsOf(queries.get(q)));
                starts[q + 1] = starts[q] + rows.get(q).rows();
            }
            this.queries = FloatMatrix.concat(rows);
            this.dimension = this.queries.columns();
            this.operand = kernels.prepare(this.queries);
            this.norms = new double[this.queries.rows()];
            for (int v = 0; v < norms.length; v++) {
                int at = v * dimension;
                float[] array = this.queries.array();
                norms[v] = Math.sqrt(Kernels.fixedOrderDot(array, at, array, at, dimension));
            }
            this.relative = Kernels.errorBound(dimension);
            this.absolute = 8.0 * dimension * Float.MIN_NORMAL; // kernels may flush what is smaller to zero
        }

        @Override
        public void visit(LiveSegment<FlatSegment> segment) {
            FlatSegment flat = segment.segment();
            double perImage = (double) flat.vectors().rows() / flat.size();
            double fitting =
                    Math.min(BLOCK_VALUES / (perImage * dimension), BLOCK_PRODUCTS / (perImage * norms.length));
            ParallelChunks.run(context, flat.size(), Math.max(1, (int) fitting), (from, to) -> {
                Scratch scratch = scratches.poll();
                if (scratch == null) {
                    scratch = new Scratch(count, search.k());
                }
                scan(segment, from, to, scratch);
                scratches.add(scratch);
            });
        }

        @Override
        public List<SearchResult> results() {
            List<SearchResult> results = new ArrayList<>();
            for (int q = 0; q < count; q++) {
                TopK best = new TopK(search.k());
                for (Scratch scratch : scratches) {
                    best.offerAll(scratch.best[q]);
                }
                results.add(best.toResult());
            }
            return results;
        }

        @Override
        public void close() {
            operand.close();
        }

        private void scan(LiveSegment<FlatSegment> segment, int from, int to, Scratch scratch) {
            FlatSegment flat = segment.segment();
            FloatMatrix block;
            int images = to - from;
            if (segment.isWhole() && search.acceptsAll()) {
                scratch.reserve(images, (flat.start(to) - flat.start(from)) * dimension);
                for (int i = 0; i < images; i++) {
                    scratch.images[i] = from + i;
                }
                block = flat.vectors().block(flat.start(from), flat.start(to), scratch.values);
            } else {
                images = accepted(segment, from, to, scratch);
                int vectors = 0;
                for (int i = 0; i < images; i++) {
                    vectors += flat.vectorCount(scratch.images[i]);
                }
                scratch.reserve(images, vectors * dimension);
                int at = 0;
                for (int i = 0; i < images; i++) {
                    int n = flat.vectorCount(scratch.images[i]);
                    flat.vectors().copy(flat.start(scratch.images[i]), n, scratch.values, at);
                    at += n * dimension;
                }
                block = FloatMatrix.of(vectors, dimension, scratch.values);
            }
            if (images > 0) {
                scratch.reserveProducts(block.rows() * norms.length);
                kernels.products(block, operand, scratch.products);
                compare(flat, images, block, scratch);
            }
        }

        private int accepted(LiveSegment<FlatSegment> segment, int from, int to, Scratch scratch) {
            scratch.reserve(to - from, 0);
            int images = 0;
            for (int row = from; row < to; row++) {
                if (segment.isLive(row)
                        && (search.acceptsAll()
                                || search.accept().test(segment.segment().id(row)))) {
                    scratch.images[images++] = row;
                }
            }
            return images;
        }

        // O(vectors · query vectors); the exact scores add about k (1 + ln(n / k)) · d a query
        private void compare(FlatSegment flat, int images, FloatMatrix block, Scratch scratch) {
            int vector = 0;
            for (int i = 0; i < images; i++) {
                int image = scratch.images[i];
                int vectors = flat.vectorCount(image);
                for (int q = 0; q < count; q++) {
                    TopK best = scratch.best[q];
                    double least = best.threshold();
                    least -= Math.abs(least) * 0x1p-23; // the exact score is rounded to float before it is compared
                    if (reaches(least, flat, flat.start(image), vectors, vector, q, scratch.products)) {
                        best.offer(flat.id(image), score(flat, flat.start(image), vectors, block, vector, q));
                    }
                }
                vector += vectors;
            }
        }

        /** Tells whether any pair of vectors could have at least a score, for all that float32 products tell. */
        private boolean reaches(
                double least, FlatSegment flat, int stored, int vectors, int inBlock, int query, float[] products) {
            if (least == Double.NEGATIVE_INFINITY) {
                return true;
            }
            for (int v = 0; v < vectors; v++) {
                double norm = flat.norm(stored + v);
                int row = (inBlock + v) * norms.length;
                for (int w = starts[query]; w < starts[query + 1]; w++) {
                    // not "bound >= least": a product that overflowed may be NaN, and must be computed exactly
                    if (!(bound(products[row + w], norm, norms[w]) < least)) {
                        return true;
                    }
                }
            }
            return false;
        }

        /** The largest score that two vectors can have, given their product in float32. */
        private double bound(float product, double norm, double queryNorm) {
            double norms = norm * queryNorm;
            // where float32 can overflow, the product says nothing
            double largest = norms < 1e36 ? product + relative * norms + absolute : Double.NaN;
            return switch (options.metric()) {
                case IP -> largest;
                case COSINE -> norms == 0 ? 0 : largest / norms;
                case L2 -> {
                    double squares = norm * norm + queryNorm * queryNorm;
                    yield 2 * largest - squares + 1e-14 * squares;
                }
            };
        }

        private float score(FlatSegment flat, int stored, int vectors, FloatMatrix block, int inBlock, int query) {
            double best = Double.NEGATIVE_INFINITY;
            for (int v = 0; v < vectors; v++) {
                int at = block.offset() + (inBlock + v) * dimension;
                for (int w = starts[query]; w < starts[query + 1]; w++) {
                    double norms = flat.norm(stored + v) * this.norms[w];
                    best = Math.max(best, exact(block.array(), at, w * dimension, norms));
                }
            }
            return TopK.rounded(best);
        }

        private double exact(float[] array, int at, int query, double norms) {
            return switch (options.metric()) {
                case IP -> Kernels.fixedOrderDot(queries.array(), query, array, at, dimension);
                case L2 -> -Kernels.fixedOrderSquaredDistance(queries.array(), query, array, at, dimension);
                case COSINE ->
                    norms == 0 ? 0 : Kernels.fixedOrderDot(queries.array(), query, array, at, dimension) / norms;
            };
        }
    }

    /** What one thread needs at a time, kept from block to block. */
    private static final class Scratch {
        final TopK[] best;
        int[] images = {};
        float[] values = {};
        float[] products = {};

        Scratch(int queries, int k) {
            best = new TopK[queries];
            for (int q = 0; q < queries; q++) {
                best[q] = new TopK(k);
            }
        }

        void reserve(int imageCount, int valueCount) {
            if (images.length < imageCount) {
                images = new int[imageCount];
            }
            if (values.length < valueCount) {
                values = new float[valueCount];
            }
        }

        void reserveProducts(int productCount) {
            if (products.length < productCount) {
                products = new float[productCount];
            }
        }
    }
}
