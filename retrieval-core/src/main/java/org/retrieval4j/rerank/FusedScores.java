package org.retrieval4j.rerank;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.index.TopK;

/** Sums of what several lists say of each image. */
final class FusedScores {
    private final Map<Long, Double> sums = new HashMap<>();

    /** All images of the lists, with sums of 0. */
    FusedScores(List<SearchResult> lists, double[] weights) {
        if (weights.length != lists.size()) {
            throw new IllegalArgumentException(
                    "there must be one weight a list, got " + weights.length + " for " + lists.size());
        }
        for (double weight : weights) {
            if (!(weight > 0 && Double.isFinite(weight))) {
                throw new IllegalArgumentException("weights must be above 0 and finite, got " + weight);
            }
        }
        for (SearchResult list : lists) {
            for (Hit hit : list.hits()) {
                sums.put(hit.imageId(), 0.0);
            }
        }
    }

    /** Adds a value for each image of a list, in its order, and one for the images that it lacks. */
    void add(SearchResult list, double[] values, double missing) {
        Set<Long> there = new HashSet<>();
        for (int i = 0; i < values.length; i++) {
            long id = list.hits().get(i).imageId();
            there.add(id);
            sums.merge(id, values[i], Double::sum);
        }
        sums.replaceAll((id, sum) -> there.contains(id) ? sum : sum + missing);
    }

    /** The images, best first. */
    SearchResult ranked() {
        List<Hit> hits = new ArrayList<>();
        sums.forEach((id, sum) -> hits.add(new Hit(id, TopK.rounded(sum))));
        hits.sort(Comparator.comparingDouble(Hit::score).reversed().thenComparingLong(Hit::imageId));
        return new SearchResult(hits);
    }

    /** Scores of a list moved and scaled so that its first has 1 and its last 0; zeros if all are equal. */
    static double[] fromZeroToOne(SearchResult list) {
        double[] values = new double[list.hits().size()];
        if (values.length == 0) {
            return values;
        }
        double most = list.hits().get(0).score();
        double least = list.hits().get(values.length - 1).score();
        for (int i = 0; i < values.length && most > least; i++) {
            values[i] = (list.hits().get(i).score() - least) / (most - least);
        }
        return values;
    }
}
