package org.retrieval4j.localization.geometry;

/**
 * Real roots of quartic polynomials: Ferrari's closed form over the resolvent cubic, then Newton's iteration. Where two
 * roots nearly coincide, rounding may make them complex; then places on either side of their real part are given, from
 * where an iteration on the problem itself may find both.
 */
final class QuarticSolver {
    private static final int NEWTON_STEPS = 3;

    /** Negative discriminants of this part of their terms count as 0. */
    private static final double NEARLY_REAL = 1e-8;

    private QuarticSolver() {}

    /**
     * Solves c₄ x⁴ + c₃ x³ + c₂ x² + c₁ x + c₀ = 0.
     *
     * @param c five coefficients, that of x⁴ last and not 0; near 0 roots become large and inexact
     * @param roots receives the real roots
     * @return 0 to 4
     */
    static int solve(double[] c, double[] roots) {
        double b = c[3] / c[4];
        double shift = b / 4;
        double c2 = c[2] / c[4];
        double c1 = c[1] / c[4];
        double c0 = c[0] / c[4];
        // x = y − b/4 gives y⁴ + p y² + q y + r
        double p = c2 - 6 * shift * shift;
        double q = c1 - 2 * shift * c2 + 8 * shift * shift * shift;
        double r = c0 - shift * c1 + shift * shift * c2 - 3 * shift * shift * shift * shift;
        // a root z ≥ 0 of z³ + 2 p z² + (p² − 4 r) z − q² splits it into y² ± √z y + (p + z)/2 ∓ q/(2 √z)
        double z = CubicSolver.largest(2 * p, p * p - 4 * r, -q * q);
        int count = 0;
        double size = Math.max(Math.abs(p), Math.sqrt(Math.abs(r)));
        if (z > 1e-14 * size) {
            double m = Math.sqrt(z);
            double half = (p + z) / 2;
            double lean = q / (2 * m);
            count = quadratic(m, half - lean, size, roots, 0);
            count = quadratic(-m, half + lean, size, roots, count);
        } else {
            double discriminant = p * p - 4 * r;
            if (discriminant >= -NEARLY_REAL * (p * p + 4 * Math.abs(r))) {
                double root = Math.sqrt(Math.max(0, discriminant));
                count = quadratic(0, (p - root) / 2, size, roots, 0);
                count = quadratic(0, (p + root) / 2, size, roots, count);
            }
        }
        for (int i = 0; i < count; i++) {
            roots[i] = polish(c, roots[i] - shift);
        }
        return count;
    }

    /** Real roots of y² + m y + h. */
    private static int quadratic(double m, double h, double size, double[] roots, int count) {
        double discriminant = m * m / 4 - h;
        if (discriminant > 0) {
            double root = Math.sqrt(discriminant);
            double far = -m / 2 - Math.copySign(root, m);
            roots[count] = far;
            roots[count + 1] = m == 0 ? -far : h / far;
            return count + 2;
        }
        double nearly = NEARLY_REAL * (m * m / 4 + Math.abs(h) + size);
        if (discriminant >= -nearly) {
            double apart = Math.sqrt(nearly);
            roots[count] = -m / 2 - apart;
            roots[count + 1] = -m / 2 + apart;
            return count + 2;
        }
        return count;
    }

    private static double polish(double[] c, double start) {
        double x = start;
        for (int step = 0; step < NEWTON_STEPS; step++) {
            double value = (((c[4] * x + c[3]) * x + c[2]) * x + c[1]) * x + c[0];
            double slope = ((4 * c[4] * x + 3 * c[3]) * x + 2 * c[2]) * x + c[1];
            double next = x - value / slope;
            // near a double root a step may lead far away
            if (!(Math.abs(next - x) <= 0.01 * (1 + Math.abs(x)))) {
                break;
            }
            x = next;
        }
        return x;
    }
}
