package org.retrieval4j.localization.pose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.geometry.Fixture;
import org.retrieval4j.localization.pose.PoseRefinement.Options;
import org.retrieval4j.localization.pose.PoseRefinement.Result;

class PoseRefinementTest {
    private static final Pose NEARBY = new Pose(1, 0.01, -0.02, 0.015, 0.1, -0.2, 0.15);

    private static Result refine(PoseProblem problem, PosePrior prior, Options options) {
        return PoseRefinement.refine(
                problem.camera(), problem.points(), problem.pixels(), NEARBY.after(problem.truth()), prior, options);
    }

    /** From the true pose and from one beside it, least squares ends where another program's ended. */
    @ParameterizedTest
    @ValueSource(ints = {0, 6, 9, 12, 18, 24, 25, 26, 27})
    void endsInTheLeastSquaresOptimum(int problem) {
        String name = "robust_pnp/p" + (problem < 10 ? "0" : "") + problem;
        double[] points = Fixture.array(name + "_X").toDoubles();
        double[] pixels = Fixture.array(name + "_x").toDoubles();
        int[] inlier = Fixture.array(name + "_inlier").toInts();
        double[] best = Fixture.array("robust_pnp/ls_pose").toDoubles();
        int n = 0;
        for (int i = 0; i < inlier.length; i++) {
            if (inlier[i] == 1) {
                System.arraycopy(points, 3 * i, points, 3 * n, 3);
                System.arraycopy(pixels, 2 * i, pixels, 2 * n, 2);
                n++;
            }
        }
        Pose right = new Pose(
                best[8 * problem],
                best[8 * problem + 1],
                best[8 * problem + 2],
                best[8 * problem + 3],
                best[8 * problem + 4],
                best[8 * problem + 5],
                best[8 * problem + 6]);
        Result found = PoseRefinement.refine(
                PoseProblem.PINHOLE,
                java.util.Arrays.copyOf(points, 3 * n),
                java.util.Arrays.copyOf(pixels, 2 * n),
                NEARBY.after(right),
                PosePrior.NONE,
                Options.defaults());
        assertThat(found.converged()).isTrue();
        assertThat(found.pose().rotationErrorDegrees(right)).isLessThan(1e-6);
        assertThat(found.pose().positionError(right)).isLessThan(1e-6);
        assertThat(found.cost()).isCloseTo(best[8 * problem + 7], within(1e-6));
    }

    @ParameterizedTest
    @EnumSource(names = {"HUBER", "CAUCHY", "TRUNCATED"})
    void robustLossesBearOutliers(Loss loss) {
        PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 300, 0.15, 1, 2);
        double plain =
                refine(problem, PosePrior.NONE, Options.defaults()).pose().rotationErrorDegrees(problem.truth());
        Pose start = loss == Loss.TRUNCATED
                ? new Pose(1, 1e-4, 0, 0, 0, 0, 0).after(problem.truth())
                : NEARBY.after(problem.truth());
        Result found = PoseRefinement.refine(
                problem.camera(),
                problem.points(),
                problem.pixels(),
                start,
                PosePrior.NONE,
                Options.defaults().withLoss(loss, loss == Loss.TRUNCATED ? 5 : 1));
        double robust = found.pose().rotationErrorDegrees(problem.truth());
        assertThat(robust).isLessThan(plain / 4);
    }

    @ParameterizedTest
    @EnumSource
    void theWeightIsTheDerivativeOfTheLoss(Loss loss) {
        for (double s : new double[] {0.1, 0.7, 1.5, 40}) {
            double step = loss == Loss.MAGSAC ? 0.01 : 1e-6; // that is a table
            double numeric = (loss.of(s + step) - loss.of(s - step)) / (2 * step);
            assertThat(loss.weight(s)).isCloseTo(numeric, within(loss == Loss.MAGSAC ? 1e-3 : 1e-6));
        }
    }

    /** A step in any direction from where it ended costs more, with all priors and an unknown focal length. */
    @Test
    void noNeighborIsBetter() {
        PoseProblem problem =
                PoseProblem.random(Camera.parse("OPENCV 1024 768 800 780 512 384 -0.1 0.02 0.001 -0.001"), 12, 0, 1, 3);
        Pose p = problem.truth();
        double[] c = p.center();
        double[] r = p.rotation();
        PosePrior prior = PosePrior.NONE
                .withPose(new Pose(1, 0.02, 0.01, -0.03, 0.1, 0, 0).after(p), 0.05, 0.5)
                .withPosition(new PosePrior.Position(c[0] + 0.1, c[1], c[2], 0.05))
                .withGravity(new PosePrior.Gravity(0, 0, 1, r[2] + 0.02, r[5], r[8], 0.3));
        Options options = Options.defaults().withLoss(Loss.HUBER, 1).withFocal(true);
        Result best = refine(problem, prior, options);
        assertThat(best.converged()).isTrue();
        Options still = options.withMaxIterations(1).withFocal(false);
        for (int axis = 0; axis < 6; axis++) {
            for (double step : new double[] {-1e-4, 1e-4}) {
                double[] w = new double[3];
                double[] t = new double[3];
                (axis < 3 ? w : t)[axis % 3] = step;
                Pose beside = new Pose(1, w[0] / 2, w[1] / 2, w[2] / 2, t[0], t[1], t[2]).after(best.pose());
                assertThat(cost(problem, best.camera(), beside, prior, still)).isGreaterThan(best.cost());
            }
        }
        for (double factor : new double[] {0.9999, 1.0001}) {
            double[] parameters = best.camera().parameters();
            parameters[0] *= factor;
            parameters[1] *= factor;
            Camera zoomed = new Camera(best.camera().model(), 1024, 768, parameters);
            assertThat(cost(problem, zoomed, best.pose(), prior, still)).isGreaterThan(best.cost());
        }
    }

    /** The cost at a pose, written out. */
    private static double cost(PoseProblem problem, Camera camera, Pose pose, PosePrior prior, Options options) {
        double cost = 0;
        double[] r = pose.rotation();
        double[] pixel = new double[2];
        for (int i = 0; i < problem.inlier().length; i++) {
            double x = problem.points()[3 * i];
            double y = problem.points()[3 * i + 1];
            double z = problem.points()[3 * i + 2];
            camera.project(
                    r[0] * x + r[1] * y + r[2] * z + pose.tx(),
                    r[3] * x + r[4] * y + r[5] * z + pose.ty(),
                    r[6] * x + r[7] * y + r[8] * z + pose.tz(),
                    pixel);
            cost += options.loss()
                    .of(Math.pow(pixel[0] - problem.pixels()[2 * i], 2)
                            + Math.pow(pixel[1] - problem.pixels()[2 * i + 1], 2));
        }
        double[] c = pose.center();
        PosePrior.Position p = prior.position().orElseThrow();
        cost += (Math.pow(c[0] - p.x(), 2) + Math.pow(c[1] - p.y(), 2) + Math.pow(c[2] - p.z(), 2))
                / Math.pow(p.sigma(), 2);
        PosePrior.Gravity g = prior.gravity().orElseThrow();
        cost += (Math.pow(r[2] - g.cameraX(), 2) + Math.pow(r[5] - g.cameraY(), 2) + Math.pow(r[8] - g.cameraZ(), 2))
                / Math.pow(Math.toRadians(g.sigmaDegrees()), 2);
        PosePrior.Rotation turned = prior.rotation().orElseThrow();
        return cost + Math.pow(pose.rotationErrorDegrees(turned.pose()) / turned.sigmaDegrees(), 2);
    }

    @Test
    void findsTheFocalLength() {
        PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 100, 0, 0, 4);
        Camera wrong = Camera.parse("PINHOLE 1024 768 700 700 512 384");
        Result found = PoseRefinement.refine(
                wrong,
                problem.points(),
                problem.pixels(),
                NEARBY.after(problem.truth()),
                PosePrior.NONE,
                Options.defaults().withFocal(true));
        assertThat(found.camera().focalLength()).isCloseTo(800, within(1e-4));
        assertThat(found.pose().positionError(problem.truth())).isLessThan(1e-6);
    }

    @Test
    void aStrongPriorDecides() {
        PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 20, 0, 1, 5);
        Pose wanted = NEARBY.after(problem.truth());
        Result found = refine(problem, PosePrior.NONE.withPose(wanted, 1e-7, 1e-7), Options.defaults());
        assertThat(found.pose().positionError(wanted)).isLessThan(1e-6);
        assertThat(found.pose().rotationErrorDegrees(wanted)).isLessThan(1e-6);
    }

    @Test
    void twoPointsAndPriorsAreEnough() {
        PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 2, 0, 0, 6);
        double[] c = problem.truth().center();
        double[] r = problem.truth().rotation();
        PosePrior prior = PosePrior.NONE
                .withPosition(new PosePrior.Position(c[0], c[1], c[2], 0.01))
                .withGravity(new PosePrior.Gravity(0, 0, 1, r[2], r[5], r[8], 0.1));
        Result found = refine(problem, prior, Options.defaults());
        assertThat(found.covariance()).hasSize(36);
        assertThat(found.pose().positionError(problem.truth())).isLessThan(1e-6);
        assertThat(refine(problem, PosePrior.NONE, Options.defaults()).covariance())
                .isEmpty();
    }

    @Test
    void refusesWhatIsNotFinite() {
        assertThatThrownBy(() -> PoseRefinement.refine(
                        PoseProblem.PINHOLE,
                        new double[] {0, 0, Double.NaN},
                        new double[2],
                        Pose.IDENTITY,
                        PosePrior.NONE,
                        Options.defaults()))
                .hasMessage("points[2] must be finite, got NaN");
        assertThatThrownBy(() -> Options.defaults().withNoisePixels(0)).hasMessageContaining("got 0.0");
    }
}
