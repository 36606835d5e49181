package org.retrieval4j.localization.geometry;

import java.util.Arrays;

/**
 * Gauss–Newton for maps of the plane: homographies and their affine and similar special cases, by weighted least squares
 * of the symmetric transfer error ½(|H x₁ − x₂|² + |H⁻¹x₂ − x₁|²). The backward residual is to first order −J⁻¹ times the
 * forward one f, J the 2 x 2 derivative of the map at x₁, so the error is fᵀ W f with W = ½(I + (J Jᵀ)⁻¹), held fixed in
 * a step.
 *
 * <p>Coordinates should have a range of about 1: the normal equations square the condition. Not thread-safe: holds
 * scratch space.
 */
final class PlanarRefinement {
    /** Pairs that are asked for before a map gets another degree of freedom: twice what determines it. */
    private static final int AFFINE_PAIRS = 4;

    private static final int HOMOGRAPHY_PAIRS = 6;

    private static final int STEPS = 2;

    private final double[] normal = new double[64];
    private final double[] gradient = new double[8];
    private final double[] reduced = new double[64];

    /**
     * Improves a map with h₃₃ = 1. Few pairs determine a map of fewer degrees of freedom.
     *
     * @param kind how many degrees of freedom may change at most
     * @param data the pairs
     * @param weights one a pair
     * @param h nine values, overwritten
     * @return false if the pairs do not determine the map
     */
    boolean refine(PlanarKind kind, Correspondences data, double[] weights, double[] h) {
        int pairs = 0;
        for (int i = 0; i < data.size(); i++) {
            pairs += weights[i] > 0 ? 1 : 0;
        }
        PlanarKind free = kind;
        if (free == PlanarKind.HOMOGRAPHY && pairs < HOMOGRAPHY_PAIRS && h[6] == 0 && h[7] == 0) {
            free = PlanarKind.AFFINE;
        }
        if (free == PlanarKind.AFFINE && pairs < AFFINE_PAIRS) {
            free = PlanarKind.SIMILARITY;
        }
        boolean settled = h[6] != 0 || h[7] != 0;
        for (int step = 0; step < STEPS; step++) {
            // from a similarity first to the best affine map, which is a linear problem
            PlanarKind now = free == PlanarKind.HOMOGRAPHY && step == 0 && !settled ? PlanarKind.AFFINE : free;
            accumulate(data, weights, h);
            boolean solved =
                    switch (now) {
                        case HOMOGRAPHY -> SmallLinear.solvePositive(8, normal, 8, gradient);
                        case AFFINE -> SmallLinear.solvePositive(6, normal, 8, gradient);
                        case SIMILARITY -> solveSimilarity();
                    };
            if (!solved) {
                return false;
            }
            int changed = now == PlanarKind.HOMOGRAPHY ? 8 : 6;
            for (int i = 0; i < changed; i++) {
                h[i] -= gradient[i];
            }
        }
        return true;
    }

    /** Normal equations of the eight free entries of H; O(n), about 100 operations a pair. */
    private void accumulate(Correspondences data, double[] weights, double[] h) {
        double[] x1 = data.x1();
        double[] y1 = data.y1();
        double[] x2 = data.x2();
        double[] y2 = data.y2();
        double[] m = normal;
        double[] b = gradient;
        Arrays.fill(m, 0);
        Arrays.fill(b, 0);
        for (int i = 0; i < data.size(); i++) {
            double weight = weights[i];
            if (weight == 0) {
                continue;
            }
            double x = x1[i];
            double y = y1[i];
            double r = 1 / (h[6] * x + h[7] * y + h[8]);
            double u = (h[0] * x + h[1] * y + h[2]) * r;
            double v = (h[3] * x + h[4] * y + h[5]) * r;
            double jxx = (h[0] - h[6] * u) * r;
            double jxy = (h[1] - h[7] * u) * r;
            double jyx = (h[3] - h[6] * v) * r;
            double jyy = (h[4] - h[7] * v) * r;
            double determinant = jxx * jyy - jxy * jyx;
            double half = 0.5 * weight;
            double inverse = half / (determinant * determinant);
            double wxx = half + inverse * (jyy * jyy + jyx * jyx);
            double wxy = -inverse * (jxy * jyy + jxx * jyx);
            double wyy = half + inverse * (jxy * jxy + jxx * jxx);
            double fx = u - x2[i];
            double fy = v - y2[i];
            double gx = wxx * fx + wxy * fy;
            double gy = wxy * fx + wyy * fy;
            double px = x * r;
            double py = y * r;
            double xx = px * px;
            double xy = px * py;
            double yy = py * py;
            double xr = px * r;
            double yr = py * r;
            double rr = r * r;
            double wu = -(wxx * u + wxy * v);
            double wv = -(wxy * u + wyy * v);
            double ww = -(wu * u + wv * v);
            // Lower triangle, rows of 8: derivatives of u are (px, py, r, 0, 0, 0, -u px, -u py), of v alike.
            m[0] += wxx * xx;
            m[8] += wxx * xy;
            m[9] += wxx * yy;
            m[16] += wxx * xr;
            m[17] += wxx * yr;
            m[18] += wxx * rr;
            m[24] += wxy * xx;
            m[25] += wxy * xy;
            m[26] += wxy * xr;
            m[33] += wxy * yy;
            m[34] += wxy * yr;
            m[42] += wxy * rr;
            m[27] += wyy * xx;
            m[35] += wyy * xy;
            m[36] += wyy * yy;
            m[43] += wyy * xr;
            m[44] += wyy * yr;
            m[45] += wyy * rr;
            m[48] += wu * xx;
            m[49] += wu * xy;
            m[50] += wu * xr;
            m[57] += wu * yy;
            m[58] += wu * yr;
            m[51] += wv * xx;
            m[52] += wv * xy;
            m[53] += wv * xr;
            m[60] += wv * yy;
            m[61] += wv * yr;
            m[54] += ww * xx;
            m[62] += ww * xy;
            m[63] += ww * yy;
            b[0] += gx * px;
            b[1] += gx * py;
            b[2] += gx * r;
            b[3] += gy * px;
            b[4] += gy * py;
            b[5] += gy * r;
            double gw = -(gx * u + gy * v);
            b[6] += gw * px;
            b[7] += gw * py;
        }
        // Blocks that are symmetric in themselves
        m[32] = m[25];
        m[40] = m[26];
        m[41] = m[34];
        m[56] = m[49];
        m[59] = m[52];
    }

    /** Keeps h as [a -b c; b a d]: solves for the four, then writes the changes of the six entries. */
    private boolean solveSimilarity() {
        // Columns of the projection: a moves entries 0 and 4, b moves 3 and (negative) 1, c moves 2, d moves 5.
        double[] m = normal;
        double[] s = reduced;
        s[0] = m[0] + 2 * m[32] + m[36];
        s[8] = m[24] + at(3, 4) - at(0, 1) - at(1, 4);
        s[9] = m[27] - 2 * at(1, 3) + m[9];
        s[16] = at(2, 0) + at(2, 4);
        s[17] = at(2, 3) - at(2, 1);
        s[18] = m[18];
        s[24] = at(5, 0) + at(5, 4);
        s[25] = at(5, 3) - at(5, 1);
        s[26] = at(5, 2);
        s[27] = m[45];
        double[] b = gradient;
        double a0 = b[0] + b[4];
        double b0 = b[3] - b[1];
        double c0 = b[2];
        double d0 = b[5];
        b[0] = a0;
        b[1] = b0;
        b[2] = c0;
        b[3] = d0;
        if (!SmallLinear.solvePositive(4, s, 8, b)) {
            return false;
        }
        double da = b[0];
        double db = b[1];
        double dc = b[2];
        double dd = b[3];
        b[0] = da;
        b[1] = -db;
        b[2] = dc;
        b[3] = db;
        b[4] = da;
        b[5] = dd;
        return true;
    }

    private double at(int i, int j) {
        return normal[8 * Math.max(i, j) + Math.min(i, j)];
    }
}
