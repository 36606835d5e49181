package org.retrieval4j.localization.colmap;

import static java.util.Objects.requireNonNull;

import org.retrieval4j.localization.pose.Pose;

/**
 * An image of a COLMAP model. The arrays are not copied: nobody changes them.
 *
 * @param id its number
 * @param stored qw qx qy qz tx ty tz as they stand in the file, world to camera
 * @param cameraId number of its camera
 * @param name path relative to the folder of images
 * @param places x and y of its 2D points, in pixels
 * @param pointIds the 3D point of each 2D point, or {@link #NO_POINT}
 */
public record ColmapImage(int id, double[] stored, int cameraId, String name, double[] places, long[] pointIds) {
    /** A 2D point without a 3D point. */
    public static final long NO_POINT = -1;

    /** Checks the lengths and the pose. */
    public ColmapImage {
        requireNonNull(name, "name");
        if (stored.length != 7) {
            throw new IllegalArgumentException("a stored pose must have 7 numbers, got " + stored.length);
        }
        if (places.length != 2L * pointIds.length) {
            throw new IllegalArgumentException(
                    "an image must have two coordinates a point, got " + places.length + " for " + pointIds.length);
        }
        if (name.isEmpty()) {
            throw new IllegalArgumentException("an image must have a name");
        }
        pose(stored);
    }

    /**
     * Where the camera stood.
     *
     * @return the pose, its quaternion made a unit
     */
    public Pose pose() {
        return pose(stored);
    }

    private static Pose pose(double[] p) {
        return new Pose(p[0], p[1], p[2], p[3], p[4], p[5], p[6]);
    }

    /**
     * How many 2D points there are.
     *
     * @return their number
     */
    public int size() {
        return pointIds.length;
    }

    /**
     * How many 2D points have a 3D point.
     *
     * @return their number
     */
    public int observations() {
        int count = 0;
        for (long id : pointIds) {
            count += id == NO_POINT ? 0 : 1;
        }
        return count;
    }
}
