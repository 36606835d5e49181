package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;

/**
 * Pairs of features of two pictures, best first.
 *
 * @param queryIndices features of the query
 * @param referenceIndices features of the other picture, one a pair
 * @param scores one a pair, descending; larger is better
 */
public record Matches(int[] queryIndices, int[] referenceIndices, float[] scores) {
    /** No pairs. */
    public static final Matches NONE = new Matches(new int[0], new int[0], new float[0]);

    /** Checks that the three have one length. */
    public Matches {
        requireNonNull(queryIndices, "queryIndices");
        requireNonNull(referenceIndices, "referenceIndices");
        requireNonNull(scores, "scores");
        if (queryIndices.length != referenceIndices.length || queryIndices.length != scores.length) {
            throw new IllegalArgumentException("matches must have one query index, reference index and score each, got "
                    + queryIndices.length + ", " + referenceIndices.length + ", " + scores.length);
        }
    }

    /**
     * Number of pairs.
     *
     * @return how many
     */
    public int size() {
        return queryIndices.length;
    }

    /**
     * Chosen pairs, in the order given.
     *
     * @param indices pairs, from 0
     * @return a copy
     */
    public Matches select(int[] indices) {
        int[] queries = new int[indices.length];
        int[] references = new int[indices.length];
        float[] selected = new float[indices.length];
        for (int i = 0; i < indices.length; i++) {
            queries[i] = queryIndices[indices[i]];
            references[i] = referenceIndices[indices[i]];
            selected[i] = scores[indices[i]];
        }
        return new Matches(queries, references, selected);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Matches that
                && Arrays.equals(queryIndices, that.queryIndices)
                && Arrays.equals(referenceIndices, that.referenceIndices)
                && Arrays.equals(scores, that.scores);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * Arrays.hashCode(queryIndices) + Arrays.hashCode(referenceIndices)) + Arrays.hashCode(scores);
    }

    @Override
    public String toString() {
        return "Matches[" + size() + "]";
    }
}
