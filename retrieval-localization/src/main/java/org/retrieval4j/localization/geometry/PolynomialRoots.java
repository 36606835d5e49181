package org.retrieval4j.localization.geometry;

/**
 * Real roots of a polynomial in an interval, one after the other: the roots of its derivative divide the interval into parts
 * in which it rises or falls, and each part whose ends have different signs holds one root, which bisection and Newton's
 * iteration close in on. Places where the polynomial nearly touches 0 are given too: rounding may have lost a double root.
 * Not thread-safe: holds scratch space.
 */
final class PolynomialRoots {
    private static final int STEPS = 100;

    /** A minimum of this part of the sum of the terms' sizes touches 0. */
    private static final double TOUCHES = 1e-9;

    private final double[][] derivatives;
    private final double[] ends;
    private final double[] found;

    /** For polynomials up to a degree. */
    PolynomialRoots(int degree) {
        derivatives = new double[degree + 1][];
        for (int d = 0; d <= degree; d++) {
            derivatives[d] = new double[d + 1];
        }
        ends = new double[2 * degree + 2];
        found = new double[2 * degree + 2];
    }

    /**
     * Finds the roots.
     *
     * @param c coefficients, that of the power 0 first; as many as the degree says and one more
     * @param from start of the interval
     * @param to end of the interval
     * @param roots receives them, ascending; room for twice the degree
     * @return how many
     */
    int find(double[] c, double from, double to, double[] roots) {
        int degree = c.length - 1;
        System.arraycopy(c, 0, derivatives[degree], 0, c.length);
        for (int d = degree - 1; d >= 1; d--) {
            for (int i = 0; i <= d; i++) {
                derivatives[d][i] = derivatives[d + 1][i + 1] * (i + 1);
            }
        }
        int count = 0;
        for (int d = 1; d <= degree; d++) {
            double[] p = derivatives[d];
            int parts = 0;
            ends[parts++] = from;
            for (int i = 0; i < count; i++) {
                ends[parts++] = found[i];
            }
            ends[parts++] = to;
            count = 0;
            for (int i = 0; i + 1 < parts; i++) {
                double left = value(p, ends[i]);
                double right = value(p, ends[i + 1]);
                if (i > 0 && Math.abs(left) <= TOUCHES * size(p, ends[i])) {
                    found[count++] = ends[i];
                }
                if (left < 0 != right < 0 && count < found.length) {
                    found[count++] = close(p, ends[i], ends[i + 1], left);
                }
                count = Math.min(count, found.length - 1);
            }
        }
        System.arraycopy(found, 0, roots, 0, count);
        return count;
    }

    private static double close(double[] p, double from, double to, double left) {
        double low = from;
        double high = to;
        double x = (low + high) / 2;
        for (int step = 0; step < STEPS && high - low > 1e-15 * Math.max(Math.abs(low), Math.abs(high)); step++) {
            double y = 0;
            double slope = 0;
            for (int i = p.length - 1; i >= 0; i--) {
                slope = slope * x + y;
                y = y * x + p[i];
            }
            if (y == 0) {
                return x;
            }
            if (y < 0 == left < 0) {
                low = x;
            } else {
                high = x;
            }
            double next = x - y / slope;
            // a step out of what is left, or a small one of many, halves it
            boolean inside = next > low && next < high && step % 4 != 3;
            if (inside && Math.abs(next - x) <= 1e-15 * Math.abs(x)) {
                return next;
            }
            x = inside ? next : (low + high) / 2;
        }
        return x;
    }

    private static double value(double[] p, double x) {
        double y = 0;
        for (int i = p.length - 1; i >= 0; i--) {
            y = y * x + p[i];
        }
        return y;
    }

    private static double size(double[] p, double x) {
        double y = 0;
        for (int i = p.length - 1; i >= 0; i--) {
            y = y * Math.abs(x) + Math.abs(p[i]);
        }
        return y;
    }
}
