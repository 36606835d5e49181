package org.retrieval4j.localization.pose;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.geometry.Fixture;

class PoseFitTest {
    /** Image points (x/z, y/z) are thousands of pixels. */
    private static final Camera CAMERA = Camera.parse("SIMPLE_PINHOLE 1000 1000 1000 0 0");

    /** Four points leave two poses in some cases: of those, the one of least error is right only without noise. */
    @Test
    void endsInTheLeastSquaresOptimumOfManyAndFewAndFlatPoints() {
        int[] problems = Fixture.array("epnp_problem").toInts();
        double[] points = Fixture.array("epnp_X").toDoubles();
        double[] pixels = Fixture.array("epnp_x").toDoubles();
        double[] config = Fixture.array("epnp_config").toDoubles();
        double[] rotations = Fixture.array("epnp_ls_R").toDoubles();
        double[] translations = Fixture.array("epnp_ls_t").toDoubles();
        int from = 0;
        int others = 0;
        for (int p = 0; p < 200; p++) {
            int to = from;
            while (to < problems.length && problems[to] == p) {
                to++;
            }
            double[] x = Arrays.copyOfRange(points, 3 * from, 3 * to);
            double[] u = Arrays.copyOfRange(pixels, 2 * from, 2 * to);
            for (int i = 0; i < u.length; i++) {
                u[i] *= 1000;
            }
            from = to;
            Pose best = Pose.ofRotation(
                    Arrays.copyOfRange(rotations, 9 * p, 9 * p + 9),
                    translations[3 * p],
                    translations[3 * p + 1],
                    translations[3 * p + 2]);
            // a few of the references stop short of the optimum, by up to 1e-5 where the valley is flat
            PoseRefinement.Result there =
                    PoseRefinement.refine(CAMERA, x, u, best, PosePrior.NONE, PoseRefinement.Options.defaults());
            assertThat(error(there.pose(), best)).as("problem %d", p).isLessThan(1e-5);
            PoseRefinement.Result found = PoseFit.fit(CAMERA, x, u).orElseThrow();
            double error = error(found.pose(), there.pose());
            if (error > 1e-6) {
                others++;
                // another pose, which is as good or better
                assertThat(found.cost())
                        .as("problem %d, %s", p, Arrays.toString(Arrays.copyOfRange(config, 3 * p, 3 * p + 3)))
                        .isLessThanOrEqualTo(there.cost() + 1e-12);
                assertThat(config[3 * p]).as("problem %d: %g", p, error).isEqualTo(4);
            }
        }
        assertThat(others).isLessThan(10);
    }

    private static double error(Pose a, Pose b) {
        return Math.max(Math.toRadians(a.rotationErrorDegrees(b)), a.positionError(b));
    }

    @Test
    void fewerThanFourAndPointsOnALineHaveNone() {
        double[] line = {0, 0, 5, 1, 0, 6, 2, 0, 7, 3, 0, 8, 4, 0, 9};
        double[] pixels = new double[10];
        for (int i = 0; i < 5; i++) {
            pixels[2 * i] = 1000 * line[3 * i] / line[3 * i + 2];
        }
        assertThat(PoseFit.fit(CAMERA, line, pixels)).isEmpty();
        assertThat(PoseFit.fit(CAMERA, Arrays.copyOf(line, 9), Arrays.copyOf(pixels, 6)))
                .isEmpty();
        assertThat(PoseFit.fit(CAMERA, new double[15], pixels)).isEmpty();
    }
}
