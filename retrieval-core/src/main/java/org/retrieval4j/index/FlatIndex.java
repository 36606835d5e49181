package org.retrieval4j.index;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
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
 *
 * <p>With a {@link Storage} the vectors are compared as halves or 8-bit integers. What rounding may change is known for each
 * vector, and is added to the error bound, so that {@code storage=half} and {@code storage=int8} give the very results of
 * float32; with a directory, only codes and the few vectors that are scored again need to be in memory. The storages that
 * keep codes only take least memory; their results are those of the rounded vectors.
 */
public final class FlatIndex implements IndexAlgorithm<FlatSegment> {
    private final Options options;
    private final Kernels kernels;
    private final BuildContext context;

    /**
     * How to compare.
     *
     * @param metric cosine, ip or l2
     * @param storage how vectors are kept; empty: as they are, in float32
     */
    public record Options(Metric metric, Optional<Storage> storage) {
        /** Checks that nothing is null. */
        public Options {
            requireNonNull(metric, "metric");
            requireNonNull(storage, "storage");
        }

        /**
         * Cosine, vectors as they are.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(Metric.COSINE, Optional.empty());
        }

        /**
         * With another metric.
         *
         * @param other the metric
         * @return the changed options
         */
        public Options withMetric(Metric other) {
            return new Options(other, storage);
        }

        /**
         * With another storage.
         *
         * @param other how vectors are kept
         * @return the changed options
         */
        public Options withStorage(Storage other) {
            return new Options(metric, Optional.of(other));
        }
    }

    /** Makes {@code flat(metric=cosine)} and {@code flat(metric=cosine,storage=half)}. */
    public static final class Provider extends ComponentProvider<Index, Options> implements IndexMemory<Options> {
        /** Called by ServiceLoader. */
        public Provider() {
            super(Index.class, "flat", Options.defaults());
        }

        @Override
        public Index create(Options options, BuildContext context) throws IOException {
            return FlatIndex.open(options, context);
        }

        @Override
        public long estimateMemory(Options options, long count, int dimension) {
            return FlatSegment.bytes(count, dimension, options.storage);
        }
    }

    FlatIndex(Options options, Kernels kernels, BuildContext context) {
        this.options = requireNonNull(options, "options");
        this.kernels = kernels;
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
        return SegmentedIndex.open(new FlatIndex(options, KernelCatalog.of(context), context), context);
    }

    Options options() {
        return options;
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
        return FlatSegment.build(ids, descriptors, options.storage);
    }

    @Override
    public FlatSegment join(List<LiveSegment<FlatSegment>> parts) {
        return FlatSegment.join(parts, options.storage);
    }

    @Override
    public void write(List<LiveSegment<FlatSegment>> parts, Path file) throws IOException {
        FlatSegment.write(parts, file, kind());
    }

    @Override
    public FlatSegment open(Path file) throws IOException {
        return FlatSegment.open(file, kind(), options.storage);
    }

    @Override
    public Search<FlatSegment> search(List<? extends GlobalDescriptor> queries, SearchOptions search) {
        return new FlatSearch(options.metric(), kernels, context, queries, search);
    }
}
