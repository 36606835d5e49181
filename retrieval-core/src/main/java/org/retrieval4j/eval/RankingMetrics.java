package org.retrieval4j.eval;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Metrics of ranked lists. All take names or ids best first; a result that stands twice counts at its first place. */
public final class RankingMetrics {
    private RankingMetrics() {}

    /**
     * Average precision as the mean of precision at hits: for each relevant image, the precision of the list down to
     * its place; a relevant image that is not in the list counts 0. (The other definition in use, the area under the
     * curve by trapezoids, as in the Holidays and Oxford evaluations, gives smaller values.)
     *
     * @param <T> names or ids
     * @param ranked best first, without the query
     * @param relevant the right answers, without the query
     * @return 0 to 1
     * @throws IllegalArgumentException if nothing is relevant
     */
    public static <T> double averagePrecision(List<T> ranked, Set<T> relevant) {
        if (relevant.isEmpty()) {
            throw new IllegalArgumentException("there must be at least 1 relevant image, got 0");
        }
        Set<T> seen = new HashSet<>();
        int hits = 0;
        int rank = 0;
        double sum = 0;
        for (T image : ranked) {
            rank++;
            if (relevant.contains(image) && seen.add(image)) {
                hits++;
                sum += (double) hits / rank;
            }
        }
        return sum / relevant.size();
    }

    /**
     * Precision at k: which part of the first k is relevant. A list that is shorter counts as filled with misses.
     *
     * @param <T> names or ids
     * @param ranked best first, without the query
     * @param relevant the right answers
     * @param k how many, at least 1
     * @return 0 to 1
     */
    public static <T> double precisionAt(List<T> ranked, Set<T> relevant, int k) {
        if (k < 1) {
            throw new IllegalArgumentException("k must be at least 1, got " + k);
        }
        Set<T> hits = new HashSet<>();
        for (T image : ranked.subList(0, Math.min(k, ranked.size()))) {
            if (relevant.contains(image)) {
                hits.add(image);
            }
        }
        return (double) hits.size() / k;
    }
}
