package org.retrieval4j.localization.pose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.Components;
import org.retrieval4j.localization.camera.Camera;

class FocalPoseSearchTest {
    private static final PoseEstimator ESTIMATOR =
            Components.load().create(PoseEstimator.class, "ransac(focal-length=unknown)");

    /** The problem's camera has a focal length of 800; it is told to be three times as long. */
    private static final Camera WRONG = Camera.parse("PINHOLE 1024 768 2400 2400 512 384");

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.3, 0.6})
    void findsThePoseThoughTheFocalLengthIsWrong(double outliers) {
        for (int seed = 0; seed < 20; seed++) {
            PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 200, outliers, 1, seed);

            PoseEstimate found = ESTIMATOR.estimate(WRONG, problem.points(), problem.pixels());

            assertThat(found.status()).as("seed %d", seed).isEqualTo(Status.LOCALIZED);
            Pose pose = found.pose().orElseThrow();
            assertThat(found.camera().focalLength()).as("seed %d", seed).isCloseTo(800, within(16.0));
            assertThat(pose.rotationErrorDegrees(problem.truth())).isLessThan(0.3);
            assertThat(pose.positionError(problem.truth())).isLessThan(0.3);
            for (int row : found.inliers()) {
                assertThat(row).isBetween(0, 199);
            }
        }
    }

    @Test
    void qualitiesAreTriedFirst() {
        PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 200, 0.85, 1, 3);
        double[] qualities = new double[200];
        for (int i = 0; i < 200; i++) {
            qualities[i] = problem.inlier()[i] ? 1 : 0.5;
        }
        PoseEstimator hurried = new PoseEstimator(ESTIMATOR.options().withIterations(5, 12));

        assertThat(hurried.estimate(WRONG, problem.points(), problem.pixels(), qualities)
                        .status())
                .isEqualTo(Status.LOCALIZED);
        assertThat(hurried.estimate(WRONG, problem.points(), problem.pixels()).status())
                .isEqualTo(Status.NO_CONSENSUS);
    }

    @Test
    void randomCorrespondencesHaveNoConsensus() {
        for (int seed = 0; seed < 3; seed++) {
            PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 40, 1, 1, seed);
            PoseEstimate found = new PoseEstimator(ESTIMATOR.options().withIterations(20, 2000))
                    .estimate(WRONG, problem.points(), problem.pixels());
            assertThat(found.pose()).isEqualTo(Optional.empty());
        }
    }

    @Test
    void aPlaneSeenStraightAheadDeterminesNoFocalLength() {
        double[] points = new double[3 * 25];
        for (int i = 0; i < 25; i++) {
            points[3 * i] = i % 5 - 2;
            points[3 * i + 1] = i / 5 - 2.0;
        }
        PoseProblem problem = PoseProblem.of(new Pose(1, 0, 0, 0, 0, 0, 8), points, 0.5, 1);

        PoseEstimate found = ESTIMATOR.estimate(WRONG, problem.points(), problem.pixels());

        assertThat(found.status()).isIn(Status.DEGENERATE, Status.NO_CONSENSUS);
    }

    @Test
    void fourPointsAreTooFewAndDistortionIsRefused() {
        PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 4, 0, 0, 1);
        assertThat(ESTIMATOR.estimate(WRONG, problem.points(), problem.pixels()).status())
                .isEqualTo(Status.TOO_FEW_CORRESPONDENCES);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ESTIMATOR.estimate(
                        Camera.parse("SIMPLE_RADIAL 1024 768 800 512 384 0.1"), problem.points(), problem.pixels()))
                .withMessageContaining("SIMPLE_RADIAL");
    }
}
