package org.retrieval4j.database;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The answer to one query.
 *
 * @param images best first
 * @param stageSeconds time by stage ({@code search}, {@code read}, {@code match}, {@code verify}), in the order of the
 *     work
 */
public record Ranking(List<RankedImage> images, Map<String, Double> stageSeconds) {
    /** Copies list and map. */
    public Ranking {
        images = List.copyOf(images);
        stageSeconds = Collections.unmodifiableMap(new LinkedHashMap<>(stageSeconds));
    }
}
