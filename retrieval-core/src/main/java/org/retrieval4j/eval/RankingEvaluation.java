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
 * @param figures of each query that has a relevant image: average precision {@code map}, and {@code p@1}, whether the first
 *     answer is relevant
 * @param averagePrecision average precision of each of these queries, in the order of the ground truth
 */
public record RankingEvaluation(QueryFigures figures, Map<String, Double> averagePrecision) {
    /** Copies the map. */
    public RankingEvaluation {
        averagePrecision = Collections.unmodifiableMap(new LinkedHashMap<>(averagePrecision));
    }

    /**
     * Mean average precision.
     *
     * @return 0 to 1
     */
    public double map() {
        return figures.value("map");
    }

    /**
     * Part of the queries whose first answer is relevant.
     *
     * @return 0 to 1
     */
    public double precisionAt1() {
        return figures.value("p@1");
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
        List<Double> first = new ArrayList<>();
        for (Map.Entry<String, Set<String>> entry : truth.relevant().entrySet()) {
            if (entry.getValue().isEmpty()) {
                continue;
            }
            List<String> ranked = new ArrayList<>(ranker.rank(entry.getKey()));
            ranked.removeIf(entry.getKey()::equals);
            double precision = RankingMetrics.averagePrecision(ranked, entry.getValue());
            precisions.put(entry.getKey(), precision);
            first.add(RankingMetrics.precisionAt(ranked, entry.getValue(), 1));
        }
        if (precisions.isEmpty()) {
            throw new IllegalArgumentException("the ground truth has no query with a relevant image");
        }
        Map<String, double[]> figures = new LinkedHashMap<>();
        figures.put("map", precisions.values().stream().mapToDouble(one -> one).toArray());
        figures.put("p@1", first.stream().mapToDouble(one -> one).toArray());
        return new RankingEvaluation(new QueryFigures(figures), precisions);
    }
}
