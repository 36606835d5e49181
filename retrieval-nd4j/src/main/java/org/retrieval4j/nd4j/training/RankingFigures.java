package org.retrieval4j.nd4j.training;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.retrieval4j.eval.QueryFigures;

/** How well descriptors retrieve: each picture that has a positive asks for it among all others. */
public final class RankingFigures {
    private static final int[] COUNTS = {1, 5, 10};

    private RankingFigures() {}

    /**
     * Ranks by inner product; of equal ones the smaller number is first.
     *
     * @param vectors a descriptor a picture, row-major
     * @param columns number of values of each
     * @param relations what is right
     * @return {@code recall@1}, {@code recall@5}, {@code recall@10} and {@code mAP}, NaN for pictures that do not ask
     */
    // O(n²·(d + log n))
    public static QueryFigures of(double[] vectors, int columns, Relations relations) {
        int n = relations.size();
        double[][] recalls = new double[COUNTS.length][n];
        double[] precision = new double[n];
        double[] scores = new double[n];
        for (int query = 0; query < n; query++) {
            int[] right = relations.positives(query);
            if (right.length == 0) {
                precision[query] = Double.NaN;
                for (double[] recall : recalls) {
                    recall[query] = Double.NaN;
                }
                continue;
            }
            for (int i = 0; i < n; i++) {
                double sum = 0;
                for (int j = 0; j < columns; j++) {
                    sum += vectors[query * columns + j] * vectors[i * columns + j];
                }
                scores[i] = sum;
            }
            int asked = query;
            int[] ranking = IntStream.range(0, n)
                    .filter(i -> i != asked)
                    .boxed()
                    .sorted((a, b) ->
                            scores[a] != scores[b] ? Double.compare(scores[b], scores[a]) : Integer.compare(a, b))
                    .mapToInt(i -> i)
                    .toArray();
            int hits = 0;
            for (int rank = 0; rank < ranking.length; rank++) {
                if (Arrays.binarySearch(right, ranking[rank]) >= 0) {
                    for (int c = 0; c < COUNTS.length; c++) {
                        recalls[c][query] = rank < COUNTS[c] ? 1 : recalls[c][query];
                    }
                    hits++;
                    precision[query] += (double) hits / (rank + 1) / right.length;
                }
            }
        }
        Map<String, double[]> figures = new LinkedHashMap<>();
        for (int c = 0; c < COUNTS.length; c++) {
            figures.put("recall@" + COUNTS[c], recalls[c]);
        }
        figures.put("mAP", precision);
        return new QueryFigures(figures);
    }
}
