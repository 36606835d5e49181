package org.retrieval4j.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;

/**
 * Measures an index on vectors of one's own: fills it, searches for all queries at once, several times.
 *
 * @param k hits a query
 * @param ids rows of the base, best first, k a query
 * @param scores the larger the better, k a query
 * @param buildSeconds time to fill the index
 * @param searchSeconds time of one search for all queries: the median of the rounds
 */
public record NearestNeighbors(int k, long[] ids, float[] scores, double buildSeconds, double searchSeconds) {
    private static final double WARM_UP_SECONDS = 1;

    /**
     * Fills and searches an index. Before the rounds that count, searches run for at least a second.
     *
     * @param index an empty index
     * @param base n x d, gets the ids 0 to n − 1
     * @param queries q x d
     * @param k hits a query, at most n
     * @param rounds searches that are timed, at least 1
     * @return neighbors and times
     * @throws IllegalArgumentException if a number is out of range or the widths differ
     */
    public static NearestNeighbors measure(Index index, FloatMatrix base, FloatMatrix queries, int k, int rounds) {
        if (k < 1 || k > base.rows()) {
            throw new IllegalArgumentException("k must be 1 to the number of vectors, " + base.rows() + ", got " + k);
        }
        if (rounds < 1) {
            throw new IllegalArgumentException("rounds must be at least 1, got " + rounds);
        }
        if (base.columns() != queries.columns()) {
            throw new IllegalArgumentException(
                    "queries must have " + base.columns() + " values like the vectors, got " + queries.columns());
        }
        long[] rows = new long[base.rows()];
        Arrays.setAll(rows, i -> i);
        long start = System.nanoTime();
        index.putAll(rows, descriptors(base));
        double buildSeconds = seconds(start);
        List<GlobalDescriptor> batch = descriptors(queries);
        SearchOptions options = SearchOptions.top(k);
        List<SearchResult> results = index.searchAll(batch, options);
        for (long warm = System.nanoTime(); seconds(warm) < WARM_UP_SECONDS; ) {
            results = index.searchAll(batch, options);
        }
        double[] times = new double[rounds];
        for (int r = 0; r < rounds; r++) {
            start = System.nanoTime();
            results = index.searchAll(batch, options);
            times[r] = seconds(start);
        }
        Arrays.sort(times);
        double median = (times[(rounds - 1) / 2] + times[rounds / 2]) / 2;
        long[] ids = new long[Math.multiplyExact(results.size(), k)];
        float[] scores = new float[ids.length];
        for (int q = 0; q < results.size(); q++) {
            List<Hit> hits = results.get(q).hits();
            // an approximate index may find fewer
            Arrays.fill(ids, q * k, (q + 1) * k, -1);
            Arrays.fill(scores, q * k, (q + 1) * k, Float.NEGATIVE_INFINITY);
            for (int i = 0; i < hits.size(); i++) {
                ids[q * k + i] = hits.get(i).imageId();
                scores[q * k + i] = hits.get(i).score();
            }
        }
        return new NearestNeighbors(k, ids, scores, buildSeconds, median);
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    private static List<GlobalDescriptor> descriptors(FloatMatrix matrix) {
        List<GlobalDescriptor> list = new ArrayList<>(matrix.rows());
        for (int i = 0; i < matrix.rows(); i++) {
            list.add(new GlobalDescriptor.Dense(matrix.rows(i, i + 1).toArray()));
        }
        return list;
    }
}
