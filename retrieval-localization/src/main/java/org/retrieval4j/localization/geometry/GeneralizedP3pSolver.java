package org.retrieval4j.localization.geometry;

import java.util.Arrays;

/**
 * The pose of a rig of cameras from three points, each seen along a ray with an origin of its own: all poses with positive
 * depths (Nistér and Stewénius, A minimal solution to the generalised 3-point pose problem, JMIV 2007, pose the problem; the
 * elimination is our own). With depths λ, the sides |oᵢ + λᵢ bᵢ − oⱼ − λⱼ bⱼ|² = |Xᵢ − Xⱼ|² are three quadratic equations, each
 * without one of the depths. The first two give the squares of the second and the third depth by the first and themselves,
 * with which the last becomes linear in the third depth, then in the second, and what is left is of degree eight in the first.
 * Depths are polished on the sides themselves, which also tells roots that are none of the problem.
 *
 * <p>Exact solvers eliminate three times, once towards each depth: where one elimination loses solutions by rounding, another
 * finds them. If all rays have one origin, {@link P3pSolver} is quicker. Not thread-safe: holds scratch space; allocates
 * nothing.
 */
public final class GeneralizedP3pSolver {
    /** Most poses there can be. */
    public static final int MOST = 8;

    private static final int DEGREE = 8;
    private static final int POLISHING = 30;
    private static final int QUICK_POLISHING = 8;

    /** Sides must agree to this part of the longest one, squared, and of the depths. */
    private static final double SIDES = 1e-10;

    private static final double QUICK_SIDES = 1e-8;

    /** Depths of a root are polished if the side that they were not made for is right to this part of the longest, squared. */
    private static final double NEAR = 0.3;

    /** Solutions whose depths differ less, relatively, are one. */
    private static final double SAME = 1e-7;

    private static final double QUICK_SAME = 1e-4;

    /** Depths that are looked for, in longest sides. */
    private static final double FARTHEST = 1e5;

    private final boolean quick;
    private final PolynomialRoots polynomial = new PolynomialRoots(DEGREE);
    private final double[] o = new double[9];
    private final double[] b = new double[9];
    private final double[] squares = new double[3];
    private final double[] depths = new double[3];
    private final double[] found = new double[3 * MOST];
    private final double[] roots = new double[2 * DEGREE + 2];
    private final double[] octic = new double[DEGREE + 1];
    private final double[] linear = new double[4];
    private final double[] constant = new double[5];
    private final double[] world = new double[9];
    private final double[] placed = new double[9];
    private final double[] points = new double[9];

    /** A solver that finds all solutions, for one thread. */
    public GeneralizedP3pSolver() {
        this(false);
    }

    /**
     * A solver, for one thread.
     *
     * @param quick whether one elimination and a relative exactness of 1e-8 are enough: for samples of noisy data
     */
    public GeneralizedP3pSolver(boolean quick) {
        this.quick = quick;
    }

    /**
     * Finds the poses.
     *
     * @param origins of the three rays in the rig's frame, one after the other
     * @param rays their directions of any length
     * @param given three points in the world, one after the other
     * @param poses receives up to {@value #MOST} poses of {@value P3pSolver#POSE} numbers: x_rig = R x_world + t
     * @return how many there are; 0 for points on a line
     */
    public int solve(double[] origins, double[] rays, double[] given, double[] poses) {
        double longest = 0;
        for (int i = 0; i < 3; i++) {
            int j = 3 * ((i + 1) % 3);
            int k = 3 * ((i + 2) % 3);
            squares[i] = square(given[j] - given[k], given[j + 1] - given[k + 1], given[j + 2] - given[k + 2]);
            longest = Math.max(longest, squares[i]);
        }
        if (!(longest > 0) || !P3pSolver.frame(given, 1, 1, 1, world)) {
            return 0;
        }
        // in longest sides, about the middle of the origins
        double scale = 1 / Math.sqrt(longest);
        for (int i = 0; i < 3; i++) {
            double middle = (origins[i] + origins[3 + i] + origins[6 + i]) / 3;
            double length = 1 / Math.sqrt(square(rays[3 * i], rays[3 * i + 1], rays[3 * i + 2]));
            squares[i] /= longest;
            for (int k = 0; k < 3; k++) {
                o[3 * k + i] = (origins[3 * k + i] - middle) * scale;
                b[3 * i + k] = rays[3 * i + k] * length;
                points[3 * i + k] = given[3 * i + k] * scale;
            }
        }
        int count = 0;
        for (int base = 0; base < (quick ? 1 : 3); base++) {
            count = eliminate(base, count);
        }
        for (int s = 0; s < count; s++) {
            System.arraycopy(found, 3 * s, depths, 0, 3);
            pose(origins, 1 / scale, given, poses, P3pSolver.POSE * s);
        }
        return count;
    }

    /** Solutions by the polynomial in one of the depths; those that are new are added. */
    private int eliminate(int first, int known) {
        int second = (first + 1) % 3;
        int third = (first + 2) % 3;
        // λ₂² + (p₁ x + p₀) λ₂ + x² + q₁ x + q₀ = 0, and the same of λ₃ with r and s
        double p1 = -2 * dot(b, first, b, second);
        double p0 = -2 * difference(first, second, b, second);
        double q1 = 2 * difference(first, second, b, first);
        double q0 = separation(first, second) - squares[third];
        double r1 = -2 * dot(b, first, b, third);
        double r0 = -2 * difference(first, third, b, third);
        double s1 = 2 * difference(first, third, b, first);
        double s0 = separation(first, third) - squares[second];
        // λ₂² + λ₃² + α λ₂ λ₃ + β λ₂ + γ λ₃ + δ = 0
        double alpha = -2 * dot(b, second, b, third);
        double beta = 2 * difference(second, third, b, second);
        double gamma = -2 * difference(second, third, b, third);
        double delta = separation(second, third) - squares[first];
        // (α λ₂ + d) λ₃ = n λ₂ + m with polynomials d, n of degree 1 and m of degree 2 in x
        double d1 = -r1;
        double d0 = gamma - r0;
        double n1 = p1;
        double n0 = p0 - beta;
        double m2 = 2;
        double m1 = q1 + s1;
        double m0 = q0 + s0 - delta;
        // put into the equation of λ₃: u λ₂² + v λ₂ + w = 0
        double u2 = n1 * n1 + alpha * r1 * n1 + alpha * alpha;
        double u1 = 2 * n1 * n0 + alpha * (r1 * n0 + r0 * n1) + alpha * alpha * s1;
        double u0 = n0 * n0 + alpha * r0 * n0 + alpha * alpha * s0;
        // r (n d + α m) has degree 3, 2 α s d too
        double e2 = n1 * d1 + alpha * m2;
        double e1 = n1 * d0 + n0 * d1 + alpha * m1;
        double e0 = n0 * d0 + alpha * m0;
        double v3 = 2 * n1 * m2 + r1 * e2 + 2 * alpha * d1;
        double v2 = 2 * (n1 * m1 + n0 * m2) + r1 * e1 + r0 * e2 + 2 * alpha * (d0 + s1 * d1);
        double v1 = 2 * (n1 * m0 + n0 * m1) + r1 * e0 + r0 * e1 + 2 * alpha * (s1 * d0 + s0 * d1);
        double v0 = 2 * n0 * m0 + r0 * e0 + 2 * alpha * s0 * d0;
        // m² + r m d + s d²
        double g3 = m2 * d1;
        double g2 = m2 * d0 + m1 * d1;
        double g1 = m1 * d0 + m0 * d1;
        double g0 = m0 * d0;
        double h2 = d1 * d1;
        double h1 = 2 * d1 * d0;
        double h0 = d0 * d0;
        double w4 = m2 * m2 + r1 * g3 + h2;
        double w3 = 2 * m2 * m1 + r1 * g2 + r0 * g3 + h1 + s1 * h2;
        double w2 = 2 * m2 * m0 + m1 * m1 + r1 * g1 + r0 * g2 + h0 + s1 * h1 + s0 * h2;
        double w1 = 2 * m1 * m0 + r1 * g0 + r0 * g1 + s1 * h0 + s0 * h1;
        double w0 = m0 * m0 + r0 * g0 + s0 * h0;
        // less u times the equation of λ₂: a λ₂ + c = 0
        double[] a = linear;
        a[3] = v3 - u2 * p1;
        a[2] = v2 - u2 * p0 - u1 * p1;
        a[1] = v1 - u1 * p0 - u0 * p1;
        a[0] = v0 - u0 * p0;
        double[] c = constant;
        c[4] = w4 - u2;
        c[3] = w3 - u2 * q1 - u1;
        c[2] = w2 - u2 * q0 - u1 * q1 - u0;
        c[1] = w1 - u1 * q0 - u0 * q1;
        c[0] = w0 - u0 * q0;
        // and into that: c² − p a c + (x² + q) a²
        Arrays.fill(octic, 0);
        for (int i = 0; i < 5; i++) {
            for (int j = 0; j < 5; j++) {
                octic[i + j] += c[i] * c[j];
            }
            for (int j = 0; j < 4; j++) {
                octic[i + j] -= p0 * c[i] * a[j];
                octic[i + j + 1] -= p1 * c[i] * a[j];
            }
        }
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 4; j++) {
                double product = a[i] * a[j];
                octic[i + j] += q0 * product;
                octic[i + j + 1] += q1 * product;
                octic[i + j + 2] += product;
            }
        }
        int count = known;
        int n = polynomial.find(octic, 0, bound(octic), roots);
        for (int k = 0; k < n; k++) {
            double x = roots[k];
            double half2 = (p1 * x + p0) / 2;
            double half3 = (r1 * x + r0) / 2;
            double root2 = root(half2 * half2 - (x * x + q1 * x + q0));
            double root3 = root(half3 * half3 - (x * x + s1 * x + s0));
            for (int sides = 0; sides < 4 && count < MOST; sides++) {
                depths[first] = x;
                depths[second] = -half2 + ((sides & 1) == 0 ? root2 : -root2);
                depths[third] = -half3 + ((sides & 2) == 0 ? root3 : -root3);
                double size = 1 + depths[second] * depths[second] + depths[third] * depths[third];
                if (Math.abs(side(second, third)) < NEAR * Math.min(size, 2) && polish() && isNew(count)) {
                    System.arraycopy(depths, 0, found, 3 * count, 3);
                    count++;
                }
            }
        }
        return count;
    }

    private static double root(double square) {
        return square > 0 ? Math.sqrt(square) : 0;
    }

    /** No root is beyond it (Fujiwara's bound), nor are depths looked for there. */
    private static double bound(double[] p) {
        double bound = 0;
        double leading = Math.abs(p[DEGREE]);
        for (int i = 1; i <= DEGREE; i++) {
            double ratio = Math.abs(p[DEGREE - i]) / leading;
            bound = Math.max(bound, 2 * Math.pow(ratio, 1.0 / i));
        }
        return bound < FARTHEST ? bound : FARTHEST; // also if it is not a number
    }

    /** |oᵢ + λᵢ bᵢ − oⱼ − λⱼ bⱼ|² less what it should be. */
    private double side(int i, int j) {
        double sum = 0;
        for (int k = 0; k < 3; k++) {
            double d = o[3 * i + k] - o[3 * j + k] + depths[i] * b[3 * i + k] - depths[j] * b[3 * j + k];
            sum += d * d;
        }
        return sum - squares[3 - i - j];
    }

    /** Half the derivative of a side by λᵢ. */
    private double slope(int i, int j) {
        double sum = 0;
        for (int k = 0; k < 3; k++) {
            double d = o[3 * i + k] - o[3 * j + k] + depths[i] * b[3 * i + k] - depths[j] * b[3 * j + k];
            sum += b[3 * i + k] * d;
        }
        return sum;
    }

    /** Newton on the three sides; false if it does not settle at positive depths. */
    private boolean polish() {
        double worst = Double.POSITIVE_INFINITY;
        double s0 = depths[0];
        double s1 = depths[1];
        double s2 = depths[2];
        double kept0 = s0;
        double kept1 = s1;
        double kept2 = s2;
        int most = quick ? QUICK_POLISHING : POLISHING;
        for (int step = 0; step <= most; step++) {
            depths[0] = s0;
            depths[1] = s1;
            depths[2] = s2;
            double f0 = side(1, 2);
            double f1 = side(2, 0);
            double f2 = side(0, 1);
            double error = Math.max(Math.abs(f0), Math.max(Math.abs(f1), Math.abs(f2)));
            if (!(error < worst)) {
                break;
            }
            worst = error;
            kept0 = s0;
            kept1 = s1;
            kept2 = s2;
            if (quick && error < QUICK_SIDES) {
                break;
            }
            double p12 = slope(1, 2);
            double p21 = slope(2, 1);
            double p20 = slope(2, 0);
            double p02 = slope(0, 2);
            double p01 = slope(0, 1);
            double p10 = slope(1, 0);
            double i = 0.5 / (p12 * p20 * p01 + p21 * p02 * p10);
            s0 -= (f0 * -p20 * p10 + f1 * p21 * p10 + f2 * p12 * p20) * i;
            s1 -= (f0 * p20 * p01 - f1 * p21 * p01 + f2 * p21 * p02) * i;
            s2 -= (f0 * p02 * p10 + f1 * p12 * p01 - f2 * p12 * p02) * i;
        }
        depths[0] = kept0;
        depths[1] = kept1;
        depths[2] = kept2;
        double size = 1 + Math.max(kept0 * kept0, Math.max(kept1 * kept1, kept2 * kept2)) * 1e-4;
        return worst < (quick ? QUICK_SIDES : SIDES) * size && kept0 > 0 && kept1 > 0 && kept2 > 0;
    }

    private boolean isNew(int count) {
        for (int i = 0; i < count; i++) {
            boolean same = true;
            for (int j = 0; j < 3; j++) {
                same &= Math.abs(found[3 * i + j] - depths[j]) <= (quick ? QUICK_SAME : SAME) * depths[j];
            }
            if (same) {
                return false;
            }
        }
        return true;
    }

    private double difference(int i, int j, double[] d, int k) {
        return (o[3 * i] - o[3 * j]) * d[3 * k]
                + (o[3 * i + 1] - o[3 * j + 1]) * d[3 * k + 1]
                + (o[3 * i + 2] - o[3 * j + 2]) * d[3 * k + 2];
    }

    private double separation(int i, int j) {
        return square(o[3 * i] - o[3 * j], o[3 * i + 1] - o[3 * j + 1], o[3 * i + 2] - o[3 * j + 2]);
    }

    private static double dot(double[] a, int i, double[] c, int j) {
        return a[3 * i] * c[3 * j] + a[3 * i + 1] * c[3 * j + 1] + a[3 * i + 2] * c[3 * j + 2];
    }

    private static double square(double x, double y, double z) {
        return x * x + y * y + z * z;
    }

    /** Turns the triangle of the world into that of the rig. */
    private void pose(double[] origins, double unit, double[] x, double[] poses, int at) {
        for (int i = 0; i < 3; i++) {
            for (int k = 0; k < 3; k++) {
                points[3 * i + k] = origins[3 * i + k] + unit * depths[i] * b[3 * i + k];
            }
        }
        P3pSolver.frame(points, 1, 1, 1, placed);
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                double sum = 0;
                for (int k = 0; k < 3; k++) {
                    sum += placed[3 * k + i] * world[3 * k + j];
                }
                poses[at + 3 * i + j] = sum;
            }
        }
        for (int i = 0; i < 3; i++) {
            double sum = 0;
            for (int p = 0; p < 3; p++) {
                sum += points[3 * p + i];
                for (int j = 0; j < 3; j++) {
                    sum -= poses[at + 3 * i + j] * x[3 * p + j];
                }
            }
            poses[at + 9 + i] = sum / 3;
        }
    }
}
