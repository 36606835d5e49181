package org.retrieval4j.localization.geometry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class P4pfSolverTest {
    private static final int PROBLEMS = 1000;

    private final P4pfSolver solver = new P4pfSolver();
    private final double[] models = new double[P4pfSolver.MODEL * P4pfSolver.MOST];

    /** Four points before the camera, in its frame turned by a random rotation; the factor is the last of the model. */
    private static double[] problem(Random random, double[] image, double[] points) {
        double[] model = new double[P4pfSolver.MODEL];
        double[] q = new double[4];
        double norm = 0;
        for (int i = 0; i < 4; i++) {
            q[i] = random.nextGaussian();
            norm += q[i] * q[i];
        }
        for (int i = 0; i < 4; i++) {
            q[i] /= Math.sqrt(norm);
        }
        double[] r = {
            1 - 2 * (q[2] * q[2] + q[3] * q[3]),
            2 * (q[1] * q[2] - q[0] * q[3]),
            2 * (q[1] * q[3] + q[0] * q[2]),
            2 * (q[1] * q[2] + q[0] * q[3]),
            1 - 2 * (q[1] * q[1] + q[3] * q[3]),
            2 * (q[2] * q[3] - q[0] * q[1]),
            2 * (q[1] * q[3] - q[0] * q[2]),
            2 * (q[2] * q[3] + q[0] * q[1]),
            1 - 2 * (q[1] * q[1] + q[2] * q[2])
        };
        System.arraycopy(r, 0, model, 0, 9);
        for (int i = 0; i < 3; i++) {
            model[9 + i] = random.nextGaussian();
        }
        double factor = Math.pow(5, 2 * random.nextDouble() - 1);
        model[12] = factor;
        for (int i = 0; i < 4; i++) {
            double depth = 2 + 8 * random.nextDouble();
            image[2 * i] = random.nextDouble() - 0.5;
            image[2 * i + 1] = random.nextDouble() - 0.5;
            double[] d = {
                depth * image[2 * i] / factor - model[9],
                depth * image[2 * i + 1] / factor - model[10],
                depth - model[11]
            };
            for (int j = 0; j < 3; j++) {
                points[3 * i + j] = r[j] * d[0] + r[3 + j] * d[1] + r[6 + j] * d[2];
            }
        }
        return model;
    }

    private double nearest(double[] image, double[] points, double[] truth) {
        int count = solver.solve(image, points, models);
        double nearest = Double.POSITIVE_INFINITY;
        for (int k = 0; k < count; k++) {
            double difference = Math.abs(models[13 * k + 12] / truth[12] - 1);
            for (int i = 0; i < 9; i++) {
                difference = Math.max(difference, Math.abs(models[13 * k + i] - truth[i]));
            }
            nearest = Math.min(nearest, difference);
        }
        return nearest;
    }

    @Test
    void findsPoseAndFocalLengthOfExactPoints() {
        Random random = new Random(1);
        double[] image = new double[8];
        double[] points = new double[12];
        int found = 0;
        for (int i = 0; i < PROBLEMS; i++) {
            double[] truth = problem(random, image, points);
            found += nearest(image, points, truth) < 1e-6 ? 1 : 0;
        }
        assertThat(found).isGreaterThanOrEqualTo(PROBLEMS * 98 / 100);
    }

    @Test
    void solutionsAreRotationsThatReproject() {
        Random random = new Random(2);
        double[] image = new double[8];
        double[] points = new double[12];
        for (int i = 0; i < PROBLEMS; i++) {
            problem(random, image, points);
            int count = solver.solve(image, points, models);
            double last = 0;
            for (int k = 0; k < count; k++) {
                double cost = 0;
                for (int j = 0; j < 4; j++) {
                    double[] p = new double[3];
                    for (int a = 0; a < 3; a++) {
                        p[a] = models[13 * k + 9 + a];
                        for (int b = 0; b < 3; b++) {
                            p[a] += models[13 * k + 3 * a + b] * points[3 * j + b];
                        }
                    }
                    assertThat(p[2]).isPositive();
                    cost += Math.pow(models[13 * k + 12] * p[0] / p[2] - image[2 * j], 2);
                    cost += Math.pow(models[13 * k + 12] * p[1] / p[2] - image[2 * j + 1], 2);
                }
                assertThat(cost).as("the least error first").isGreaterThanOrEqualTo(last - 1e-15);
                last = cost;
                for (int a = 0; a < 3; a++) {
                    for (int b = 0; b < 3; b++) {
                        double dot = 0;
                        for (int c = 0; c < 3; c++) {
                            dot += models[13 * k + 3 * a + c] * models[13 * k + 3 * b + c];
                        }
                        assertThat(Math.abs(dot - (a == b ? 1 : 0))).isLessThan(1e-9);
                    }
                }
            }
        }
    }

    @Test
    void pointsOnALineHaveNoSolution() {
        double[] points = {0, 0, 5, 1, 0, 5, 2, 0, 5, 3, 0, 5};
        double[] image = {0, 0, 0.2, 0, 0.4, 0, 0.6, 0};
        assertThat(solver.solve(image, points, models)).isZero();
    }
}
