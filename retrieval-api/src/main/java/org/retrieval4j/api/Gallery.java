package org.retrieval4j.api;

import java.io.IOException;
import java.util.List;

/**
 * The images that are searched, and all that is known of them: what a {@link Reranker} stands on and what it gives. An
 * index with its vectors is a gallery, an image database is one, and so is each of them with re-ranking behind it.
 * Thread-safe.
 */
public interface Gallery extends FeatureSource {
    /**
     * The images.
     *
     * @return ascending ids, a copy
     * @throws IOException if they cannot be read
     */
    long[] ids() throws IOException;

    /**
     * Searches for a batch of queries.
     *
     * @param queries each with its global descriptor, and with local features if a stage verifies by geometry
     * @param options k, candidates, filter
     * @return one ranked list a query, in order
     * @throws IOException if vectors or features cannot be read
     * @throws IllegalArgumentException if a query lacks what is needed, or its descriptor is of another kind or dimension
     */
    List<SearchResult> searchAll(List<Extraction> queries, SearchOptions options) throws IOException;

    /**
     * The global descriptors of queries.
     *
     * @param queries extractions
     * @return their descriptors, in order
     * @throws IllegalArgumentException if one has none
     */
    static List<GlobalDescriptor> descriptors(List<Extraction> queries) {
        return queries.stream()
                .map(query -> query.global()
                        .orElseThrow(() -> new IllegalArgumentException(
                                "the query has no global descriptor; it must come from the extractor and aggregator of"
                                        + " the images it is compared with")))
                .toList();
    }
}
