package org.retrieval4j.localization.geometry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.retrieval4j.localization.pose.Pose;

class GeneralizedP3pSolverTest {
    /** Three points seen along rays of a rig, and the rig's true pose. */
    private record Problem(double[] origins, double[] rays, double[] points, Pose truth) {
        /**
         * Of random origins and directions.
         *
         * @param apart standard deviation of the origins' coordinates
         * @param depth of the points, about
         * @param shared whether two rays have one origin
         */
        static Problem random(double apart, double depth, boolean shared, long seed) {
            Random random = new Random(seed);
            Pose truth = new Pose(
                    random.nextGaussian(),
                    random.nextGaussian(),
                    random.nextGaussian(),
                    random.nextGaussian(),
                    3 * random.nextGaussian(),
                    3 * random.nextGaussian(),
                    3 * random.nextGaussian());
            Pose back = truth.inverse();
            double[] r = back.rotation();
            double[] origins = new double[9];
            double[] rays = new double[9];
            double[] points = new double[9];
            for (int i = 0; i < 3; i++) {
                double distance = depth * (0.5 + random.nextDouble());
                double length = 0.3 + random.nextDouble();
                double[] y = new double[3];
                double[] ray = {random.nextGaussian(), random.nextGaussian(), random.nextGaussian()};
                double size = Math.sqrt(ray[0] * ray[0] + ray[1] * ray[1] + ray[2] * ray[2]);
                for (int j = 0; j < 3; j++) {
                    origins[3 * i + j] = i == 1 && shared ? origins[j] : apart * random.nextGaussian();
                    rays[3 * i + j] = length * ray[j] / size;
                    y[j] = origins[3 * i + j] + distance * ray[j] / size;
                }
                points[3 * i] = r[0] * y[0] + r[1] * y[1] + r[2] * y[2] + back.tx();
                points[3 * i + 1] = r[3] * y[0] + r[4] * y[1] + r[5] * y[2] + back.ty();
                points[3 * i + 2] = r[6] * y[0] + r[7] * y[1] + r[8] * y[2] + back.tz();
            }
            return new Problem(origins, rays, points, truth);
        }

        /** Distance of the nearest pose from the true one: entries of the rotation, and of the translation by the depth. */
        double error(double[] poses, int count, double depth) {
            double[] r = truth.rotation();
            double[] t = {truth.tx(), truth.ty(), truth.tz()};
            double best = Double.POSITIVE_INFINITY;
            for (int k = 0; k < count; k++) {
                double worst = 0;
                for (int i = 0; i < 9; i++) {
                    worst = Math.max(worst, Math.abs(poses[12 * k + i] - r[i]));
                }
                for (int i = 0; i < 3; i++) {
                    worst = Math.max(worst, Math.abs(poses[12 * k + 9 + i] - t[i]) / depth);
                }
                best = Math.min(best, worst);
            }
            return best;
        }

        /** Each pose must put the points onto their rays, before the origins, and be a rotation. */
        void check(double[] poses, int count, double tolerance) {
            for (int k = 0; k < count; k++) {
                double[] m = Arrays.copyOfRange(poses, 12 * k, 12 * k + 12);
                for (int i = 0; i < 3; i++) {
                    double along = 0;
                    double squared = 0;
                    double ray = 0;
                    for (int j = 0; j < 3; j++) {
                        double y = m[3 * j] * points[3 * i]
                                + m[3 * j + 1] * points[3 * i + 1]
                                + m[3 * j + 2] * points[3 * i + 2]
                                + m[9 + j]
                                - origins[3 * i + j];
                        along += y * rays[3 * i + j];
                        squared += y * y;
                        ray += rays[3 * i + j] * rays[3 * i + j];
                    }
                    assertThat(along).isPositive();
                    assertThat(along / Math.sqrt(squared * ray)).isGreaterThan(1 - tolerance);
                }
                Pose.ofRotation(Arrays.copyOf(m, 9), m[9], m[10], m[11]);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 3, false", "1, 3, true", "0.3, 20, false", "0.3, 20, true", "0.01, 5, false", "0, 5, false"})
    void findsTheTruePose(double apart, double depth, boolean shared) {
        GeneralizedP3pSolver exact = new GeneralizedP3pSolver();
        GeneralizedP3pSolver quick = new GeneralizedP3pSolver(true);
        double[] poses = new double[12 * GeneralizedP3pSolver.MOST];
        int missed = 0;
        for (int seed = 0; seed < 500; seed++) {
            Problem problem = Problem.random(apart, depth, shared, seed);
            int count = exact.solve(problem.origins, problem.rays, problem.points, poses);
            assertThat(problem.error(poses, count, depth)).as("seed %d", seed).isLessThan(1e-6);
            problem.check(poses, count, 1e-9);
            int fewer = quick.solve(problem.origins, problem.rays, problem.points, poses);
            missed += problem.error(poses, fewer, depth) < 1e-3 ? 0 : 1;
        }
        assertThat(missed).isLessThanOrEqualTo(2);
    }

    /** With one origin the problem is that of one camera: both solvers find the same poses. */
    @Test
    void agreesWithTheSolverOfOneCamera() {
        GeneralizedP3pSolver general = new GeneralizedP3pSolver();
        P3pSolver central = new P3pSolver();
        double[] poses = new double[12 * GeneralizedP3pSolver.MOST];
        double[] others = new double[12 * P3pSolver.MOST];
        int differing = 0;
        for (int seed = 0; seed < 500; seed++) {
            Problem problem = Problem.random(0, 4, false, seed);
            int count = general.solve(problem.origins, problem.rays, problem.points, poses);
            differing += count == central.solve(problem.rays, problem.points, others) ? 0 : 1;
        }
        assertThat(differing).isZero();
    }

    @Test
    void pointsOnALineOrInOnePlaceGiveNone() {
        double[] origins = {0, 0, 0, 1, 0, 0, 0, 1, 0};
        double[] rays = {0, 0, 1, 0, 0.1, 1, 0.1, 0, 1};
        double[] poses = new double[12 * GeneralizedP3pSolver.MOST];
        GeneralizedP3pSolver solver = new GeneralizedP3pSolver();
        assertThat(solver.solve(origins, rays, new double[] {0, 0, 4, 1, 1, 5, 2, 2, 6}, poses))
                .isZero();
        assertThat(solver.solve(origins, rays, new double[9], poses)).isZero();
        assertThat(solver.solve(origins, rays, new double[] {1, 2, 3, 1, 2, 3, 4, 5, 7}, poses))
                .isZero();
    }

    /** Parallel rays fix no depth: whatever is found agrees with the rays. */
    @Test
    void parallelRaysAreNoTrouble() {
        double[] origins = {0, 0, 0, 1, 0, 0, 0, 1, 0};
        double[] rays = {0, 0, 1, 0, 0, 1, 0, 0, 1};
        double[] poses = new double[12 * GeneralizedP3pSolver.MOST];
        Problem problem = new Problem(origins, rays, new double[] {0, 0, 0, 1, 0, 0, 0, 1, 0}, Pose.IDENTITY);
        int count = new GeneralizedP3pSolver().solve(origins, rays, problem.points, poses);
        problem.check(poses, count, 1e-6);
        assertThat(new GeneralizedP3pSolver()
                        .solve(origins, rays, new double[] {0, 0, 0, Double.NaN, 0, 0, 0, 1, 0}, poses))
                .isZero();
    }
}
