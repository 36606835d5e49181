package org.retrieval4j.localization.geometry;

/**
 * The camera's pose from two points where gravity is known (Kukelova, Bujnak and Pajdla, Closed-form solutions to minimal
 * absolute pose problems with known vertical direction, ACCV 2010). In frames whose second axis is gravity, camera and world
 * differ by a turn about it: the heights of the rays give one linear equation between the two depths, the horizontal distance of
 * the points a quadratic one.
 *
 * <p>Thread-safe: stateless; allocates a few numbers.
 */
public final class UprightSolver {
    /** Most poses there can be. */
    public static final int MOST = 2;

    private UprightSolver() {}

    /**
     * Finds the poses.
     *
     * @param rays two directions of any length in the camera's frame, one after the other
     * @param points two points in the world, one after the other
     * @param cameraGravity direction of gravity in the camera's frame, of any length
     * @param worldGravity direction of gravity in the world, of any length
     * @param poses receives up to {@value #MOST} poses of {@value P3pSolver#POSE} numbers: x_camera = R x_world + t
     * @return how many there are, both points before the camera; 0 for points above each other and for level rays
     */
    public static int solve(
            double[] rays, double[] points, double[] cameraGravity, double[] worldGravity, double[] poses) {
        double[] camera = frame(cameraGravity);
        double[] world = frame(worldGravity);
        double[] b = turned(camera, rays);
        double[] x = turned(world, points);
        double dx = x[0] - x[3];
        double height = x[1] - x[4];
        double dz = x[2] - x[5];
        double squared = dx * dx + dz * dz;
        // depths s, u along the rays: s b₁y − u b₂y = height; solved for the steeper ray
        boolean swapped = Math.abs(b[4]) > Math.abs(b[1]);
        int first = swapped ? 3 : 0;
        int second = 3 - first;
        double h = swapped ? -height : height;
        if (b[first + 1] == 0 || !(squared > 0)) {
            return 0;
        }
        double constant = h / b[first + 1];
        double slope = b[second + 1] / b[first + 1];
        // first depth = constant + slope u; the horizontal difference is p + u q
        double px = constant * b[first];
        double pz = constant * b[first + 2];
        double qx = slope * b[first] - b[second];
        double qz = slope * b[first + 2] - b[second + 2];
        double a = qx * qx + qz * qz;
        double half = px * qx + pz * qz;
        double c = px * px + pz * pz - squared;
        double discriminant = half * half - a * c;
        if (!(a > 0) || !(discriminant >= 0)) {
            return 0;
        }
        double root = Math.sqrt(discriminant);
        double far = -half - Math.copySign(root, half);
        int count = 0;
        for (int k = 0; k < (root > 0 ? 2 : 1); k++) {
            double u = k == 0 ? far / a : c / far;
            double s = constant + slope * u;
            if (!(u > 0 && s > 0)) {
                continue;
            }
            double sign = swapped ? -1 : 1;
            double ex = sign * (px + u * qx);
            double ez = sign * (pz + u * qz);
            // the turn about the second axis that takes (dx, dz) to (ex, ez)
            double cosine = (dx * ex + dz * ez) / squared;
            double sine = (dz * ex - dx * ez) / squared;
            double length = Math.hypot(cosine, sine);
            cosine /= length;
            sine /= length;
            double[] turn = {cosine, 0, sine, 0, 1, 0, -sine, 0, cosine};
            double[] r = new double[9];
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 3; j++) {
                    for (int m = 0; m < 3; m++) {
                        for (int n = 0; n < 3; n++) {
                            r[3 * i + j] += camera[3 * m + i] * turn[3 * m + n] * world[3 * n + j];
                        }
                    }
                }
            }
            int at = P3pSolver.POSE * count;
            System.arraycopy(r, 0, poses, at, 9);
            double d1 = swapped ? u : s;
            double d2 = swapped ? s : u;
            for (int i = 0; i < 3; i++) {
                double t = d1 * rays[i] + d2 * rays[3 + i];
                for (int j = 0; j < 3; j++) {
                    t -= r[3 * i + j] * (points[j] + points[3 + j]);
                }
                poses[at + 9 + i] = t / 2;
            }
            count++;
        }
        return count;
    }

    /** A frame whose second direction is given, as a rotation into it, row after row. */
    private static double[] frame(double[] down) {
        double length = Math.sqrt(down[0] * down[0] + down[1] * down[1] + down[2] * down[2]);
        double x = down[0] / length;
        double y = down[1] / length;
        double z = down[2] / length;
        // across the smallest coordinate's axis
        boolean alongX = Math.abs(x) <= Math.abs(y) && Math.abs(x) <= Math.abs(z);
        boolean alongY = !alongX && Math.abs(y) <= Math.abs(z);
        double ax = alongX ? 0 : alongY ? -z : y;
        double ay = alongX ? z : alongY ? 0 : -x;
        double az = alongX ? -y : alongY ? x : 0;
        double across = Math.sqrt(ax * ax + ay * ay + az * az);
        ax /= across;
        ay /= across;
        az /= across;
        return new double[] {ax, ay, az, x, y, z, ay * z - az * y, az * x - ax * z, ax * y - ay * x};
    }

    private static double[] turned(double[] r, double[] v) {
        double[] result = new double[6];
        for (int p = 0; p < 6; p += 3) {
            for (int i = 0; i < 3; i++) {
                result[p + i] = r[3 * i] * v[p] + r[3 * i + 1] * v[p + 1] + r[3 * i + 2] * v[p + 2];
            }
        }
        return result;
    }
}
