package org.retrieval4j.localization.geometry;

/** The affine map of three point pairs, as a 3 x 3 matrix, row after row. */
public final class AffineSolver {
    /** Triangles of a smaller height, in parts of the longest side, count as collinear points. */
    private static final double FLAT = 0.01;

    private AffineSolver() {}

    /**
     * Solves for the affine map; three points on a line in either picture, or in mirrored order, give none.
     *
     * @param x1 x in the first picture
     * @param y1 y in the first picture
     * @param x2 x in the second picture
     * @param y2 y in the second picture
     * @param sample indices of three pairs
     * @param h receives nine values
     * @return false if the sample is degenerate
     */
    public static boolean solve(double[] x1, double[] y1, double[] x2, double[] y2, int[] sample, double[] h) {
        int a = sample[0];
        int b = sample[1];
        int c = sample[2];
        double bx = x1[b] - x1[a];
        double by = y1[b] - y1[a];
        double cx = x1[c] - x1[a];
        double cy = y1[c] - y1[a];
        double ux = x2[b] - x2[a];
        double uy = y2[b] - y2[a];
        double vx = x2[c] - x2[a];
        double vy = y2[c] - y2[a];
        double area1 = bx * cy - cx * by;
        double area2 = ux * vy - vx * uy;
        if (!(area1 * area2 > 0) || isFlat(area1, bx, by, cx, cy) || isFlat(area2, ux, uy, vx, vy)) {
            return false;
        }
        h[0] = (ux * cy - vx * by) / area1;
        h[1] = (vx * bx - ux * cx) / area1;
        h[2] = x2[a] - h[0] * x1[a] - h[1] * y1[a];
        h[3] = (uy * cy - vy * by) / area1;
        h[4] = (vy * bx - uy * cx) / area1;
        h[5] = y2[a] - h[3] * x1[a] - h[4] * y1[a];
        h[6] = 0;
        h[7] = 0;
        h[8] = 1;
        return true;
    }

    private static boolean isFlat(double area, double bx, double by, double cx, double cy) {
        double longest =
                Math.max(Math.max(bx * bx + by * by, cx * cx + cy * cy), (bx - cx) * (bx - cx) + (by - cy) * (by - cy));
        return Math.abs(area) <= FLAT * longest;
    }
}
