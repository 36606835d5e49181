package org.retrieval4j.index;

import java.util.List;
import java.util.OptionalInt;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.storage.LiveSegment;
import org.retrieval4j.storage.MergePolicy;
import org.retrieval4j.storage.Segment;
import org.retrieval4j.storage.SegmentFormat;

/**
 * What an index computes, one immutable segment at a time; {@link SegmentedIndex} does the rest. Immutable; all methods
 * may be called from many threads at once.
 *
 * @param <S> the segments
 */
public interface IndexAlgorithm<S extends Segment> extends SegmentFormat<S>, AutoCloseable {
    /**
     * What the index is.
     *
     * @return the canonical spec
     */
    ComponentSpec spec();

    /**
     * What was learned before the index existed: centroids, codebooks.
     *
     * @return empty by default
     */
    default ComponentState state() {
        return ComponentState.EMPTY;
    }

    /**
     * Tells what may be added.
     *
     * @param kind a kind of descriptor
     * @return true if it is taken
     */
    boolean accepts(Class<? extends GlobalDescriptor> kind);

    /**
     * The dimension that training fixed.
     *
     * @return empty by default: the first image decides
     */
    default OptionalInt dimension() {
        return OptionalInt.empty();
    }

    /**
     * The dimension of a segment's descriptors.
     *
     * @param segment a segment
     * @return their dimension
     */
    int dimension(S segment);

    /**
     * Checks what kind and dimension do not tell: whether a descriptor can be compared with those of a segment.
     *
     * @param segment a segment of the index
     * @param descriptor to be added or searched for; of an accepted kind and of the segment's dimension
     * @throws IllegalArgumentException if it cannot; the default never throws it
     */
    default void requireFit(S segment, GlobalDescriptor descriptor) {}

    /**
     * Builds a segment on the heap.
     *
     * @param ids ascending ids, at least one
     * @param descriptors one an id, of an accepted kind, all of one dimension; each {@linkplain #requireFit fits} the
     *     segments that are there
     * @return the segment
     * @throws IllegalArgumentException if they do not fit each other
     */
    S build(long[] ids, List<? extends GlobalDescriptor> descriptors);

    /**
     * Starts a search, computing what all segments need of the queries.
     *
     * @param queries of an accepted kind and of the segments' dimension
     * @param options k, candidates, filter
     * @return the search, for one thread
     */
    Search<S> search(List<? extends GlobalDescriptor> queries, SearchOptions options);

    /**
     * When segments are merged.
     *
     * @return the defaults, unless the algorithm needs few segments more than cheap additions
     */
    default MergePolicy mergePolicy() {
        return MergePolicy.defaults();
    }

    /** Releases what the algorithm holds, when the index is closed. Does nothing by default. */
    @Override
    default void close() {}

    /**
     * A search under way. It is shown every segment once, then asked for the results, then closed.
     *
     * @param <S> the segments
     */
    interface Search<S extends Segment> extends AutoCloseable {
        /**
         * Searches a segment.
         *
         * @param segment the segment and which of its rows are alive
         */
        void visit(LiveSegment<S> segment);

        /**
         * The best of all segments.
         *
         * @return one ranked list a query
         */
        List<SearchResult> results();

        /** Releases what the search holds. Does nothing by default. */
        @Override
        default void close() {}
    }
}
