package org.retrieval4j.localization.camera;

import org.jspecify.annotations.Nullable;

/**
 * Longitude and latitude as pixels of a picture of w x h that shows all directions: forwards is its center, w is a full
 * turn to the right, h half a turn downwards. Its parameters are w and h; it has no focal length.
 */
record EquirectangularLens() implements Lens {
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
        double level2 = x * x + z * z;
        double level = Math.sqrt(level2);
        double all = level2 + y * y;
        if (!(all > 0)) {
            return false;
        }
        double turn = Math.atan2(x, z) / (2 * Math.PI) + 0.5;
        double fall = Math.atan2(y, level) / Math.PI + 0.5;
        place[0] = p[from] * turn;
        place[1] = p[from + 1] * fall;
        if (byPoint != null) {
            double w = p[from] / (2 * Math.PI);
            double h = p[from + 1] / Math.PI;
            // at the poles the longitude is not defined, nor are its derivatives
            byPoint[0] = w * z / level2;
            byPoint[1] = 0;
            byPoint[2] = -w * x / level2;
            byPoint[3] = -h * x * y / (level * all);
            byPoint[4] = h * level / all;
            byPoint[5] = -h * z * y / (level * all);
        }
        if (byParameters != null) {
            byParameters[from] = turn;
            byParameters[from + 1] = 0;
            byParameters[p.length + from] = 0;
            byParameters[p.length + from + 1] = fall;
        }
        return true;
    }

    @Override
    public boolean unproject(double[] p, int from, double a, double b, double[] ray) {
        double longitude = (a / p[from] - 0.5) * 2 * Math.PI;
        double latitude = (b / p[from + 1] - 0.5) * Math.PI;
        ray[0] = Math.cos(latitude) * Math.sin(longitude);
        ray[1] = Math.sin(latitude);
        ray[2] = Math.cos(latitude) * Math.cos(longitude);
        return true;
    }
}
