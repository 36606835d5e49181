package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

import java.util.function.LongPredicate;

/**
 * How to search.
 *
 * @param k how many hits to return, at least 1
 * @param candidates how many to consider before re-ranking or exact re-scoring, at least k; more is slower and better
 * @param accept which images may be returned
 * @param leastScore what the score of a hit must reach; negative infinity for any. With a large k this is a range search:
 *     all images within a squared distance r² are those of score −r² at least
 */
public record SearchOptions(int k, int candidates, LongPredicate accept, float leastScore) {
    private static final LongPredicate ALL = id -> true;

    /** Checks the bounds. */
    public SearchOptions {
        requireNonNull(accept, "accept");
        if (k < 1) {
            throw new IllegalArgumentException("k must be at least 1, got " + k);
        }
        if (candidates < k) {
            throw new IllegalArgumentException("candidates must be at least k = " + k + ", got " + candidates);
        }
        if (Float.isNaN(leastScore)) {
            throw new IllegalArgumentException("leastScore must be a number, got NaN");
        }
    }

    /**
     * Options without a least score.
     *
     * @param k how many hits to return, at least 1
     * @param candidates how many to consider, at least k
     * @param accept which images may be returned
     */
    public SearchOptions(int k, int candidates, LongPredicate accept) {
        this(k, candidates, accept, Float.NEGATIVE_INFINITY);
    }

    /**
     * The k best of all images.
     *
     * @param k how many
     * @return the options
     */
    public static SearchOptions top(int k) {
        return new SearchOptions(k, k, ALL);
    }

    /**
     * These options with another number of candidates.
     *
     * @param count at least k
     * @return the changed options
     */
    public SearchOptions withCandidates(int count) {
        return new SearchOptions(k, count, accept, leastScore);
    }

    /**
     * These options for a part of the images.
     *
     * @param filter which images may be returned; called from searching threads
     * @return the changed options
     */
    public SearchOptions withFilter(LongPredicate filter) {
        return new SearchOptions(k, candidates, filter, leastScore);
    }

    /**
     * These options for hits of a score only.
     *
     * @param score what the score of a hit must reach, not NaN
     * @return the changed options
     */
    public SearchOptions withLeastScore(float score) {
        return new SearchOptions(k, candidates, accept, score);
    }

    /**
     * Tells whether every image may be returned.
     *
     * @return true if no filter was set
     */
    public boolean acceptsAll() {
        return accept == ALL;
    }
}
