package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

/**
 * The proof that two pictures show the same thing.
 *
 * @param score larger is better; candidates of one query are ranked by it
 * @param inliers the pairs that agree with the model
 * @param model the model
 */
public record Verification(float score, Matches inliers, Model model) {
    /** Checks that nothing is missing. */
    public Verification {
        requireNonNull(inliers, "inliers");
        requireNonNull(model, "model");
        if (Float.isNaN(score)) {
            throw new IllegalArgumentException("score must be a number, got NaN");
        }
    }
}
