package org.retrieval4j.index;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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
 */
public final class FlatIndex implements IndexAlgorithm<FlatSegment> {
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
            return count * (Long.BYTES + Double.BYTES + (long) Float.BYTES * dimension);
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
        return new FlatSearch(options.metric(), kernels, context, queries, search);
    }
}
