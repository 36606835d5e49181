package org.retrieval4j.localization.pose;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraModel;
import org.retrieval4j.localization.geometry.Rotations;

/**
 * The pose that fits correspondences best: Levenberg–Marquardt on SE(3) with exact derivatives through the camera's model,
 * robust losses by reweighting (Triggs et al., Bundle adjustment: a modern synthesis, 2000), priors, and optionally the
 * focal length. A step turns the camera about its center by ω and moves the center by γ: R ← exp(ω) R, c ← c + γ.
 *
 * <p>Thread-safe: static.
 */
public final class PoseRefinement {
    /** Unknowns of a pose. */
    private static final int POSE = 6;

    private static final double FIRST_DAMPING = 1e-4;
    private static final double LARGEST_DAMPING = 1e10;

    /** Converged if no unknown changes by more than this part of its standard deviation for an error of a pixel. */
    private static final double SETTLED = 1e-9;

    /** A cost that is larger by this part is the same: steps too small for the cost to tell still lead to the optimum. */
    private static final double ROUNDING = 1e-13;

    private final Options options;
    private final PosePrior prior;
    private final double[] points;
    private final double[] pixels;
    private final int[] rows;
    private final double[] weights;
    private final int unknowns;
    private final double[] pixel = new double[2];
    private final double[] byPoint = new double[6];
    private final double[] byParameters;
    private final double[] row;

    /**
     * How to refine.
     *
     * @param loss of the reprojection error. HUBER and CAUCHY bear outliers, TRUNCATED ignores them, SQUARED is best without
     * @param scalePixels error at which the loss bends (TRUNCATED: beyond which a datum does not count), above 0. Larger:
     *     nearer to least squares; smaller: outliers pull less
     * @param noisePixels standard deviation of a keypoint's coordinate, against which priors are weighed, above 0
     * @param maxIterations steps tried at most, at least 1
     * @param focal whether the focal length is unknown too; with two, their ratio is kept
     */
    public record Options(Loss loss, double scalePixels, double noisePixels, int maxIterations, boolean focal) {
        /** Checks the ranges. */
        public Options {
            requireNonNull(loss, "loss");
            if (!(scalePixels > 0) || Double.isInfinite(scalePixels)) {
                throw new IllegalArgumentException("scalePixels must be above 0 and finite, got " + scalePixels);
            }
            if (!(noisePixels > 0) || Double.isInfinite(noisePixels)) {
                throw new IllegalArgumentException("noisePixels must be above 0 and finite, got " + noisePixels);
            }
            if (maxIterations < 1) {
                throw new IllegalArgumentException("maxIterations must be at least 1, got " + maxIterations);
            }
        }

        /**
         * Least squares.
         *
         * @return loss SQUARED, noise 1 px, 50 iterations, focal length kept
         */
        public static Options defaults() {
            return new Options(Loss.SQUARED, 1, 1, 50, false);
        }

        /**
         * With another loss.
         *
         * @param value the loss
         * @param scale its scale in pixels
         * @return the changed options
         */
        public Options withLoss(Loss value, double scale) {
            return new Options(value, scale, noisePixels, maxIterations, focal);
        }

        /**
         * With another noise.
         *
         * @param value standard deviation in pixels
         * @return the changed options
         */
        public Options withNoisePixels(double value) {
            return new Options(loss, scalePixels, value, maxIterations, focal);
        }

        /**
         * With another limit of steps.
         *
         * @param value at most
         * @return the changed options
         */
        public Options withMaxIterations(int value) {
            return new Options(loss, scalePixels, noisePixels, value, focal);
        }

        /**
         * With the focal length known or not.
         *
         * @param value true if it is to be found
         * @return the changed options
         */
        public Options withFocal(boolean value) {
            return new Options(loss, scalePixels, noisePixels, maxIterations, value);
        }
    }

    /**
     * A refined pose.
     *
     * @param pose the pose
     * @param camera the camera, with its new focal length if that was looked for
     * @param covariance of ω (radians, in the camera's frame) and of the center (in the world) for keypoints with
     *     {@link Options#noisePixels()}, 6 x 6, row after row; empty if the correspondences do not determine the pose
     * @param cost Σ ρ(e²/scale²) scale²/noise² over the correspondences, and the squares of the priors' errors in their standard
     *     deviations
     * @param rms root of the mean squared reprojection error, weighted as the loss does, in pixels
     * @param iterations steps tried
     * @param converged whether the last step changed nothing that counts
     */
    public record Result(
            Pose pose, Camera camera, double[] covariance, double cost, double rms, int iterations, boolean converged) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Result that
                    && pose.equals(that.pose)
                    && camera.equals(that.camera)
                    && Arrays.equals(covariance, that.covariance)
                    && Double.compare(cost, that.cost) == 0
                    && Double.compare(rms, that.rms) == 0
                    && iterations == that.iterations
                    && converged == that.converged;
        }

        @Override
        public int hashCode() {
            return pose.hashCode();
        }
    }

    private PoseRefinement(
            double[] points, double[] pixels, int[] rows, PosePrior prior, Options options, Camera camera) {
        this.points = points;
        this.pixels = pixels;
        this.rows = rows;
        this.prior = prior;
        this.options = options;
        boolean focal = options.focal() && camera.model() != CameraModel.EQUIRECTANGULAR;
        unknowns = focal ? POSE + 1 : POSE;
        weights = new double[rows.length];
        row = new double[unknowns];
        byParameters = new double[2 * camera.model().parameters().size()];
    }

    /**
     * Refines a pose on all correspondences.
     *
     * @param camera the camera
     * @param points n points in the world, one after the other
     * @param pixels where they appear, n pairs
     * @param start a pose near the right one. Points that have no image in it do not count
     * @param prior what is known of the pose besides
     * @param options how to refine
     * @return the best pose on the way from the start; the start itself if nothing can be improved
     * @throws IllegalArgumentException if the arrays' lengths do not fit or a number is not finite
     */
    public static Result refine(
            Camera camera, double[] points, double[] pixels, Pose start, PosePrior prior, Options options) {
        int n = PoseEstimator.requireCorrespondences(points, pixels);
        for (double[] values : new double[][] {points, pixels}) {
            for (int i = 0; i < values.length; i++) {
                if (!Double.isFinite(values[i])) {
                    throw new IllegalArgumentException(
                            (values == points ? "points" : "pixels") + "[" + i + "] must be finite, got " + values[i]);
                }
            }
        }
        int[] rows = new int[n];
        for (int i = 0; i < n; i++) {
            rows[i] = i;
        }
        return refine(camera, points, pixels, rows, start, prior, options);
    }

    /** Refines on some of the correspondences. */
    static Result refine(
            Camera camera, double[] points, double[] pixels, int[] rows, Pose start, PosePrior prior, Options options) {
        requireNonNull(camera, "camera");
        requireNonNull(start, "start");
        requireNonNull(prior, "prior");
        requireNonNull(options, "options");
        return new PoseRefinement(points, pixels, rows, prior, options, camera).minimize(camera, start);
    }

    private Result minimize(Camera startCamera, Pose start) {
        Camera camera = startCamera;
        SymmetricSystem system = new SymmetricSystem(unknowns);
        SymmetricSystem trial = new SymmetricSystem(unknowns);
        // nine numbers of the rotation, then the center
        double[] state = new double[12];
        System.arraycopy(start.rotation(), 0, state, 0, 9);
        System.arraycopy(start.center(), 0, state, 9, 3);
        double[] next = new double[12];
        Arrays.fill(weights, 1);
        double cost = linearize(camera, state, system, true);
        double damping = FIRST_DAMPING;
        double growth = 2;
        int iteration = 0;
        boolean converged = false;
        while (iteration < options.maxIterations() && !converged && damping < LARGEST_DAMPING) {
            iteration++;
            if (!system.solve(damping)) {
                damping *= 10;
                continue;
            }
            double[] step = system.solution();
            boolean small = true;
            double expected = 0;
            for (int i = 0; i < unknowns; i++) {
                small &= step[i] * step[i] * system.diagonal(i) < SETTLED * SETTLED;
                expected += step[i] * (damping * system.diagonal(i) * step[i] + system.right(i));
            }
            System.arraycopy(state, 0, next, 0, 12);
            Rotations.turn(next, -step[0], -step[1], -step[2]);
            next[9] -= step[3];
            next[10] -= step[4];
            next[11] -= step[5];
            Camera nextCamera = unknowns > POSE ? zoomed(camera, Math.exp(-step[6])) : camera;
            double nextCost = linearize(nextCamera, next, trial, false);
            if (nextCost <= cost * (1 + ROUNDING)) {
                // Nielsen, Damping parameter in Marquardt's method, 1999
                boolean told = Math.abs(cost - nextCost) > cost * ROUNDING && expected > 0;
                double cubed = told ? 2 * (cost - nextCost) / expected - 1 : 1;
                damping = Math.max(1e-12, damping * Math.max(1.0 / 10, 1 - cubed * cubed * cubed));
                growth = 2;
                cost = nextCost;
                camera = nextCamera;
                double[] swap = state;
                state = next;
                next = swap;
                system.copy(trial);
            } else {
                damping *= growth;
                growth *= 2;
            }
            converged = small;
        }
        return result(camera, state, system, cost, iteration, converged);
    }

    private Result result(
            Camera camera, double[] state, SymmetricSystem system, double cost, int iterations, boolean converged) {
        double[] inverse = new double[unknowns * unknowns];
        double[] covariance = new double[0];
        if (system.invert(inverse)) {
            covariance = new double[POSE * POSE];
            for (int i = 0; i < POSE; i++) {
                System.arraycopy(inverse, i * unknowns, covariance, i * POSE, POSE);
            }
        }
        double[] r = Arrays.copyOf(state, 9);
        double[] c = Arrays.copyOfRange(state, 9, 12);
        Pose pose = Pose.ofRotation(
                r,
                -(r[0] * c[0] + r[1] * c[1] + r[2] * c[2]),
                -(r[3] * c[0] + r[4] * c[1] + r[5] * c[2]),
                -(r[6] * c[0] + r[7] * c[1] + r[8] * c[2]));
        return new Result(pose, camera, covariance, cost, rms(camera, state), iterations, converged);
    }

    private double rms(Camera camera, double[] state) {
        double sum = 0;
        double count = 0;
        double squaredScale = options.scalePixels() * options.scalePixels();
        for (int i = 0; i < rows.length; i++) {
            if (weights[i] > 0 && project(camera, state, rows[i], false)) {
                double error = squaredError(rows[i]);
                double weight = options.loss().weight(error / squaredScale);
                sum += weight * error;
                count += weight;
            }
        }
        return count > 0 ? Math.sqrt(sum / count) : 0;
    }

    private static Camera zoomed(Camera camera, double factor) {
        double[] parameters = camera.parameters();
        for (int i = 0; i < camera.model().focalLengths(); i++) {
            parameters[i] *= factor;
        }
        return new Camera(camera.model(), camera.width(), camera.height(), parameters);
    }

    private final double[] seen = new double[3];

    private boolean project(Camera camera, double[] state, int datum, boolean derivatives) {
        double x = points[3 * datum] - state[9];
        double y = points[3 * datum + 1] - state[10];
        double z = points[3 * datum + 2] - state[11];
        seen[0] = state[0] * x + state[1] * y + state[2] * z;
        seen[1] = state[3] * x + state[4] * y + state[5] * z;
        seen[2] = state[6] * x + state[7] * y + state[8] * z;
        return camera.project(
                seen[0],
                seen[1],
                seen[2],
                pixel,
                derivatives ? byPoint : null,
                derivatives && unknowns > POSE ? byParameters : null);
    }

    private double squaredError(int datum) {
        double du = pixel[0] - pixels[2 * datum];
        double dv = pixel[1] - pixels[2 * datum + 1];
        return du * du + dv * dv;
    }

    /** The cost and the normal equations; infinite where a datum that counts has no image. */
    private double linearize(Camera camera, double[] r, SymmetricSystem system, boolean first) {
        system.clear();
        double cost = 0;
        double squaredScale = options.scalePixels() * options.scalePixels();
        double precision = 1 / (options.noisePixels() * options.noisePixels());
        int parameters = camera.model().parameters().size();
        double[] focal = unknowns > POSE ? camera.parameters() : row;
        for (int i = 0; i < rows.length; i++) {
            if (weights[i] == 0) {
                continue;
            }
            int datum = rows[i];
            if (!project(camera, r, datum, true)) {
                if (first) {
                    weights[i] = 0;
                    continue;
                } else if (options.loss() != Loss.TRUNCATED) {
                    return Double.POSITIVE_INFINITY;
                }
                cost += squaredScale * precision;
                continue;
            }
            double s = squaredError(datum) / squaredScale;
            cost += options.loss().of(s) * squaredScale * precision;
            double weight = options.loss().weight(s) * precision;
            if (weight == 0) {
                continue;
            }
            for (int k = 0; k < 2; k++) {
                double dx = byPoint[3 * k];
                double dy = byPoint[3 * k + 1];
                double dz = byPoint[3 * k + 2];
                // the point moves by ω × y − R γ
                row[0] = seen[1] * dz - seen[2] * dy;
                row[1] = seen[2] * dx - seen[0] * dz;
                row[2] = seen[0] * dy - seen[1] * dx;
                row[3] = -(dx * r[0] + dy * r[3] + dz * r[6]);
                row[4] = -(dx * r[1] + dy * r[4] + dz * r[7]);
                row[5] = -(dx * r[2] + dy * r[5] + dz * r[8]);
                if (unknowns > POSE) {
                    row[6] = 0; // by the logarithm of all focal lengths
                    for (int f = 0; f < camera.model().focalLengths(); f++) {
                        row[6] += byParameters[k * parameters + f] * focal[f];
                    }
                }
                system.add(row, pixel[k] - pixels[2 * datum + k], weight);
            }
        }
        return cost + priors(r, system);
    }

    private double priors(double[] r, SymmetricSystem system) {
        double cost = 0;
        if (prior.position().isPresent()) {
            PosePrior.Position p = prior.position().get();
            double weight = 1 / (p.sigma() * p.sigma());
            double[] e = {r[9] - p.x(), r[10] - p.y(), r[11] - p.z()};
            for (int i = 0; i < 3; i++) {
                Arrays.fill(row, 0);
                row[3 + i] = 1;
                system.add(row, e[i], weight);
                cost += weight * e[i] * e[i];
            }
        }
        if (prior.gravity().isPresent()) {
            PosePrior.Gravity g = prior.gravity().get();
            double sigma = Math.toRadians(g.sigmaDegrees());
            double weight = 1 / (sigma * sigma);
            double x = r[0] * g.worldX() + r[1] * g.worldY() + r[2] * g.worldZ();
            double y = r[3] * g.worldX() + r[4] * g.worldY() + r[5] * g.worldZ();
            double z = r[6] * g.worldX() + r[7] * g.worldY() + r[8] * g.worldZ();
            double[] e = {x - g.cameraX(), y - g.cameraY(), z - g.cameraZ()};
            double[] turned = {0, z, -y, -z, 0, x, y, -x, 0}; // ω × (x, y, z), row after row
            for (int i = 0; i < 3; i++) {
                Arrays.fill(row, 0);
                System.arraycopy(turned, 3 * i, row, 0, 3);
                system.add(row, e[i], weight);
                cost += weight * e[i] * e[i];
            }
        }
        if (prior.rotation().isPresent()) {
            PosePrior.Rotation p = prior.rotation().get();
            double sigma = Math.toRadians(p.sigmaDegrees());
            double weight = 1 / (sigma * sigma);
            Pose relative =
                    Pose.ofRotation(Arrays.copyOf(r, 9), 0, 0, 0).after(p.pose().inverse());
            double[] v = Rotations.vector(relative.qw(), relative.qx(), relative.qy(), relative.qz());
            double angle2 = v[0] * v[0] + v[1] * v[1] + v[2] * v[2];
            double angle = Math.sqrt(angle2);
            // inverse of the left Jacobian: I − [v]/2 + c [v]², c = (1 − θ/2 cot θ/2) / θ²
            double c = angle < 1e-3 ? 1.0 / 12 : (1 - angle / 2 / Math.tan(angle / 2)) / angle2;
            for (int i = 0; i < 3; i++) {
                Arrays.fill(row, 0);
                for (int j = 0; j < 3; j++) {
                    row[j] = c * v[i] * v[j] + (i == j ? 1 - c * angle2 : 0);
                }
                int next = (i + 1) % 3;
                int after = (i + 2) % 3;
                row[next] += v[after] / 2;
                row[after] -= v[next] / 2;
                system.add(row, v[i], weight);
                cost += weight * v[i] * v[i];
            }
        }
        return cost;
    }
}
