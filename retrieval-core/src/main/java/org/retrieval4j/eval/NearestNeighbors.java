package org.retrieval4j.eval;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.List;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.SearchResult;

/**
 * What a batch of queries found, as arrays. Where an index found fewer than k, the rest has id −1 and score −∞.
 *
 * @param k hits a query
 * @param ids rows of the base, best first, k a query
 * @param scores the larger the better, k a query
 */
public record NearestNeighbors(int k, long[] ids, float[] scores) {
    /** Checks that there are k a query. */
    public NearestNeighbors {
        requireNonNull(ids, "ids");
        requireNonNull(scores, "scores");
        if (k < 1 || ids.length % k != 0 || scores.length != ids.length) {
            throw new IllegalArgumentException(
                    "there must be k ids and scores a query, got " + ids.length + " and " + scores.length);
        }
    }

    static NearestNeighbors of(List<SearchResult> results, int k) {
        long[] ids = new long[Math.multiplyExact(results.size(), k)];
        float[] scores = new float[ids.length];
        Arrays.fill(ids, -1);
        Arrays.fill(scores, Float.NEGATIVE_INFINITY);
        for (int q = 0; q < results.size(); q++) {
            List<Hit> hits = results.get(q).hits();
            for (int i = 0; i < hits.size(); i++) {
                ids[q * k + i] = hits.get(i).imageId();
                scores[q * k + i] = hits.get(i).score();
            }
        }
        return new NearestNeighbors(k, ids, scores);
    }

    /**
     * Number of queries.
     *
     * @return at least 0
     */
    public int queries() {
        return ids.length / k;
    }

    /**
     * The share of the true nearest that were found, the mean over all queries: recall@k.
     *
     * @param truth for each query at least the k nearest, best first
     * @return from 0 to 1
     * @throws IllegalArgumentException if there are other queries or fewer than k neighbors
     */
    public double recall(int[][] truth) {
        if (truth.length != queries()) {
            throw new IllegalArgumentException(
                    "there must be true neighbors of " + queries() + " queries, got " + truth.length);
        }
        long found = 0;
        for (int q = 0; q < truth.length; q++) {
            if (truth[q].length < k) {
                throw new IllegalArgumentException(
                        "there must be at least k = " + k + " true neighbors a query, got " + truth[q].length);
            }
            long[] mine = Arrays.copyOfRange(ids, q * k, (q + 1) * k);
            Arrays.sort(mine);
            for (int i = 0; i < k; i++) {
                found += Arrays.binarySearch(mine, truth[q][i]) >= 0 ? 1 : 0;
            }
        }
        return truth.length == 0 ? 1 : found / ((double) k * truth.length);
    }

    /**
     * The ids, a row a query.
     *
     * @return queries x k
     */
    public int[][] rows() {
        int[][] rows = new int[queries()][k];
        for (int i = 0; i < ids.length; i++) {
            rows[i / k][i % k] = Math.toIntExact(ids[i]);
        }
        return rows;
    }
}
