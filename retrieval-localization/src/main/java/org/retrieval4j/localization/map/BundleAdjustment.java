package org.retrieval4j.localization.map;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.pose.Loss;
import org.retrieval4j.localization.pose.Pose;

/**
 * Moves points, and poses if wanted, to where the reprojection error is least: Levenberg–Marquardt on reweighted squares.
 * Points are eliminated by the Schur complement, whose blocks are those of pictures that see common points; its rows are
 * kept from their first block on, which Cholesky's decomposition fills and no more (Triggs, McLauchlan, Hartley and
 * Fitzgibbon, Bundle adjustment — a modern synthesis, 1999). Poses are held near the given ones by a weak prior, which
 * leaves the world where it is: origin, axes and scale.
 *
 * <p>Made for some hundred pictures. Thread-safe: static; one thread, the same bits every time.
 */
public final class BundleAdjustment {
    private static final double FIRST_DAMPING = 1e-4;
    private static final double LARGEST_DAMPING = 1e8;
    private static final double SMALLEST_GAIN = 1e-9;

    private final List<MapImage> images;
    private final Options options;
    /** Observations of point p from trackFrom[p] to trackFrom[p + 1]. */
    private final int[] trackFrom;

    private final int[] seenIn;
    private final double[] seenAt;
    private final boolean[] used;
    private final double[] depths;

    private Pose[] poses;
    private double[] points;

    private BundleAdjustment(PointMap map, FeatureSource features, Options options) throws IOException {
        this.options = options;
        images = map.images();
        poses = images.stream().map(MapImage::pose).toArray(Pose[]::new);
        points = new double[3 * map.size()];
        trackFrom = new int[map.size() + 1];
        seenIn = new int[map.observations()];
        seenAt = new double[2 * map.observations()];
        used = new boolean[map.observations()];
        FloatMatrix[] keypoints = new FloatMatrix[images.size()];
        FeatureSource checked = map.checked(features);
        for (int i = 0; i < keypoints.length; i++) {
            String name = images.get(i).name();
            keypoints[i] = checked.features(images.get(i).id())
                    .orElseThrow(() -> new IOException("there are no features of " + name))
                    .keypoints()
                    .values();
        }
        double[] sum = new double[images.size()];
        int[] count = new int[images.size()];
        View view = new View();
        for (int p = 0; p < map.size(); p++) {
            PointMap.Point point = map.point(p);
            points[3 * p] = point.x();
            points[3 * p + 1] = point.y();
            points[3 * p + 2] = point.z();
            int at = trackFrom[p];
            for (int i = 0; i < point.track().length; i += 2, at++) {
                int image = point.track()[i];
                seenIn[at] = image;
                seenAt[2 * at] = keypoints[image].get(point.track()[i + 1], 0);
                seenAt[2 * at + 1] = keypoints[image].get(point.track()[i + 1], 1);
                used[at] = view.project(images.get(image).camera(), poses[image], points, 3 * p);
                if (used[at]) {
                    sum[image] += Math.sqrt(view.x * view.x + view.y * view.y + view.z * view.z);
                    count[image]++;
                }
            }
            trackFrom[p + 1] = at;
        }
        depths = new double[images.size()];
        for (int i = 0; i < depths.length; i++) {
            depths[i] = count[i] == 0 ? 1 : sum[i] / count[i];
        }
    }

    /**
     * How to refine.
     *
     * @param poses whether poses move too; else points alone
     * @param loss what large errors count
     * @param scale pixels above which an error is large. Larger: wrong observations pull more
     * @param poseSigma how far a pose may be wrong: radians, and as part of the mean distance of the points. Larger: poses
     *     move more; above 0, so that the world stays where it is
     * @param maxSteps largest number of steps
     */
    public record Options(boolean poses, Loss loss, double scale, double poseSigma, int maxSteps) {
        /** Checks the ranges. */
        public Options {
            requireNonNull(loss, "loss");
            if (!(scale > 0) || Double.isInfinite(scale)) {
                throw new IllegalArgumentException("scale must be above 0 and finite, got " + scale);
            }
            if (!(poseSigma > 0) || Double.isInfinite(poseSigma)) {
                throw new IllegalArgumentException("poseSigma must be above 0 and finite, got " + poseSigma);
            }
            if (maxSteps < 0) {
                throw new IllegalArgumentException("maxSteps must be at least 0, got " + maxSteps);
            }
        }

        /**
         * Points alone.
         *
         * @return Huber's loss of 1 pixel, poses to 1 percent, at most 50 steps
         */
        public static Options defaults() {
            return new Options(false, Loss.HUBER, 1, 0.01, 50);
        }

        /**
         * With poses that move, or do not.
         *
         * @param value whether they move
         * @return the changed options
         */
        public Options withPoses(boolean value) {
            return new Options(value, loss, scale, poseSigma, maxSteps);
        }
    }

    /**
     * Refines a map.
     *
     * @param map the points
     * @param features of its pictures
     * @param options what moves, and how
     * @return the same images and tracks with other points and poses, in memory; errors are mean reprojection errors
     * @throws IOException if features are missing, are not the map's, or cannot be read
     */
    public static PointMap refine(PointMap map, FeatureSource features, Options options) throws IOException {
        BundleAdjustment adjustment = new BundleAdjustment(map, features, requireNonNull(options, "options"));
        adjustment.run();
        return adjustment.result(map);
    }

    private PointMap result(PointMap map) {
        List<MapImage> moved = new ArrayList<>();
        for (int i = 0; i < poses.length; i++) {
            moved.add(images.get(i).withPose(poses[i]));
        }
        View view = new View();
        List<PointMap.Point> refined = new ArrayList<>();
        for (int p = 0; p < map.size(); p++) {
            PointMap.Point point = map.point(p);
            double sum = 0;
            int n = 0;
            for (int at = trackFrom[p]; at < trackFrom[p + 1]; at++) {
                int image = seenIn[at];
                if (view.project(images.get(image).camera(), poses[image], points, 3 * p)) {
                    sum += Math.hypot(view.pixel[0] - seenAt[2 * at], view.pixel[1] - seenAt[2 * at + 1]);
                    n++;
                }
            }
            refined.add(new PointMap.Point(
                    point.id(),
                    points[3 * p],
                    points[3 * p + 1],
                    points[3 * p + 2],
                    point.rgb(),
                    n == 0 ? -1 : sum / n,
                    point.track()));
        }
        return PointMap.of(moved, refined);
    }

    private void run() {
        double cost = cost(poses, points);
        double damping = FIRST_DAMPING;
        for (int step = 0; step < options.maxSteps && damping < LARGEST_DAMPING; step++) {
            Step tried = new Step(damping);
            double next = tried.solve() ? cost(tried.poses, tried.points) : Double.POSITIVE_INFINITY;
            if (next < cost) {
                boolean done = cost - next < SMALLEST_GAIN * cost;
                poses = tried.poses;
                points = tried.points;
                cost = next;
                damping = Math.max(damping / 10, 1e-12);
                if (done) {
                    break;
                }
            } else {
                damping *= 10;
            }
        }
    }

    private double cost(Pose[] at, double[] places) {
        double scale2 = options.scale * options.scale;
        double sum = 0;
        View view = new View();
        for (int p = 0; p + 1 < trackFrom.length; p++) {
            for (int k = trackFrom[p]; k < trackFrom[p + 1]; k++) {
                if (!used[k]) {
                    continue;
                }
                int image = seenIn[k];
                if (!view.project(images.get(image).camera(), at[image], places, 3 * p)) {
                    return Double.POSITIVE_INFINITY;
                }
                double ex = view.pixel[0] - seenAt[2 * k];
                double ey = view.pixel[1] - seenAt[2 * k + 1];
                sum += scale2 * options.loss.of((ex * ex + ey * ey) / scale2);
            }
        }
        for (int i = 0; options.poses && i < at.length; i++) {
            double[] away = away(i, at[i]);
            for (double value : away) {
                sum += value * value;
            }
        }
        return sum;
    }

    /** How far a pose is from the given one, in standard deviations: rotation vector, translation. */
    private double[] away(int image, Pose pose) {
        Pose r = pose.after(images.get(image).pose().inverse());
        double turn = 2 * Math.signum(r.qw()) / options.poseSigma; // 2 sin(θ/2) ≈ θ
        double move = 1 / (options.poseSigma * depths[image]);
        return new double[] {turn * r.qx(), turn * r.qy(), turn * r.qz(), move * r.tx(), move * r.ty(), move * r.tz()};
    }

    /** A point in a picture, with derivatives by the point and by the pose. */
    static final class View {
        final double[] pixel = new double[2];
        /** 2 x 3. */
        final double[] byPoint = new double[6];
        /** 2 x 6: by ω and ν of the pose that follows x ↦ exp(ω) x + ν on the camera's frame. */
        final double[] byPose = new double[12];

        private final double[] byCamera = new double[6];
        private double x;
        private double y;
        private double z;

        boolean project(Camera camera, Pose pose, double[] points, int at) {
            place(pose.rotation(), pose, points, at);
            return camera.project(x, y, z, pixel, null, null);
        }

        private void place(double[] r, Pose pose, double[] points, int at) {
            x = r[0] * points[at] + r[1] * points[at + 1] + r[2] * points[at + 2] + pose.tx();
            y = r[3] * points[at] + r[4] * points[at + 1] + r[5] * points[at + 2] + pose.ty();
            z = r[6] * points[at] + r[7] * points[at + 1] + r[8] * points[at + 2] + pose.tz();
        }

        boolean differentiate(Camera camera, Pose pose, double[] points, int at) {
            double[] r = pose.rotation();
            place(r, pose, points, at);
            if (!camera.project(x, y, z, pixel, byCamera, null)) {
                return false;
            }
            for (int i = 0; i < 2; i++) {
                double a = byCamera[3 * i];
                double b = byCamera[3 * i + 1];
                double c = byCamera[3 * i + 2];
                for (int j = 0; j < 3; j++) {
                    byPoint[3 * i + j] = a * r[j] + b * r[3 + j] + c * r[6 + j];
                }
                byPose[6 * i] = c * y - b * z; // (a b c) · (e × x) for each axis e
                byPose[6 * i + 1] = a * z - c * x;
                byPose[6 * i + 2] = b * x - a * y;
                byPose[6 * i + 3] = a;
                byPose[6 * i + 4] = b;
                byPose[6 * i + 5] = c;
            }
            return true;
        }
    }

    /** Where one step leads. */
    private final class Step {
        private final double damping;
        private final Pose[] poses = BundleAdjustment.this.poses.clone();
        private final double[] points = BundleAdjustment.this.points.clone();

        Step(double damping) {
            this.damping = damping;
        }

        boolean solve() {
            int n = options.poses ? poses.length : 0;
            double[] inverses = new double[9 * (trackFrom.length - 1)];
            double[] pointRight = new double[3 * (trackFrom.length - 1)];
            double[] mixed = new double[n == 0 ? 0 : 18 * seenIn.length]; // 6 x 3 an observation
            Skyline system = new Skyline(n);
            accumulate(system, inverses, pointRight, mixed);
            double[] moves = new double[6 * n];
            if (n > 0 && !system.solve(moves)) {
                return false;
            }
            for (int i = 0; i < n; i++) {
                double[] m = Arrays.copyOfRange(moves, 6 * i, 6 * i + 6);
                double angle = Math.sqrt(m[0] * m[0] + m[1] * m[1] + m[2] * m[2]);
                double s = angle < 1e-8 ? 0.5 : Math.sin(angle / 2) / angle;
                Pose turn = new Pose(Math.cos(angle / 2), s * m[0], s * m[1], s * m[2], m[3], m[4], m[5]);
                poses[i] = turn.after(poses[i]);
            }
            for (int p = 0; p + 1 < trackFrom.length; p++) {
                double[] b = Arrays.copyOfRange(pointRight, 3 * p, 3 * p + 3);
                for (int k = trackFrom[p]; n > 0 && k < trackFrom[p + 1]; k++) {
                    for (int i = 0; i < 6; i++) {
                        for (int j = 0; j < 3; j++) {
                            b[j] -= mixed[18 * k + 3 * i + j] * moves[6 * seenIn[k] + i];
                        }
                    }
                }
                for (int j = 0; j < 3; j++) {
                    for (int i = 0; i < 3; i++) {
                        points[3 * p + j] += inverses[9 * p + 3 * j + i] * b[i];
                    }
                }
            }
            return true;
        }

        private void accumulate(Skyline system, double[] inverses, double[] pointRight, double[] mixed) {
            boolean withPoses = system.blocks > 0;
            double[] own = new double[36 * system.blocks];
            double scale2 = options.scale * options.scale;
            View view = new View();
            for (int p = 0; p + 1 < trackFrom.length; p++) {
                double[] v = new double[9];
                for (int k = trackFrom[p]; k < trackFrom[p + 1]; k++) {
                    int image = seenIn[k];
                    if (!used[k] || !view.differentiate(images.get(image).camera(), poses[image], points, 3 * p)) {
                        continue;
                    }
                    double[] e = {seenAt[2 * k] - view.pixel[0], seenAt[2 * k + 1] - view.pixel[1]};
                    double w = options.loss.weight((e[0] * e[0] + e[1] * e[1]) / scale2);
                    for (int row = 0; row < 2; row++) {
                        for (int i = 0; i < 3; i++) {
                            double wj = w * view.byPoint[3 * row + i];
                            pointRight[3 * p + i] += wj * e[row];
                            for (int j = 0; j < 3; j++) {
                                v[3 * i + j] += wj * view.byPoint[3 * row + j];
                            }
                        }
                        for (int i = 0; withPoses && i < 6; i++) {
                            double wj = w * view.byPose[6 * row + i];
                            system.right[6 * image + i] += wj * e[row];
                            for (int j = 0; j < 6; j++) {
                                own[36 * image + 6 * i + j] += wj * view.byPose[6 * row + j];
                            }
                            for (int j = 0; j < 3; j++) {
                                mixed[18 * k + 3 * i + j] += wj * view.byPoint[3 * row + j];
                            }
                        }
                    }
                }
                invert(v, inverses, 9 * p);
            }
            if (!withPoses) {
                return;
            }
            for (int image = 0; image < system.blocks; image++) {
                double[] away = away(image, poses[image]);
                double turn = 1 / options.poseSigma;
                double move = turn / depths[image];
                for (int i = 0; i < 6; i++) {
                    double weight = i < 3 ? turn : move;
                    own[36 * image + 7 * i] += weight * weight;
                    system.right[6 * image + i] -= weight * away[i];
                    own[36 * image + 7 * i] *= 1 + damping;
                }
            }
            system.allocate(trackFrom, seenIn);
            for (int image = 0; image < system.blocks; image++) {
                for (int i = 0; i < 6; i++) {
                    for (int j = 0; j <= i; j++) {
                        system.add(6 * image + i, 6 * image + j, own[36 * image + 6 * i + j]);
                    }
                }
            }
            eliminate(system, inverses, pointRight, mixed);
        }

        /** S −= W V⁻¹ Wᵀ and b −= W V⁻¹ b of each point. */
        private void eliminate(Skyline system, double[] inverses, double[] pointRight, double[] mixed) {
            double[] y = new double[18];
            for (int p = 0; p + 1 < trackFrom.length; p++) {
                for (int k = trackFrom[p]; k < trackFrom[p + 1]; k++) {
                    int row = 6 * seenIn[k];
                    for (int i = 0; i < 6; i++) {
                        for (int j = 0; j < 3; j++) {
                            y[3 * i + j] = mixed[18 * k + 3 * i] * inverses[9 * p + j]
                                    + mixed[18 * k + 3 * i + 1] * inverses[9 * p + 3 + j]
                                    + mixed[18 * k + 3 * i + 2] * inverses[9 * p + 6 + j];
                            system.right[row + i] -= y[3 * i + j] * pointRight[3 * p + j];
                        }
                    }
                    for (int l = trackFrom[p]; l < trackFrom[p + 1]; l++) {
                        int column = 6 * seenIn[l];
                        for (int i = 0; column <= row && i < 6; i++) {
                            for (int j = 0; j < 6 && column + j <= row + i; j++) {
                                system.add(
                                        row + i,
                                        column + j,
                                        -(y[3 * i] * mixed[18 * l + 3 * j]
                                                + y[3 * i + 1] * mixed[18 * l + 3 * j + 1]
                                                + y[3 * i + 2] * mixed[18 * l + 3 * j + 2]));
                            }
                        }
                    }
                }
            }
        }

        /** The inverse of a damped 3 x 3 matrix; zero, so that the point stays, if it has none. */
        private void invert(double[] v, double[] target, int at) {
            for (int i = 0; i < 3; i++) {
                v[4 * i] *= 1 + damping;
            }
            double c0 = v[4] * v[8] - v[5] * v[7];
            double c1 = v[5] * v[6] - v[3] * v[8];
            double c2 = v[3] * v[7] - v[4] * v[6];
            double determinant = v[0] * c0 + v[1] * c1 + v[2] * c2;
            if (!(determinant > 1e-14 * v[0] * v[4] * v[8])) {
                return;
            }
            double[] adjugate = {
                c0, v[2] * v[7] - v[1] * v[8], v[1] * v[5] - v[2] * v[4],
                c1, v[0] * v[8] - v[2] * v[6], v[2] * v[3] - v[0] * v[5],
                c2, v[1] * v[6] - v[0] * v[7], v[0] * v[4] - v[1] * v[3]
            };
            for (int i = 0; i < 9; i++) {
                target[at + i] = adjugate[i] / determinant;
            }
        }
    }

    /** A symmetric matrix of 6 x 6 blocks, each row from its first block to the diagonal, and Cholesky's decomposition. */
    private static final class Skyline {
        final int blocks;
        final double[] right;
        private final int[] first;
        private final double[][] rows;

        Skyline(int blocks) {
            this.blocks = blocks;
            right = new double[6 * blocks];
            first = new int[6 * blocks];
            rows = new double[6 * blocks][];
        }

        void allocate(int[] trackFrom, int[] seenIn) {
            int[] firstBlock = new int[blocks];
            Arrays.setAll(firstBlock, i -> i);
            for (int p = 0; p + 1 < trackFrom.length; p++) {
                for (int k = trackFrom[p]; k < trackFrom[p + 1]; k++) {
                    // tracks ascend by image
                    firstBlock[seenIn[k]] = Math.min(firstBlock[seenIn[k]], seenIn[trackFrom[p]]);
                }
            }
            for (int r = 0; r < rows.length; r++) {
                first[r] = 6 * firstBlock[r / 6];
                rows[r] = new double[r + 1 - first[r]];
            }
        }

        void add(int row, int column, double value) {
            rows[row][column - first[row]] += value;
        }

        boolean solve(double[] x) {
            for (int r = 0; r < rows.length; r++) {
                double[] row = rows[r];
                for (int c = first[r]; c <= r; c++) {
                    double[] other = rows[c];
                    double sum = row[c - first[r]];
                    for (int k = Math.max(first[r], first[c]); k < c; k++) {
                        sum -= row[k - first[r]] * other[k - first[c]];
                    }
                    if (c == r && !(sum > 0)) {
                        return false;
                    }
                    row[c - first[r]] = c == r ? Math.sqrt(sum) : sum / other[c - first[c]];
                }
            }
            for (int r = 0; r < rows.length; r++) {
                double sum = right[r];
                for (int k = first[r]; k < r; k++) {
                    sum -= rows[r][k - first[r]] * x[k];
                }
                x[r] = sum / rows[r][r - first[r]];
            }
            for (int r = rows.length - 1; r >= 0; r--) {
                x[r] /= rows[r][r - first[r]];
                for (int k = first[r]; k < r; k++) {
                    x[k] -= rows[r][k - first[r]] * x[r];
                }
            }
            return true;
        }
    }
}
