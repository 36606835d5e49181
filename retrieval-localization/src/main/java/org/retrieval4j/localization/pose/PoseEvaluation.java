package org.retrieval4j.localization.pose;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * How well poses were estimated (Sattler et al., Benchmarking 6DOF outdoor visual localization, CVPR 2018): errors of
 * position and rotation, and the part of all queries for which both are strictly below thresholds. A query without an
 * estimate counts with an infinite position error and 180°.
 *
 * @param queries how many have a true pose
 * @param localized how many of them have an estimate
 * @param medianPosition in units of the world; of an even number the mean of the middle two; infinite if so many fail
 * @param medianRotationDegrees alike
 * @param maxPosition the worst
 * @param maxRotationDegrees the worst
 * @param recall for each threshold, 0 to 1
 */
public record PoseEvaluation(
        int queries,
        int localized,
        double medianPosition,
        double medianRotationDegrees,
        double maxPosition,
        double maxRotationDegrees,
        List<Double> recall) {
    /**
     * Bounds of both errors.
     *
     * @param position in units of the world
     * @param degrees of rotation
     */
    public record Threshold(double position, double degrees) {
        /** Checks that both are positive. */
        public Threshold {
            if (!(position > 0 && degrees > 0)) {
                throw new IllegalArgumentException("thresholds must be positive, got " + position + "/" + degrees);
            }
        }
    }

    /** The benchmark's bounds by day: 0.25 m and 2°, 0.5 m and 5°, 5 m and 10°. */
    public static final List<Threshold> OUTDOOR =
            List.of(new Threshold(0.25, 2), new Threshold(0.5, 5), new Threshold(5, 10));

    /** Copies the list. */
    public PoseEvaluation {
        recall = List.copyOf(recall);
    }

    /**
     * Compares estimates with the truth.
     *
     * @param truth by query, at least one
     * @param estimates by query; those of other names are not looked at
     * @param thresholds for which recall is asked
     * @return errors and recall
     * @throws IllegalArgumentException if there is no query
     */
    public static PoseEvaluation of(Map<String, Pose> truth, Map<String, Pose> estimates, List<Threshold> thresholds) {
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
        return ofErrors(positions, rotations, thresholds);
    }

    /** Of errors of each query, where an infinite position error means that there is no estimate. */
    static PoseEvaluation ofErrors(double[] positions, double[] rotations, List<Threshold> thresholds) {
        int n = positions.length;
        List<Double> recall = new ArrayList<>();
        for (Threshold threshold : thresholds) {
            int within = 0;
            for (int q = 0; q < n; q++) {
                within += positions[q] < threshold.position && rotations[q] < threshold.degrees ? 1 : 0;
            }
            recall.add((double) within / n);
        }
        double[] farthest = positions.clone();
        double[] widest = rotations.clone();
        Arrays.sort(farthest);
        Arrays.sort(widest);
        int localized = (int) Arrays.stream(positions).filter(Double::isFinite).count();
        return new PoseEvaluation(
                n, localized, median(farthest), median(widest), farthest[n - 1], widest[n - 1], recall);
    }

    private static double median(double[] sorted) {
        int n = sorted.length;
        return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    }
}
