package org.retrieval4j.localization.pose;

import java.util.Arrays;
import java.util.Optional;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.geometry.ChanceTest;
import org.retrieval4j.localization.geometry.P3pSolver;
import org.retrieval4j.localization.geometry.Ransac;
import org.retrieval4j.localization.geometry.Scoring;

/**
 * One estimation of {@link PoseEstimator}: the samples' best pose, or one given, refined on its inliers, and judged by chance,
 * by its covariance, and by whether a second pose fits as well.
 *
 * <p>Not thread-safe: holds scratch space.
 */
final class PoseSearch {
    /** Rounds of refining on the inliers and looking for the inliers of the refined pose. */
    private static final int ROUNDS = 5;

    /** Keypoints' noise that is assumed where few inliers tell it, as a part of the largest error. */
    private static final double ASSUMED_NOISE = 0.25;

    /** How many measured coordinates the assumption is worth. */
    private static final double ASSUMED_FREEDOM = 4;

    /** A pose is determined if its standard deviations are below these: degrees, and part of the points' median distance. */
    private static final double LARGEST_ROTATION_SIGMA = 10;

    private static final double LARGEST_POSITION_SIGMA = 0.5;

    /** Points are tried for a second pose if they are this flat: third to second standard deviation. */
    private static final double FLAT = 0.1;

    /** Another pose is as good if it raises the squared error by less than this many variances. */
    private static final double AS_GOOD = 9;

    /** Of Cauchy's loss, in standard deviations: 95 % of the efficiency of least squares. */
    private static final double CAUCHY_TUNING = 2.385;

    /** Median length of an error of two coordinates, in standard deviations of one. */
    private static final double RAYLEIGH_MEDIAN = 1.1774;

    private static final double LEAST_NOISE = 0.05;

    private final PoseEstimator.Options options;
    private final Camera camera;
    private final double[] points;
    private final double[] pixels;
    private final boolean ordered;
    private final double[] weights;
    private final DistinctCorrespondences distinct;
    private final double[] middle = new double[3];
    private final double[] errors;
    private int iterations;
    private boolean robust;

    PoseSearch(
            PoseEstimator.Options options,
            Camera camera,
            double[] points,
            double[] pixels,
            Optional<double[]> qualities) {
        this.options = options;
        this.camera = camera;
        this.points = points;
        this.pixels = pixels;
        int n = PoseEstimator.requireCorrespondences(points, pixels);
        boolean weighted = qualities.isPresent() && options.sampling() == PoseEstimator.Sampling.WEIGHTED;
        ordered = qualities.isPresent() && !weighted;
        weights = weighted ? qualities.get() : new double[0];
        int[] order = qualities.isPresent() ? options.order(n, qualities) : new int[0];
        distinct = new DistinctCorrespondences(camera, points, pixels, order, options.maxError());
        errors = new double[distinct.count()];
    }

    PoseEstimate runFrom(Pose start) {
        robust = true;
        return distinct.count() < Math.max(4, options.minInliers())
                ? PoseEstimate.failed(Status.TOO_FEW_CORRESPONDENCES, camera, 0)
                : judge(start);
    }

    PoseEstimate run() {
        if (distinct.count() < Math.max(4, options.minInliers())) {
            return PoseEstimate.failed(Status.TOO_FEW_CORRESPONDENCES, camera, 0);
        }
        PoseModel model = new PoseModel(correspondences(), options.maxError());
        Optional<Ransac.Consensus> found = Ransac.estimate(model, options.ransac());
        iterations = model.samples();
        if (found.isEmpty()) {
            return PoseEstimate.failed(Status.NO_CONSENSUS, camera, iterations);
        }
        return judge(pose(found.get().model()));
    }

    /** In random order, the middle of the points subtracted. */
    private PoseModel.Correspondences correspondences() {
        int n = distinct.count();
        int[] places = PoseEstimator.randomOrder(n, options.seed());
        for (int k = 0; k < n; k++) {
            for (int i = 0; i < 3; i++) {
                middle[i] += points[3 * distinct.row(k) + i] / n;
            }
        }
        double[] x = new double[n];
        double[] y = new double[n];
        double[] z = new double[n];
        double[] u = new double[n];
        double[] v = new double[n];
        double[] rays = new double[3 * n];
        boolean pinhole = PoseModel.Correspondences.isPinhole(camera);
        double[][] byPoint = pinhole ? new double[0][] : new double[6][n];
        int[] order = new int[ordered ? n : 0];
        double[] likelihoods = new double[weights.length > 0 ? n : 0];
        double[] parameters = camera.parameters();
        int center = camera.model().focalLengths();
        double[] pixel = new double[2];
        double[] derivative = new double[6];
        for (int place = 0; place < n; place++) {
            int k = places[place];
            int row = distinct.row(k);
            x[place] = points[3 * row] - middle[0];
            y[place] = points[3 * row + 1] - middle[1];
            z[place] = points[3 * row + 2] - middle[2];
            u[place] = pixels[2 * row] - parameters[center];
            v[place] = pixels[2 * row + 1] - parameters[center + 1 < parameters.length ? center + 1 : center];
            System.arraycopy(distinct.rays(), 3 * k, rays, 3 * place, 3);
            if (!pinhole) {
                camera.project(rays[3 * place], rays[3 * place + 1], rays[3 * place + 2], pixel, derivative, null);
                for (int i = 0; i < 6; i++) {
                    byPoint[i][place] = derivative[i];
                }
            }
            if (ordered) {
                order[k] = place;
            }
            if (likelihoods.length > 0) {
                likelihoods[place] = weights[row];
            }
        }
        return new PoseModel.Correspondences(camera, x, y, z, u, v, rays, byPoint, order, likelihoods);
    }

    private Pose pose(double[] model) {
        double[] t = new double[3];
        for (int i = 0; i < 3; i++) {
            t[i] = model[9 + i]
                    - (model[3 * i] * middle[0] + model[3 * i + 1] * middle[1] + model[3 * i + 2] * middle[2]);
        }
        return Pose.ofRotation(Arrays.copyOf(model, 9), t[0], t[1], t[2]);
    }

    private PoseEstimate judge(Pose rough) {
        Fit fit = fit(rough);
        if (fit.places.length < options.minInliers()) {
            return PoseEstimate.failed(Status.NO_CONSENSUS, camera, iterations);
        }
        int n = distinct.count();
        int[] ranks = fit.places;
        if (!ordered) { // only their number counts
            ranks = new int[fit.places.length];
            for (int i = 0; i < ranks.length; i++) {
                ranks[i] = n - ranks.length + i;
            }
        }
        double chance = Math.PI * options.maxError() * options.maxError() / ((double) camera.width() * camera.height());
        double significance = new ChanceTest(n, 3, P3pSolver.MOST, 3).significance(ranks, chance);
        if (!(significance >= options.minSignificance())) {
            return PoseEstimate.failed(Status.NO_CONSENSUS, camera, iterations);
        }
        double variance = fit.variance(options);
        double[] covariance = fit.refined.covariance().clone();
        for (int i = 0; i < covariance.length; i++) {
            covariance[i] *= variance;
        }
        int[] inliers = rows(fit.places);
        Arrays.sort(inliers);
        PoseEstimate estimate = new PoseEstimate(
                Status.LOCALIZED,
                Optional.of(fit.refined.pose()),
                fit.refined.camera(),
                inliers,
                covariance,
                significance,
                iterations);
        boolean determined = estimate.rotationSigmaDegrees() < LARGEST_ROTATION_SIGMA
                && estimate.positionSigma() < LARGEST_POSITION_SIGMA * medianDistance(fit)
                && !hasRival(fit, variance);
        return determined ? estimate : PoseEstimate.failed(Status.DEGENERATE, camera, iterations);
    }

    /** A pose fitted to inliers, which are places among the distinct correspondences, and how. */
    private record Fit(PoseRefinement.Result refined, int[] places, PoseRefinement.Options refinement) {
        /** Of a keypoint's coordinate, from the residuals, and from an assumption where they are few. */
        double variance(PoseEstimator.Options options) {
            double assumed = ASSUMED_NOISE * options.maxError();
            double squares =
                    options.scoring() == Scoring.MSAC ? refined.cost() : places.length * refined.rms() * refined.rms();
            return (squares + ASSUMED_FREEDOM * assumed * assumed) / (2.0 * places.length - 6 + ASSUMED_FREEDOM);
        }
    }

    /** Refines on the inliers until they stay the same. */
    private Fit fit(Pose rough) {
        int[] places = inliers(rough);
        PoseRefinement.Options refinement = options.refinement();
        PoseRefinement.Result refined = refine(places, rough, refinement);
        for (int round = 1; round < ROUNDS && (options.refine() || robust); round++) {
            int[] next = inliers(refined.pose());
            if (Arrays.equals(next, places) || next.length < 4) {
                break;
            }
            places = next;
            refined = refine(places, refined.pose(), refinement);
        }
        if (robust) {
            refinement = refinement.withLoss(Loss.CAUCHY, CAUCHY_TUNING * noise(refined, places));
            refined = refine(places, refined.pose(), refinement);
        } else if (!options.refine()) {
            refined = new PoseRefinement.Result(
                    rough,
                    refined.camera(),
                    refined.covariance(),
                    refined.cost(),
                    refined.rms(),
                    refined.iterations(),
                    refined.converged());
        }
        return new Fit(refined, places, refinement);
    }

    private PoseRefinement.Result refine(int[] places, Pose start, PoseRefinement.Options refinement) {
        return PoseRefinement.refine(camera, points, pixels, rows(places), start, PosePrior.NONE, refinement);
    }

    /** Standard deviation of a coordinate as the median error tells it. */
    private double noise(PoseRefinement.Result refined, int[] places) {
        inliers(refined.pose());
        double[] sorted = new double[places.length];
        for (int i = 0; i < sorted.length; i++) {
            sorted[i] = errors[places[i]];
        }
        Arrays.sort(sorted);
        return Math.max(LEAST_NOISE, Math.sqrt(sorted[sorted.length / 2]) / RAYLEIGH_MEDIAN);
    }

    private int[] rows(int[] places) {
        int[] rows = new int[places.length];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = distinct.row(places[i]);
        }
        return rows;
    }

    private int[] inliers(Pose pose) {
        double[] r = pose.rotation();
        double[] pixel = new double[2];
        for (int k = 0; k < errors.length; k++) {
            int row = distinct.row(k);
            double x = points[3 * row];
            double y = points[3 * row + 1];
            double z = points[3 * row + 2];
            boolean seen = camera.project(
                    r[0] * x + r[1] * y + r[2] * z + pose.tx(),
                    r[3] * x + r[4] * y + r[5] * z + pose.ty(),
                    r[6] * x + r[7] * y + r[8] * z + pose.tz(),
                    pixel);
            double du = pixel[0] - pixels[2 * row];
            double dv = pixel[1] - pixels[2 * row + 1];
            errors[k] = seen ? du * du + dv * dv : Double.POSITIVE_INFINITY;
        }
        return distinct.oneToOne(errors, options.maxError() * options.maxError());
    }

    private double medianDistance(Fit fit) {
        double[] c = fit.refined.pose().center();
        double[] distances = new double[fit.places.length];
        for (int i = 0; i < distances.length; i++) {
            int row = distinct.row(fit.places[i]);
            double x = points[3 * row] - c[0];
            double y = points[3 * row + 1] - c[1];
            double z = points[3 * row + 2] - c[2];
            distances[i] = Math.sqrt(x * x + y * y + z * z);
        }
        Arrays.sort(distances);
        return distances[distances.length / 2];
    }

    /**
     * Whether another pose fits as well. A flat set of points seen from afar may as well be its mirror image in depth,
     * turned: R′ = (I − 2 v vᵀ) R (I − 2 n nᵀ), with v the direction to its middle and n its normal (Schweighofer and
     * Pinz, Robust pose estimation from a planar target, PAMI 2006).
     */
    private boolean hasRival(Fit fit, double variance) {
        Pose pose = fit.refined.pose();
        double[] center = new double[3];
        double[] normal = new double[3];
        if (!Flatness.of(points, rows(fit.places), center, normal, FLAT)) {
            return false;
        }
        double[] r = pose.rotation();
        double[] v = new double[3];
        double length = 0;
        for (int i = 0; i < 3; i++) {
            v[i] = r[3 * i] * center[0] + r[3 * i + 1] * center[1] + r[3 * i + 2] * center[2];
        }
        v[0] += pose.tx();
        v[1] += pose.ty();
        v[2] += pose.tz();
        double[] seen = v.clone();
        for (double value : v) {
            length += value * value;
        }
        length = Math.sqrt(length);
        double[] turned = new double[9];
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                double sum = 0;
                for (int a = 0; a < 3; a++) {
                    for (int b = 0; b < 3; b++) {
                        double left = (i == a ? 1 : 0) - 2 * v[i] * v[a] / (length * length);
                        double right = (b == j ? 1 : 0) - 2 * normal[b] * normal[j];
                        sum += left * r[3 * a + b] * right;
                    }
                }
                turned[3 * i + j] = sum;
            }
        }
        double[] t = new double[3];
        for (int i = 0; i < 3; i++) {
            t[i] = seen[i]
                    - (turned[3 * i] * center[0] + turned[3 * i + 1] * center[1] + turned[3 * i + 2] * center[2]);
        }
        Pose mirrored = Pose.ofRotation(turned, t[0], t[1], t[2]);
        PoseRefinement.Result other = refine(fit.places, mirrored, fit.refinement);
        boolean same = other.pose().rotationErrorDegrees(pose) < 1;
        return !same && other.cost() - fit.refined.cost() < AS_GOOD * variance;
    }
}
