package org.retrieval4j.localization.pose;

/**
 * Where a camera stands and looks: x_camera = R(q) x_world + t, as in COLMAP. Immutable and thread-safe.
 *
 * @param qw real part of the unit quaternion q
 * @param qx first imaginary part
 * @param qy second imaginary part
 * @param qz third imaginary part
 * @param tx translation t, in units of the world
 * @param ty second coordinate of t
 * @param tz third coordinate of t
 */
public record Pose(double qw, double qx, double qy, double qz, double tx, double ty, double tz) {
    /** The camera's frame is the world's. */
    public static final Pose IDENTITY = new Pose(1, 0, 0, 0, 0, 0, 0);

    private static final double SMALLEST = 1e-100;

    /** A quaternion whose length differs less is left as it is: what was written is read as the same bits. */
    private static final double UNIT = 4e-16;

    /**
     * Makes the quaternion's length 1; q and −q, which are the same rotation, stay different.
     *
     * @throws IllegalArgumentException if a number is not finite, or the quaternion has no length
     */
    public Pose {
        double largest = Math.max(Math.max(Math.abs(qw), Math.abs(qx)), Math.max(Math.abs(qy), Math.abs(qz)));
        if (!Double.isFinite(qw + qx + qy + qz) || !(largest > SMALLEST)) {
            throw new IllegalArgumentException(
                    "a pose's quaternion must be finite and not zero, got " + qw + " " + qx + " " + qy + " " + qz);
        }
        if (!Double.isFinite(tx + ty + tz)) {
            throw new IllegalArgumentException("a pose's translation must be finite, got " + tx + " " + ty + " " + tz);
        }
        double length = Math.sqrt(qw * qw + qx * qx + qy * qy + qz * qz);
        if (Math.abs(length - 1) > UNIT) {
            qw /= length;
            qx /= length;
            qy /= length;
            qz /= length;
        }
    }

    /**
     * A pose of a rotation matrix.
     *
     * @param r nine values, row after row, orthonormal with determinant 1 up to rounding
     * @param tx translation
     * @param ty second coordinate
     * @param tz third coordinate
     * @return the pose, with qw ≥ 0
     * @throws IllegalArgumentException if the matrix is no rotation by more than 1e-3
     */
    public static Pose ofRotation(double[] r, double tx, double ty, double tz) {
        requireRotation(r);
        // of 4w², 4x², 4y², 4z² the largest is at least 1 (Shepperd, Quaternion from rotation matrix, 1978)
        double w = 1 + r[0] + r[4] + r[8];
        double x = 1 + r[0] - r[4] - r[8];
        double y = 1 - r[0] + r[4] - r[8];
        double z = 1 - r[0] - r[4] + r[8];
        double[] q;
        if (w >= x && w >= y && w >= z) {
            q = new double[] {w, r[7] - r[5], r[2] - r[6], r[3] - r[1]};
        } else if (x >= y && x >= z) {
            q = new double[] {r[7] - r[5], x, r[1] + r[3], r[2] + r[6]};
        } else if (y >= z) {
            q = new double[] {r[2] - r[6], r[1] + r[3], y, r[5] + r[7]};
        } else {
            q = new double[] {r[3] - r[1], r[2] + r[6], r[5] + r[7], z};
        }
        double sign = q[0] < 0 ? -1 : 1;
        return new Pose(sign * q[0], sign * q[1], sign * q[2], sign * q[3], tx, ty, tz);
    }

    private static void requireRotation(double[] r) {
        double worst = 0;
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                double product = r[3 * i] * r[3 * j] + r[3 * i + 1] * r[3 * j + 1] + r[3 * i + 2] * r[3 * j + 2];
                worst = Math.max(worst, Math.abs(product - (i == j ? 1 : 0)));
            }
        }
        double determinant = r[0] * (r[4] * r[8] - r[5] * r[7])
                - r[1] * (r[3] * r[8] - r[5] * r[6])
                + r[2] * (r[3] * r[7] - r[4] * r[6]);
        if (!(worst < 1e-3 && determinant > 0)) {
            throw new IllegalArgumentException("a rotation matrix must be orthonormal with determinant 1, got " + worst
                    + " off, determinant " + determinant);
        }
    }

    /**
     * The rotation R(q).
     *
     * @return nine values, row after row
     */
    public double[] rotation() {
        return new double[] {
            1 - 2 * (qy * qy + qz * qz),
            2 * (qx * qy - qw * qz),
            2 * (qx * qz + qw * qy),
            2 * (qx * qy + qw * qz),
            1 - 2 * (qx * qx + qz * qz),
            2 * (qy * qz - qw * qx),
            2 * (qx * qz - qw * qy),
            2 * (qy * qz + qw * qx),
            1 - 2 * (qx * qx + qy * qy)
        };
    }

    /**
     * Where the camera stands: −Rᵀ t.
     *
     * @return three coordinates in the world
     */
    public double[] center() {
        double[] r = rotation();
        return new double[] {
            -(r[0] * tx + r[3] * ty + r[6] * tz),
            -(r[1] * tx + r[4] * ty + r[7] * tz),
            -(r[2] * tx + r[5] * ty + r[8] * tz)
        };
    }

    /**
     * The transformation back, from the camera to the world.
     *
     * @return x_world = Rᵀ x_camera − Rᵀ t
     */
    public Pose inverse() {
        double[] c = center();
        return new Pose(qw, -qx, -qy, -qz, c[0], c[1], c[2]);
    }

    /**
     * This transformation after another.
     *
     * @param first what is done first
     * @return x ↦ this(first(x))
     */
    public Pose after(Pose first) {
        double[] r = rotation();
        return new Pose(
                qw * first.qw - qx * first.qx - qy * first.qy - qz * first.qz,
                qw * first.qx + qx * first.qw + qy * first.qz - qz * first.qy,
                qw * first.qy - qx * first.qz + qy * first.qw + qz * first.qx,
                qw * first.qz + qx * first.qy - qy * first.qx + qz * first.qw,
                r[0] * first.tx + r[1] * first.ty + r[2] * first.tz + tx,
                r[3] * first.tx + r[4] * first.ty + r[5] * first.tz + ty,
                r[6] * first.tx + r[7] * first.ty + r[8] * first.tz + tz);
    }

    /**
     * Distance of the two cameras' centers.
     *
     * @param other a pose in the same world
     * @return in units of the world
     */
    public double positionError(Pose other) {
        double[] a = center();
        double[] b = other.center();
        return Math.sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]));
    }

    /**
     * Angle of the rotation between the two: 2 atan2(|v|, |w|) of the relative quaternion, which is exact for tiny angles
     * and for those near 180° too.
     *
     * @param other a pose in the same world
     * @return degrees, 0 to 180
     */
    public double rotationErrorDegrees(Pose other) {
        double w = qw * other.qw + qx * other.qx + qy * other.qy + qz * other.qz;
        double x = qw * other.qx - qx * other.qw - qy * other.qz + qz * other.qy;
        double y = qw * other.qy - qy * other.qw - qz * other.qx + qx * other.qz;
        double z = qw * other.qz - qz * other.qw - qx * other.qy + qy * other.qx;
        return Math.toDegrees(2 * Math.atan2(Math.sqrt(x * x + y * y + z * z), Math.abs(w)));
    }
}
