package org.retrieval4j.localization.pose;

import java.util.Arrays;
import java.util.Optional;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraModel;
import org.retrieval4j.localization.geometry.ChanceTest;
import org.retrieval4j.localization.geometry.P4pfSolver;
import org.retrieval4j.localization.geometry.Ransac;
import org.retrieval4j.localization.geometry.Scoring;

/**
 * Pose and focal length among wrong correspondences: {@link Ransac} over four-point samples finds the focal length, {@link
 * PoseEstimator} the pose with it, and both are refined together.
 */
final class FocalPoseSearch {
    private static final int ROUNDS = 3;
    private static final double LARGEST_ROTATION_SIGMA = 10;
    private static final double LARGEST_POSITION_PART = 0.5;

    private FocalPoseSearch() {}

    static PoseEstimate run(
            PoseEstimator.Options options,
            Camera camera,
            double[] points,
            double[] pixels,
            Optional<double[]> qualities) {
        if (camera.model() != CameraModel.PINHOLE && camera.model() != CameraModel.SIMPLE_PINHOLE) {
            throw new IllegalArgumentException(
                    "an unknown focal length needs a PINHOLE or SIMPLE_PINHOLE camera, got " + camera);
        }
        int n = PoseEstimator.requireCorrespondences(points, pixels);
        int[] rows = finite(points, pixels, options.order(n, qualities));
        if (rows.length < Math.max(5, options.minInliers())) {
            return PoseEstimate.failed(Status.TOO_FEW_CORRESPONDENCES, camera, 0);
        }
        boolean weighted = qualities.isPresent() && options.sampling() == PoseEstimator.Sampling.WEIGHTED;
        FocalPoseModel model = model(
                camera,
                points,
                pixels,
                rows,
                qualities.isPresent() && !weighted,
                weighted
                        ? Arrays.stream(rows)
                                .mapToDouble(row -> qualities.get()[row])
                                .toArray()
                        : new double[0]);
        Optional<Ransac.Consensus> found = Ransac.estimate(model, options.ransac());
        if (found.isEmpty()) {
            return PoseEstimate.failed(Status.NO_CONSENSUS, camera, model.samples());
        }
        Camera known = scaled(camera, found.get().model()[P4pfSolver.MODEL - 1]);
        PoseEstimator estimator = new PoseEstimator(options.withFocalLength(PoseEstimator.FocalLength.KNOWN));
        int iterations = model.samples();
        for (int round = 0; ; round++) {
            PoseEstimate estimate = qualities.isPresent()
                    ? estimator.estimate(known, points, pixels, qualities.get())
                    : estimator.estimate(known, points, pixels);
            iterations += estimate.iterations();
            if (estimate.pose().isEmpty()) {
                return PoseEstimate.failed(estimate.status(), camera, iterations);
            }
            int[] inliers = estimate.inliers();
            if (inliers.length < 5) { // with the focal length there would be nothing to check them by
                return PoseEstimate.failed(Status.NO_CONSENSUS, camera, iterations);
            }
            PoseRefinement.Result refined = PoseRefinement.refine(
                    known,
                    points,
                    pixels,
                    inliers,
                    estimate.pose().get(),
                    PosePrior.NONE,
                    options.refinement().withFocal(true));
            boolean settled = Math.abs(refined.camera().focalLength() / known.focalLength() - 1) < 1e-6;
            known = refined.camera();
            if (settled || round == ROUNDS - 1) {
                return judge(options, camera, points, refined, inliers, rows.length, iterations);
            }
        }
    }

    private static PoseEstimate judge(
            PoseEstimator.Options options,
            Camera camera,
            double[] points,
            PoseRefinement.Result refined,
            int[] inliers,
            int n,
            int iterations) {
        int[] ranks = new int[inliers.length];
        for (int i = 0; i < ranks.length; i++) {
            ranks[i] = n - ranks.length + i;
        }
        double chance = Math.PI * options.maxError() * options.maxError() / ((double) camera.width() * camera.height());
        double significance = new ChanceTest(n, 4, P4pfSolver.MOST, 4).significance(ranks, chance);
        if (!(significance >= options.minSignificance())) {
            return PoseEstimate.failed(Status.NO_CONSENSUS, camera, iterations);
        }
        if (refined.covariance().length == 0) {
            return PoseEstimate.failed(Status.DEGENERATE, camera, iterations);
        }
        double assumed = options.maxError() / 4;
        double squares =
                options.scoring() == Scoring.MSAC ? refined.cost() : inliers.length * refined.rms() * refined.rms();
        double variance = (squares + 4 * assumed * assumed) / (2.0 * inliers.length - 7 + 4);
        double[] covariance = refined.covariance().clone();
        for (int i = 0; i < covariance.length; i++) {
            covariance[i] *= variance;
        }
        PoseEstimate estimate = new PoseEstimate(
                Status.LOCALIZED,
                Optional.of(refined.pose()),
                refined.camera(),
                inliers,
                covariance,
                significance,
                iterations);
        double[] c = refined.pose().center();
        double[] distances = new double[inliers.length];
        for (int i = 0; i < distances.length; i++) {
            double x = points[3 * inliers[i]] - c[0];
            double y = points[3 * inliers[i] + 1] - c[1];
            double z = points[3 * inliers[i] + 2] - c[2];
            distances[i] = Math.sqrt(x * x + y * y + z * z);
        }
        Arrays.sort(distances);
        boolean determined = estimate.rotationSigmaDegrees() < LARGEST_ROTATION_SIGMA
                && estimate.positionSigma() < LARGEST_POSITION_PART * distances[distances.length / 2];
        return determined ? estimate : PoseEstimate.failed(Status.DEGENERATE, camera, iterations);
    }

    private static int[] finite(double[] points, double[] pixels, int[] order) {
        return Arrays.stream(order)
                .filter(i -> Double.isFinite(points[3 * i] + points[3 * i + 1] + points[3 * i + 2])
                        && Double.isFinite(pixels[2 * i] + pixels[2 * i + 1]))
                .toArray();
    }

    private static FocalPoseModel model(
            Camera camera, double[] points, double[] pixels, int[] rows, boolean ordered, double[] weights) {
        double[] parameters = camera.parameters();
        int focals = camera.model().focalLengths();
        double fx = parameters[0];
        double fy = parameters[focals - 1];
        double[] middle = new double[3];
        for (int row : rows) {
            for (int i = 0; i < 3; i++) {
                middle[i] += points[3 * row + i] / rows.length;
            }
        }
        double[] world = new double[3 * rows.length];
        double[] image = new double[2 * rows.length];
        for (int k = 0; k < rows.length; k++) {
            for (int i = 0; i < 3; i++) {
                world[3 * k + i] = points[3 * rows[k] + i] - middle[i];
            }
            image[2 * k] = (pixels[2 * rows[k]] - parameters[focals]) / fx;
            image[2 * k + 1] = (pixels[2 * rows[k] + 1] - parameters[focals + 1]) / fy;
        }
        return new FocalPoseModel(world, image, fx, fy, ordered, weights);
    }

    private static Camera scaled(Camera camera, double factor) {
        double[] parameters = camera.parameters().clone();
        for (int i = 0; i < camera.model().focalLengths(); i++) {
            parameters[i] *= factor;
        }
        return new Camera(camera.model(), camera.width(), camera.height(), parameters);
    }
}
