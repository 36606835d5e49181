package org.retrieval4j.index;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.learning.ParallelChunks;
import org.retrieval4j.spi.ComponentProvider;
import org.retrieval4j.storage.LiveSegment;

/**
 * Follows the posting lists of a query's visual words and adds up what it shares with each image (Sivic and Zisserman,
 * Video Google, ICCV 2003, section 4). Exact; cheap where images have few of many words. Takes sparse descriptors.
 *
 * <p>An image that shares no word with the query has score 0 and stands where that score puts it, by ascending id: so
 * there are always k hits if there are k images. Scores are sums over the words in ascending order, in double: they
 * depend neither on threads nor on segments. O(postings of the query's words + n) a query.
 */
public final class InvertedIndex implements IndexAlgorithm<InvertedSegment> {
    private final Options options;
    private final BuildContext context;

    /**
     * How to compare.
     *
     * @param metric ip, for descriptors that are normalized (or deliberately not), or cosine
     */
    public record Options(Metric metric) {
        /** Checks that the metric can be computed from shared words alone. */
        public Options {
            requireNonNull(metric, "metric");
            if (metric == Metric.L2) {
                throw new IllegalArgumentException("metric must be ip or cosine, got l2");
            }
        }

        /**
         * Inner product.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(Metric.IP);
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

    /** Makes {@code inverted(metric=ip)}. */
    public static final class Provider extends ComponentProvider<Index, Options> {
        /** Called by ServiceLoader. */
        public Provider() {
            super(Index.class, "inverted", Options.defaults());
        }

        @Override
        public Index create(Options options, BuildContext context) throws IOException {
            return InvertedIndex.open(options, context);
        }
    }

    private InvertedIndex(Options options, BuildContext context) {
        this.options = options;
        this.context = context;
    }

    /**
     * Opens an index, empty in memory or with what its directory holds.
     *
     * @param options how to compare
     * @param context directory, executor
     * @return the index
     * @throws IOException if the directory cannot be read
     */
    public static Index open(Options options, BuildContext context) throws IOException {
        return SegmentedIndex.open(new InvertedIndex(options, context), context);
    }

    @Override
    public String kind() {
        return "index-inverted";
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.of(OptionsText.format("inverted", options));
    }

    @Override
    public boolean accepts(Class<? extends GlobalDescriptor> kind) {
        return kind == GlobalDescriptor.Sparse.class;
    }

    @Override
    public int dimension(InvertedSegment segment) {
        return segment.dimension();
    }

    @Override
    public InvertedSegment build(long[] ids, List<? extends GlobalDescriptor> descriptors) {
        return InvertedSegment.build(ids, descriptors);
    }

    @Override
    public InvertedSegment join(List<LiveSegment<InvertedSegment>> parts) {
        return InvertedSegment.join(parts);
    }

    @Override
    public void write(List<LiveSegment<InvertedSegment>> parts, Path file) throws IOException {
        InvertedSegment.write(parts, file, kind());
    }

    @Override
    public InvertedSegment open(Path file) throws IOException {
        return InvertedSegment.open(file, kind());
    }

    @Override
    public Search<InvertedSegment> search(List<? extends GlobalDescriptor> queries, SearchOptions search) {
        return new InvertedSearch(queries, search);
    }

    private final class InvertedSearch implements Search<InvertedSegment> {
        private final List<GlobalDescriptor.Sparse> queries = new ArrayList<>();
        private final SearchOptions search;
        private final TopK[] best;
        private final Queue<double[]> sums = new ConcurrentLinkedQueue<>();
        private final Queue<long[]> buffers = new ConcurrentLinkedQueue<>();

        InvertedSearch(List<? extends GlobalDescriptor> queries, SearchOptions search) {
            this.search = search;
            this.best = new TopK[queries.size()];
            for (int q = 0; q < best.length; q++) {
                this.queries.add((GlobalDescriptor.Sparse) queries.get(q));
                best[q] = new TopK(search.k());
            }
        }

        @Override
        public void visit(LiveSegment<InvertedSegment> segment) {
            BitSet accepted = accepted(segment);
            int size = segment.segment().size();
            ParallelChunks.run(context, best.length, 1, (from, to) -> {
                double[] sum = sums.poll();
                long[] buffer = buffers.poll();
                if (sum == null || sum.length < size) {
                    sum = new double[size];
                }
                if (buffer == null) {
                    buffer = new long[4096];
                }
                for (int q = from; q < to; q++) {
                    score(segment.segment(), q, sum, buffer);
                    rank(segment.segment(), q, sum, accepted);
                    java.util.Arrays.fill(sum, 0, size, 0);
                }
                sums.add(sum);
                buffers.add(buffer);
            });
        }

        @Override
        public List<SearchResult> results() {
            List<SearchResult> results = new ArrayList<>();
            for (TopK hits : best) {
                results.add(hits.toResult());
            }
            return results;
        }

        /** The rows that may be returned; null if all may. */
        private @Nullable BitSet accepted(LiveSegment<InvertedSegment> segment) {
            if (segment.isWhole() && search.acceptsAll()) {
                return null;
            }
            BitSet accepted = new BitSet();
            for (int row = 0; row < segment.segment().size(); row++) {
                boolean live = segment.isLive(row);
                accepted.set(row, live && search.accept().test(segment.segment().id(row)));
            }
            return accepted;
        }

        private void score(InvertedSegment segment, int q, double[] sum, long[] buffer) {
            GlobalDescriptor.Sparse query = queries.get(q);
            for (int i = 0; i < query.words().length; i++) {
                int list = segment.list(query.words()[i]);
                double weight = query.weights()[i];
                for (long at = segment.start(list), end = segment.end(list); at < end; ) {
                    int n = (int) Math.min(buffer.length, end - at);
                    segment.postings(at, n, buffer);
                    for (int p = 0; p < n; p++) {
                        sum[InvertedSegment.row(buffer[p])] += weight * InvertedSegment.weight(buffer[p]);
                    }
                    at += n;
                }
            }
        }

        private void rank(InvertedSegment segment, int q, double[] sum, @Nullable BitSet accepted) {
            TopK hits = best[q];
            double queryNorm = InvertedSegment.norm(queries.get(q));
            for (int row = 0; row < segment.size(); row++) {
                if (accepted == null || accepted.get(row)) {
                    float score = TopK.rounded(sum[row]);
                    if (options.metric() == Metric.COSINE) {
                        double norms = queryNorm * segment.norm(row);
                        score = norms == 0 ? 0 : TopK.rounded(sum[row] / norms);
                    }
                    if (score >= hits.threshold()) {
                        hits.offer(segment.id(row), score);
                    }
                }
            }
        }
    }
}
