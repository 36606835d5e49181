package org.retrieval4j.index;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
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
import org.retrieval4j.learning.TrainingSample;
import org.retrieval4j.spi.ComponentProvider;
import org.retrieval4j.storage.ComponentFile;
import org.retrieval4j.storage.LiveSegment;

/**
 * {@code ivf-flat}: compares a query with the vectors of the lists nearest to it only. The lists are the cells of a
 * codebook learned by k-means (Sivic and Zisserman, Video Google, ICCV 2003; for vectors as they are: Jégou, Douze,
 * Schmid, Product quantization for nearest neighbor search, PAMI 2011, section IV).
 *
 * <p>Scores are those of {@link FlatIndex}, and the results do not depend on segments, threads or kernels; with
 * {@code probes=lists} they are exact. When the lists probed hold fewer than k images that are alive and pass the filter,
 * further lists are searched in order until there are k: so a filter that few images pass costs more and loses nothing.
 * O((lists + n · probes / lists) · d) a query. Takes dense vectors.
 *
 * <p>Prefer {@code flat} below some 100,000 vectors, {@code hnsw} where its graph fits into memory, {@code ivf-pq} where
 * the vectors do not.
 */
public final class IvfFlatIndex implements IndexAlgorithm<VectorLists> {
    private static final String NAME = "ivf-flat";
    static final String CENTROIDS = "centroids";

    private final Options options;
    private final CoarseQuantizer quantizer;
    private final ComponentState state;
    private final Kernels kernels;
    private final BuildContext context;

    /**
     * Settings.
     *
     * @param lists number of cells, at least 1; more make lists shorter and the choice of lists slower. Some 4 to 16
     *     times √n is usual
     * @param probes lists that a query looks into, at least 1; more are slower and find more
     * @param metric cosine, ip or l2
     */
    public record Options(int lists, int probes, Metric metric) {
        /** Checks the ranges. */
        public Options {
            requireNonNull(metric, "metric");
            requirePositive("lists", lists);
            requirePositive("probes", probes);
        }

        /**
         * 256 lists, of which 16 are probed, by cosine.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(256, 16, Metric.COSINE);
        }

        /**
         * With another number of lists.
         *
         * @param value at least 1
         * @return the changed options
         */
        public Options withLists(int value) {
            return new Options(value, probes, metric);
        }

        /**
         * With another number of probes.
         *
         * @param value at least 1
         * @return the changed options
         */
        public Options withProbes(int value) {
            return new Options(lists, value, metric);
        }

        /**
         * With another metric.
         *
         * @param value the metric
         * @return the changed options
         */
        public Options withMetric(Metric value) {
            return new Options(lists, probes, value);
        }
    }

    /** Makes {@code ivf-flat(lists=256,probes=16,metric=cosine)}. */
    public static final class Provider extends ComponentProvider<Index, Options> implements IndexMemory<Options> {
        /** Called by ServiceLoader. */
        public Provider() {
            super(Index.class, NAME, Options.defaults());
        }

        @Override
        public Index create(Options options, BuildContext context) throws IOException {
            return IvfFlatIndex.open(options, context);
        }

        @Override
        public Index open(Options options, ComponentState state, BuildContext context) throws IOException {
            return of(options, state, context);
        }

        @Override
        public long estimateMemory(Options options, long count, int dimension) {
            return VectorLists.bytes(count, new VectorLists.Shape(options.lists, dimension, true, 0, false))
                    + CoarseQuantizer.bytes(options.lists, dimension);
        }
    }

    private IvfFlatIndex(Options options, ComponentState state, BuildContext context) {
        FloatMatrix centroids = state.array(CENTROIDS);
        if (centroids.rows() != options.lists || centroids.columns() < 1) {
            throw new IllegalArgumentException(NAME + ": centroids must be " + options.lists + " x d, got "
                    + centroids.rows() + " x " + centroids.columns());
        }
        this.options = options;
        this.state = state;
        this.kernels = KernelCatalog.of(context);
        this.context = context;
        this.quantizer = new CoarseQuantizer(options.metric, centroids, kernels);
    }

    /**
     * Opens an index, empty in memory or with what its directory holds. Its lists are learned from the context's
     * descriptors, unless the directory has them already.
     *
     * @param options settings
     * @param context sample, seed, directory, executor, kernels
     * @return the index
     * @throws org.retrieval4j.api.SampleRequiredException if it must learn and there is no sample
     * @throws IllegalArgumentException if the sample has fewer distinct vectors than lists, or the directory holds
     *     another index
     * @throws IOException if the directory cannot be read
     */
    public static Index open(Options options, BuildContext context) throws IOException {
        Optional<ComponentState> learned = learned(context, ComponentSpec.of(OptionsText.format(NAME, options)));
        ComponentState state = learned.isPresent() ? learned.get() : learn(options, context);
        return of(options, state, context);
    }

    /** An index that has learned its centroids. */
    static SegmentedIndex<VectorLists> of(Options options, ComponentState state, BuildContext context)
            throws IOException {
        return SegmentedIndex.open(new IvfFlatIndex(options, state, context), context);
    }

    Options options() {
        return options;
    }

    FloatMatrix centroids() {
        return quantizer.centroids();
    }

    /** What the index in a directory has learned, which must be the index asked for. */
    static Optional<ComponentState> learned(BuildContext context, ComponentSpec spec) throws IOException {
        Optional<ComponentFile.Saved> saved = SegmentedIndex.learned(context);
        if (saved.isPresent() && !saved.get().spec().equals(spec)) {
            throw new IllegalArgumentException(
                    context.directory().map(Path::toString).orElse("") + " holds the index "
                            + saved.get().spec() + ", not " + spec);
        }
        return saved.map(ComponentFile.Saved::state);
    }

    private static ComponentState learn(Options options, BuildContext context) {
        FloatMatrix sample = TrainingSample.vectors(
                NAME + " must learn its lists", context, CoarseQuantizer.SAMPLE_PER_LIST * options.lists);
        FloatMatrix centroids = CoarseQuantizer.learn(
                options.lists, CoarseQuantizer.prepared(options.metric, sample), KernelCatalog.of(context), context);
        return ComponentState.ofArrays(Map.of(CENTROIDS, centroids));
    }

    static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1, got " + value);
        }
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
        return OptionalInt.of(quantizer.centroids().columns());
    }

    @Override
    public int dimension(VectorLists segment) {
        return segment.dimension();
    }

    @Override
    public VectorLists build(long[] ids, List<? extends GlobalDescriptor> descriptors) {
        FloatMatrix vectors = QueryVector.matrix(descriptors);
        int[] lists = quantizer.assign(CoarseQuantizer.prepared(options.metric, vectors), context);
        return VectorLists.build(
                ids, lists, options.lists, new VectorLists.Content(vectors.columns(), vectors, null, null));
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
        int d = quantizer.centroids().columns();
        return VectorLists.open(file, kind(), new VectorLists.Shape(options.lists, d, true, 0, false));
    }

    @Override
    public Search<VectorLists> search(List<? extends GlobalDescriptor> queries, SearchOptions search) {
        FloatMatrix prepared = CoarseQuantizer.prepared(options.metric, QueryVector.matrix(queries));
        return new ListSearch(quantizer, options.probes, context, prepared) {
            @Override
            Scan scan(int query) {
                QueryVector vector = new QueryVector(options.metric, QueryVector.values(queries.get(query)));
                return new FlatScan(vector, kernels, search);
            }
        };
    }

    @Override
    public void close() {
        quantizer.close();
    }
}
