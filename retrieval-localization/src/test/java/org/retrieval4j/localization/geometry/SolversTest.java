package org.retrieval4j.localization.geometry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The minimal solvers against solutions in 60 digits, and against plain formulas. */
class SolversTest {
    private static final int PROBLEMS = 200;
    private static final int[] TWO = {0, 1};
    private static final int[] THREE = {0, 1, 2};
    private static final int[] FOUR = {0, 1, 2, 3};
    private static final int[] SEVEN = {0, 1, 2, 3, 4, 5, 6};

    @Test
    void fourPairsGiveTheirHomography() {
        double[] x1 = Fixture.array("h4_x1").toDoubles();
        double[] x2 = Fixture.array("h4_x2").toDoubles();
        double[] expected = Fixture.array("h4_H").toDoubles();
        double[] condition = Fixture.array("h4_condition").toDoubles();
        double[] h = new double[9];
        for (int i = 0; i < PROBLEMS; i++) {
            HomographySolver.solve(
                    Fixture.coordinates(x1, i, 4, 0),
                    Fixture.coordinates(x1, i, 4, 1),
                    Fixture.coordinates(x2, i, 4, 0),
                    Fixture.coordinates(x2, i, 4, 1),
                    FOUR,
                    h);
            double norm = Math.sqrt(Arrays.stream(h).map(v -> v * v).sum());
            double[] scaled = Arrays.stream(h).map(v -> v / norm).toArray();
            assertThat(Scenes.difference(scaled, Fixture.matrix(expected, i)))
                    .as("problem %d", i)
                    .isLessThan(1e-12 * Math.max(1, condition[i]));
        }
    }

    @Test
    void sevenPairsGiveAllTheirFundamentalMatricesAndNoOthers() {
        double[] x1 = Fixture.array("f7_x1").toDoubles();
        double[] x2 = Fixture.array("f7_x2").toDoubles();
        int[] counts = Fixture.array("f7_count").toInts();
        double[] expected = Fixture.array("f7_F").toDoubles();
        double[] condition = Fixture.array("f7_condition").toDoubles();
        FundamentalSolver solver = new FundamentalSolver();
        double[] models = new double[27];
        for (int i = 0; i < PROBLEMS; i++) {
            int found = solver.sevenPoint(
                    Fixture.coordinates(x1, i, 7, 0),
                    Fixture.coordinates(x1, i, 7, 1),
                    Fixture.coordinates(x2, i, 7, 0),
                    Fixture.coordinates(x2, i, 7, 1),
                    SEVEN,
                    models);
            boolean wellPosed = true;
            for (int j = 0; j < counts[i]; j++) {
                if (condition[3 * i + j] > 1e7) {
                    wellPosed = false;
                    continue;
                }
                double nearest = Double.POSITIVE_INFINITY;
                for (int k = 0; k < found; k++) {
                    nearest = Math.min(
                            nearest, Scenes.difference(Fixture.matrix(models, k), Fixture.matrix(expected, 3 * i + j)));
                }
                assertThat(nearest)
                        .as("problem %d, solution %d", i, j)
                        .isLessThan(1e-12 * Math.max(1, condition[3 * i + j]));
            }
            if (wellPosed) {
                assertThat(found).as("problem %d", i).isEqualTo(counts[i]);
            }
        }
    }

    @Test
    void threePairsGiveTheirAffineMap() {
        Random random = new Random(7);
        double[] h = new double[9];
        for (int trial = 0; trial < 100; trial++) {
            double[] x = random.doubles(3, -1, 1).toArray();
            double[] y = random.doubles(3, -1, 1).toArray();
            double[] a = random.doubles(6, -1, 1).toArray();
            double[] u = new double[3];
            double[] v = new double[3];
            for (int i = 0; i < 3; i++) {
                u[i] = a[0] * x[i] + a[1] * y[i] + a[2];
                v[i] = a[3] * x[i] + a[4] * y[i] + a[5];
            }
            boolean solved = AffineSolver.solve(x, y, u, v, THREE, h);
            if (a[0] * a[4] - a[1] * a[3] < 0) {
                assertThat(solved).as("trial %d mirrors", trial).isFalse();
            } else if (solved) {
                assertThat(Arrays.copyOf(h, 6)).as("trial %d", trial).containsExactly(a, within(1e-11));
            }
        }
    }

    @Test
    void twoPairsGiveTheirSimilarity() {
        double[] h = new double[9];
        double zoom = 1.7;
        double angle = 2.1;
        double[] x = {0.3, -0.4};
        double[] y = {0.1, 0.8};
        double[] u = new double[2];
        double[] v = new double[2];
        for (int i = 0; i < 2; i++) {
            u[i] = zoom * (Math.cos(angle) * x[i] - Math.sin(angle) * y[i]) + 0.5;
            v[i] = zoom * (Math.sin(angle) * x[i] + Math.cos(angle) * y[i]) - 0.2;
        }
        assertThat(SimilaritySolver.solve(x, y, u, v, TWO, h)).isTrue();
        double c = zoom * Math.cos(angle);
        double s = zoom * Math.sin(angle);
        assertThat(h).containsExactly(new double[] {c, -s, 0.5, s, c, -0.2, 0, 0, 1}, within(1e-14));
    }

    @Test
    void refusesDegenerateSamples() {
        double[] h = new double[9];
        double[] line = {0, 0.5, 1, 0.2};
        double[] square = {0, 1, 1, 0};
        double[] sides = {0, 0, 1, 1};
        double[] place = {0.3, 0.3, 0.3, 0.3};
        assertThat(SimilaritySolver.solve(place, place, line, square, TWO, h)).isFalse();
        assertThat(SimilaritySolver.solve(line, square, place, place, TWO, h)).isFalse();
        assertThat(AffineSolver.solve(line, line, square, sides, THREE, h)).isFalse();
        assertThat(AffineSolver.solve(square, sides, line, line, THREE, h)).isFalse();
        assertThat(HomographySolver.isSound(square, sides, square, sides, FOUR)).isTrue();
        double[] threeOnALine = {0, 0.5, 1, 1};
        double[] theirY = {0, 0.5, 1, 0};
        assertThat(HomographySolver.isSound(threeOnALine, theirY, square, sides, FOUR))
                .isFalse();
        assertThat(HomographySolver.isSound(square, sides, sides, square, FOUR))
                .as("mirrored")
                .isFalse();
        double[] crossed = {0, 1, 0, 1};
        assertThat(HomographySolver.isSound(square, sides, crossed, sides, FOUR))
                .as("one point crosses a side")
                .isFalse();
    }

    @Test
    void findsAllRootsOfCubics() {
        Random random = new Random(3);
        double[] roots = new double[3];
        for (int trial = 0; trial < 1000; trial++) {
            double[] r = random.doubles(3, -2, 2).sorted().toArray();
            double a = random.nextDouble() + 0.1;
            int count = CubicSolver.solve(
                    a,
                    -a * (r[0] + r[1] + r[2]),
                    a * (r[0] * r[1] + r[0] * r[2] + r[1] * r[2]),
                    -a * r[0] * r[1] * r[2],
                    roots);
            double gap = Math.min(r[1] - r[0], r[2] - r[1]);
            if (gap > 1e-4) {
                assertThat(count).as("trial %d", trial).isEqualTo(3);
                double[] sorted = Arrays.copyOf(roots, 3);
                Arrays.sort(sorted);
                assertThat(sorted).as("trial %d", trial).containsExactly(r, within(1e-14 / (gap * gap)));
            }
        }
        // (x - 2)(x² + x + 1): one real root
        assertThat(CubicSolver.solve(1, -1, -1, -2, roots)).isEqualTo(1);
        assertThat(roots[0]).isCloseTo(2, within(1e-14));
    }
}
