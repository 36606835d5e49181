package org.retrieval4j.localization.geometry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Poses of three points against solutions in 60 digits. */
class P3pSolverTest {
    private static final int PROBLEMS = 200;

    /** Solutions of a larger condition, two of which nearly coincide, may be missed; all are found here but four of 440. */
    private static final double DELICATE = 1e5;

    private static final int FOUND = 436;

    @Test
    void threePointsGiveAllTheirPosesAndNoOthers() {
        double[] x = Fixture.array("p3p_x").toDoubles();
        double[] points = Fixture.array("p3p_X").toDoubles();
        int[] counts = Fixture.array("p3p_count").toInts();
        double[] rotations = Fixture.array("p3p_R").toDoubles();
        double[] translations = Fixture.array("p3p_t").toDoubles();
        double[] condition = Fixture.array("p3p_condition").toDoubles();
        int hits = 0;
        P3pSolver solver = new P3pSolver();
        double[] poses = new double[P3pSolver.MOST * P3pSolver.POSE];
        for (int i = 0; i < PROBLEMS; i++) {
            double[] rays = new double[9];
            for (int p = 0; p < 3; p++) {
                rays[3 * p] = x[6 * i + 2 * p];
                rays[3 * p + 1] = x[6 * i + 2 * p + 1];
                rays[3 * p + 2] = 1;
            }
            double[] world = java.util.Arrays.copyOfRange(points, 9 * i, 9 * i + 9);
            int found = solver.solve(rays, world, poses);
            boolean wellPosed = true;
            for (int j = 0; j < counts[i]; j++) {
                int at = 4 * i + j;
                wellPosed &= condition[at] < DELICATE;
                double nearest = Double.POSITIVE_INFINITY;
                for (int k = 0; k < found; k++) {
                    double difference = 0;
                    for (int e = 0; e < 9; e++) {
                        difference = Math.max(difference, Math.abs(poses[12 * k + e] - rotations[9 * at + e]));
                    }
                    double size = 1;
                    for (int e = 0; e < 3; e++) {
                        size = Math.max(size, Math.abs(translations[3 * at + e]));
                    }
                    for (int e = 0; e < 3; e++) {
                        difference =
                                Math.max(difference, Math.abs(poses[12 * k + 9 + e] - translations[3 * at + e]) / size);
                    }
                    nearest = Math.min(nearest, difference);
                }
                boolean hit = nearest < 1e-12 * Math.max(1, condition[at]);
                hits += hit ? 1 : 0;
                assertThat(hit || condition[at] >= DELICATE)
                        .as("problem %d, solution %d of %d, condition %g: %g", i, j, counts[i], condition[at], nearest)
                        .isTrue();
            }
            if (wellPosed) {
                assertThat(found).as("problem %d", i).isEqualTo(counts[i]);
            }
        }
        assertThat(hits).isGreaterThanOrEqualTo(FOUND);
    }

    @Test
    void pointsOnALineHaveNoPose() {
        double[] rays = {0, 0, 1, 0.6, 0, 0.8, 0, 0.6, 0.8};
        assertThat(new P3pSolver()
                        .solve(rays, new double[] {0, 0, 0, 1, 1, 1, 3, 3, 3}, new double[P3pSolver.MOST * 12]))
                .isZero();
    }
}
