package org.retrieval4j.localization.pose;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What {@link RigPoseEstimator} found.
 *
 * @param status what became of it; a pose is there exactly if it is LOCALIZED
 * @param rigFromWorld the rig's pose
 * @param inliers rows of the correspondences that agree with it, ascending
 * @param covariance of the pose: rotation vector in the rig's frame (radians), then the rig's origin in the world, 6 x 6, row
 *     after row, for noise as the inliers show it; empty unless LOCALIZED
 * @param score as {@link PoseEstimate#score}
 * @param iterations samples tried
 */
public record RigPoseEstimate(
        Status status, Optional<Pose> rigFromWorld, int[] inliers, double[] covariance, double score, int iterations) {
    /** Checks that there is a pose exactly if the status says so. */
    public RigPoseEstimate {
        requireNonNull(inliers, "inliers");
        requireNonNull(covariance, "covariance");
        if (rigFromWorld.isPresent() != (requireNonNull(status, "status") == Status.LOCALIZED)) {
            throw new IllegalArgumentException("a pose must be present exactly if LOCALIZED, got " + status);
        }
    }

    static RigPoseEstimate failed(Status status, int iterations) {
        return new RigPoseEstimate(status, Optional.empty(), new int[0], new double[0], 0, iterations);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof RigPoseEstimate that
                && status == that.status
                && rigFromWorld.equals(that.rigFromWorld)
                && Arrays.equals(inliers, that.inliers)
                && Arrays.equals(covariance, that.covariance)
                && Double.compare(score, that.score) == 0
                && iterations == that.iterations;
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(inliers) * 31 + rigFromWorld.hashCode();
    }
}
