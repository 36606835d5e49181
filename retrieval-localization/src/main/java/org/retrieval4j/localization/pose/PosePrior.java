package org.retrieval4j.localization.pose;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * What is known of a pose besides correspondences, each with its standard deviation. Immutable and thread-safe.
 *
 * @param position where the camera stands, if known
 * @param gravity which way is down, if known
 * @param rotation how it is turned, if known
 */
public record PosePrior(Optional<Position> position, Optional<Gravity> gravity, Optional<Rotation> rotation) {
    /** Nothing is known. */
    public static final PosePrior NONE = new PosePrior(Optional.empty(), Optional.empty(), Optional.empty());

    /** Checks for null. */
    public PosePrior {
        requireNonNull(position, "position");
        requireNonNull(gravity, "gravity");
        requireNonNull(rotation, "rotation");
    }

    /**
     * Where the camera stands: a position of a satellite receiver.
     *
     * @param x of the center, in the world
     * @param y second coordinate
     * @param z third coordinate
     * @param sigma standard deviation of each coordinate, in units of the world, above 0
     */
    public record Position(double x, double y, double z, double sigma) {
        /** Checks the ranges. */
        public Position {
            if (!Double.isFinite(x + y + z)) {
                throw new IllegalArgumentException("position must be finite, got " + x + " " + y + " " + z);
            }
            requireSigma(sigma);
        }
    }

    /**
     * Which way is down, as an accelerometer tells it.
     *
     * @param worldX direction in the world, of any length but 0
     * @param worldY second coordinate
     * @param worldZ third coordinate
     * @param cameraX the same direction in the camera's frame
     * @param cameraY second coordinate
     * @param cameraZ third coordinate
     * @param sigmaDegrees standard deviation about each axis, above 0
     */
    public record Gravity(
            double worldX,
            double worldY,
            double worldZ,
            double cameraX,
            double cameraY,
            double cameraZ,
            double sigmaDegrees) {
        /** Makes both directions' length 1. */
        public Gravity {
            double world = length(worldX, worldY, worldZ);
            double camera = length(cameraX, cameraY, cameraZ);
            worldX /= world;
            worldY /= world;
            worldZ /= world;
            cameraX /= camera;
            cameraY /= camera;
            cameraZ /= camera;
            requireSigma(sigmaDegrees);
        }

        private static double length(double x, double y, double z) {
            double length = Math.sqrt(x * x + y * y + z * z);
            if (!Double.isFinite(length) || !(length > 0)) {
                throw new IllegalArgumentException("gravity must be a direction, got " + x + " " + y + " " + z);
            }
            return length;
        }
    }

    /**
     * How the camera is turned.
     *
     * @param pose whose rotation it is; its translation has no meaning here
     * @param sigmaDegrees standard deviation about each axis, above 0
     */
    public record Rotation(Pose pose, double sigmaDegrees) {
        /** Checks the range. */
        public Rotation {
            requireNonNull(pose, "pose");
            requireSigma(sigmaDegrees);
        }
    }

    private static void requireSigma(double sigma) {
        if (!(sigma > 0) || Double.isInfinite(sigma)) {
            throw new IllegalArgumentException("a prior's standard deviation must be above 0 and finite, got " + sigma);
        }
    }

    /**
     * With a known position.
     *
     * @param value where the camera stands
     * @return the changed prior
     */
    public PosePrior withPosition(Position value) {
        return new PosePrior(Optional.of(value), gravity, rotation);
    }

    /**
     * With a known direction of gravity.
     *
     * @param value which way is down
     * @return the changed prior
     */
    public PosePrior withGravity(Gravity value) {
        return new PosePrior(position, Optional.of(value), rotation);
    }

    /**
     * With a known pose.
     *
     * @param pose the pose
     * @param sigma standard deviation of each coordinate of its center, in units of the world
     * @param sigmaDegrees standard deviation about each axis
     * @return the changed prior
     */
    public PosePrior withPose(Pose pose, double sigma, double sigmaDegrees) {
        double[] c = pose.center();
        return new PosePrior(
                Optional.of(new Position(c[0], c[1], c[2], sigma)),
                gravity,
                Optional.of(new Rotation(pose, sigmaDegrees)));
    }
}
