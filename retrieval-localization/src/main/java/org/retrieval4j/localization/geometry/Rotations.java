package org.retrieval4j.localization.geometry;

/** Rotations as matrices of nine numbers, row after row, and as rotation vectors. Thread-safe: static. */
public final class Rotations {
    private Rotations() {}

    /**
     * R ← exp(ω) R, by Rodrigues' formula.
     *
     * @param r begins with the nine numbers of R
     * @param wx of ω, in radians
     * @param wy second coordinate
     * @param wz third coordinate
     */
    public static void turn(double[] r, double wx, double wy, double wz) {
        double angle2 = wx * wx + wy * wy + wz * wz;
        double angle = Math.sqrt(angle2);
        // sin θ / θ and (1 − cos θ) / θ²
        double a = angle < 1e-4 ? 1 - angle2 / 6 : Math.sin(angle) / angle;
        double half = Math.sin(angle / 2);
        double b = angle < 1e-4 ? 0.5 - angle2 / 24 : 2 * half * half / angle2;
        for (int j = 0; j < 3; j++) {
            double x = r[j];
            double y = r[3 + j];
            double z = r[6 + j];
            double cx = wy * z - wz * y;
            double cy = wz * x - wx * z;
            double cz = wx * y - wy * x;
            r[j] = x + a * cx + b * (wy * cz - wz * cy);
            r[3 + j] = y + a * cy + b * (wz * cx - wx * cz);
            r[6 + j] = z + a * cz + b * (wx * cy - wy * cx);
        }
    }

    /**
     * The rotation vector of a unit quaternion.
     *
     * @param qw real part
     * @param qx first imaginary part
     * @param qy second
     * @param qz third
     * @return axis times angle, at most π long
     */
    public static double[] vector(double qw, double qx, double qy, double qz) {
        double sine = Math.sqrt(qx * qx + qy * qy + qz * qz);
        double sign = qw < 0 ? -1 : 1;
        double factor = sine < 1e-12 ? 2 * sign : sign * 2 * Math.atan2(sine, Math.abs(qw)) / sine;
        return new double[] {factor * qx, factor * qy, factor * qz};
    }
}
