package org.retrieval4j.eval;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Quality of the ranked lists of many queries.
 *
 * @param map mean average precision, over the queries that have a relevant image
 * @param precisionAt1 part of these queries whose first answer is relevant
 * @param averagePrecision average precision of each query, in the order of the ground truth
 */
public record RankingEvaluation(double map, double precisionAt1, Map<String, Double> averagePrecision) {
    /** Copies the map. */
    public RankingEvaluation {
        averagePrecision = Collections.unmodifiableMap(new LinkedHashMap<>(averagePrecision));
    }

    /** Answers a query. */
    @FunctionalInterface
    public interface Ranker {
        /**
         * The ranked list of one query.
         *
         * @param query name of the query
         * @return names, best first; the query itself may be among them
         * @throws IOException if the query or the database cannot be read
         */
        List<String> rank(String query) throws IOException;
    }

    /**
     * Asks every query of the ground truth that has a relevant image, and takes the query out of its own answer.
     *
     * @param truth the right answers
     * @param ranker answers a query
     * @return the figures
     * @throws IOException if the ranker fails
     * @throws IllegalArgumentException if no query has a relevant image
     */
    public static RankingEvaluation evaluate(GroundTruth truth, Ranker ranker) throws IOException {
        Map<String, Double> precisions = new LinkedHashMap<>();
        double sum = 0;
        double first = 0;
        for (Map.Entry<String, Set<String>> entry : truth.relevant().entrySet()) {
            if (entry.getValue().isEmpty()) {
                continue;
            }
            List<String> ranked = new ArrayList<>(ranker.rank(entry.getKey()));
            ranked.removeIf(entry.getKey()::equals);
            double precision = RankingMetrics.averagePrecision(ranked, entry.getValue());
            precisions.put(entry.getKey(), precision);
            sum += precision;
            first += RankingMetrics.precisionAt(ranked, entry.getValue(), 1);
        }
        if (precisions.isEmpty()) {
            throw new IllegalArgumentException("the ground truth has no query with a relevant image");
        }
        return new RankingEvaluation(sum / precisions.size(), first / precisions.size(), precisions);
    }
}
