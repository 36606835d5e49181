package org.retrieval4j.index;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.learning.ParallelChunks;
import org.retrieval4j.storage.LiveSegment;

/**
 * What {@link AsmkIndex} and {@link HammingEmbeddingIndex} share: follows the lists of a query's words and adds up, image
 * by image, what a {@link WordMatching} finds in common there.
 *
 * <p>An image that has nothing in common with the query has score 0 and stands where that score puts it, by ascending id.
 * Scores are sums in double over the entries of the query in their order, so that they depend neither on threads nor on
 * segments. O(postings of the query's words + n) a query.
 */
final class WordIndex implements IndexAlgorithm<WordSegment> {
    private final ComponentSpec spec;
    private final WordMatching matching;
    private final WordWeights weights;
    private final BuildContext context;

    WordIndex(ComponentSpec spec, WordMatching matching, WordWeights weights, BuildContext context) {
        this.spec = spec;
        this.matching = matching;
        this.weights = weights;
        this.context = context;
    }

    @Override
    public String kind() {
        return "index-" + spec.first().name();
    }

    @Override
    public ComponentSpec spec() {
        return spec;
    }

    @Override
    public ComponentState state() {
        return weights.state();
    }

    @Override
    public boolean accepts(Class<? extends GlobalDescriptor> kind) {
        return kind == Words.class;
    }

    @Override
    public OptionalInt dimension() {
        return weights.dimension();
    }

    @Override
    public int dimension(WordSegment segment) {
        return segment.shape().dimension();
    }

    @Override
    public void requireFit(WordSegment segment, GlobalDescriptor descriptor) {
        requireShape(segment.shape(), (Words) descriptor);
    }

    private void requireShape(WordSegment.Shape shape, Words words) {
        if (!WordSegment.Shape.of(words).equals(shape)) {
            throw new IllegalArgumentException(
                    "words must have " + shape + " like the others of " + spec + ", got " + words.values());
        }
    }

    @Override
    public WordSegment build(long[] ids, List<? extends GlobalDescriptor> descriptors) {
        WordSegment.Shape shape = WordSegment.Shape.of((Words) descriptors.get(0));
        double[] norms = new double[ids.length];
        for (int row = 0; row < ids.length; row++) {
            Words image = (Words) descriptors.get(row);
            requireShape(shape, image);
            matching.require(image.values());
            norms[row] = matching.norm(image, weights);
        }
        return WordSegment.build(ids, descriptors, norms);
    }

    @Override
    public WordSegment join(List<LiveSegment<WordSegment>> parts) {
        return WordSegment.join(parts);
    }

    @Override
    public void write(List<LiveSegment<WordSegment>> parts, Path file) throws IOException {
        WordSegment.write(parts, file, kind());
    }

    @Override
    public WordSegment open(Path file) throws IOException {
        return WordSegment.open(file, kind());
    }

    @Override
    public Search<WordSegment> search(List<? extends GlobalDescriptor> queries, SearchOptions search) {
        return new WordSearch(queries, search);
    }

    private final class WordSearch implements Search<WordSegment> {
        private final List<Words> queries = new ArrayList<>();
        private final double[] norms;
        private final SearchOptions search;
        private final TopK[] best;
        private final Queue<double[]> pool = new ConcurrentLinkedQueue<>();

        WordSearch(List<? extends GlobalDescriptor> queries, SearchOptions search) {
            this.search = search;
            this.norms = new double[queries.size()];
            this.best = new TopK[queries.size()];
            for (int q = 0; q < best.length; q++) {
                Words query = (Words) queries.get(q);
                this.queries.add(query);
                norms[q] = matching.norm(query, weights);
                best[q] = new TopK(search.k());
            }
        }

        @Override
        public void visit(LiveSegment<WordSegment> segment) {
            BitSet accepted = accepted(segment);
            int size = segment.segment().size();
            ParallelChunks.run(context, best.length, 1, (from, to) -> {
                double[] pooled = pool.poll();
                double[] sums = pooled == null || pooled.length < size ? new double[size] : pooled;
                for (int q = from; q < to; q++) {
                    score(segment.segment(), queries.get(q), sums);
                    rank(segment.segment(), q, sums, accepted);
                    Arrays.fill(sums, 0, size, 0);
                }
                pool.add(sums);
            });
        }

        @Override
        public List<SearchResult> results() {
            return Arrays.stream(best).map(TopK::toResult).toList();
        }

        /** The rows that may be returned; null if all may. */
        private @Nullable BitSet accepted(LiveSegment<WordSegment> segment) {
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

        private void score(WordSegment segment, Words query, double[] sums) {
            WordMatching.Scorer scorer = matching.scorer(query);
            WordSegment.Reader reader = new WordSegment.Reader(segment);
            for (int entry = 0; entry < query.words().length; entry++) {
                int list = segment.list(query.words()[entry]);
                if (list >= 0) {
                    double weight = weights.of(query.words()[entry]);
                    reader.start(list);
                    for (int n = reader.next(); n > 0; n = reader.next()) {
                        scorer.add(entry, reader.postings(), n, weight, sums);
                    }
                }
            }
        }

        private void rank(WordSegment segment, int q, double[] sums, @Nullable BitSet accepted) {
            TopK hits = best[q];
            for (int row = 0; row < segment.size(); row++) {
                if (accepted == null || accepted.get(row)) {
                    double norm = norms[q] * segment.norm(row);
                    float score = norm == 0 ? 0 : TopK.rounded(sums[row] / norm);
                    if (score >= hits.threshold()) {
                        hits.offer(segment.id(row), score);
                    }
                }
            }
        }
    }
}
