package org.retrieval4j.api;

import java.io.IOException;
import java.util.List;

/**
 * A living set of descriptors that is searched: images are added, updated and removed by one thread while others
 * search. A search sees the state at its start.
 *
 * <p>What an index must learn is learned before it exists, from the descriptors of {@link BuildContext#descriptors()}.
 * An index made with a {@link BuildContext#directory()} keeps its content there; {@link #flush()} makes it durable, and
 * opening the directory again gives the content of the last flush.
 */
public interface Index extends Component {
    /**
     * Tells what may be added.
     *
     * @param kind a kind of descriptor
     * @return true if this index takes it
     */
    boolean accepts(Class<? extends GlobalDescriptor> kind);

    /**
     * Number of images.
     *
     * @return how many are in the index now
     */
    long size();

    /**
     * The images in the index.
     *
     * @return ascending ids, a copy
     */
    long[] ids();

    /**
     * Adds images, or gives those that are there already a new descriptor.
     *
     * @param ids non-negative ids, each once
     * @param descriptors one an id; the first one added to an empty index fixes the dimension unless training did
     * @throws IllegalArgumentException for a negative or repeated id, another kind or another dimension; nothing has
     *     changed then
     */
    void putAll(long[] ids, List<? extends GlobalDescriptor> descriptors);

    /**
     * Removes images; ids that are not there are ignored.
     *
     * @param ids the images
     * @return how many were removed
     */
    int removeAll(long[] ids);

    /**
     * Searches for a batch of queries.
     *
     * @param queries descriptors as they were added
     * @param options k, candidates, filter
     * @return one ranked list a query, in order
     */
    List<SearchResult> searchAll(List<? extends GlobalDescriptor> queries, SearchOptions options);

    /**
     * Searches for one query.
     *
     * @param query its descriptor
     * @param options k, candidates, filter
     * @return the ranked list
     */
    default SearchResult search(GlobalDescriptor query, SearchOptions options) {
        return searchAll(List.of(query), options).get(0);
    }

    /**
     * Makes all changes so far durable; does nothing for an index in memory.
     *
     * @throws IOException if the directory cannot be written; the last durable state remains
     */
    void flush() throws IOException;

    /**
     * Merges segments and drops what was removed, so that memory and disk hold live images only. Searches go on.
     *
     * @throws IOException if the directory cannot be written; the last durable state remains
     */
    void compact() throws IOException;
}
