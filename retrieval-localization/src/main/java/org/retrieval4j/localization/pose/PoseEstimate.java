package org.retrieval4j.localization.pose;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.localization.camera.Camera;

/**
 * What {@link PoseEstimator} found.
 *
 * @param status what became of it; a pose is there exactly if it is LOCALIZED
 * @param pose the camera's pose
 * @param camera the camera, with its focal length if that was looked for
 * @param inliers rows of the correspondences that agree with the pose, ascending; of those that share a point or a keypoint,
 *     the nearest alone
 * @param covariance of the pose: rotation vector in the camera's frame (radians), then center in the world, 6 x 6, row after
 *     row, for noise as the inliers show it; empty unless LOCALIZED
 * @param score −log₁₀ of how many poses with as many inliers would be expected if all correspondences were random; larger is
 *     better, 0 unless LOCALIZED
 * @param iterations samples tried
 */
public record PoseEstimate(
        Status status,
        Optional<Pose> pose,
        Camera camera,
        int[] inliers,
        double[] covariance,
        double score,
        int iterations) {
    /** Checks that there is a pose exactly if the status says so. */
    public PoseEstimate {
        requireNonNull(status, "status");
        requireNonNull(pose, "pose");
        requireNonNull(camera, "camera");
        requireNonNull(inliers, "inliers");
        requireNonNull(covariance, "covariance");
        if (pose.isPresent() != (status == Status.LOCALIZED)) {
            throw new IllegalArgumentException("a pose must be present exactly if LOCALIZED, got " + status);
        }
    }

    /**
     * No pose.
     *
     * @param status why
     * @param camera the camera
     * @return an estimate without inliers
     * @throws IllegalArgumentException if the status is LOCALIZED
     */
    public static PoseEstimate of(Status status, Camera camera) {
        return failed(status, camera, 0);
    }

    static PoseEstimate failed(Status status, Camera camera, int iterations) {
        return new PoseEstimate(status, Optional.empty(), camera, new int[0], new double[0], 0, iterations);
    }

    /**
     * With another score.
     *
     * @param value the score
     * @return the changed estimate
     */
    public PoseEstimate withScore(double value) {
        return new PoseEstimate(status, pose, camera, inliers, covariance, value, iterations);
    }

    /**
     * Standard deviation of the camera's center: the root of the sum of its variances.
     *
     * @return in units of the world; infinite unless LOCALIZED
     */
    public double positionSigma() {
        return sigma(3);
    }

    /**
     * Standard deviation of the rotation: the root of the sum of its variances about three axes.
     *
     * @return degrees; infinite unless LOCALIZED
     */
    public double rotationSigmaDegrees() {
        return Math.toDegrees(sigma(0));
    }

    private double sigma(int from) {
        if (covariance.length == 0) {
            return Double.POSITIVE_INFINITY;
        }
        double sum = 0;
        for (int i = from; i < from + 3; i++) {
            sum += covariance[7 * i];
        }
        return Math.sqrt(sum);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PoseEstimate that
                && status == that.status
                && pose.equals(that.pose)
                && camera.equals(that.camera)
                && Arrays.equals(inliers, that.inliers)
                && Arrays.equals(covariance, that.covariance)
                && Double.compare(score, that.score) == 0
                && iterations == that.iterations;
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(inliers) * 31 + pose.hashCode();
    }
}
