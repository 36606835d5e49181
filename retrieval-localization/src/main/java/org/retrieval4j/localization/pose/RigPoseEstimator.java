package org.retrieval4j.localization.pose;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.geometry.ChanceTest;
import org.retrieval4j.localization.geometry.GeneralizedP3pSolver;
import org.retrieval4j.localization.geometry.Ransac;
import org.retrieval4j.localization.geometry.Rotations;

/**
 * Where a rig of cameras stood, from points in the world and the pixels where its cameras saw them, among any number of wrong
 * pairs: {@link Ransac} over three-point poses of several cameras ({@link GeneralizedP3pSolver}), refined on its inliers
 * through the cameras' models, and accepted only if chance does not explain it and the inliers determine it. Cameras that see
 * few points each are located together; for one camera see {@link PoseEstimator}, which also tries a flat set's mirror image: here
 * a flat set that one camera alone sees from afar may be given turned.
 *
 * <p>Thread-safe; the same correspondences and options give the same bits on any number of threads.
 */
public final class RigPoseEstimator {
    private static final int ROUNDS = 5;
    private static final int STEPS = 20;
    private static final double FIRST_DAMPING = 1e-4;
    private static final double SETTLED = 1e-9;
    private static final double ASSUMED_NOISE = 0.25;
    private static final double ASSUMED_FREEDOM = 4;
    private static final double LARGEST_ROTATION_SIGMA = Math.toRadians(10);
    private static final double LARGEST_POSITION_SIGMA = 0.5;

    private final PoseEstimator.Options options;

    /**
     * Makes an estimator.
     *
     * @param options those of one camera; scoring counts in the search alone, sampling and refine do not count
     * @throws IllegalArgumentException if the focal length is unknown
     */
    public RigPoseEstimator(PoseEstimator.Options options) {
        this.options = requireNonNull(options, "options");
        if (options.focalLength() != PoseEstimator.FocalLength.KNOWN) {
            throw new IllegalArgumentException(
                    "the focal lengths of a rig must be KNOWN, got " + options.focalLength());
        }
    }

    /**
     * Estimates a pose.
     *
     * @param rig the cameras
     * @param cameras which of them saw each correspondence
     * @param points n points in the world, three numbers each
     * @param pixels where they were seen, two numbers each. Rows that are not finite, or that no ray of the camera reaches,
     *     never agree with a pose
     * @return the pose, or why there is none
     * @throws IllegalArgumentException if the arrays' lengths do not fit or the rig has no such camera
     */
    public RigPoseEstimate estimate(Rig rig, int[] cameras, double[] points, double[] pixels) {
        int n = PoseEstimator.requireCorrespondences(points, pixels);
        if (cameras.length != n) {
            throw new IllegalArgumentException(
                    "there must be a camera for each of " + n + " correspondences, got " + cameras.length);
        }
        for (int camera : cameras) {
            if (camera < 0 || camera >= rig.cameras().size()) {
                throw new IllegalArgumentException(
                        "cameras must be from 0 to " + (rig.cameras().size() - 1) + ", got " + camera);
            }
        }
        return new Search(options, rig, cameras, points, pixels).run();
    }

    /** The correspondences of one camera. */
    private static final class View {
        final Camera camera;
        final double[] fromRig;
        final double[] shift;
        final double[] origin;
        final int[] rows;
        final DistinctCorrespondences distinct;
        final double[] errors;

        View(Camera camera, Pose fromRig, int[] rows, double[] points, double[] pixels, double maxError) {
            this.camera = camera;
            this.fromRig = fromRig.rotation();
            this.rows = rows;
            shift = new double[] {fromRig.tx(), fromRig.ty(), fromRig.tz()};
            origin = fromRig.center();
            double[] x = new double[3 * rows.length];
            double[] u = new double[2 * rows.length];
            for (int k = 0; k < rows.length; k++) {
                System.arraycopy(points, 3 * rows[k], x, 3 * k, 3);
                System.arraycopy(pixels, 2 * rows[k], u, 2 * k, 2);
            }
            distinct = new DistinctCorrespondences(camera, x, u, new int[0], maxError);
            errors = new double[distinct.count()];
        }

        int row(int k) {
            return rows[distinct.row(k)];
        }

        /** dᵀ R: a derivative by the point in the camera's frame as one by the point in the rig's. */
        void toRig(double[] d, int from, double[] to, int at) {
            for (int j = 0; j < 3; j++) {
                to[at + j] = d[from] * fromRig[j] + d[from + 1] * fromRig[3 + j] + d[from + 2] * fromRig[6 + j];
            }
        }
    }

    /** One estimation. */
    private static final class Search {
        private final PoseEstimator.Options options;
        private final double[] points;
        private final double[] pixels;
        private final List<View> views = new ArrayList<>();
        private final int[] viewOf;
        private final int[] placeOf;
        private final int[] cameras;
        private final double area;
        private final double[] pixel = new double[2];
        private final double[] byPoint = new double[6];
        private final double[] byRig = new double[6];
        private final double[] seen = new double[3];
        private final double[] row = new double[6];

        Search(PoseEstimator.Options options, Rig rig, int[] cameras, double[] points, double[] pixels) {
            this.options = options;
            this.points = points;
            this.pixels = pixels;
            this.cameras = cameras;
            int n = 0;
            double largest = 0;
            for (int c = 0; c < rig.cameras().size(); c++) {
                Camera camera = rig.cameras().get(c);
                int wanted = c;
                int[] rows = IntStream.range(0, cameras.length)
                        .filter(i -> cameras[i] == wanted)
                        .toArray();
                View view = new View(camera, rig.camerasFromRig().get(c), rows, points, pixels, options.maxError());
                views.add(view);
                n += view.distinct.count();
                largest = Math.max(largest, 1 / ((double) camera.width() * camera.height()));
            }
            area = Math.PI * options.maxError() * options.maxError() * largest;
            viewOf = new int[n];
            placeOf = new int[n];
            int at = 0;
            for (int c = 0; c < views.size(); c++) {
                for (int k = 0; k < views.get(c).distinct.count(); k++) {
                    viewOf[at] = c;
                    placeOf[at++] = k;
                }
            }
        }

        RigPoseEstimate run() {
            int n = viewOf.length;
            if (n < Math.max(4, options.minInliers())) {
                return RigPoseEstimate.failed(Status.TOO_FEW_CORRESPONDENCES, 0);
            }
            double[] middle = new double[3];
            for (int k = 0; k < n; k++) {
                for (int i = 0; i < 3; i++) {
                    middle[i] += points[3 * views.get(viewOf[k]).row(placeOf[k]) + i] / n;
                }
            }
            RigPoseModel model = model(middle);
            Optional<Ransac.Consensus> found = Ransac.estimate(model, options.ransac());
            int iterations = model.samples();
            if (found.isEmpty()) {
                return RigPoseEstimate.failed(Status.NO_CONSENSUS, iterations);
            }
            double[] m = found.get().model();
            double[] state = new double[12]; // the rotation, then the rig's origin in the world
            System.arraycopy(m, 0, state, 0, 9);
            for (int i = 0; i < 3; i++) {
                state[9 + i] = middle[i] - (m[i] * m[9] + m[3 + i] * m[10] + m[6 + i] * m[11]);
            }
            return judge(state, iterations);
        }

        private RigPoseModel model(double[] middle) {
            int n = viewOf.length;
            int[] order = PoseEstimator.randomOrder(n, options.seed());
            int[] of = new int[n];
            double[] x = new double[3 * n];
            double[] origins = new double[3 * n];
            double[] rays = new double[3 * n];
            double[] derivatives = new double[6 * n];
            for (int place = 0; place < n; place++) {
                int k = placeOf[order[place]];
                View view = views.get(viewOf[order[place]]);
                of[place] = viewOf[order[place]];
                for (int i = 0; i < 3; i++) {
                    x[3 * place + i] = points[3 * view.row(k) + i] - middle[i];
                }
                System.arraycopy(view.origin, 0, origins, 3 * place, 3);
                double[] ray = view.distinct.rays();
                view.toRig(ray, 3 * k, rays, 3 * place);
                view.camera.project(ray[3 * k], ray[3 * k + 1], ray[3 * k + 2], pixel, byPoint, null);
                view.toRig(byPoint, 0, derivatives, 6 * place);
                view.toRig(byPoint, 3, derivatives, 6 * place + 3);
            }
            return new RigPoseModel(of, x, origins, rays, derivatives, area);
        }

        private RigPoseEstimate judge(double[] state, int iterations) {
            int[] inliers = inliers(state);
            SymmetricSystem system = new SymmetricSystem(6);
            double cost = refine(state, inliers, system);
            for (int round = 1; round < ROUNDS; round++) {
                int[] next = inliers(state);
                if (Arrays.equals(next, inliers) || next.length < 4) {
                    break;
                }
                inliers = next;
                cost = refine(state, inliers, system);
            }
            int n = viewOf.length;
            int[] ranks = new int[inliers.length];
            for (int i = 0; i < ranks.length; i++) {
                ranks[i] = n - ranks.length + i;
            }
            double significance =
                    new ChanceTest(n, 3, GeneralizedP3pSolver.MOST, 3).significance(ranks, Math.min(1, area));
            if (inliers.length < options.minInliers() || !(significance >= options.minSignificance())) {
                return RigPoseEstimate.failed(Status.NO_CONSENSUS, iterations);
            }
            double[] covariance = new double[36];
            if (!system.invert(covariance)) {
                return RigPoseEstimate.failed(Status.DEGENERATE, iterations);
            }
            double assumed = ASSUMED_NOISE * options.maxError();
            double variance =
                    (cost + ASSUMED_FREEDOM * assumed * assumed) / (2.0 * inliers.length - 6 + ASSUMED_FREEDOM);
            for (int i = 0; i < 36; i++) {
                covariance[i] *= variance;
            }
            double turned = Math.sqrt(covariance[0] + covariance[7] + covariance[14]);
            double moved = Math.sqrt(covariance[21] + covariance[28] + covariance[35]);
            if (!(turned < LARGEST_ROTATION_SIGMA && moved < LARGEST_POSITION_SIGMA * medianDistance(state, inliers))) {
                return RigPoseEstimate.failed(Status.DEGENERATE, iterations);
            }
            double[] r = Arrays.copyOf(state, 9);
            Pose pose = Pose.ofRotation(
                    r,
                    -(r[0] * state[9] + r[1] * state[10] + r[2] * state[11]),
                    -(r[3] * state[9] + r[4] * state[10] + r[5] * state[11]),
                    -(r[6] * state[9] + r[7] * state[10] + r[8] * state[11]));
            return new RigPoseEstimate(
                    Status.LOCALIZED, Optional.of(pose), inliers, covariance, significance, iterations);
        }

        private double medianDistance(double[] state, int[] inliers) {
            double[] distances = new double[inliers.length];
            for (int i = 0; i < distances.length; i++) {
                double x = points[3 * inliers[i]] - state[9];
                double y = points[3 * inliers[i] + 1] - state[10];
                double z = points[3 * inliers[i] + 2] - state[11];
                distances[i] = Math.sqrt(x * x + y * y + z * z);
            }
            Arrays.sort(distances);
            return distances[distances.length / 2];
        }

        /** Rows that agree, each point and each keypoint of a camera once. */
        private int[] inliers(double[] state) {
            int[] found = new int[viewOf.length];
            int count = 0;
            for (View view : views) {
                for (int k = 0; k < view.errors.length; k++) {
                    int datum = view.row(k);
                    boolean visible = project(view, state, datum);
                    double du = pixel[0] - pixels[2 * datum];
                    double dv = pixel[1] - pixels[2 * datum + 1];
                    view.errors[k] = visible ? du * du + dv * dv : Double.POSITIVE_INFINITY;
                }
                for (int k : view.distinct.oneToOne(view.errors, options.maxError() * options.maxError())) {
                    found[count++] = view.row(k);
                }
            }
            int[] inliers = Arrays.copyOf(found, count);
            Arrays.sort(inliers);
            return inliers;
        }

        /** Sets the pixel, its derivative by the point in the camera's frame, and the point in the rig's. */
        private boolean project(View view, double[] s, int datum) {
            double x = points[3 * datum] - s[9];
            double y = points[3 * datum + 1] - s[10];
            double z = points[3 * datum + 2] - s[11];
            for (int i = 0; i < 3; i++) {
                seen[i] = s[3 * i] * x + s[3 * i + 1] * y + s[3 * i + 2] * z;
            }
            double[] r = view.fromRig;
            return view.camera.project(
                    r[0] * seen[0] + r[1] * seen[1] + r[2] * seen[2] + view.shift[0],
                    r[3] * seen[0] + r[4] * seen[1] + r[5] * seen[2] + view.shift[1],
                    r[6] * seen[0] + r[7] * seen[1] + r[8] * seen[2] + view.shift[2],
                    pixel,
                    byPoint,
                    null);
        }

        /** Levenberg–Marquardt as in {@link PoseRefinement}; returns the squared error, the equations are at the end. */
        private double refine(double[] state, int[] rows, SymmetricSystem system) {
            SymmetricSystem trial = new SymmetricSystem(6);
            double[] next = new double[12];
            double cost = linearize(state, rows, system);
            double damping = FIRST_DAMPING;
            boolean settled = false;
            for (int step = 0; step < STEPS && !settled; step++) {
                if (!system.solve(damping)) {
                    damping *= 10;
                    continue;
                }
                double[] change = system.solution();
                settled = true;
                for (int i = 0; i < 6; i++) {
                    settled &= change[i] * change[i] * system.diagonal(i) < SETTLED * SETTLED;
                }
                System.arraycopy(state, 0, next, 0, 12);
                Rotations.turn(next, -change[0], -change[1], -change[2]);
                for (int i = 0; i < 3; i++) {
                    next[9 + i] -= change[3 + i];
                }
                double found = linearize(next, rows, trial);
                if (found <= cost) {
                    cost = found;
                    System.arraycopy(next, 0, state, 0, 12);
                    system.copy(trial);
                    damping = Math.max(1e-12, damping / 10);
                } else {
                    damping *= 10;
                }
            }
            return cost;
        }

        private double linearize(double[] s, int[] rows, SymmetricSystem system) {
            system.clear();
            double cost = 0;
            for (int datum : rows) {
                View view = views.get(cameras[datum]);
                if (!project(view, s, datum)) {
                    return Double.POSITIVE_INFINITY;
                }
                view.toRig(byPoint, 0, byRig, 0);
                view.toRig(byPoint, 3, byRig, 3);
                for (int k = 0; k < 2; k++) {
                    double dx = byRig[3 * k];
                    double dy = byRig[3 * k + 1];
                    double dz = byRig[3 * k + 2];
                    // the point moves by ω × y − R γ
                    row[0] = seen[1] * dz - seen[2] * dy;
                    row[1] = seen[2] * dx - seen[0] * dz;
                    row[2] = seen[0] * dy - seen[1] * dx;
                    for (int i = 0; i < 3; i++) {
                        row[3 + i] = -(dx * s[i] + dy * s[3 + i] + dz * s[6 + i]);
                    }
                    double e = pixel[k] - pixels[2 * datum + k];
                    cost += e * e;
                    system.add(row, e, 1);
                }
            }
            return cost;
        }
    }
}
