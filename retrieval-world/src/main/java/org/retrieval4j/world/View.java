package org.retrieval4j.world;

/**
 * A pinhole camera somewhere in the world: x_camera = R x_world + t, camera axes right, down, forward; principal point
 * in the middle, center of the first pixel at (0.5, 0.5).
 *
 * @param name file name of the picture
 * @param place which place it stands in
 * @param width pixels
 * @param height pixels
 * @param focal focal length in pixels
 * @param rotation R, 9 values, row after row
 * @param translation t in meters
 */
public record View(
        String name, int place, int width, int height, double focal, double[] rotation, double[] translation) {
    /**
     * A camera that stands level at a position and looks in a direction. World axes: x and y on the ground, z up.
     *
     * @param name file name
     * @param place the place
     * @param width pixels
     * @param height pixels
     * @param focal focal length in pixels
     * @param x position in meters
     * @param y position in meters
     * @param z height in meters
     * @param yaw direction in radians, from the x axis towards the y axis
     * @param pitch upwards in radians
     * @param roll clockwise in radians
     * @return the view
     */
    static View standing(
            String name,
            int place,
            int width,
            int height,
            double focal,
            double x,
            double y,
            double z,
            double yaw,
            double pitch,
            double roll) {
        double[] forward = {Math.cos(yaw) * Math.cos(pitch), Math.sin(yaw) * Math.cos(pitch), Math.sin(pitch)};
        double[] level = {Math.sin(yaw), -Math.cos(yaw), 0};
        double[] down = {
            forward[1] * level[2] - forward[2] * level[1],
            forward[2] * level[0] - forward[0] * level[2],
            forward[0] * level[1] - forward[1] * level[0]
        };
        double c = Math.cos(roll);
        double s = Math.sin(roll);
        double[] rotation = new double[9];
        for (int i = 0; i < 3; i++) {
            rotation[i] = c * level[i] + s * down[i];
            rotation[3 + i] = -s * level[i] + c * down[i];
            rotation[6 + i] = forward[i];
        }
        double[] translation = new double[3];
        for (int i = 0; i < 3; i++) {
            translation[i] = -(rotation[3 * i] * x + rotation[3 * i + 1] * y + rotation[3 * i + 2] * z);
        }
        return new View(name, place, width, height, focal, rotation, translation);
    }

    /**
     * The camera's position.
     *
     * @return −Rᵀ t in meters
     */
    public double[] center() {
        double[] center = new double[3];
        for (int i = 0; i < 3; i++) {
            center[i] = -(rotation[i] * translation[0]
                    + rotation[3 + i] * translation[1]
                    + rotation[6 + i] * translation[2]);
        }
        return center;
    }

    /**
     * Projects a point.
     *
     * @param x world x
     * @param y world y
     * @param z world z
     * @return pixel x, pixel y, depth along the viewing direction; the pixel means nothing where depth is not positive
     */
    public double[] project(double x, double y, double z) {
        double cx = rotation[0] * x + rotation[1] * y + rotation[2] * z + translation[0];
        double cy = rotation[3] * x + rotation[4] * y + rotation[5] * z + translation[1];
        double cz = rotation[6] * x + rotation[7] * y + rotation[8] * z + translation[2];
        return new double[] {focal * cx / cz + width / 2.0, focal * cy / cz + height / 2.0, cz};
    }

    /**
     * The rotation as a unit quaternion, real part first and not negative.
     *
     * @return qw, qx, qy, qz
     */
    public double[] quaternion() {
        double[] r = rotation;
        // the largest of the four squares decides, so that nothing is divided by a small number
        double[] squares = {
            1 + r[0] + r[4] + r[8], 1 + r[0] - r[4] - r[8], 1 - r[0] + r[4] - r[8], 1 - r[0] - r[4] + r[8]
        };
        int best = 0;
        for (int i = 1; i < 4; i++) {
            best = squares[i] > squares[best] ? i : best;
        }
        double root = 2 * Math.sqrt(squares[best]);
        double[] q =
                switch (best) {
                    case 0 -> new double[] {root / 4, (r[7] - r[5]) / root, (r[2] - r[6]) / root, (r[3] - r[1]) / root};
                    case 1 -> new double[] {(r[7] - r[5]) / root, root / 4, (r[1] + r[3]) / root, (r[2] + r[6]) / root};
                    case 2 -> new double[] {(r[2] - r[6]) / root, (r[1] + r[3]) / root, root / 4, (r[5] + r[7]) / root};
                    default ->
                        new double[] {(r[3] - r[1]) / root, (r[2] + r[6]) / root, (r[5] + r[7]) / root, root / 4};
                };
        if (q[0] < 0) {
            for (int i = 0; i < 4; i++) {
                q[i] = -q[i];
            }
        }
        return q;
    }
}
