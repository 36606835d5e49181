package org.retrieval4j.aggregation;

import org.retrieval4j.api.FloatMatrix;

/** Checks of given assignments at the door of an {@link AssignableAggregator}. */
final class Assignments {
    private Assignments() {}

    static void check(FloatMatrix descriptors, int width, int[] assignments, int clusters) {
        checkWidth(descriptors, width);
        if (assignments.length != descriptors.rows()) {
            throw new IllegalArgumentException("there must be one assignment a descriptor, got " + assignments.length
                    + " for " + descriptors.rows());
        }
        for (int i = 0; i < assignments.length; i++) {
            if (assignments[i] < 0 || assignments[i] >= clusters) {
                throw new IllegalArgumentException(
                        "assignment " + i + " must be 0 to " + (clusters - 1) + ", got " + assignments[i]);
            }
        }
    }

    static void check(FloatMatrix descriptors, int width, FloatMatrix weights, int clusters) {
        checkWidth(descriptors, width);
        if (weights.rows() != descriptors.rows() || weights.columns() != clusters) {
            throw new IllegalArgumentException("weights must be " + descriptors.rows() + " x " + clusters
                    + " (descriptors x clusters), got " + weights.rows() + " x " + weights.columns());
        }
        for (int i = 0; i < weights.rows(); i++) {
            for (int c = 0; c < clusters; c++) {
                float weight = weights.get(i, c);
                if (!(weight >= 0) || Float.isInfinite(weight)) {
                    throw new IllegalArgumentException(
                            "weight (" + i + ", " + c + ") must be finite and not negative, got " + weight);
                }
            }
        }
    }

    /** Descriptors of a picture without any may have every width. */
    static void checkWidth(FloatMatrix descriptors, int width) {
        if (descriptors.rows() > 0 && descriptors.columns() != width) {
            throw new IllegalArgumentException(
                    "descriptors must have width " + width + ", got " + descriptors.columns());
        }
    }
}
