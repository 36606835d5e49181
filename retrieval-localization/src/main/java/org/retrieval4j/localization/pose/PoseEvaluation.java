package org.retrieval4j.localization.pose;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
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
        PoseErrors errors = PoseErrors.of(truth, estimates);
        return ofErrors(errors.positions(), errors.rotationsDegrees(), thresholds);
    }

    /**
     * Compares estimates with the truth for each condition by itself: figures of different conditions must not be pooled.
     *
     * @param truth by query, at least one
     * @param estimates by query; those of other names are not looked at
     * @param thresholds for which recall is asked
     * @param conditions by query; those of other names are not looked at
     * @return by condition, in the order of the first query of each
     * @throws IllegalArgumentException if there is no query, or one has no condition
     */
    public static Map<String, PoseEvaluation> byCondition(
            Map<String, Pose> truth,
            Map<String, Pose> estimates,
            List<Threshold> thresholds,
            Map<String, String> conditions) {
        Map<String, PoseEvaluation> evaluations = new LinkedHashMap<>();
        truthByCondition(truth, conditions)
                .forEach((name, part) -> evaluations.put(name, of(part, estimates, thresholds)));
        return evaluations;
    }

    /**
     * Splits true poses by condition.
     *
     * @param truth by query
     * @param conditions by query; those of other names are not looked at
     * @return the poses of each condition, in the order of the first query of each
     * @throws IllegalArgumentException if a query has no condition
     */
    public static Map<String, Map<String, Pose>> truthByCondition(
            Map<String, Pose> truth, Map<String, String> conditions) {
        Map<String, Map<String, Pose>> parts = new LinkedHashMap<>();
        for (Map.Entry<String, Pose> query : truth.entrySet()) {
            String condition = conditions.get(query.getKey());
            if (condition == null) {
                throw new IllegalArgumentException("query " + query.getKey() + " has no condition");
            }
            parts.computeIfAbsent(condition, name -> new LinkedHashMap<>()).put(query.getKey(), query.getValue());
        }
        return parts;
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
