package org.retrieval4j.localization.pose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.retrieval4j.localization.camera.Camera;

class RigPoseEstimatorTest {
    /** Three cameras around, with and without a lens, half a meter apart. */
    private static final Rig RIG = new Rig(
            List.of(
                    Camera.parse("PINHOLE 640 480 400 400 320 240"),
                    Camera.parse("OPENCV 640 480 380 390 320 240 -0.1 0.02 0 0"),
                    Camera.parse("OPENCV_FISHEYE 640 480 300 300 320 240 0.01 0 0 0")),
            List.of(
                    Pose.IDENTITY,
                    new Pose(Math.cos(0.5), 0, Math.sin(0.5), 0, 0.3, 0, 0.1),
                    new Pose(Math.cos(1.2), 0, Math.sin(1.2), 0.1, -0.2, 0.1, 0.3)));

    private record Problem(Pose truth, int[] cameras, double[] points, double[] pixels, boolean[] right) {
        static Problem random(int n, double outliers, long seed) {
            Random random = new Random(seed);
            Pose truth = new Pose(
                    random.nextGaussian(),
                    random.nextGaussian(),
                    random.nextGaussian(),
                    random.nextGaussian(),
                    1000 * random.nextGaussian(),
                    10 * random.nextGaussian(),
                    10 * random.nextGaussian());
            int[] cameras = new int[n];
            double[] points = new double[3 * n];
            double[] pixels = new double[2 * n];
            boolean[] right = new boolean[n];
            double[] ray = new double[3];
            for (int i = 0; i < n; i++) {
                cameras[i] = random.nextInt(3);
                Camera camera = RIG.cameras().get(cameras[i]);
                double u = 640 * random.nextDouble();
                double v = 480 * random.nextDouble();
                camera.unproject(u, v, ray);
                double depth = 2 + 10 * random.nextDouble();
                Pose back = RIG.camerasFromRig().get(cameras[i]).after(truth).inverse();
                double[] r = back.rotation();
                double[] t = {back.tx(), back.ty(), back.tz()};
                for (int j = 0; j < 3; j++) {
                    points[3 * i + j] =
                            depth * (r[3 * j] * ray[0] + r[3 * j + 1] * ray[1] + r[3 * j + 2] * ray[2]) + t[j];
                }
                right[i] = i >= outliers * n;
                pixels[2 * i] = right[i] ? u + 0.5 * random.nextGaussian() : 640 * random.nextDouble();
                pixels[2 * i + 1] = right[i] ? v + 0.5 * random.nextGaussian() : 480 * random.nextDouble();
            }
            return new Problem(truth, cameras, points, pixels, right);
        }

        RigPoseEstimate estimate() {
            return new RigPoseEstimator(PoseEstimator.Options.defaults()).estimate(RIG, cameras, points, pixels);
        }
    }

    @ParameterizedTest
    @CsvSource({"20, 0, 0.03, 0.2", "100, 0.5, 0.02, 0.15", "300, 0.8, 0.015, 0.1"})
    void findsThePoseAmongOutliers(int n, double outliers, double position, double degrees) {
        for (int seed = 0; seed < 10; seed++) {
            Problem problem = Problem.random(n, outliers, seed);
            RigPoseEstimate found = problem.estimate();
            assertThat(found.status()).as("seed %d", seed).isEqualTo(Status.LOCALIZED);
            Pose pose = found.rigFromWorld().orElseThrow();
            assertThat(pose.positionError(problem.truth)).as("seed %d", seed).isLessThan(position);
            assertThat(pose.rotationErrorDegrees(problem.truth))
                    .as("seed %d", seed)
                    .isLessThan(degrees);
            long right =
                    Arrays.stream(found.inliers()).filter(i -> problem.right[i]).count();
            assertThat(right).as("seed %d", seed).isGreaterThanOrEqualTo((long) (0.98 * (n - outliers * n)));
            assertThat(found.inliers().length - right).isLessThanOrEqualTo(2);
        }
    }

    /** Too few points in each of the cameras, enough in all together. */
    @Test
    void camerasHelpEachOther() {
        Problem problem = Problem.random(6, 0, 2);
        for (int i = 0; i < 6; i++) {
            problem.cameras[i] = i % 3;
            Camera camera = RIG.cameras().get(i % 3);
            Pose pose = RIG.camerasFromRig().get(i % 3).after(problem.truth);
            double[] x = Arrays.copyOfRange(problem.points, 3 * i, 3 * i + 3);
            double[] ray = new double[3];
            double[] seen = new double[2];
            camera.unproject(100 + 60 * i, 400 - 50.0 * i, ray);
            double[] r = pose.inverse().rotation();
            double[] t = {
                pose.inverse().tx(), pose.inverse().ty(), pose.inverse().tz()
            };
            for (int j = 0; j < 3; j++) {
                x[j] = (4 + i) * (r[3 * j] * ray[0] + r[3 * j + 1] * ray[1] + r[3 * j + 2] * ray[2]) + t[j];
                problem.points[3 * i + j] = x[j];
            }
            seen[0] = 100 + 60 * i;
            seen[1] = 400 - 50.0 * i;
            System.arraycopy(seen, 0, problem.pixels, 2 * i, 2);
        }
        RigPoseEstimate found = problem.estimate();
        assertThat(found.inliers()).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(found.rigFromWorld().orElseThrow().positionError(problem.truth))
                .isLessThan(1e-6);
        for (int c = 0; c < 3; c++) {
            int[] own = {c, c + 3};
            double[] points = new double[6];
            double[] pixels = new double[4];
            for (int k = 0; k < 2; k++) {
                System.arraycopy(problem.points, 3 * own[k], points, 3 * k, 3);
                System.arraycopy(problem.pixels, 2 * own[k], pixels, 2 * k, 2);
            }
            assertThat(new PoseEstimator(PoseEstimator.Options.defaults())
                            .estimate(RIG.cameras().get(c), points, pixels)
                            .status())
                    .isEqualTo(Status.TOO_FEW_CORRESPONDENCES);
        }
    }

    @Test
    void theCovarianceTellsTheErrors() {
        double sum = 0;
        for (int seed = 0; seed < 40; seed++) {
            Problem problem = Problem.random(80, 0.2, seed);
            RigPoseEstimate found = problem.estimate();
            double error = found.rigFromWorld().orElseThrow().positionError(problem.truth);
            double[] c = found.covariance();
            sum += error * error / (c[21] + c[28] + c[35]);
        }
        assertThat(sum / 40).isBetween(0.5, 1.7);
    }

    @Test
    void oneCameraOfARigIsOneCamera() {
        PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 100, 0.5, 1, 3);
        Rig rig = new Rig(List.of(problem.camera()), List.of(Pose.IDENTITY));
        Pose found = new RigPoseEstimator(PoseEstimator.Options.defaults())
                .estimate(rig, new int[100], problem.points(), problem.pixels())
                .rigFromWorld()
                .orElseThrow();
        Pose other = problem.estimate().pose().orElseThrow();
        assertThat(found.positionError(other)).isLessThan(1e-5);
        assertThat(found.rotationErrorDegrees(other)).isLessThan(1e-5);
    }

    @Test
    void whatDeterminesNoPoseIsAStatus() {
        Problem random = Problem.random(60, 1, 5);
        assertThat(random.estimate().status()).isEqualTo(Status.NO_CONSENSUS);
        RigPoseEstimator estimator = new RigPoseEstimator(PoseEstimator.Options.defaults());
        assertThat(estimator
                        .estimate(RIG, new int[0], new double[0], new double[0])
                        .status())
                .isEqualTo(Status.TOO_FEW_CORRESPONDENCES);
        Problem broken = Problem.random(60, 0, 6);
        Arrays.fill(broken.points, Double.NaN);
        assertThat(broken.estimate().status()).isEqualTo(Status.TOO_FEW_CORRESPONDENCES);
    }

    @Test
    void theSameBitsComeAgain() {
        Problem problem = Problem.random(100, 0.6, 7);
        assertThat(problem.estimate()).isEqualTo(problem.estimate());
    }

    @Test
    void refusesWhatDoesNotFit() {
        RigPoseEstimator estimator = new RigPoseEstimator(PoseEstimator.Options.defaults());
        assertThatThrownBy(() -> estimator.estimate(RIG, new int[3], new double[12], new double[8]))
                .hasMessageContaining("a camera for each of 4 correspondences, got 3");
        assertThatThrownBy(() -> estimator.estimate(RIG, new int[] {0, 1, 2, 3}, new double[12], new double[8]))
                .hasMessageContaining("cameras must be from 0 to 2, got 3");
        assertThatThrownBy(() -> new Rig(RIG.cameras(), List.of(Pose.IDENTITY)))
                .hasMessageContaining("got 3 cameras and 1 poses");
        assertThatThrownBy(() -> new RigPoseEstimator(
                        PoseEstimator.Options.defaults().withFocalLength(PoseEstimator.FocalLength.UNKNOWN)))
                .hasMessageContaining("KNOWN");
    }
}
