package org.retrieval4j.localization.geometry;

/**
 * Similarities (rotation, one zoom, shift: four degrees of freedom) from two point pairs, or from one pair, a turn
 * and a zoom. As 3 x 3 matrices, row after row.
 */
public final class SimilaritySolver {
    private SimilaritySolver() {}

    /**
     * The similarity of two point pairs.
     *
     * @param x1 x in the first picture
     * @param y1 y in the first picture
     * @param x2 x in the second picture
     * @param y2 y in the second picture
     * @param sample indices of two pairs
     * @param h receives nine values
     * @return false if either picture has both points in one place
     */
    public static boolean solve(double[] x1, double[] y1, double[] x2, double[] y2, int[] sample, double[] h) {
        int a = sample[0];
        int b = sample[1];
        double ux = x1[b] - x1[a];
        double uy = y1[b] - y1[a];
        double vx = x2[b] - x2[a];
        double vy = y2[b] - y2[a];
        double length = ux * ux + uy * uy;
        if (!(length > 0) || !(vx * vx + vy * vy > 0)) {
            return false;
        }
        // v = (cosine + i sine) u in complex numbers
        place((ux * vx + uy * vy) / length, (ux * vy - uy * vx) / length, x1[a], y1[a], x2[a], y2[a], h);
        return true;
    }

    /**
     * The similarity with a given turn and zoom that takes one point to another.
     *
     * @param cosine zoom times the cosine of the turn
     * @param sine zoom times the sine of the turn
     * @param x1 x in the first picture
     * @param y1 y in the first picture
     * @param x2 x in the second picture
     * @param y2 y in the second picture
     * @param h receives nine values
     */
    public static void place(double cosine, double sine, double x1, double y1, double x2, double y2, double[] h) {
        h[0] = cosine;
        h[1] = -sine;
        h[2] = x2 - cosine * x1 + sine * y1;
        h[3] = sine;
        h[4] = cosine;
        h[5] = y2 - sine * x1 - cosine * y1;
        h[6] = 0;
        h[7] = 0;
        h[8] = 1;
    }
}
