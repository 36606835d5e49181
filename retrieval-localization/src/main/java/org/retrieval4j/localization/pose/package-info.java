/**
 * Camera poses. {@link org.retrieval4j.localization.pose.PoseEstimator} finds one among wrong correspondences, {@link
 * org.retrieval4j.localization.pose.RigPoseEstimator} that of cameras that are fixed to each other, {@link
 * org.retrieval4j.localization.pose.PoseFit} makes one of right correspondences without a start, {@link
 * org.retrieval4j.localization.pose.PoseRefinement} fits one by Levenberg–Marquardt, and {@link
 * org.retrieval4j.localization.pose.PoseEvaluation} tells how far estimates are from the truth. Poses lead from the world to the
 * camera ({@link org.retrieval4j.localization.pose.Pose}); {@link org.retrieval4j.localization.pose.PoseFile} holds lists of them.
 */
@NullMarked
package org.retrieval4j.localization.pose;

import org.jspecify.annotations.NullMarked;
