package org.retrieval4j.index;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.ParallelChunks;
import org.retrieval4j.storage.LiveSegment;
import org.retrieval4j.storage.VectorRows;

/**
 * One batch of queries compared with all vectors of {@link FlatIndex}, block by block. The kernels find the pairs whose
 * score in float32 could be among the k best; what is left at the end is scored exactly.
 */
final class FlatSearch implements IndexAlgorithm.Search<FlatSegment> {
    /** Values of a block: 4 MB, so that the kernels' working memory, which is theirs for a call, is a small part of it … */
    private static final int BLOCK_VALUES = 1 << 20;

    /** … but so many vectors where they fit into 16 MB, to share the reading of the queries … */
    private static final int BLOCK_VECTORS = 504;

    private static final int LONG_BLOCK_VALUES = 1 << 22;

    /** … and at least so many of long ones … */
    private static final int LEAST_VECTORS = 128;

    /** … and of a small segment so many blocks, for threads to share. */
    private static final int BLOCKS = 16;

    // outside of these lengths float32 may overflow or lose all digits: products say nothing
    private static final double SHORTEST = 1e-9;
    private static final double LONGEST = 1e15;

    private final Metric metric;
    private final Kernels kernels;
    private final BuildContext context;
    private final SearchOptions search;
    private final FloatMatrix queries;
    private final int[] starts; // query q has the rows starts[q] to starts[q + 1]
    private final int[] owners; // the query of each row
    private final double[] norms;
    private final boolean usable;
    private final Kernels.Operand operand;
    private final double relativeError;
    private final double absoluteError;
    private final List<FlatSegment> segments = new ArrayList<>();
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
        this.owners = new int[this.queries.rows()];
        this.norms = new double[owners.length];
        boolean measurable = true;
        for (int q = 0; q < queries.size(); q++) {
            Arrays.fill(owners, starts[q], starts[q + 1], q);
        }
        for (int w = 0; w < norms.length; w++) {
            norms[w] = Math.sqrt(Kernels.fixedOrderDot(this.queries.array(), w * d, this.queries.array(), w * d, d));
            measurable &= isMeasurable(norms[w]);
        }
        this.usable = measurable;
        this.operand = kernels.prepare(this.queries);
        this.relativeError = Kernels.errorBound(d);
        this.absoluteError = 8.0 * d * Float.MIN_NORMAL; // kernels may flush what is smaller to zero
    }

    private static boolean isMeasurable(double norm) {
        return norm == 0 || norm >= SHORTEST && norm <= LONGEST;
    }

    @Override
    public void visit(LiveSegment<FlatSegment> segment) {
        FlatSegment flat = segment.segment();
        segments.add(flat);
        long number = segments.size() - 1L;
        double perImage = (double) flat.vectors().rows() / flat.size();
        double vectors = Math.min((double) flat.vectors().rows() / BLOCKS, BLOCK_VALUES / (double) flat.dimension());
        int least = Math.max(LEAST_VECTORS, Math.min(BLOCK_VECTORS, LONG_BLOCK_VALUES / flat.dimension()));
        double chunk = Math.max(least, vectors) / perImage;
        if (perImage > 1 || owners.length > starts.length - 1) { // regions have a score for each image and query
            chunk = Math.min(chunk, BLOCK_VALUES / (starts.length - 1.0));
        }
        ParallelChunks.run(context, flat.size(), Math.max(1, (int) chunk), (from, to) -> {
            Block block = blocks.poll();
            if (block == null) {
                block = new Block();
            }
            block.load(segment, number, from, to);
            if (block.images > 0) {
                block.compare();
            }
            blocks.add(block);
        });
    }

    @Override
    public List<SearchResult> results() {
        SearchResult[] results = new SearchResult[starts.length - 1];
        ParallelChunks.run(context, results.length, 8, (from, to) -> {
            for (int q = from; q < to; q++) {
                FlatCandidates all = new FlatCandidates(search.k());
                for (Block block : blocks) {
                    block.best[q].shrink();
                    all.addAll(block.best[q]);
                }
                all.shrink();
                results[q] = ranked(q, all);
            }
        });
        return List.of(results);
    }

    // O(candidates · d): as a rule little more than k
    private SearchResult ranked(int q, FlatCandidates candidates) {
        TopK best = new TopK(search.k());
        float[] values = {};
        for (int i = 0; i < candidates.size(); i++) {
            FlatSegment segment = segments.get((int) (candidates.reference(i) >>> 32));
            int row = (int) candidates.reference(i);
            int first = segment.start(row);
            int count = segment.vectorCount(row);
            if (values.length < count * segment.dimension()) {
                values = new float[count * segment.dimension()];
            }
            FloatMatrix vectors = segment.vectors().block(first, first + count, values);
            double score = Double.NEGATIVE_INFINITY;
            for (int v = 0; v < count; v++) {
                score = Math.max(score, exact(vectors, v, segment.norm(first + v), q));
            }
            best.offer(segment.id(row), TopK.rounded(score));
        }
        return best.toResult();
    }

    /** The largest exact score of a vector with those of a query. */
    private double exact(FloatMatrix vectors, int v, double norm, int q) {
        int d = queries.columns();
        int at = vectors.offset() + v * d;
        double largest = Double.NEGATIVE_INFINITY;
        for (int w = starts[q]; w < starts[q + 1]; w++) {
            double both = norm * norms[w];
            double score =
                    switch (metric) {
                        case IP -> Kernels.fixedOrderDot(queries.array(), w * d, vectors.array(), at, d);
                        case L2 -> -Kernels.fixedOrderSquaredDistance(queries.array(), w * d, vectors.array(), at, d);
                        case COSINE ->
                            both == 0
                                    ? 0
                                    : Kernels.fixedOrderDot(queries.array(), w * d, vectors.array(), at, d) / both;
                    };
            largest = Math.max(largest, score);
        }
        return largest;
    }

    @Override
    public void close() {
        operand.close();
    }

    // The kernels compute t = scale_v (v · w) + bias_v, from which a score is factor_w t + summand_w:
    // IP: t = v·w; COSINE: t = v·w/|v|, score t/|w|; L2: t = v·w − |v|²/2, score 2t − |w|².

    private double factor(int w) {
        return switch (metric) {
            case IP -> 1;
            case COSINE -> norms[w] == 0 ? 0 : 1 / norms[w];
            case L2 -> 2;
        };
    }

    private double summand(int w) {
        return metric == Metric.L2 ? -norms[w] * norms[w] : 0;
    }

    /**
     * How far a score may be off, for vectors up to a length and codes up to a distance from them; for cosine, this
     * distance is a share of the length.
     */
    private double error(int w, double norm, double loss) {
        return switch (metric) {
            case IP -> (relativeError * (norm + loss) + loss) * norms[w] + absoluteError;
            case COSINE ->
                norms[w] == 0 ? 0 : relativeError * (1 + loss) + loss + absoluteError / (SHORTEST * norms[w]);
            // |v|²/2 is rounded, and so is the sum with it; in the exact distance doubles are
            case L2 ->
                2 * ((relativeError * (norm + loss) + loss) * norms[w] + 0x1p-23 * norm * norm + absoluteError)
                        + 1e-14 * norms[w] * norms[w];
        };
    }

    /** What one thread compares at a time, and the best that it has seen. */
    private final class Block {
        final FlatCandidates[] best = new FlatCandidates[starts.length - 1];
        int images;
        private long firstRow; // with the number of the segment before it
        private boolean regions;
        private double longest;
        private double farthest; // of codes from vectors
        private boolean measurable;
        private int[] rows = {}; // of the images, from the first on
        private int[] vectors = {}; // the first of each image's vectors, in the block
        private int counted; // so many rows and vectors are 0, 1, 2 …
        private int[] imageOf = {}; // of each vector
        private double[] vectorNorms = {};
        private float[] scales = {};
        private float[] biases = {};
        private float[] values = {};
        private FloatMatrix matrix = FloatMatrix.empty(0);
        private final float[] limits = new float[owners.length];
        private final double[] factors = new double[owners.length];
        private final double[] summands = new double[owners.length];
        private final double[] errors = new double[owners.length];

        Block() {
            for (int q = 0; q < best.length; q++) {
                best[q] = new FlatCandidates(search.k());
            }
            for (int w = 0; w < owners.length; w++) {
                factors[w] = factor(w);
                summands[w] = summand(w);
            }
        }

        /** Collects the live and accepted images among neighbors. */
        void load(LiveSegment<FlatSegment> segment, long number, int from, int to) {
            FlatSegment flat = segment.segment();
            firstRow = (number << 32) + from;
            collect(segment, from, to);
            int count = vectors[images];
            regions = flat.hasRegions() || owners.length > starts.length - 1;
            if (vectorNorms.length < count) {
                vectorNorms = new double[count];
                imageOf = new int[count];
                scales = new float[count];
                biases = new float[count];
                Arrays.fill(scales, 1);
            }
            for (int i = 0; i < images; ) {
                int first = i++;
                while (i < images && rows[i] == rows[i - 1] + 1) {
                    i++;
                }
                flat.norms(flat.start(from + rows[first]), vectors[i] - vectors[first], vectorNorms, vectors[first]);
            }
            longest = 0;
            measurable = usable;
            for (int v = 0; v < count; v++) {
                double norm = vectorNorms[v];
                longest = Math.max(longest, norm);
                measurable &= isMeasurable(norm);
            }
            for (int v = 0; v < count && metric == Metric.COSINE; v++) {
                scales[v] = vectorNorms[v] == 0 ? 0 : (float) (1 / vectorNorms[v]);
            }
            for (int v = 0; v < count && metric == Metric.L2; v++) {
                biases[v] = (float) (-0.5 * vectorNorms[v] * vectorNorms[v]);
            }
            farthest = 0;
            if (regions || flat.hasLosses()) {
                loadImages(flat, from);
            }
            loadVectors(flat, from, to);
        }

        private void collect(LiveSegment<FlatSegment> segment, int from, int to) {
            FlatSegment flat = segment.segment();
            if (rows.length < to - from) {
                rows = new int[to - from];
                vectors = new int[to - from + 1];
                counted = 0;
            }
            if (segment.isWhole() && search.acceptsAll() && !flat.hasRegions()) {
                for (images = to - from; counted < images; counted++) {
                    rows[counted] = counted;
                    vectors[counted + 1] = counted + 1;
                }
                return;
            }
            counted = 0;
            images = 0;
            for (int row = from; row < to; row++) {
                if (segment.isLive(row)
                        && (search.acceptsAll() || search.accept().test(flat.id(row)))) {
                    rows[images] = row - from;
                    vectors[images + 1] = vectors[images] + flat.vectorCount(row);
                    images++;
                }
            }
        }

        private void loadImages(FlatSegment flat, int from) {
            for (int i = 0; i < images; i++) {
                for (int v = vectors[i], stored = flat.start(from + rows[i]); v < vectors[i + 1]; v++, stored++) {
                    imageOf[v] = i;
                    double norm = vectorNorms[v];
                    double loss = flat.loss(stored);
                    farthest = Math.max(farthest, metric == Metric.COSINE && norm > 0 ? loss / norm : loss);
                    measurable &= loss <= norm;
                }
            }
        }

        private void loadVectors(FlatSegment flat, int from, int to) {
            int count = vectors[images];
            int d = flat.dimension();
            VectorRows rowsOf = measurable ? flat.compared() : flat.vectors();
            if (!rowsOf.isMatrix() || images < to - from) {
                if (values.length < count * d) {
                    values = new float[count * d];
                }
            }
            if (images == to - from) {
                matrix = rowsOf.block(flat.start(from), flat.start(to), values);
                return;
            }
            for (int i = 0; i < images; i++) {
                rowsOf.copy(flat.start(from + rows[i]), vectors[i + 1] - vectors[i], values, vectors[i] * d);
            }
            matrix = FloatMatrix.of(count, d, values);
        }

        // O(vectors · query vectors · d)
        void compare() {
            if (!measurable) {
                compareExactly();
                return;
            }
            for (int w = 0; w < owners.length; w++) {
                errors[w] = error(w, longest, farthest);
                limits[w] = limit(w);
            }
            if (regions) {
                compareRegions();
                return;
            }
            kernels.reaching(matrix, scales, biases, operand, limits, (v, w, t) -> {
                double score = factors[w] * t + summands[w];
                if (best[owners[w]].add(firstRow + rows[v], score, errors[w])) {
                    limits[w] = limit(w);
                }
            });
        }

        /** The least result of the kernels that can still be among the best. */
        private float limit(int w) {
            double score = best[owners[w]].least() - errors[w] - summands[w];
            if (factors[w] == 0) {
                return score <= 0 ? Float.NEGATIVE_INFINITY : Float.POSITIVE_INFINITY;
            }
            return Math.nextDown((float) (score / factors[w]));
        }

        // of all pairs of an image's vectors with a query's the best counts
        private void compareRegions() {
            double[] scores = new double[images * best.length];
            double[] off = new double[images * best.length];
            Arrays.fill(scores, Double.NEGATIVE_INFINITY);
            kernels.reaching(matrix, scales, biases, operand, limits, (v, w, t) -> {
                int pair = imageOf[v] * best.length + owners[w];
                scores[pair] = Math.max(scores[pair], factors[w] * t + summands[w]);
                off[pair] = Math.max(off[pair], errors[w]);
            });
            for (int i = 0; i < images; i++) {
                for (int q = 0; q < best.length; q++) {
                    int pair = i * best.length + q;
                    if (scores[pair] > Double.NEGATIVE_INFINITY) {
                        best[q].add(firstRow + rows[i], scores[pair], off[pair]);
                    }
                }
            }
        }

        private void compareExactly() {
            for (int i = 0; i < images; i++) {
                for (int q = 0; q < best.length; q++) {
                    double score = Double.NEGATIVE_INFINITY;
                    for (int v = vectors[i]; v < vectors[i + 1]; v++) {
                        score = Math.max(score, exact(matrix, v, vectorNorms[v], q));
                    }
                    best[q].add(firstRow + rows[i], score, 0);
                }
            }
        }
    }
}
