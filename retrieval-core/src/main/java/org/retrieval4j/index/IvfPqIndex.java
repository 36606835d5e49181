package org.retrieval4j.index;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.OptimizedRotation;
import org.retrieval4j.learning.ProductQuantizer;
import org.retrieval4j.learning.TrainingSample;
import org.retrieval4j.spi.ComponentProvider;
import org.retrieval4j.storage.ByteRows;
import org.retrieval4j.storage.LiveSegment;

/**
 * {@code ivf-pq}: compares a query with the codes of the vectors in the lists nearest to it, and the vectors of the best
 * candidates exactly.
 *
 * <p>Jégou, Douze, Schmid: Product quantization for nearest neighbor search. PAMI 2011, section IV (IVFADC). Ge, He, Ke,
 * Sun: Optimized product quantization. PAMI 2014. With c the centroid and r̂ what the code stands for, the squared
 * distance is |q − c|² − 2 q·r̂ + (|r̂|² + 2 c·r̂): the first term is one number a list, the second a sum over a table of
 * the query, and the last one number a vector, which is kept beside its code. So the table is made once a query and not
 * once a list.
 *
 * <p>As with {@link IvfFlatIndex}, further lists are searched as long as there are fewer than k hits. With
 * {@code refine=0} only codes are kept, some 24 bytes a vector, and scores are those of the codes; else the vectors are
 * kept too, mapped where there is a directory, and scores are those of {@link FlatIndex}. Results do not depend on
 * segments or threads. Takes dense vectors.
 */
public final class IvfPqIndex implements IndexAlgorithm<VectorLists> {
    private static final String NAME = "ivf-pq";
    static final String CENTROIDS = "centroids";
    static final String CODEBOOKS = "codebooks";
    static final String ROTATION = "rotation";
    private static final long SAMPLE_OF_CODES = 65_536;

    private final Options options;
    private final CoarseQuantizer quantizer;
    private final ProductQuantizer codes;
    private final @Nullable FloatMatrix rotation;
    private final ComponentState state;
    private final Kernels kernels;
    private final BuildContext context;

    /**
     * Settings.
     *
     * @param lists number of cells, at least 1; more make lists shorter and the choice of lists slower
     * @param probes lists that a query looks into, at least 1; more are slower and find more
     * @param subquantizers parts that a vector is cut into, a divisor of its dimension; more make longer and better codes
     * @param bits 8 or 4 a part
     * @param opq learn a rotation after which the codes lose less; learning takes longer, and coding d² more
     * @param residual code the difference to the cell's centroid, not the vector itself
     * @param refine candidates, for each hit asked for, whose vectors are compared exactly; a search that asks for more
     *     candidates gets them. 0 keeps no vectors
     * @param metric cosine, ip or l2
     */
    public record Options(
            int lists,
            int probes,
            int subquantizers,
            int bits,
            boolean opq,
            boolean residual,
            int refine,
            Metric metric) {
        /** Checks the ranges. */
        public Options {
            requireNonNull(metric, "metric");
            IvfFlatIndex.requirePositive("lists", lists);
            IvfFlatIndex.requirePositive("probes", probes);
            ProductQuantizer.check(subquantizers, bits);
            CodeScan.requireRefine(refine);
        }

        /**
         * 256 lists, of which 16 are probed, 16 parts of 8 bits, without rotation, of residuals, 10 candidates a hit, by
         * cosine.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(256, 16, 16, 8, false, true, 10, Metric.COSINE);
        }

        /**
         * With other lists.
         *
         * @param number of lists
         * @param probed of them by a query
         * @return the changed options
         */
        public Options withLists(int number, int probed) {
            return new Options(number, probed, subquantizers, bits, opq, residual, refine, metric);
        }

        /**
         * With other codes.
         *
         * @param parts subquantizers
         * @param bitsOfAPart 8 or 4
         * @return the changed options
         */
        public Options withCodes(int parts, int bitsOfAPart) {
            return new Options(lists, probes, parts, bitsOfAPart, opq, residual, refine, metric);
        }

        /**
         * With or without a rotation.
         *
         * @param value true to learn one
         * @return the changed options
         */
        public Options withOpq(boolean value) {
            return new Options(lists, probes, subquantizers, bits, value, residual, refine, metric);
        }

        /**
         * With codes of residuals or of vectors.
         *
         * @param value true for residuals
         * @return the changed options
         */
        public Options withResidual(boolean value) {
            return new Options(lists, probes, subquantizers, bits, opq, value, refine, metric);
        }

        /**
         * With another number of candidates.
         *
         * @param value candidates a hit, 0 to keep no vectors
         * @return the changed options
         */
        public Options withRefine(int value) {
            return new Options(lists, probes, subquantizers, bits, opq, residual, value, metric);
        }

        /**
         * With another metric.
         *
         * @param value the metric
         * @return the changed options
         */
        public Options withMetric(Metric value) {
            return new Options(lists, probes, subquantizers, bits, opq, residual, refine, value);
        }
    }

    /** Makes {@code ivf-pq}. */
    public static final class Provider extends ComponentProvider<Index, Options> implements IndexMemory<Options> {
        /** Called by ServiceLoader. */
        public Provider() {
            super(Index.class, NAME, Options.defaults());
        }

        @Override
        public Index create(Options options, BuildContext context) throws IOException {
            return IvfPqIndex.open(options, context);
        }

        @Override
        public Index open(Options options, ComponentState state, BuildContext context) throws IOException {
            return of(options, state, context);
        }

        @Override
        public long estimateMemory(Options options, long count, int dimension) {
            long learned = CoarseQuantizer.bytes(options.lists, dimension)
                    + ((long) Float.BYTES << options.bits) * dimension
                    + (options.opq ? (long) Float.BYTES * dimension * dimension : 0);
            return VectorLists.bytes(count, shape(options, dimension)) + learned;
        }
    }

    private IvfPqIndex(Options options, ComponentState state, BuildContext context) {
        FloatMatrix centroids = state.array(CENTROIDS);
        int d = centroids.columns();
        this.options = options;
        this.state = state;
        this.kernels = KernelCatalog.of(context);
        this.context = context;
        this.codes = new ProductQuantizer(state.array(CODEBOOKS), options.subquantizers, options.bits);
        this.rotation = options.opq ? state.array(ROTATION) : null;
        if (centroids.rows() != options.lists || d != codes.dimension()) {
            throw new IllegalArgumentException(NAME + ": centroids must be " + options.lists + " x " + codes.dimension()
                    + ", got " + centroids.rows() + " x " + d);
        }
        if (rotation != null && (rotation.rows() != d || rotation.columns() != d)) {
            throw new IllegalArgumentException(NAME + ": rotation must be " + d + " x " + d + ", got " + rotation.rows()
                    + " x " + rotation.columns());
        }
        this.quantizer = new CoarseQuantizer(options.metric, centroids, kernels);
    }

    /**
     * Opens an index, empty in memory or with what its directory holds. Lists, rotation and codebooks are learned from
     * the context's descriptors, unless the directory has them already.
     *
     * @param options settings
     * @param context sample, seed, directory, executor, kernels
     * @return the index
     * @throws org.retrieval4j.api.SampleRequiredException if it must learn and there is no sample
     * @throws IllegalArgumentException if the sample is too small, its vectors cannot be cut into so many parts, or the
     *     directory holds another index
     * @throws IOException if the directory cannot be read
     */
    public static Index open(Options options, BuildContext context) throws IOException {
        Optional<ComponentState> learned =
                IvfFlatIndex.learned(context, ComponentSpec.of(OptionsText.format(NAME, options)));
        ComponentState state = learned.isPresent() ? learned.get() : learn(options, context);
        return of(options, state, context);
    }

    /** An index that has learned. */
    static SegmentedIndex<VectorLists> of(Options options, ComponentState state, BuildContext context)
            throws IOException {
        return SegmentedIndex.open(new IvfPqIndex(options, state, context), context);
    }

    Options options() {
        return options;
    }

    private static ComponentState learn(Options options, BuildContext context) {
        Kernels kernels = KernelCatalog.of(context);
        long most = Math.max(SAMPLE_OF_CODES, CoarseQuantizer.SAMPLE_PER_LIST * options.lists);
        FloatMatrix sample = CoarseQuantizer.prepared(
                options.metric, TrainingSample.vectors(NAME + " must learn its lists and codes", context, most));
        if (sample.columns() % options.subquantizers != 0) {
            throw new IllegalArgumentException("ivf-pq: the dimension must be a multiple of subquantizers = "
                    + options.subquantizers + ", got " + sample.columns());
        }
        FloatMatrix centroids = CoarseQuantizer.learn(options.lists, sample, kernels, context);
        FloatMatrix coded = sample;
        if (options.residual) {
            CoarseQuantizer lists = new CoarseQuantizer(options.metric, centroids, kernels);
            coded = residuals(sample, lists.assign(sample, context), centroids);
            lists.close();
        }
        coded = coded.rows(0, (int) Math.min(SAMPLE_OF_CODES, coded.rows()));
        Map<String, FloatMatrix> arrays = new HashMap<>();
        if (options.opq) {
            // lists of rotated vectors are rotated lists, so that they need not be learned again
            FloatMatrix rotation =
                    OptimizedRotation.learn(coded, options.subquantizers, options.bits, kernels, context);
            coded = OptimizedRotation.rotate(rotation, coded, kernels, context);
            centroids = OptimizedRotation.rotate(rotation, centroids, kernels, context);
            arrays.put(ROTATION, rotation);
        }
        arrays.put(CENTROIDS, centroids);
        arrays.put(
                CODEBOOKS,
                ProductQuantizer.train(coded, options.subquantizers, options.bits, kernels, context)
                        .codebooks());
        return ComponentState.ofArrays(arrays);
    }

    private static FloatMatrix residuals(FloatMatrix vectors, int[] lists, FloatMatrix centroids) {
        int d = vectors.columns();
        float[] residuals = vectors.toArray();
        for (int i = 0; i < lists.length; i++) {
            for (int j = 0; j < d; j++) {
                residuals[i * d + j] -= centroids.get(lists[i], j);
            }
        }
        return FloatMatrix.of(lists.length, d, residuals);
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
    public ComponentState state() {
        return state;
    }

    @Override
    public boolean accepts(Class<? extends GlobalDescriptor> kind) {
        return kind == GlobalDescriptor.Dense.class;
    }

    @Override
    public OptionalInt dimension() {
        return OptionalInt.of(codes.dimension());
    }

    @Override
    public int dimension(VectorLists segment) {
        return segment.dimension();
    }

    private boolean hasBiases() {
        return options.metric == Metric.L2;
    }

    private FloatMatrix transformed(FloatMatrix vectors) {
        FloatMatrix prepared = CoarseQuantizer.prepared(options.metric, vectors);
        return rotation == null ? prepared : OptimizedRotation.rotate(rotation, prepared, kernels, context);
    }

    @Override
    public VectorLists build(long[] ids, List<? extends GlobalDescriptor> descriptors) {
        FloatMatrix vectors = QueryVector.matrix(descriptors);
        FloatMatrix transformed = transformed(vectors);
        int[] lists = quantizer.assign(transformed, context);
        FloatMatrix coded = options.residual ? residuals(transformed, lists, quantizer.centroids()) : transformed;
        byte[] all = codes.encode(coded, kernels, context);
        return segment(ids, lists, all, options.refine > 0 ? vectors : null);
    }

    /** A segment of codes alone, which need {@code refine=0}. */
    VectorLists segment(long[] ids, int[] lists, byte[] all) {
        return segment(ids, lists, all, null);
    }

    private VectorLists segment(long[] ids, int[] lists, byte[] all, @Nullable FloatMatrix vectors) {
        VectorLists.Content content = new VectorLists.Content(
                codes.dimension(),
                vectors,
                ByteRows.of(ids.length, codes.codeBytes(), all),
                hasBiases() ? biases(all, lists) : null);
        return VectorLists.build(ids, lists, options.lists, content);
    }

    /** −(|r̂|² + 2 c·r̂) for each vector. */
    private float[] biases(byte[] all, int[] lists) {
        int d = codes.dimension();
        FloatMatrix centroids = quantizer.centroids();
        float[] decoded = new float[d];
        float[] biases = new float[lists.length];
        for (int i = 0; i < biases.length; i++) {
            codes.decode(all, i * codes.codeBytes(), decoded, 0);
            double bias = Kernels.fixedOrderDot(decoded, 0, decoded, 0, d);
            if (options.residual) {
                int at = centroids.offset() + lists[i] * d;
                bias += 2 * Kernels.fixedOrderDot(decoded, 0, centroids.array(), at, d);
            }
            biases[i] = TopK.rounded(-bias);
        }
        return biases;
    }

    @Override
    public VectorLists join(List<LiveSegment<VectorLists>> parts) {
        return MergedLists.of(parts).join();
    }

    @Override
    public void write(List<LiveSegment<VectorLists>> parts, Path file) throws IOException {
        MergedLists.of(parts).write(file, kind());
    }

    @Override
    public VectorLists open(Path file) throws IOException {
        return VectorLists.open(file, kind(), shape(options, codes.dimension()));
    }

    private static VectorLists.Shape shape(Options options, int dimension) {
        return new VectorLists.Shape(
                options.lists,
                dimension,
                options.refine > 0,
                options.subquantizers * options.bits / 8,
                options.metric == Metric.L2);
    }

    @Override
    public Search<VectorLists> search(List<? extends GlobalDescriptor> queries, SearchOptions search) {
        FloatMatrix transformed = transformed(QueryVector.matrix(queries));
        return new ListSearch(quantizer, options.probes, context, transformed) {
            @Override
            Scan scan(int query) {
                float[] values = QueryVector.values(queries.get(query));
                return new PqScan(new QueryVector(options.metric, values), transformed.row(query), search);
            }
        };
    }

    @Override
    public void close() {
        quantizer.close();
    }

    private final class PqScan extends CodeScan {
        private final float[] query;
        private final float[] table;
        private final float[] biases = new float[hasBiases() ? BLOCK : 0];
        private float listScore;

        PqScan(QueryVector vector, float[] transformed, SearchOptions search) {
            super(vector, search, options.refine, codes.codeBytes());
            this.query = transformed;
            this.table = codes.products(transformed, hasBiases() ? 2 : 1);
        }

        @Override
        void start(int list) {
            FloatMatrix centroids = quantizer.centroids();
            int d = query.length;
            int at = centroids.offset() + list * d;
            double score = 0;
            if (hasBiases()) {
                score = options.residual
                        ? -Kernels.fixedOrderSquaredDistance(query, 0, centroids.array(), at, d)
                        : -Kernels.fixedOrderDot(query, 0, query, 0, d);
            } else if (options.residual) {
                score = Kernels.fixedOrderDot(query, 0, centroids.array(), at, d);
            }
            listScore = TopK.rounded(score);
        }

        @Override
        void score(VectorLists lists, int position, byte[] block, int count, float[] target) {
            codes.sums(table, block, 0, count, target);
            if (hasBiases()) {
                lists.biases(position, count, biases);
                for (int i = 0; i < count; i++) {
                    target[i] = Math.min(0, target[i] + listScore + biases[i]);
                }
            } else {
                for (int i = 0; i < count; i++) {
                    target[i] += listScore;
                }
            }
        }
    }
}
