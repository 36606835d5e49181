package org.retrieval4j.rerank;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.index.TopK;

/** Ranked lists of which a stage scored some images anew. */
final class Reordered {
    private static final Comparator<Hit> ORDER =
            Comparator.comparingDouble(Hit::score).reversed().thenComparingLong(Hit::imageId);

    private Reordered() {}

    /**
     * The images with new scores first, the others behind them in their old order. Scores of the others are shifted so
     * that the list descends; their differences stay.
     */
    static SearchResult of(List<Hit> scored, List<Hit> old, SearchOptions options) {
        List<Hit> hits = new ArrayList<>(scored);
        hits.sort(ORDER);
        Set<Long> there = new HashSet<>();
        scored.forEach(hit -> there.add(hit.imageId()));
        double last = hits.isEmpty() ? Double.NaN : hits.get(hits.size() - 1).score();
        double shift = Double.NaN;
        for (Hit hit : old) {
            if (there.contains(hit.imageId())) {
                continue;
            }
            if (Double.isNaN(shift)) {
                shift = Double.isNaN(last) ? 0 : last - hit.score();
            }
            hits.add(new Hit(hit.imageId(), TopK.rounded(hit.score() + shift)));
        }
        return new SearchResult(hits.subList(0, Math.min(options.k(), hits.size())));
    }

    /** Options that ask a stage below for more, if more are needed; the least score is of this stage's scores. */
    static SearchOptions atLeast(SearchOptions options, int count) {
        int k = Math.max(options.k(), count);
        return new SearchOptions(k, Math.max(k, options.candidates()), options.accept());
    }

    /** The hits that reach the least score asked for. */
    static SearchResult reaching(SearchResult result, SearchOptions options) {
        if (options.leastScore() == Float.NEGATIVE_INFINITY) {
            return result;
        }
        return new SearchResult(result.hits().stream()
                .filter(hit -> hit.score() >= options.leastScore())
                .toList());
    }
}
