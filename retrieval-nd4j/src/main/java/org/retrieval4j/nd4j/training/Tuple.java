package org.retrieval4j.nd4j.training;

/**
 * Pictures that a loss compares, as rows of a batch of vectors.
 *
 * @param query one row
 * @param positives rows of pictures that may show the same, at least one
 * @param negatives rows of pictures that show something else, at least one
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record Tuple(int query, int[] positives, int[] negatives) {
    /** Checks that there is something to compare. */
    public Tuple {
        if (positives.length == 0 || negatives.length == 0) {
            throw new IllegalArgumentException("a tuple must have at least one positive and one negative, got "
                    + positives.length + " and " + negatives.length);
        }
    }
}
