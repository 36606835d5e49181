package org.retrieval4j.localization.geometry;

/** Real roots of cubic polynomials: closed form, then Newton's iteration to the last digits. */
final class CubicSolver {
    private static final int NEWTON_STEPS = 3;

    private CubicSolver() {}

    /**
     * Solves a x³ + b x² + c x + d = 0.
     *
     * @param a coefficient, not 0; of at least the size of d, so that no root is large
     * @param b coefficient
     * @param c coefficient
     * @param d coefficient
     * @param roots receives the real roots
     * @return 1 or 3
     */
    static int solve(double a, double b, double c, double d, double[] roots) {
        // x = y - p/3 gives y³ - 3 q y + 2 r = 0
        double p = b / a;
        double q = (p * p - 3 * c / a) / 9;
        double r = (p * (2 * p * p - 9 * c / a) + 27 * d / a) / 54;
        double shift = p / 3;
        int count;
        if (r * r < q * q * q) {
            double theta = Math.acos(Math.max(-1, Math.min(1, r / Math.sqrt(q * q * q))));
            double size = -2 * Math.sqrt(q);
            roots[0] = size * Math.cos(theta / 3) - shift;
            roots[1] = size * Math.cos((theta + 2 * Math.PI) / 3) - shift;
            roots[2] = size * Math.cos((theta - 2 * Math.PI) / 3) - shift;
            count = 3;
        } else {
            double u = -Math.copySign(Math.cbrt(Math.abs(r) + Math.sqrt(r * r - q * q * q)), r);
            roots[0] = u + (u == 0 ? 0 : q / u) - shift;
            count = 1;
        }
        for (int i = 0; i < count; i++) {
            roots[i] = polish(a, b, c, d, roots[i]);
        }
        return count;
    }

    /** The largest real root of x³ + b x² + c x + d. */
    static double largest(double b, double c, double d) {
        double q = (b * b - 3 * c) / 9;
        double r = (b * (2 * b * b - 9 * c) + 27 * d) / 54;
        double root;
        if (r * r < q * q * q) {
            double theta = Math.acos(Math.max(-1, Math.min(1, r / Math.sqrt(q * q * q))));
            root = -2 * Math.sqrt(q) * Math.cos((theta + 2 * Math.PI) / 3);
        } else {
            double u = -Math.copySign(Math.cbrt(Math.abs(r) + Math.sqrt(r * r - q * q * q)), r);
            root = u + (u == 0 ? 0 : q / u);
        }
        return polish(1, b, c, d, root - b / 3);
    }

    private static double polish(double a, double b, double c, double d, double start) {
        double x = start;
        for (int step = 0; step < NEWTON_STEPS; step++) {
            double value = ((a * x + b) * x + c) * x + d;
            double slope = (3 * a * x + 2 * b) * x + c;
            double next = x - value / slope;
            if (!Double.isFinite(next)) {
                break; // a double root: the closed form is as good as it gets
            }
            x = next;
        }
        return x;
    }
}
