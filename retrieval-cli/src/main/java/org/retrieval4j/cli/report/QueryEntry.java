package org.retrieval4j.cli.report;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.ImageFeatures;

/**
 * One query of a report.
 *
 * @param name what it is called
 * @param note what else is to say about it: a crop, the reason why it failed
 * @param picture its picture, if there is one
 * @param features its local features, for match lines
 * @param hits the ranked list; the first hundred are shown
 * @param stageSeconds time by stage
 * @param relevant how many images are right, if that is known
 * @param failed whether there is no answer
 */
public record QueryEntry(
        String name,
        String note,
        PictureSource picture,
        Optional<ImageFeatures> features,
        List<HitEntry> hits,
        Map<String, Double> stageSeconds,
        Optional<Integer> relevant,
        boolean failed) {
    /** Copies list and map. */
    public QueryEntry {
        hits = List.copyOf(hits.subList(0, Math.min(QuerySection.MOST_HITS, hits.size())));
        stageSeconds = Collections.unmodifiableMap(new LinkedHashMap<>(stageSeconds));
    }

    /** Tells whether a wrong image stands before a right one, or a right one is missing although the list has room. */
    boolean hasMistake() {
        if (relevant.isEmpty()) {
            return false;
        }
        int right = 0;
        boolean wrongSeen = false;
        for (HitEntry hit : hits) {
            if (hit.verdict() == Verdict.WRONG) {
                wrongSeen = true;
            } else if (hit.verdict() == Verdict.RIGHT) {
                if (wrongSeen) {
                    return true;
                }
                right++;
            }
        }
        return failed || wrongSeen && right < relevant.get() || right == 0;
    }

    /** Tells whether the first image that is not the query itself is right. */
    boolean firstIsRight() {
        for (HitEntry hit : hits) {
            if (hit.verdict() != Verdict.QUERY) {
                return hit.verdict() == Verdict.RIGHT;
            }
        }
        return false;
    }
}
