package org.retrieval4j.api;

import java.util.List;

/**
 * A ranked list.
 *
 * @param hits best first, equal scores by ascending image id; fewer than asked for if there are no more
 */
public record SearchResult(List<Hit> hits) {
    /** Copies the list. */
    public SearchResult {
        hits = List.copyOf(hits);
    }
}
