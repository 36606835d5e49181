package org.retrieval4j.localization.map;

import java.util.Arrays;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.pose.Pose;

/**
 * A point from its observations in posed pictures, some of which may be wrong: every pair of rays proposes the middle of where
 * they come nearest to each other; the proposal that most observations agree with is refined on them by Gauss–Newton on the
 * reprojection error.
 *
 * <p>Not thread-safe: holds scratch space.
 */
final class Triangulation {
    private static final int STEPS = 10;

    /** Pairs tried of longer tracks are those of this many observations. */
    private static final int TRIED = 10;

    private final double maxError;
    private final double minCosine;
    private final double[] pixel = new double[2];
    private final double[] byPoint = new double[6];
    private final double[] point = new double[3];
    private final double[] best = new double[3];
    private int[] inliers = new int[0];
    private double error;

    /**
     * Prepares.
     *
     * @param maxError largest reprojection error in pixels
     * @param minAngleDegrees least angle between the two rays that are farthest apart
     */
    Triangulation(double maxError, double minAngleDegrees) {
        this.maxError = maxError;
        minCosine = Math.cos(Math.toRadians(minAngleDegrees));
    }

    /**
     * One observation.
     *
     * @param camera of the picture
     * @param pose of the picture
     * @param rotation of the pose
     * @param center of the pose
     * @param ray direction of the keypoint in the world, of length 1
     * @param x keypoint
     * @param y second coordinate
     */
    record Observation(
            Camera camera, Pose pose, double[] rotation, double[] center, double[] ray, double x, double y) {}

    /** The point found. */
    double[] point() {
        return best;
    }

    /** Observations that agree with it, ascending. */
    int[] inliers() {
        return inliers;
    }

    /** Mean reprojection error of these in pixels. */
    double error() {
        return error;
    }

    /** Reprojection error in pixels of a point in one observation; infinite if it has no image there. */
    double error(double[] of, Observation seen) {
        System.arraycopy(of, 0, point, 0, 3);
        return project(seen, false) ? Math.hypot(pixel[0] - seen.x, pixel[1] - seen.y) : Double.POSITIVE_INFINITY;
    }

    /** Whether an observation of this error counts. */
    boolean accepts(double pixels) {
        return pixels < maxError;
    }

    /** Whether there is a point that two or more observations agree with, from directions that differ enough. */
    boolean find(Observation[] track) {
        inliers = new int[0];
        error = Double.POSITIVE_INFINITY;
        int n = Math.min(TRIED, track.length);
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++) {
                if (middle(track[i], track[j])) {
                    consider(track);
                }
            }
        }
        if (inliers.length < 2) {
            return false;
        }
        System.arraycopy(best, 0, point, 0, 3);
        for (int round = 0; round < 2; round++) {
            if (refine(track, inliers)) {
                consider(track);
            }
        }
        return isWide(track);
    }

    /** The middle between two rays; false if they do not meet before the cameras. */
    private boolean middle(Observation a, Observation b) {
        double cosine = dot(a.ray, b.ray);
        double determinant = 1 - cosine * cosine;
        if (!(determinant > 1e-10)) {
            return false;
        }
        double dx = b.center[0] - a.center[0];
        double dy = b.center[1] - a.center[1];
        double dz = b.center[2] - a.center[2];
        double onA = a.ray[0] * dx + a.ray[1] * dy + a.ray[2] * dz;
        double onB = b.ray[0] * dx + b.ray[1] * dy + b.ray[2] * dz;
        double s = (onA - cosine * onB) / determinant;
        double t = (cosine * onA - onB) / determinant;
        for (int i = 0; i < 3; i++) {
            point[i] = (a.center[i] + s * a.ray[i] + b.center[i] + t * b.ray[i]) / 2;
        }
        return s > 0 && t > 0;
    }

    private static double dot(double[] a, double[] b) {
        return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    }

    /** Takes the point if more observations agree with it, or as many with a smaller error. */
    private void consider(Observation[] track) {
        int[] found = new int[track.length];
        int count = 0;
        double sum = 0;
        for (int k = 0; k < track.length; k++) {
            if (project(track[k], false)) {
                double e = Math.hypot(pixel[0] - track[k].x, pixel[1] - track[k].y);
                if (e < maxError) {
                    found[count++] = k;
                    sum += e;
                }
            }
        }
        if (count >= 2 && (count > inliers.length || count == inliers.length && sum / count < error)) {
            inliers = Arrays.copyOf(found, count);
            error = sum / count;
            System.arraycopy(point, 0, best, 0, 3);
        }
    }

    private boolean project(Observation seen, boolean derivatives) {
        double[] r = seen.rotation;
        double x = point[0] - seen.center[0];
        double y = point[1] - seen.center[1];
        double z = point[2] - seen.center[2];
        return seen.camera.project(
                r[0] * x + r[1] * y + r[2] * z,
                r[3] * x + r[4] * y + r[5] * z,
                r[6] * x + r[7] * y + r[8] * z,
                pixel,
                derivatives ? byPoint : null,
                null);
    }

    private boolean refine(Observation[] track, int[] used) {
        for (int step = 0; step < STEPS; step++) {
            double[] a = new double[6]; // xx, xy, xz, yy, yz, zz
            double[] b = new double[3];
            for (int k : used) {
                Observation seen = track[k];
                if (!project(seen, true)) {
                    return false;
                }
                double[] r = seen.rotation;
                for (int i = 0; i < 2; i++) {
                    double e = pixel[i] - (i == 0 ? seen.x : seen.y);
                    double jx = byPoint[3 * i] * r[0] + byPoint[3 * i + 1] * r[3] + byPoint[3 * i + 2] * r[6];
                    double jy = byPoint[3 * i] * r[1] + byPoint[3 * i + 1] * r[4] + byPoint[3 * i + 2] * r[7];
                    double jz = byPoint[3 * i] * r[2] + byPoint[3 * i + 1] * r[5] + byPoint[3 * i + 2] * r[8];
                    a[0] += jx * jx;
                    a[1] += jx * jy;
                    a[2] += jx * jz;
                    a[3] += jy * jy;
                    a[4] += jy * jz;
                    a[5] += jz * jz;
                    b[0] += jx * e;
                    b[1] += jy * e;
                    b[2] += jz * e;
                }
            }
            double c0 = a[3] * a[5] - a[4] * a[4];
            double c1 = a[2] * a[4] - a[1] * a[5];
            double c2 = a[1] * a[4] - a[2] * a[3];
            double determinant = a[0] * c0 + a[1] * c1 + a[2] * c2;
            if (!(determinant > 0)) {
                return false;
            }
            double sx = (c0 * b[0] + c1 * b[1] + c2 * b[2]) / determinant;
            double sy =
                    (c1 * b[0] + (a[0] * a[5] - a[2] * a[2]) * b[1] + (a[1] * a[2] - a[0] * a[4]) * b[2]) / determinant;
            double sz =
                    (c2 * b[0] + (a[1] * a[2] - a[0] * a[4]) * b[1] + (a[0] * a[3] - a[1] * a[1]) * b[2]) / determinant;
            point[0] -= sx;
            point[1] -= sy;
            point[2] -= sz;
            if (sx * sx * a[0] + sy * sy * a[3] + sz * sz * a[5] < 1e-12) {
                break;
            }
        }
        return Double.isFinite(point[0] + point[1] + point[2]);
    }

    private boolean isWide(Observation[] track) {
        double[][] rays = new double[inliers.length][3];
        for (int k = 0; k < inliers.length; k++) {
            double length = 0;
            for (int i = 0; i < 3; i++) {
                rays[k][i] = best[i] - track[inliers[k]].center[i];
                length += rays[k][i] * rays[k][i];
            }
            for (int i = 0; i < 3; i++) {
                rays[k][i] /= Math.sqrt(length);
            }
        }
        for (int i = 0; i < rays.length; i++) {
            for (int j = i + 1; j < rays.length; j++) {
                if (dot(rays[i], rays[j]) < minCosine) {
                    return true;
                }
            }
        }
        return false;
    }
}
