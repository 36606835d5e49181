package org.retrieval4j.index;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.SearchResult;

/**
 * The k best hits seen so far, of equal scores the ones of smaller id: a heap with the worst on top. What it holds does
 * not depend on the order in which hits come. For one thread.
 */
public final class TopK {
    private final int k;
    private long[] ids;
    private float[] scores;
    private int size;

    /**
     * An empty list.
     *
     * @param k how many to keep, at least 1; memory grows with what is offered
     */
    public TopK(int k) {
        if (k < 1) {
            throw new IllegalArgumentException("k must be at least 1, got " + k);
        }
        this.k = k;
        this.ids = new long[Math.min(k, 16)];
        this.scores = new float[ids.length];
    }

    /**
     * What a new hit must reach to be kept.
     *
     * @return the worst score of k hits; negative infinity as long as there are fewer
     */
    public float threshold() {
        return size < k ? Float.NEGATIVE_INFINITY : scores[0];
    }

    /**
     * Offers a hit; no id may be offered twice.
     *
     * @param id its image
     * @param score its score, not NaN
     */
    public void offer(long id, float score) {
        if (size == k) {
            if (worse(score, id, scores[0], ids[0])) {
                return;
            }
            sink(0, score, id);
            return;
        }
        if (size == ids.length) {
            int capacity = (int) Math.min(k, 2L * size);
            ids = Arrays.copyOf(ids, capacity);
            scores = Arrays.copyOf(scores, capacity);
        }
        int at = size++;
        while (at > 0) {
            int parent = (at - 1) / 2;
            if (!worse(score, id, scores[parent], ids[parent])) {
                break;
            }
            scores[at] = scores[parent];
            ids[at] = ids[parent];
            at = parent;
        }
        scores[at] = score;
        ids[at] = id;
    }

    /**
     * Offers all hits of another list.
     *
     * @param other the other list
     */
    public void offerAll(TopK other) {
        for (int i = 0; i < other.size; i++) {
            offer(other.ids[i], other.scores[i]);
        }
    }

    /**
     * The hits.
     *
     * @return best first, equal scores by ascending id
     */
    public SearchResult toResult() {
        List<Hit> hits = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            hits.add(new Hit(ids[i], scores[i]));
        }
        hits.sort((a, b) -> {
            int byScore = Float.compare(b.score(), a.score());
            return byScore != 0 ? byScore : Long.compare(a.imageId(), b.imageId());
        });
        return new SearchResult(hits);
    }

    /**
     * A score as a float that orders as numbers do: no negative zero, which some comparisons take for less than zero, and
     * nothing beyond the finite.
     *
     * @param score a score, not NaN
     * @return the nearest such float
     */
    public static float rounded(double score) {
        float nearest = (float) score + 0f;
        return Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, nearest));
    }

    private static boolean worse(float score, long id, float otherScore, long otherId) {
        return score < otherScore || score == otherScore && id > otherId;
    }

    private void sink(int from, float score, long id) {
        int at = from;
        while (true) {
            int child = 2 * at + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && worse(scores[child + 1], ids[child + 1], scores[child], ids[child])) {
                child++;
            }
            if (!worse(scores[child], ids[child], score, id)) {
                break;
            }
            scores[at] = scores[child];
            ids[at] = ids[child];
            at = child;
        }
        scores[at] = score;
        ids[at] = id;
    }
}
