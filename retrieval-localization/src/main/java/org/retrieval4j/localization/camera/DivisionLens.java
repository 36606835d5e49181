package org.retrieval4j.localization.camera;

import org.jspecify.annotations.Nullable;

/**
 * The division model: the direction of the place (a, b) is (a, b, 1 + k (a² + b²)) (Fitzgibbon, Simultaneous linear
 * estimation of multiple view geometry and lens distortion, CVPR 2001). As in COLMAP, points behind the camera have
 * images too.
 */
record DivisionLens() implements Lens {
    @Override
    public boolean project(
            double[] p,
            int from,
            double x,
            double y,
            double z,
            double[] place,
            double @Nullable [] byPoint,
            double @Nullable [] byParameters) {
        double k = p[from];
        double rho2 = x * x + y * y;
        double discriminant = z * z - 4 * k * rho2;
        if (!(discriminant >= 0)) {
            return false;
        }
        double root = Math.sqrt(discriminant);
        double s = (z + root) / 2;
        if (s == 0) {
            return false;
        }
        double a = x / s;
        double b = y / s;
        place[0] = a;
        place[1] = b;
        double i = 1 / s;
        if (byPoint != null) {
            double sx = -2 * k * x / root;
            double sy = -2 * k * y / root;
            double sz = (1 + z / root) / 2;
            byPoint[0] = i - a * i * sx;
            byPoint[1] = -a * i * sy;
            byPoint[2] = -a * i * sz;
            byPoint[3] = -b * i * sx;
            byPoint[4] = i - b * i * sy;
            byPoint[5] = -b * i * sz;
        }
        if (byParameters != null) {
            double sk = -rho2 / root;
            byParameters[from] = -a * i * sk;
            byParameters[p.length + from] = -b * i * sk;
        }
        return true;
    }

    @Override
    public boolean unproject(double[] p, int from, double a, double b, double[] ray) {
        ray[0] = a;
        ray[1] = b;
        ray[2] = 1 + p[from] * (a * a + b * b);
        return true;
    }
}
