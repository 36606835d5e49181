package org.retrieval4j.localization.geometry;

/**
 * Similarities (rotation, one zoom, shift: four degrees of freedom) from two point pairs, or from one pair whose
 * keypoints have a scale and a direction. As 3 x 3 matrices, row after row.
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
     * The similarity that takes one keypoint's frame to another's.
     *
     * @param x1 x of the first keypoint
     * @param y1 y of the first keypoint
     * @param x2 x of the second keypoint
     * @param y2 y of the second keypoint
     * @param zoom scale of the second keypoint by that of the first, above 0
     * @param turn direction of the second keypoint minus that of the first, radians
     * @param h receives nine values
     */
    public static void ofFrames(double x1, double y1, double x2, double y2, double zoom, double turn, double[] h) {
        place(zoom * Math.cos(turn), zoom * Math.sin(turn), x1, y1, x2, y2, h);
    }

    private static void place(double cosine, double sine, double x1, double y1, double x2, double y2, double[] h) {
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
