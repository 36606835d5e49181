package org.retrieval4j.index;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.OptimizedRotation;
import org.retrieval4j.learning.ParallelChunks;
import org.retrieval4j.learning.TrainingSample;
import org.retrieval4j.spi.ComponentProvider;
import org.retrieval4j.storage.ByteRows;
import org.retrieval4j.storage.LiveSegment;

/**
 * {@code binary}: compares a query with bits of all vectors by Hamming distance, and the vectors of the best candidates
 * exactly.
 *
 * <p>A bit tells on which side of a plane a vector lies. The planes' directions are random and orthogonal to each other,
 * in groups of as many as there are dimensions (Charikar, Similarity estimation techniques from rounding algorithms, STOC
 * 2002; orthogonal: Ji, Li, Yan, Zhang, Tian, Super-bit locality-sensitive hashing, NIPS 2012); each plane halves the
 * sample. O(n · bits / 64) a query. For cosine all vectors are first scaled to length 1.
 *
 * <p>With {@code refine=0} only the bits are kept and scores are negative Hamming distances; else scores are those of
 * {@link FlatIndex}. Results do not depend on segments or threads. Takes dense vectors. {@code ivf-pq} finds more for as
 * many bytes; this one is the smallest and simplest.
 */
public final class BinaryIndex implements IndexAlgorithm<VectorLists> {
    private static final String NAME = "binary";
    private static final String DIRECTIONS = "directions";
    private static final String THRESHOLDS = "thresholds";
    private static final int MOST_BITS = 1 << 16;
    private static final int SAMPLE = 20_000;
    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final Options options;
    private final FloatMatrix directions;
    private final float[] thresholds;
    private final ComponentState state;
    private final Kernels kernels;
    private final BuildContext context;

    /**
     * Settings.
     *
     * @param bits of a code, a multiple of 64; more are slower and find more
     * @param refine candidates, for each hit asked for, whose vectors are compared exactly; a search that asks for more
     *     candidates gets them. 0 keeps no vectors
     * @param metric cosine, ip or l2
     */
    public record Options(int bits, int refine, Metric metric) {
        /** Checks the ranges. */
        public Options {
            requireNonNull(metric, "metric");
            if (bits < 64 || bits > MOST_BITS || bits % 64 != 0) {
                throw new IllegalArgumentException(
                        "bits must be a multiple of 64 from 64 to " + MOST_BITS + ", got " + bits);
            }
            CodeScan.requireRefine(refine);
        }

        /**
         * 256 bits, 20 candidates a hit, by cosine.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(256, 20, Metric.COSINE);
        }

        /**
         * With another number of bits.
         *
         * @param value a multiple of 64
         * @return the changed options
         */
        public Options withBits(int value) {
            return new Options(value, refine, metric);
        }

        /**
         * With another number of candidates.
         *
         * @param value candidates a hit, 0 to keep no vectors
         * @return the changed options
         */
        public Options withRefine(int value) {
            return new Options(bits, value, metric);
        }

        /**
         * With another metric.
         *
         * @param value the metric
         * @return the changed options
         */
        public Options withMetric(Metric value) {
            return new Options(bits, refine, value);
        }
    }

    /** Makes {@code binary(bits=256,refine=20,metric=cosine)}. */
    public static final class Provider extends ComponentProvider<Index, Options> implements IndexMemory<Options> {
        /** Called by ServiceLoader. */
        public Provider() {
            super(Index.class, NAME, Options.defaults());
        }

        @Override
        public Index create(Options options, BuildContext context) throws IOException {
            return BinaryIndex.open(options, context);
        }

        @Override
        public Index open(Options options, ComponentState state, BuildContext context) throws IOException {
            return SegmentedIndex.open(new BinaryIndex(options, state, context), context);
        }

        @Override
        public long estimateMemory(Options options, long count, int dimension) {
            return VectorLists.bytes(count, shape(options, dimension)) + (long) Float.BYTES * options.bits * dimension;
        }
    }

    private BinaryIndex(Options options, ComponentState state, BuildContext context) {
        FloatMatrix planes = state.array(THRESHOLDS);
        this.options = options;
        this.state = state;
        this.directions = state.array(DIRECTIONS);
        this.thresholds = planes.toArray();
        this.kernels = KernelCatalog.of(context);
        this.context = context;
        if (directions.rows() != options.bits || directions.columns() < 1 || thresholds.length != options.bits) {
            throw new IllegalArgumentException(NAME + ": directions and thresholds must be " + options.bits
                    + " x d and " + options.bits + ", got " + directions.rows() + " x " + directions.columns() + " and "
                    + thresholds.length);
        }
    }

    /**
     * Opens an index, empty in memory or with what its directory holds. Planes are learned from the context's
     * descriptors, unless the directory has them already.
     *
     * @param options settings
     * @param context sample, seed, directory, executor, kernels
     * @return the index
     * @throws org.retrieval4j.api.SampleRequiredException if it must learn and there is no sample
     * @throws IllegalArgumentException if the directory holds another index
     * @throws IOException if the directory cannot be read
     */
    public static Index open(Options options, BuildContext context) throws IOException {
        Optional<ComponentState> learned =
                IvfFlatIndex.learned(context, ComponentSpec.of(OptionsText.format(NAME, options)));
        ComponentState state = learned.isPresent() ? learned.get() : learn(options, context);
        return SegmentedIndex.open(new BinaryIndex(options, state, context), context);
    }

    private static ComponentState learn(Options options, BuildContext context) {
        FloatMatrix sample = CoarseQuantizer.prepared(
                options.metric, TrainingSample.vectors(NAME + " must learn its planes", context, SAMPLE));
        FloatMatrix directions = directions(options.bits, sample.columns(), context.seed());
        FloatMatrix projected = OptimizedRotation.rotate(directions, sample, KernelCatalog.of(context), context);
        float[] medians = new float[options.bits];
        float[] values = new float[sample.rows()];
        for (int bit = 0; bit < medians.length; bit++) {
            for (int i = 0; i < values.length; i++) {
                values[i] = projected.get(i, bit);
            }
            Arrays.sort(values);
            medians[bit] = values[values.length / 2];
        }
        return ComponentState.ofArrays(
                Map.of(DIRECTIONS, directions, THRESHOLDS, FloatMatrix.of(1, medians.length, medians)));
    }

    /** Random unit vectors; each is orthogonal to those before it in its group of d. */
    private static FloatMatrix directions(int bits, int d, long seed) {
        Random random = new Random(seed);
        float[] values = new float[Math.multiplyExact(bits, d)];
        double[] direction = new double[d];
        for (int bit = 0; bit < bits; bit++) {
            for (int j = 0; j < d; j++) {
                direction[j] = random.nextGaussian();
            }
            for (int other = bit - bit % d; other < bit; other++) {
                double dot = 0;
                for (int j = 0; j < d; j++) {
                    dot += direction[j] * values[other * d + j];
                }
                for (int j = 0; j < d; j++) {
                    direction[j] -= dot * values[other * d + j];
                }
            }
            double square = 0;
            for (double value : direction) {
                square += value * value;
            }
            for (int j = 0; j < d; j++) {
                values[bit * d + j] = (float) (direction[j] / Math.sqrt(square));
            }
        }
        return FloatMatrix.of(bits, d, values);
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
        return OptionalInt.of(directions.columns());
    }

    @Override
    public int dimension(VectorLists segment) {
        return segment.dimension();
    }

    /** The codes of vectors, bit b of a code in byte b / 8. */
    private byte[] codes(FloatMatrix vectors) {
        FloatMatrix prepared = CoarseQuantizer.prepared(options.metric, vectors);
        FloatMatrix projected = OptimizedRotation.rotate(directions, prepared, kernels, context);
        byte[] codes = new byte[Math.multiplyExact(vectors.rows(), options.bits / 8)];
        float[] values = projected.array();
        for (int i = 0; i < vectors.rows() * options.bits; i++) {
            if (values[projected.offset() + i] >= thresholds[i % options.bits]) {
                codes[i / 8] |= (byte) (1 << i % 8);
            }
        }
        return codes;
    }

    @Override
    public VectorLists build(long[] ids, List<? extends GlobalDescriptor> descriptors) {
        FloatMatrix vectors = QueryVector.matrix(descriptors);
        VectorLists.Content content = new VectorLists.Content(
                vectors.columns(),
                options.refine > 0 ? vectors : null,
                ByteRows.of(ids.length, options.bits / 8, codes(vectors)),
                null);
        return VectorLists.build(ids, new int[ids.length], 1, content);
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
        return VectorLists.open(file, kind(), shape(options, directions.columns()));
    }

    private static VectorLists.Shape shape(Options options, int dimension) {
        return new VectorLists.Shape(1, dimension, options.refine > 0, options.bits / 8, false);
    }

    @Override
    public Search<VectorLists> search(List<? extends GlobalDescriptor> queries, SearchOptions search) {
        return new HammingSearch(queries, search);
    }

    private final class HammingSearch implements Search<VectorLists> {
        private final List<? extends GlobalDescriptor> queries;
        private final SearchOptions search;
        private final byte[] codes;
        private final List<LiveSegment<VectorLists>> parts = new ArrayList<>();

        HammingSearch(List<? extends GlobalDescriptor> queries, SearchOptions search) {
            this.queries = queries;
            this.search = search;
            this.codes = codes(QueryVector.matrix(queries));
        }

        @Override
        public void visit(LiveSegment<VectorLists> segment) {
            parts.add(segment);
        }

        @Override
        public List<SearchResult> results() {
            SearchResult[] results = new SearchResult[queries.size()];
            ParallelChunks.run(context, results.length, 1, (from, to) -> {
                for (int q = from; q < to; q++) {
                    long[] code = new long[options.bits / 64];
                    for (int w = 0; w < code.length; w++) {
                        code[w] = (long) WORDS.get(codes, (q * code.length + w) * Long.BYTES);
                    }
                    QueryVector vector = new QueryVector(options.metric, QueryVector.values(queries.get(q)));
                    HammingScan scan = new HammingScan(vector, code, search);
                    for (LiveSegment<VectorLists> part : parts) {
                        scan.list(part, 0);
                    }
                    results[q] = scan.finish(parts).toResult();
                }
            });
            return List.of(results);
        }
    }

    private final class HammingScan extends CodeScan {
        private final long[] code;

        HammingScan(QueryVector vector, long[] code, SearchOptions search) {
            super(vector, search, options.refine, options.bits / 8);
            this.code = code;
        }

        @Override
        void start(int list) {
            // there is one list only
        }

        // O(count · bits / 64)
        @Override
        void score(VectorLists lists, int position, byte[] block, int count, float[] target) {
            for (int i = 0, at = 0; i < count; i++) {
                int distance = 0;
                for (int w = 0; w < code.length; w++, at += Long.BYTES) {
                    distance += Long.bitCount(code[w] ^ (long) WORDS.get(block, at));
                }
                target[i] = -distance;
            }
        }
    }
}
