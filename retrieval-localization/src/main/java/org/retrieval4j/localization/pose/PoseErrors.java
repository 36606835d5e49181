package org.retrieval4j.localization.pose;

import java.util.Map;

/**
 * The errors of all queries, in the order of their truth; without an estimate infinite and 180°. The arrays are not copied.
 *
 * @param positions in units of the world
 * @param rotationsDegrees alike
 */
public record PoseErrors(double[] positions, double[] rotationsDegrees) {
    /** Checks that both have as many. */
    public PoseErrors {
        if (positions.length != rotationsDegrees.length) {
            throw new IllegalArgumentException("there must be as many errors of rotation as of position, got "
                    + rotationsDegrees.length + " and " + positions.length);
        }
    }

    /**
     * Compares estimates with the truth.
     *
     * @param truth by query, at least one
     * @param estimates by query; those of other names are not looked at
     * @return the errors
     * @throws IllegalArgumentException if there is no query
     */
    public static PoseErrors of(Map<String, Pose> truth, Map<String, Pose> estimates) {
        int n = truth.size();
        if (n == 0) {
            throw new IllegalArgumentException("there must be at least one true pose, got none");
        }
        double[] positions = new double[n];
        double[] rotations = new double[n];
        int i = 0;
        for (Map.Entry<String, Pose> entry : truth.entrySet()) {
            Pose estimate = estimates.get(entry.getKey());
            positions[i] = estimate == null
                    ? Double.POSITIVE_INFINITY
                    : entry.getValue().positionError(estimate);
            rotations[i] = estimate == null ? 180 : entry.getValue().rotationErrorDegrees(estimate);
            i++;
        }
        return new PoseErrors(positions, rotations);
    }

    /**
     * A curve of recall: the share of all queries whose error is strictly below a threshold.
     *
     * @param errors of all queries, infinite where there is no estimate
     * @param thresholds at which it is asked
     * @return for each threshold, 0 to 1
     */
    public static double[] recall(double[] errors, double[] thresholds) {
        double[] recall = new double[thresholds.length];
        for (int i = 0; i < thresholds.length; i++) {
            int below = 0;
            for (double error : errors) {
                below += error < thresholds[i] ? 1 : 0;
            }
            recall[i] = (double) below / errors.length;
        }
        return recall;
    }
}
