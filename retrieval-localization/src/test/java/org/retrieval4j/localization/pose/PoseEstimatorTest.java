package org.retrieval4j.localization.pose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.Components;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.geometry.Fixture;
import org.retrieval4j.localization.geometry.Scoring;

class PoseEstimatorTest {
    private static final Pose POSE = new Pose(0.9, 0.1, -0.2, 0.3, 0.5, -0.4, 8);

    /** The reference's suggested acceptance: 1.5 times PoseLib's errors plus 0.02 degrees and units. */
    @ParameterizedTest
    @ValueSource(ints = {0, 6, 9, 12, 18, 24, 25, 26, 27})
    void isAsExactAsPoseLib(int problem) {
        String name = "robust_pnp/p" + (problem < 10 ? "0" : "") + problem;
        double[] points = Fixture.array(name + "_X").toDoubles();
        double[] pixels = Fixture.array(name + "_x").toDoubles();
        double[] truth = Fixture.array("robust_pnp/true_pose").toDoubles();
        double[] stats = Fixture.array("robust_pnp/poselib_stats").toDoubles();
        Pose right = pose(truth, 7 * problem);
        for (int seed = 0; seed < 10; seed++) {
            PoseEstimate found = new PoseEstimator(
                            PoseEstimator.Options.defaults().withSeed(seed))
                    .estimate(PoseProblem.PINHOLE, points, pixels);
            assertThat(found.status()).isEqualTo(Status.LOCALIZED);
            Pose pose = found.pose().orElseThrow();
            assertThat(pose.rotationErrorDegrees(right)).isLessThan(1.5 * stats[11 * problem + 3] + 0.02);
            assertThat(pose.positionError(right)).isLessThan(1.5 * stats[11 * problem + 4] + 0.02);
            assertThat(found.inliers().length)
                    .isCloseTo(
                            Arrays.stream(Fixture.array(name + "_inlier").toInts())
                                    .sum(),
                            within(3));
        }
    }

    private static Pose pose(double[] values, int at) {
        return new Pose(
                values[at],
                values[at + 1],
                values[at + 2],
                values[at + 3],
                values[at + 4],
                values[at + 5],
                values[at + 6]);
    }

    @ParameterizedTest
    @CsvSource({"50, 0", "100, 0.5", "100, 0.9", "1000, 0.9"})
    void comesNearTheLeastSquaresOfTheRightCorrespondences(int n, double outliers) {
        int missed = 0;
        for (int seed = 0; seed < 20; seed++) {
            PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, n, outliers, 1, seed);
            Pose found = problem.estimate().pose().orElseThrow();
            Pose best = problem.optimum();
            boolean near = found.rotationErrorDegrees(best) < 0.3 * best.rotationErrorDegrees(problem.truth()) + 0.002;
            missed += near ? 0 : 1;
        }
        assertThat(missed).isLessThanOrEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SIMPLE_RADIAL 1024 768 800 512 384 -0.1",
                "OPENCV 1024 768 800 790 512 384 -0.1 0.02 0.001 -0.001",
                "OPENCV_FISHEYE 1024 1024 330 330 512 512 0.01 -0.002 0 0",
                "FOV 1024 768 600 600 512 384 0.9",
                "EQUIRECTANGULAR 2048 1024 2048 1024"
            })
    void seesThroughEveryLens(String text) {
        for (int seed = 0; seed < 5; seed++) {
            PoseProblem problem = PoseProblem.random(Camera.parse(text), 200, 0.6, 1, seed);
            PoseEstimate found = problem.estimate();
            assertThat(found.status()).as("seed %d", seed).isEqualTo(Status.LOCALIZED);
            assertThat(found.pose().orElseThrow().rotationErrorDegrees(problem.optimum()))
                    .as("seed %d", seed)
                    .isLessThan(0.02);
        }
    }

    @Test
    void theCovarianceTellsTheErrors() {
        double position = 0;
        double rotation = 0;
        int runs = 200;
        for (int seed = 0; seed < runs; seed++) {
            PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 60, 0.3, 1, seed);
            PoseEstimate found = problem.estimate();
            Pose pose = found.pose().orElseThrow();
            position += Math.pow(pose.positionError(problem.truth()) / found.positionSigma(), 2) / runs;
            rotation += Math.pow(pose.rotationErrorDegrees(problem.truth()) / found.rotationSigmaDegrees(), 2) / runs;
        }
        assertThat(position).isBetween(0.75, 1.3);
        assertThat(rotation).isBetween(0.75, 1.3);
    }

    @Test
    void farCoordinatesLoseNothing() {
        PoseProblem near = PoseProblem.random(PoseProblem.PINHOLE, 100, 0.5, 1, 3);
        double[] shift = {4_500_000, 5_400_000, 300};
        double[] points = near.points().clone();
        for (int i = 0; i < points.length; i++) {
            points[i] += shift[i % 3];
        }
        Pose here = near.estimate().pose().orElseThrow();
        Pose there = new PoseEstimator(PoseEstimator.Options.defaults())
                .estimate(near.camera(), points, near.pixels())
                .pose()
                .orElseThrow();
        double[] a = here.center();
        double[] b = there.center();
        for (int i = 0; i < 3; i++) {
            assertThat(b[i] - shift[i]).isCloseTo(a[i], within(1e-5));
        }
        assertThat(there.rotationErrorDegrees(here)).isLessThan(1e-5);
    }

    @Test
    void randomCorrespondencesHaveNoConsensus() {
        for (int n : new int[] {4, 5, 8, 20, 100, 1000}) {
            for (int seed = 0; seed < 20; seed++) {
                PoseEstimate found = PoseProblem.random(PoseProblem.PINHOLE, n, 1, 1, seed)
                        .estimate(PoseEstimator.Options.defaults().withIterations(20, 3000));
                assertThat(found.status()).as("%d points, seed %d", n, seed).isEqualTo(Status.NO_CONSENSUS);
                assertThat(found.score()).isZero();
                assertThat(found.inliers()).isEmpty();
            }
        }
    }

    @Test
    void fewerThanFourAreTooFew() {
        for (int n = 0; n < 4; n++) {
            PoseEstimate found =
                    PoseProblem.random(PoseProblem.PINHOLE, n, 0, 0, 1).estimate();
            assertThat(found.status()).isEqualTo(Status.TOO_FEW_CORRESPONDENCES);
            assertThat(found.pose()).isEmpty();
        }
    }

    @Test
    void fourAreEnoughIfTheyDetermineThePose() {
        int localized = 0;
        for (int seed = 0; seed < 200; seed++) {
            PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 4, 0, 0, seed);
            PoseEstimate found = problem.estimate();
            if (found.status() == Status.LOCALIZED) {
                localized++;
                assertThat(found.pose().orElseThrow().rotationErrorDegrees(problem.truth()))
                        .as("seed %d", seed)
                        .isLessThan(1e-4);
            }
        }
        assertThat(localized).isGreaterThan(150);
    }

    @Test
    void pointsOnALineDetermineNoPose() {
        for (double noise : new double[] {0, 0.5, 1}) {
            for (int seed = 0; seed < 20; seed++) {
                Random random = new Random(seed);
                double[] points = new double[150];
                for (int i = 0; i < 50; i++) {
                    double along = 4 * random.nextDouble() - 2;
                    points[3 * i] = along;
                    points[3 * i + 1] = 0.3 * along + 1e-3 * noise * random.nextGaussian();
                    points[3 * i + 2] = 0.5 * along + 1e-3 * noise * random.nextGaussian();
                }
                assertThat(PoseProblem.of(POSE, points, noise, seed).estimate().pose())
                        .as("seed %d", seed)
                        .isEmpty();
            }
        }
    }

    @Test
    void pointsOnAPlaneSeenFromNearDetermineThePose() {
        for (int seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            double[] points = new double[300];
            for (int i = 0; i < 100; i++) {
                points[3 * i] = 8 * random.nextDouble() - 4;
                points[3 * i + 1] = 6 * random.nextDouble() - 3;
            }
            PoseProblem problem = PoseProblem.of(POSE, points, 0.5, seed);
            PoseEstimate found = problem.estimate();
            assertThat(found.status()).isEqualTo(Status.LOCALIZED);
            assertThat(found.pose().orElseThrow().rotationErrorDegrees(POSE)).isLessThan(0.3);
        }
    }

    /** A small flat target far away looks alike turned to either side. */
    @Test
    void aPlaneThatFitsTwoPosesDeterminesNone() {
        Pose far = new Pose(0.98, 0.12, 0.15, 0, 0.5, 0.2, 60);
        int localized = 0;
        int refined = 0;
        for (int seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            double[] points = new double[60];
            for (int i = 0; i < 20; i++) {
                points[3 * i] = 2 * random.nextDouble() - 1;
                points[3 * i + 1] = 2 * random.nextDouble() - 1;
            }
            PoseProblem problem = PoseProblem.of(far, points, 1, seed);
            localized += problem.estimate().status() == Status.LOCALIZED ? 1 : 0;
            refined += new PoseEstimator(PoseEstimator.Options.defaults())
                                    .refine(problem.camera(), problem.points(), problem.pixels(), far)
                                    .status()
                            == Status.LOCALIZED
                    ? 1
                    : 0;
        }
        assertThat(localized).isLessThanOrEqualTo(1);
        assertThat(refined).isLessThanOrEqualTo(2);
    }

    @Test
    void pointsBehindTheCameraNeverAgree() {
        PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 60, 0, 0.5, 4);
        double[] c = problem.truth().center();
        double[] points = problem.points().clone();
        for (int i = 0; i < 20; i++) { // mirrored in the center: the same pixel, behind
            for (int j = 0; j < 3; j++) {
                points[3 * i + j] = 2 * c[j] - points[3 * i + j];
            }
        }
        PoseEstimate found = new PoseEstimator(PoseEstimator.Options.defaults())
                .estimate(problem.camera(), points, problem.pixels());
        assertThat(found.status()).isEqualTo(Status.LOCALIZED);
        assertThat(found.inliers()).hasSize(40);
        assertThat(found.inliers()[0]).isEqualTo(20);
    }

    @Test
    void rowsThatAreNotFiniteArePassedOver() {
        PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 60, 0.3, 0.5, 5);
        double[] points = problem.points().clone();
        double[] pixels = problem.pixels().clone();
        points[3 * 7] = Double.NaN;
        points[3 * 8 + 1] = Double.POSITIVE_INFINITY;
        pixels[2 * 9] = Double.NaN;
        pixels[2 * 10 + 1] = Double.NEGATIVE_INFINITY;
        PoseEstimate found =
                new PoseEstimator(PoseEstimator.Options.defaults()).estimate(problem.camera(), points, pixels);
        assertThat(found.status()).isEqualTo(Status.LOCALIZED);
        assertThat(found.inliers()).doesNotContain(7, 8, 9, 10);
        Arrays.fill(points, Double.NaN);
        assertThat(new PoseEstimator(PoseEstimator.Options.defaults())
                        .estimate(problem.camera(), points, pixels)
                        .status())
                .isEqualTo(Status.TOO_FEW_CORRESPONDENCES);
    }

    @Test
    void copiesOfACorrespondenceCountOnce() {
        PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 40, 0.5, 0.5, 6);
        // a wrong correspondence, a hundred times within a pixel
        int wrong = 0;
        while (problem.inlier()[wrong]) {
            wrong++;
        }
        Random random = new Random(1);
        double[] points = Arrays.copyOf(problem.points(), 3 * 140);
        double[] pixels = Arrays.copyOf(problem.pixels(), 2 * 140);
        for (int i = 40; i < 140; i++) {
            System.arraycopy(points, 3 * wrong, points, 3 * i, 3);
            pixels[2 * i] = pixels[2 * wrong] + random.nextDouble();
            pixels[2 * i + 1] = pixels[2 * wrong + 1] + random.nextDouble();
        }
        PoseEstimate alone = problem.estimate();
        PoseEstimate found =
                new PoseEstimator(PoseEstimator.Options.defaults()).estimate(problem.camera(), points, pixels);
        assertThat(alone.inliers()).hasSize(20);
        assertThat(found.inliers()).containsExactly(alone.inliers());
        assertThat(found.score()).isEqualTo(alone.score());
    }

    @Test
    void aKeypointOrAPointIsAnInlierOnce() {
        PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 40, 0, 0.3, 7);
        double[] points = Arrays.copyOf(problem.points(), 3 * 42);
        double[] pixels = Arrays.copyOf(problem.pixels(), 2 * 42);
        double[] c = problem.truth().center();
        // the keypoint of row 3 with another point on nearly its ray; the point of row 5 with another keypoint
        for (int j = 0; j < 3; j++) {
            points[3 * 40 + j] = c[j] + 1.2 * (points[9 + j] - c[j]);
        }
        pixels[80] = pixels[6];
        pixels[81] = pixels[7];
        System.arraycopy(points, 15, points, 3 * 41, 3);
        pixels[82] = pixels[10] + 2;
        pixels[83] = pixels[11];
        PoseEstimate found =
                new PoseEstimator(PoseEstimator.Options.defaults()).estimate(problem.camera(), points, pixels);
        List<Integer> inliers = new ArrayList<>();
        Arrays.stream(found.inliers()).forEach(inliers::add);
        assertThat(inliers).hasSize(40);
        assertThat(inliers.contains(3) && inliers.contains(40)).isFalse();
        assertThat(inliers).contains(5).doesNotContain(41);
    }

    @Test
    void aSinglePointInManyPlacesIsTooFew() {
        double[] points = new double[300];
        Arrays.fill(points, 2);
        double[] pixels = new Random(2).doubles(200, 0, 700).toArray();
        assertThat(new PoseEstimator(PoseEstimator.Options.defaults())
                        .estimate(PoseProblem.PINHOLE, points, pixels)
                        .pose())
                .isEmpty();
    }

    @Test
    void goodQualitiesSaveSamples() {
        PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 2000, 0.97, 1, 8);
        double[] qualities = new double[2000];
        Random random = new Random(9);
        for (int i = 0; i < 2000; i++) {
            qualities[i] = random.nextDouble() + (problem.inlier()[i] ? 0.8 : 0);
        }
        PoseEstimator estimator =
                new PoseEstimator(PoseEstimator.Options.defaults().withIterations(20, 2000));
        PoseEstimate with = estimator.estimate(problem.camera(), problem.points(), problem.pixels(), qualities);
        assertThat(with.status()).isEqualTo(Status.LOCALIZED);
        assertThat(with.inliers().length).isGreaterThan(55);
        assertThat(estimator
                        .estimate(problem.camera(), problem.points(), problem.pixels())
                        .pose())
                .isEmpty();
    }

    /** Noise of half a pixel; of the wrong correspondences a tenth is only rough, 6 pixels off. */
    @ParameterizedTest
    @CsvSource({"12, 0.6", "4, 1"})
    void marginalScoringBearsAMaxErrorThatIsTooLarge(double maxError, double gain) {
        PoseEstimator.Options options = PoseEstimator.Options.defaults().withMaxError(maxError);
        double[] msac = new double[31];
        double[] magsac = new double[31];
        for (int seed = 0; seed < 31; seed++) {
            PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 1000, 0.7, 0.5, seed);
            Random random = new Random(100 + seed);
            PoseProblem rough = PoseProblem.of(problem.truth(), problem.points(), 6, 200 + seed);
            for (int i = 0; i < 1000; i++) {
                if (!problem.inlier()[i] && random.nextInt(10) == 0 && rough.inlier()[i]) {
                    System.arraycopy(rough.pixels(), 2 * i, problem.pixels(), 2 * i, 2);
                }
            }
            msac[seed] = problem.estimate(options).pose().orElseThrow().positionError(problem.truth());
            magsac[seed] = problem.estimate(options.withScoring(Scoring.MAGSAC))
                    .pose()
                    .orElseThrow()
                    .positionError(problem.truth());
        }
        Arrays.sort(msac);
        Arrays.sort(magsac);
        assertThat(magsac[15]).isLessThan(gain * msac[15]);
    }

    @Test
    void marginalScoringLosesLittleWithoutRoughCorrespondences() {
        double found = 0;
        double optimum = 0;
        for (int seed = 0; seed < 20; seed++) {
            PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 200, 0.5, 0.5, seed);
            PoseEstimate estimate = problem.estimate(
                    PoseEstimator.Options.defaults().withMaxError(6).withScoring(Scoring.MAGSAC));
            found += estimate.pose().orElseThrow().positionError(problem.truth());
            optimum += problem.optimum().positionError(problem.truth());
            // told by the noise, which the estimator does not know
            assertThat(estimate.positionSigma()).isBetween(1e-4, 0.05);
        }
        assertThat(found).isLessThan(1.15 * optimum);
    }

    @Test
    void weightsHalveTheSamples() {
        int with = 0;
        int without = 0;
        for (int seed = 0; seed < 20; seed++) {
            PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 500, 0.8, 1, seed);
            double[] weights = weights(problem, seed);
            PoseEstimator estimator = new PoseEstimator(PoseEstimator.Options.defaults()
                    .withSampling(PoseEstimator.Sampling.WEIGHTED)
                    .withSeed(seed));
            PoseEstimate weighted = estimator.estimate(problem.camera(), problem.points(), problem.pixels(), weights);
            PoseEstimate uniform = estimator.estimate(problem.camera(), problem.points(), problem.pixels());
            assertThat(weighted.pose().orElseThrow().rotationErrorDegrees(problem.truth()))
                    .isLessThan(0.2);
            with += weighted.iterations();
            without += uniform.iterations();
        }
        assertThat(with).isLessThan(without / 2);
    }

    /** Right ones weigh twice as much on average. */
    private static double[] weights(PoseProblem problem, long seed) {
        Random random = new Random(seed);
        double[] weights = new double[problem.inlier().length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = random.nextDouble() * (problem.inlier()[i] ? 1 : 0.5);
        }
        return weights;
    }

    @Test
    void wrongWeightsDelayButDoNotMislead() {
        PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 200, 0.5, 1, 3);
        double[] weights = new double[200];
        for (int i = 0; i < 200; i++) {
            weights[i] = problem.inlier()[i] ? 0 : 1;
        }
        PoseEstimate found = new PoseEstimator(
                        PoseEstimator.Options.defaults().withSampling(PoseEstimator.Sampling.WEIGHTED))
                .estimate(problem.camera(), problem.points(), problem.pixels(), weights);
        assertThat(found.pose().orElseThrow().rotationErrorDegrees(problem.truth()))
                .isLessThan(0.2);
    }

    @Test
    void refusesWeightsThatAreNone() {
        PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 10, 0, 1, 3);
        PoseEstimator estimator =
                new PoseEstimator(PoseEstimator.Options.defaults().withSampling(PoseEstimator.Sampling.WEIGHTED));
        for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
            double[] weights = new double[10];
            weights[7] = bad;
            assertThatThrownBy(() -> estimator.estimate(problem.camera(), problem.points(), problem.pixels(), weights))
                    .hasMessageContaining("weights must be at least 0 and finite, got " + bad + " of correspondence 7");
        }
    }

    @Test
    void theSameBitsOnAnyNumberOfThreads() throws Exception {
        PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 300, 0.7, 1, 10);
        PoseEstimator estimator = new PoseEstimator(PoseEstimator.Options.defaults());
        PoseEstimate alone = estimator.estimate(problem.camera(), problem.points(), problem.pixels());
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            Callable<PoseEstimate> task =
                    () -> estimator.estimate(problem.camera(), problem.points(), problem.pixels());
            for (Future<PoseEstimate> found : threads.invokeAll(Collections.nCopies(8, task))) {
                assertThat(found.get()).isEqualTo(alone);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void isMadeFromASpec() {
        PoseEstimator estimator = Components.load().create(PoseEstimator.class, "ransac(max-error=8,refine=false)");
        assertThat(estimator.spec().toString())
                .isEqualTo(
                        "ransac(max-error=8,confidence=0.9999,min-iterations=20,max-iterations=100000,"
                                + "min-inliers=4,min-significance=2,refine=false,focal-length=known,scoring=msac,sampling=prosac,seed=42)");
        PoseProblem problem = PoseProblem.random(PoseProblem.PINHOLE, 100, 0.3, 1, 11);
        PoseEstimate rough = estimator.estimate(problem.camera(), problem.points(), problem.pixels());
        assertThat(rough.pose().orElseThrow().rotationErrorDegrees(problem.truth()))
                .isLessThan(0.5);
    }

    @Test
    void refusesArraysThatDoNotFit() {
        PoseEstimator estimator = new PoseEstimator(PoseEstimator.Options.defaults());
        assertThatThrownBy(() -> estimator.estimate(PoseProblem.PINHOLE, new double[12], new double[6]))
                .hasMessageContaining("got 12 and 6");
        assertThatThrownBy(() -> estimator.estimate(PoseProblem.PINHOLE, new double[12], new double[8], new double[3]))
                .hasMessageContaining("got 3");
        assertThatThrownBy(() -> PoseEstimator.Options.defaults().withAcceptance(3, 1))
                .hasMessage("minInliers must be at least 4, got 3");
    }
}
