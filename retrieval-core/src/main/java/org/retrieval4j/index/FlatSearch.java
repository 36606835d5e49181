package org.retrieval4j.index;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.ParallelChunks;
import org.retrieval4j.storage.LiveSegment;

/** One batch of queries compared with all vectors of {@link FlatIndex}, block by block. */
final class FlatSearch implements IndexAlgorithm.Search<FlatSegment> {
    // values of a block: 256 kB, so that it stays in a core's cache while it is compared with all queries
    private static final int BLOCK_VALUES = 1 << 16;
    private static final int BLOCK_PRODUCTS = 1 << 18;

    // so few query vectors are faster compared exactly at once; for so many the kernels prepare the queries, for those
    // between each block (measured with the scalar kernels, d = 128 and 512)
    private static final int FEW = 2;
    private static final int MANY = 128;

    private final Metric metric;
    private final Kernels kernels;
    private final BuildContext context;
    private final SearchOptions search;
    private final FloatMatrix queries;
    private final int[] starts; // query q has the rows starts[q] to starts[q + 1]
    private final double[] norms;
    private final Kernels.@Nullable Operand operand;
    private final double relativeError;
    private final double absoluteError;
    private final Queue<Block> blocks = new ConcurrentLinkedQueue<>();

    FlatSearch(
            Metric metric,
            Kernels kernels,
            BuildContext context,
            List<? extends GlobalDescriptor> queries,
            SearchOptions search) {
        this.metric = metric;
        this.kernels = kernels;
        this.context = context;
        this.search = search;
        List<FloatMatrix> rows = new ArrayList<>();
        this.starts = new int[queries.size() + 1];
        for (int q = 0; q < queries.size(); q++) {
            rows.add(FlatSegment.rowsOf(queries.get(q)));
            starts[q + 1] = starts[q] + rows.get(q).rows();
        }
        this.queries = FloatMatrix.concat(rows);
        int d = this.queries.columns();
        this.norms = new double[this.queries.rows()];
        for (int w = 0; w < norms.length; w++) {
            norms[w] = Math.sqrt(Kernels.fixedOrderDot(this.queries.array(), w * d, this.queries.array(), w * d, d));
        }
        this.operand = norms.length < MANY ? null : kernels.prepare(this.queries);
        this.relativeError = Kernels.errorBound(d);
        this.absoluteError = 8.0 * d * Float.MIN_NORMAL; // kernels may flush what is smaller to zero
    }

    @Override
    public void visit(LiveSegment<FlatSegment> segment) {
        FlatSegment flat = segment.segment();
        double perImage = (double) flat.vectors().rows() / flat.size();
        double fitting =
                Math.min(BLOCK_VALUES / (perImage * flat.dimension()), BLOCK_PRODUCTS / (perImage * norms.length));
        ParallelChunks.run(context, flat.size(), Math.max(1, (int) fitting), (from, to) -> {
            Block block = blocks.poll();
            if (block == null) {
                block = new Block();
            }
            block.load(segment, from, to);
            if (block.images > 0) {
                block.multiply();
                block.compare();
            }
            blocks.add(block);
        });
    }

    @Override
    public List<SearchResult> results() {
        List<SearchResult> results = new ArrayList<>();
        for (int q = 0; q + 1 < starts.length; q++) {
            TopK best = new TopK(search.k());
            for (Block block : blocks) {
                best.offerAll(block.best[q]);
            }
            results.add(best.toResult());
        }
        return results;
    }

    @Override
    public void close() {
        if (operand != null) {
            operand.close();
        }
    }

    /** The largest score that two vectors can have, given their product in float32. */
    private double bound(float product, double norm, double queryNorm) {
        double both = norm * queryNorm;
        // where float32 can overflow, the product says nothing
        double largest = both < 1e36 ? product + relativeError * both + absoluteError : Double.NaN;
        return switch (metric) {
            case IP -> largest;
            case COSINE -> both == 0 ? 0 : largest / both;
            case L2 -> {
                double squares = norm * norm + queryNorm * queryNorm;
                yield 2 * largest - squares + 1e-14 * squares;
            }
        };
    }

    private double exact(float[] array, int at, double norm, int w) {
        int d = queries.columns();
        double both = norm * norms[w];
        return switch (metric) {
            case IP -> Kernels.fixedOrderDot(queries.array(), w * d, array, at, d);
            case L2 -> -Kernels.fixedOrderSquaredDistance(queries.array(), w * d, array, at, d);
            case COSINE -> both == 0 ? 0 : Kernels.fixedOrderDot(queries.array(), w * d, array, at, d) / both;
        };
    }

    /** What one thread compares at a time, and the best that it has seen. */
    private final class Block {
        final TopK[] best = new TopK[starts.length - 1];
        int images;
        private int[] rows = {}; // of the images, in the segment
        private int[] vectors = {}; // the first of each image's vectors, in the block
        private double[] vectorNorms = {};
        private float[] values = {};
        private FloatMatrix matrix = FloatMatrix.empty(0);
        private long[] ids = {};
        private float[] products = {};
        private int vectorStride; // product of vector v and query row w: products[v * vectorStride + w * queryStride]
        private int queryStride;

        Block() {
            for (int q = 0; q < best.length; q++) {
                best[q] = new TopK(search.k());
            }
        }

        /** Collects the live and accepted images among neighbors. */
        void load(LiveSegment<FlatSegment> segment, int from, int to) {
            FlatSegment flat = segment.segment();
            if (rows.length < to - from) {
                rows = new int[to - from];
                vectors = new int[to - from + 1];
                ids = new long[to - from];
            }
            images = 0;
            for (int row = from; row < to; row++) {
                long id = flat.id(row);
                if (segment.isLive(row)
                        && (search.acceptsAll() || search.accept().test(id))) {
                    rows[images] = row;
                    ids[images] = id;
                    vectors[images + 1] = vectors[images] + flat.vectorCount(row);
                    images++;
                }
            }
            int count = vectors[images];
            int d = flat.dimension();
            if (values.length < count * d || vectorNorms.length < count) {
                values = new float[count * d];
                vectorNorms = new double[count];
            }
            for (int i = 0; i < images; i++) {
                for (int v = vectors[i], stored = flat.start(rows[i]); v < vectors[i + 1]; v++, stored++) {
                    vectorNorms[v] = flat.norm(stored);
                }
            }
            if (images == to - from) {
                matrix = flat.vectors().block(flat.start(from), flat.start(to), values);
                return;
            }
            for (int i = 0; i < images; i++) {
                flat.vectors().copy(flat.start(rows[i]), vectors[i + 1] - vectors[i], values, vectors[i] * d);
            }
            matrix = FloatMatrix.of(count, d, values);
        }

        /** Has the kernels multiply all vectors with all query vectors, unless these are few. */
        void multiply() {
            if (norms.length <= FEW) {
                return;
            }
            if (products.length < matrix.rows() * norms.length) {
                products = new float[matrix.rows() * norms.length];
            }
            if (operand != null) {
                vectorStride = norms.length;
                queryStride = 1;
                kernels.products(matrix, operand, products);
                return;
            }
            vectorStride = 1;
            queryStride = matrix.rows();
            try (Kernels.Operand prepared = kernels.prepare(matrix)) {
                kernels.products(queries, prepared, products);
            }
        }

        // O(vectors · query vectors); the exact scores add about k (1 + ln(n / k)) · d a query
        void compare() {
            for (int q = 0; q < best.length; q++) {
                TopK hits = best[q];
                for (int i = 0; i < images; i++) {
                    if (reaches(hits.threshold(), i, q)) {
                        hits.offer(ids[i], score(i, q));
                    }
                }
            }
        }

        /** Tells whether an image could have at least a score, for all that float32 products tell. */
        private boolean reaches(double threshold, int image, int q) {
            if (norms.length <= FEW || threshold == Double.NEGATIVE_INFINITY) {
                return true;
            }
            double least = threshold - Math.abs(threshold) * 0x1p-23; // exact scores are rounded to float
            for (int v = vectors[image]; v < vectors[image + 1]; v++) {
                for (int w = starts[q]; w < starts[q + 1]; w++) {
                    float product = products[v * vectorStride + w * queryStride];
                    // not "bound >= least": a product that overflowed may be NaN, and must be computed exactly
                    if (!(bound(product, vectorNorms[v], norms[w]) < least)) {
                        return true;
                    }
                }
            }
            return false;
        }

        private float score(int image, int q) {
            double score = Double.NEGATIVE_INFINITY;
            for (int v = vectors[image]; v < vectors[image + 1]; v++) {
                int at = matrix.offset() + v * matrix.columns();
                for (int w = starts[q]; w < starts[q + 1]; w++) {
                    score = Math.max(score, exact(matrix.array(), at, vectorNorms[v], w));
                }
            }
            return TopK.rounded(score);
        }
    }
}
