package org.retrieval4j.experiment;

import java.util.List;
import java.util.Map;

/**
 * What a combination reached on a data set, and what it cost.
 *
 * @param label the combination as the grid has it, without default values and without an extractor that is the only one
 * @param dataset its name
 * @param extractor canonical spec
 * @param aggregator canonical spec; empty text for none
 * @param index canonical spec
 * @param reranker canonical spec; empty text for none
 * @param verify how many of the first were verified
 * @param map mean average precision
 * @param precisionAt1 part of queries whose first answer is right
 * @param averagePrecision by query
 * @param first the best ten answers of each query
 * @param extractMillis a picture, decoding included, on all threads
 * @param aggregateMillis a picture
 * @param buildSeconds of the index, with what a stage of re-ranking computes beforehand
 * @param queryMillis a query: search, re-ranking and verification, without extraction
 * @param bytesPerImage memory of the index
 */
public record Outcome(
        String label,
        String dataset,
        String extractor,
        String aggregator,
        String index,
        String reranker,
        int verify,
        double map,
        double precisionAt1,
        Map<String, Double> averagePrecision,
        Map<String, List<String>> first,
        double extractMillis,
        double aggregateMillis,
        double buildSeconds,
        double queryMillis,
        double bytesPerImage) {
    /** Copies the maps. */
    public Outcome {
        averagePrecision = Map.copyOf(averagePrecision);
        first = Map.copyOf(first);
    }

    /**
     * The combination, without the data set.
     *
     * @return equal texts for equal combinations
     */
    public List<String> combination() {
        return List.of(extractor, aggregator, index, reranker, Integer.toString(verify));
    }
}
