package org.retrieval4j.database;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run of indexing did.
 *
 * @param indexed images added or updated
 * @param unchanged images that were there already, with the same content
 * @param skipped images that could not be added, in the order of the sources
 * @param seconds the whole run took
 * @param stageSeconds time by stage, in the order of the work; of stages that run on several threads at once, the sum
 *     over the threads
 */
public record IndexingReport(
        long indexed, long unchanged, List<Skipped> skipped, double seconds, Map<String, Double> stageSeconds) {
    /** Copies list and map. */
    public IndexingReport {
        skipped = List.copyOf(skipped);
        stageSeconds = Collections.unmodifiableMap(new LinkedHashMap<>(stageSeconds));
    }
}
