package org.retrieval4j.localization.geometry;

/**
 * The camera's pose from three points: all poses with positive depths. The depths' ratio is a root of Grunert's quartic
 * (1841; Haralick et al., Review and analysis of solutions of the three point perspective pose estimation problem, IJCV
 * 1994, equations 9 and 10); the point that stands first in it is chosen so that its leading coefficient is far from 0.
 * Depths, in lengths of the rays as they are given, are then polished by Newton's iteration on the sides
 * |sᵢ bᵢ − sⱼ bⱼ|² = |Xᵢ − Xⱼ|², where no rounding of directions or cosines counts, which also tells roots of the quartic that are none of the problem. Where two poses nearly coincide, the last
 * steps take the sides in double the precision.
 *
 * <p>Not thread-safe: holds scratch space; allocates nothing.
 */
public final class P3pSolver {
    /** Most poses there can be. */
    public static final int MOST = 4;

    /** Numbers of a pose: rotation row after row, then translation. */
    public static final int POSE = 12;

    /** Most steps; only where two poses nearly coincide more than a few are needed. */
    private static final int POLISHING = 40;

    /** Sides must agree to this part of their squares. */
    private static final double SIDES = 1e-11;

    /** Two solutions nearly coincide if the derivatives' determinant cancels to this part of its terms. */
    private static final double DELICATE = 0.01;

    private static final double SPLITTER = (1 << 27) + 1;

    /** Where a quick solver stops, and its most steps. */
    private static final double QUICK_SIDES = 1e-9;

    private static final int QUICK_POLISHING = 6;

    /** A quick solver starts only where the third side is right to this part of its square. */
    private static final double NEAR = 0.1;

    /** Solutions whose depths differ less, relatively, are one. */
    private static final double SAME = 1e-9;

    private final double[] lengths = new double[3];
    private final double[] squares = new double[3];
    private final double[] cosines = new double[3];
    private final double[] coefficients = new double[5];
    private final double[] candidate = new double[5];
    private final double[] roots = new double[4];
    private final double[] depths = new double[3];
    private final double[] found = new double[3 * MOST];
    private final double[] frame = new double[9];
    private final double[] placed = new double[9];

    private final boolean quick;

    /** A solver that is as exact as it can be, for one thread. */
    public P3pSolver() {
        this(false);
    }

    /**
     * A solver, for one thread.
     *
     * @param quick whether a relative exactness of 1e-9 is enough: for samples of noisy data. Of two poses that nearly
     *     coincide one may be missed
     */
    public P3pSolver(boolean quick) {
        this.quick = quick;
    }

    /**
     * Finds the poses.
     *
     * @param rays three directions of any length in the camera's frame, one after the other
     * @param points three points in the world, one after the other
     * @param poses receives up to {@value #MOST} poses of {@value #POSE} numbers: x_camera = R x_world + t
     * @return how many there are; 0 for points on a line
     */
    public int solve(double[] rays, double[] points, double[] poses) {
        for (int i = 0; i < 3; i++) {
            lengths[i] = Math.sqrt(square(rays[3 * i], rays[3 * i + 1], rays[3 * i + 2]));
        }
        for (int i = 0; i < 3; i++) {
            int m = (i + 1) % 3;
            int n = (i + 2) % 3;
            int j = 3 * m;
            int k = 3 * n;
            squares[i] = square(points[j] - points[k], points[j + 1] - points[k + 1], points[j + 2] - points[k + 2]);
            // 1 − |b − c|²/2, which is exact for rays that are nearly one
            cosines[i] = 1 - side(rays, j, k, 1 / lengths[m], 1 / lengths[n]) / 2;
        }
        if (!frame(points, 1, 1, 1, frame)) {
            return 0;
        }
        int first = chooseFirst();
        int second = (first + 1) % 3;
        int third = (first + 2) % 3;
        int n = QuarticSolver.solve(coefficients, roots);
        int count = 0;
        for (int i = 0; i < n; i++) {
            double v = roots[i];
            double s2 = squares[second] / (1 + v * v - 2 * v * cosines[second]);
            if (!(v > 0) || !Double.isFinite(s2)) {
                continue;
            }
            double s = Math.sqrt(s2);
            double middle = cosines[third];
            double discriminant = squares[third] / s2 - (1 - middle * middle);
            // of the two places of the second point, polishing tells which fits the third side
            double root = discriminant > 0 ? Math.sqrt(discriminant) : 0;
            for (int side = -1; side <= 1 && count < MOST; side += 2) {
                depths[first] = s / lengths[first];
                depths[second] = s * (middle + side * root) / lengths[second];
                depths[third] = s * v / lengths[third];
                if (quick && !isNear(rays, first)) {
                    continue;
                }
                if (polish(rays, points) && isNew(count)) {
                    System.arraycopy(depths, 0, found, 3 * count, 3);
                    pose(rays, points, poses, POSE * count);
                    count++;
                }
            }
        }
        return count;
    }

    /** Whether the side across from the first point, which no depth was chosen for, has about its length. */
    private boolean isNear(double[] b, int first) {
        int m = (first + 1) % 3;
        int n = (first + 2) % 3;
        double found = side(b, 3 * m, 3 * n, depths[m], depths[n]);
        return Math.abs(found - squares[first]) < NEAR * squares[first];
    }

    /** Which point stands first; its quartic is in the coefficients. */
    private int chooseFirst() {
        int best = 0;
        double bestLead = -1;
        for (int first = 0; first < 3; first++) {
            quartic(first);
            double largest = 0;
            for (double c : candidate) {
                largest = Math.max(largest, Math.abs(c));
            }
            double lead = Math.abs(candidate[4]) / largest;
            if (lead > bestLead) {
                bestLead = lead;
                best = first;
                System.arraycopy(candidate, 0, coefficients, 0, 5);
            }
        }
        return best;
    }

    /** Grunert's quartic in v = s₃/s₁, points counted from the first. */
    private void quartic(int first) {
        double b2 = squares[(first + 1) % 3];
        double a = squares[first] / b2;
        double c = squares[(first + 2) % 3] / b2;
        double ca = cosines[first];
        double cb = cosines[(first + 1) % 3];
        double cc = cosines[(first + 2) % 3];
        double d = a - c;
        double e = a + c;
        candidate[4] = (d - 1) * (d - 1) - 4 * c * ca * ca;
        candidate[3] = 4 * (d * (1 - d) * cb - (1 - e) * ca * cc + 2 * c * ca * ca * cb);
        candidate[2] = 2
                * (d * d
                        - 1
                        + 2 * d * d * cb * cb
                        + 2 * (1 - c) * ca * ca
                        - 4 * e * ca * cb * cc
                        + 2 * (1 - a) * cc * cc);
        candidate[1] = 4 * (-d * (1 + d) * cb + 2 * a * cc * cc * cb - (1 - e) * ca * cc);
        candidate[0] = (1 + d) * (1 + d) - 4 * a * cc * cc;
    }

    /** Newton on the three sides; false if it does not settle at positive depths. */
    private boolean polish(double[] b, double[] x) {
        double s0 = depths[0];
        double s1 = depths[1];
        double s2 = depths[2];
        double worst = Double.POSITIVE_INFINITY;
        boolean exact = false;
        boolean delicate = false;
        int most = quick ? QUICK_POLISHING : POLISHING;
        for (int step = 0; step <= most; step++) {
            // sides 0, 1, 2 are those across from points 0, 1, 2
            double f0 = exact ? difference(b, x, 3, 6, s1, s2) : side(b, 3, 6, s1, s2) - squares[0];
            double f1 = exact ? difference(b, x, 6, 0, s2, s0) : side(b, 6, 0, s2, s0) - squares[1];
            double f2 = exact ? difference(b, x, 0, 3, s0, s1) : side(b, 0, 3, s0, s1) - squares[2];
            double error =
                    Math.max(Math.abs(f0) / squares[0], Math.max(Math.abs(f1) / squares[1], Math.abs(f2) / squares[2]));
            if (!(error < worst)) { // as exact as it gets
                if (exact || !delicate || quick) {
                    break;
                }
                exact = true;
                worst = Double.POSITIVE_INFINITY;
                s0 = depths[0];
                s1 = depths[1];
                s2 = depths[2];
                continue;
            }
            worst = error;
            depths[0] = s0;
            depths[1] = s1;
            depths[2] = s2;
            if (quick && error < QUICK_SIDES) {
                break;
            }
            // half derivatives: df0 by (s1, s2), df1 by (s2, s0), df2 by (s0, s1)
            double p12 = slope(b, 3, 6, s1, s2);
            double p21 = slope(b, 6, 3, s2, s1);
            double p20 = slope(b, 6, 0, s2, s0);
            double p02 = slope(b, 0, 6, s0, s2);
            double p01 = slope(b, 0, 3, s0, s1);
            double p10 = slope(b, 3, 0, s1, s0);
            double around = p12 * p20 * p01;
            double back = p21 * p02 * p10;
            delicate = Math.abs(around + back) < DELICATE * (Math.abs(around) + Math.abs(back));
            double i = 0.5 / (around + back);
            double g0 = (f0 * -p20 * p10 + f1 * p21 * p10 + f2 * p12 * p20) * i;
            double g1 = (f0 * p20 * p01 - f1 * p21 * p01 + f2 * p21 * p02) * i;
            double g2 = (f0 * p02 * p10 + f1 * p12 * p01 - f2 * p12 * p02) * i;
            s0 -= g0;
            s1 -= g1;
            s2 -= g2;
        }
        return worst < (quick ? QUICK_SIDES : SIDES) && depths[0] > 0 && depths[1] > 0 && depths[2] > 0;
    }

    /**
     * |s bᵢ − t bⱼ|² − |xᵢ − xⱼ|² in about twice the precision of double, by error-free sums and products (Dekker, A
     * floating-point technique for extending the available precision, 1971).
     */
    private static double difference(double[] b, double[] x, int i, int j, double s, double t) {
        double sum = 0;
        double rest = 0;
        for (int c = 0; c < 3; c++) {
            double p = s * b[i + c];
            double q = t * b[j + c];
            double d = p - q;
            double dRest = differenceError(p, q, d) + productError(s, b[i + c], p) - productError(t, b[j + c], q);
            double e = x[i + c] - x[j + c];
            double eRest = differenceError(x[i + c], x[j + c], e);
            double dd = d * d;
            double ee = e * e;
            double next = sum + dd;
            rest += differenceError(sum, -dd, next) + productError(d, d, dd) + 2 * d * dRest;
            sum = next - ee;
            rest += differenceError(next, ee, sum) - productError(e, e, ee) - 2 * e * eRest;
        }
        return sum + rest;
    }

    /** What a − b has beyond its rounded value. */
    private static double differenceError(double a, double b, double rounded) {
        double part = rounded - a;
        return a - (rounded - part) - (b + part);
    }

    /** What a b has beyond its rounded value; without fma, which is slow where a processor lacks it. */
    private static double productError(double a, double b, double rounded) {
        double c = SPLITTER * a;
        double aHigh = c - (c - a);
        double aLow = a - aHigh;
        c = SPLITTER * b;
        double bHigh = c - (c - b);
        double bLow = b - bHigh;
        return aLow * bLow - (rounded - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
    }

    /** Half the derivative of |s bᵢ − t bⱼ|² by s. */
    private static double slope(double[] b, int i, int j, double s, double t) {
        return b[i] * (s * b[i] - t * b[j])
                + b[i + 1] * (s * b[i + 1] - t * b[j + 1])
                + b[i + 2] * (s * b[i + 2] - t * b[j + 2]);
    }

    /** |s bᵢ − t bⱼ|². */
    private static double side(double[] b, int i, int j, double s, double t) {
        return square(s * b[i] - t * b[j], s * b[i + 1] - t * b[j + 1], s * b[i + 2] - t * b[j + 2]);
    }

    private static double square(double x, double y, double z) {
        return x * x + y * y + z * z;
    }

    private boolean isNew(int count) {
        for (int i = 0; i < count; i++) {
            boolean same = true;
            for (int j = 0; j < 3; j++) {
                same &= Math.abs(found[3 * i + j] - depths[j]) <= SAME * depths[j];
            }
            if (same) {
                return false;
            }
        }
        return true;
    }

    /** Turns the triangle of the world into that of the camera: both have a frame of three directions. */
    private void pose(double[] b, double[] x, double[] poses, int at) {
        frame(b, depths[0], depths[1], depths[2], placed);
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                double sum = 0;
                for (int k = 0; k < 3; k++) {
                    sum += placed[3 * k + i] * frame[3 * k + j];
                }
                poses[at + 3 * i + j] = sum;
            }
        }
        for (int i = 0; i < 3; i++) {
            double sum = 0;
            for (int p = 0; p < 3; p++) {
                sum += depths[p] * b[3 * p + i];
                for (int j = 0; j < 3; j++) {
                    sum -= poses[at + 3 * i + j] * x[3 * p + j];
                }
            }
            poses[at + 9 + i] = sum / 3;
        }
    }

    /** Directions of a triangle's first side, across it in its plane, and of its normal; false if it is flat. */
    static boolean frame(double[] p, double s0, double s1, double s2, double[] axes) {
        double ux = s1 * p[3] - s0 * p[0];
        double uy = s1 * p[4] - s0 * p[1];
        double uz = s1 * p[5] - s0 * p[2];
        double vx = s2 * p[6] - s0 * p[0];
        double vy = s2 * p[7] - s0 * p[1];
        double vz = s2 * p[8] - s0 * p[2];
        double nx = uy * vz - uz * vy;
        double ny = uz * vx - ux * vz;
        double nz = ux * vy - uy * vx;
        double length = Math.sqrt(square(ux, uy, uz));
        double area = Math.sqrt(square(nx, ny, nz));
        if (!(area > 1e-14 * length * Math.sqrt(square(vx, vy, vz)))) {
            return false;
        }
        axes[0] = ux / length;
        axes[1] = uy / length;
        axes[2] = uz / length;
        axes[6] = nx / area;
        axes[7] = ny / area;
        axes[8] = nz / area;
        axes[3] = axes[7] * axes[2] - axes[8] * axes[1];
        axes[4] = axes[8] * axes[0] - axes[6] * axes[2];
        axes[5] = axes[6] * axes[1] - axes[7] * axes[0];
        return true;
    }
}
