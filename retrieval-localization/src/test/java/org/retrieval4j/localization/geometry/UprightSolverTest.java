package org.retrieval4j.localization.geometry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.retrieval4j.localization.pose.Pose;

class UprightSolverTest {
    @Test
    void theTruePoseIsAmongTheFound() {
        Random random = new Random(1);
        double[] poses = new double[UprightSolver.MOST * P3pSolver.POSE];
        for (int run = 0; run < 500; run++) {
            double[] n = random.doubles(16, -1, 1).toArray();
            Pose truth = new Pose(n[0], n[1], n[2], n[3], n[4], n[5], n[6]);
            double[] r = truth.rotation();
            double[] gravity = {n[7], n[8], n[9]};
            double[] seenGravity = new double[3];
            double[] rays = {n[10], n[11], 1, n[12], n[13], 1};
            double[] points = new double[6];
            for (int p = 0; p < 2; p++) {
                double depth = 2 + 3 * random.nextDouble();
                double[] moved = {
                    depth * rays[3 * p] - truth.tx(), depth * rays[3 * p + 1] - truth.ty(), depth - truth.tz()
                };
                for (int i = 0; i < 3; i++) {
                    seenGravity[i] =
                            2 * (r[3 * i] * gravity[0] + r[3 * i + 1] * gravity[1] + r[3 * i + 2] * gravity[2]);
                    points[3 * p + i] = r[i] * moved[0] + r[3 + i] * moved[1] + r[6 + i] * moved[2];
                }
            }
            int count = UprightSolver.solve(rays, points, seenGravity, gravity, poses);
            double nearest = Double.POSITIVE_INFINITY;
            for (int k = 0; k < count; k++) {
                Pose found = Pose.ofRotation(
                        java.util.Arrays.copyOfRange(poses, 12 * k, 12 * k + 9),
                        poses[12 * k + 9],
                        poses[12 * k + 10],
                        poses[12 * k + 11]);
                nearest = Math.min(nearest, found.positionError(truth) + found.rotationErrorDegrees(truth));
            }
            assertThat(nearest).as("run %d, %d poses", run, count).isLessThan(1e-6);
        }
    }

    @Test
    void pointsAboveEachOtherHaveNone() {
        double[] down = {0, 1, 0};
        assertThat(UprightSolver.solve(
                        new double[] {0, 0.1, 1, 0, 0.5, 1},
                        new double[] {1, 1, 1, 1, 2, 1},
                        down,
                        down,
                        new double[24]))
                .isZero();
    }
}
