package org.retrieval4j.localization.geometry;

/**
 * The homography of four point pairs, in closed form. The four points of each picture are a projective frame: with the
 * fourth as the origin and weights λ that make it the sum of the other three, A = [λ₁p₁ λ₂p₂ λ₃p₃] maps the canonical
 * frame to them, and H = B A⁻¹. About 120 operations, no pivots, no elimination; the weights are areas of triangles, so
 * that degenerate samples show before anything is solved.
 */
public final class HomographySolver {
    /** Triangles of a smaller height, in parts of the longest side, count as collinear points. */
    private static final double FLAT = 0.01;

    private HomographySolver() {}

    /**
     * Tells whether four pairs determine a homography that photographs of one surface can have: no three points on a
     * line in either picture, and every triangle of three turns the same way in both, as it must where all four points
     * lie before both cameras and nothing is mirrored.
     *
     * @param x1 x in the first picture
     * @param y1 y in the first picture
     * @param x2 x in the second picture
     * @param y2 y in the second picture
     * @param sample indices of four pairs
     * @return false if the sample is degenerate
     */
    public static boolean isSound(double[] x1, double[] y1, double[] x2, double[] y2, int[] sample) {
        int a = sample[0];
        int b = sample[1];
        int c = sample[2];
        int d = sample[3];
        return same(x1, y1, x2, y2, a, b, c)
                && same(x1, y1, x2, y2, a, b, d)
                && same(x1, y1, x2, y2, a, c, d)
                && same(x1, y1, x2, y2, b, c, d);
    }

    private static boolean same(double[] x1, double[] y1, double[] x2, double[] y2, int i, int j, int k) {
        return turn(x1, y1, i, j, k) * turn(x2, y2, i, j, k) > 0;
    }

    /** 1 or -1: the way the triangle turns; 0 if it is flat. */
    private static int turn(double[] x, double[] y, int i, int j, int k) {
        double ux = x[j] - x[i];
        double uy = y[j] - y[i];
        double vx = x[k] - x[i];
        double vy = y[k] - y[i];
        double area = ux * vy - vx * uy;
        double side = Math.max(ux * ux + uy * uy, vx * vx + vy * vy);
        double longest = Math.max(side, (ux - vx) * (ux - vx) + (uy - vy) * (uy - vy));
        return area > FLAT * longest ? 1 : area < -FLAT * longest ? -1 : 0;
    }

    /**
     * Solves for H with x₂ ~ H x₁, up to scale.
     *
     * @param x1 x in the first picture
     * @param y1 y in the first picture
     * @param x2 x in the second picture
     * @param y2 y in the second picture
     * @param sample indices of four pairs, no three points on a line
     * @param h receives nine values, row after row
     */
    public static void solve(double[] x1, double[] y1, double[] x2, double[] y2, int[] sample, double[] h) {
        int a = sample[0];
        int b = sample[1];
        int c = sample[2];
        int d = sample[3];
        // The rows of A⁻¹ are cross products of the columns of A, up to 1/λ; the common factor det A does not matter.
        double ox = x1[d];
        double oy = y1[d];
        double ax = x1[a] - ox;
        double ay = y1[a] - oy;
        double bx = x1[b] - ox;
        double by = y1[b] - oy;
        double cx = x1[c] - ox;
        double cy = y1[c] - oy;
        double px = x2[d];
        double py = y2[d];
        double ux = x2[a] - px;
        double uy = y2[a] - py;
        double vx = x2[b] - px;
        double vy = y2[b] - py;
        double wx = x2[c] - px;
        double wy = y2[c] - py;
        double p1 = bx * cy - cx * by;
        double p2 = cx * ay - ax * cy;
        double p3 = ax * by - bx * ay;
        // μᵢ / λᵢ, multiplied by all λ
        double s1 = (vx * wy - wx * vy) * p2 * p3;
        double s2 = (wx * uy - ux * wy) * p1 * p3;
        double s3 = (ux * vy - vx * uy) * p1 * p2;
        // H' = Σ sᵢ qᵢ (pⱼ x pₖ)ᵀ in coordinates with the fourth points at the origin
        double r1x = s1 * (by - cy);
        double r1y = s1 * (cx - bx);
        double r1 = s1 * p1;
        double r2x = s2 * (cy - ay);
        double r2y = s2 * (ax - cx);
        double r2 = s2 * p2;
        double r3x = s3 * (ay - by);
        double r3y = s3 * (bx - ax);
        double r3 = s3 * p3;
        double gx = r1x + r2x + r3x;
        double gy = r1y + r2y + r3y;
        double g = r1 + r2 + r3;
        // The fourth point maps to the fourth: the constant terms of x and y are 0 in exact arithmetic.
        double hxx = r1x * ux + r2x * vx + r3x * wx + px * gx;
        double hxy = r1y * ux + r2y * vx + r3y * wx + px * gy;
        double hyx = r1x * uy + r2x * vy + r3x * wy + py * gx;
        double hyy = r1y * uy + r2y * vy + r3y * wy + py * gy;
        h[0] = hxx;
        h[1] = hxy;
        h[2] = px * g - hxx * ox - hxy * oy;
        h[3] = hyx;
        h[4] = hyy;
        h[5] = py * g - hyx * ox - hyy * oy;
        h[6] = gx;
        h[7] = gy;
        h[8] = g - gx * ox - gy * oy;
    }
}
