package org.retrieval4j.localization.localizer;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseEstimate;
import org.retrieval4j.localization.pose.Status;

/**
 * What became of a query.
 *
 * @param estimate status, pose, covariance and score; its inliers are rows of points and pixels
 * @param points of the world, three numbers each, that the query's keypoints were paired with; empty if no points are used
 * @param pixels the keypoints, two numbers each
 * @param images pictures that the answer rests on, by their number in the map, best first
 * @param stageSeconds what took how long, in order
 * @param localizer name of the localizer that answered
 */
public record Localization(
        PoseEstimate estimate,
        double[] points,
        double[] pixels,
        List<Integer> images,
        Map<String, Double> stageSeconds,
        String localizer) {
    /** Checks the lengths. */
    public Localization {
        requireNonNull(estimate, "estimate");
        requireNonNull(localizer, "localizer");
        images = List.copyOf(images);
        stageSeconds = Collections.unmodifiableMap(new LinkedHashMap<>(stageSeconds));
        if (points.length / 3 != pixels.length / 2) {
            throw new IllegalArgumentException("points must have 3 and pixels 2 numbers for each correspondence, got "
                    + points.length + " and " + pixels.length);
        }
    }

    /**
     * No pose.
     *
     * @param status why
     * @param camera the query's camera
     * @param images what was looked at
     * @param stageSeconds what took how long
     * @param localizer who answers
     * @return the answer
     */
    public static Localization failed(
            Status status, Camera camera, List<Integer> images, Map<String, Double> stageSeconds, String localizer) {
        return new Localization(
                PoseEstimate.of(status, camera), new double[0], new double[0], images, stageSeconds, localizer);
    }

    /**
     * The status.
     *
     * @return of the estimate
     */
    public Status status() {
        return estimate.status();
    }

    /**
     * The pose.
     *
     * @return present exactly if the status is LOCALIZED
     */
    public Optional<Pose> pose() {
        return estimate.pose();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Localization that
                && estimate.equals(that.estimate)
                && images.equals(that.images)
                && localizer.equals(that.localizer)
                && Arrays.equals(points, that.points)
                && Arrays.equals(pixels, that.pixels);
    }

    @Override
    public int hashCode() {
        return estimate.hashCode();
    }
}
