package org.retrieval4j.localization.geometry;

import java.util.Arrays;

/**
 * Essential matrices of five pairs of directions (Nistér, An efficient solution to the five-point relative pose problem,
 * PAMI 2004): the null space of the epipolar equations, ten cubic constraints, and a polynomial of degree ten, whose complex
 * roots are found together (Aberth, Iteration methods for finding all zeros of a polynomial simultaneously, 1973). Each real
 * root, and each that rounding may have made complex, is polished by Gauss–Newton on the constraints themselves, which also
 * tells the true ones.
 *
 * <p>Not thread-safe: holds scratch space; allocates nothing.
 */
public final class EssentialSolver {
    /** Most matrices there can be. */
    public static final int MOST = 10;

    private static final int DEGREE = 10;
    private static final int ABERTH_STEPS = 60;
    private static final int POLISHING = 12;

    /** Roots whose imaginary part is at most this part of their size are tried as real ones. */
    private static final double NEARLY_REAL = 1e-2;

    /** The constraints must hold to this, for a matrix of norm 1. */
    private static final double HELD = 1e-12;

    /** Matrices that differ less are one. */
    private static final double SAME = 1e-7;

    /**
     * Places of the monomials of x, y, z, 1 (numbers 0 to 3) in the equations: first those that are eliminated, x³ y³ x²y xy²
     * x²z x² y²z y² xyz xy, then xz² xz x yz² yz y z³ z² z 1.
     */
    private static final int[] PLACE = places();

    private final double[] rows = new double[45];
    private final double[] basis = new double[36];
    private final double[] equations = new double[200];
    private final double[] polynomial = new double[DEGREE + 1];
    private final double[] real = new double[DEGREE];
    private final double[] imaginary = new double[DEGREE];
    private final double[] b = new double[3 * 13];
    private final double[] weights = new double[4];
    private final double[] trial = new double[4];
    private final double[] e = new double[9];
    private final double[] residual = new double[10];
    private final double[] jacobian = new double[40];
    private final double[] normal = new double[16];
    private final double[] step = new double[4];
    private final double[] product = new double[9];

    /** A solver, for one thread. */
    public EssentialSolver() {}

    /**
     * Finds the matrices: x₂ᵀ E x₁ = 0.
     *
     * @param first five directions of any length before the first camera, one after the other
     * @param second the same points' directions before the second camera
     * @param matrices receives up to {@value #MOST} matrices, row after row, of Frobenius norm 1
     * @return how many there are
     */
    public int solve(double[] first, double[] second, double[] matrices) {
        for (int i = 0; i < 5; i++) {
            double scale = 1 / (length(first, 3 * i) * length(second, 3 * i));
            for (int j = 0; j < 9; j++) {
                rows[9 * i + j] = second[3 * i + j / 3] * first[3 * i + j % 3] * scale;
            }
        }
        if (!nullSpace()) {
            return 0;
        }
        constraints();
        if (!eliminate() || !polynomial()) {
            return 0;
        }
        roots();
        int count = 0;
        for (int i = 0; i < DEGREE; i++) {
            double size = Math.hypot(real[i], imaginary[i]);
            if (imaginary[i] < -1e-9 * size || imaginary[i] > NEARLY_REAL * (size + 1e-3)) {
                continue; // one of each conjugate pair is enough
            }
            // a double root that rounding split lies on both sides of the real part
            for (int side = -1; side <= 1 && count < MOST; side += 2) {
                double z = real[i] + side * imaginary[i];
                if (weights(z) && polish() && isNew(matrices, count)) {
                    System.arraycopy(e, 0, matrices, 9 * count, 9);
                    count++;
                }
                if (imaginary[i] <= 1e-9 * size) {
                    break;
                }
            }
        }
        return count;
    }

    private static double length(double[] v, int at) {
        return Math.sqrt(v[at] * v[at] + v[at + 1] * v[at + 1] + v[at + 2] * v[at + 2]);
    }

    /** Four orthonormal vectors across the five rows, by Gram–Schmidt with pivoting, done twice. */
    private boolean nullSpace() {
        for (int i = 0; i < 5; i++) {
            int best = i;
            for (int k = i + 1; k < 5; k++) {
                if (square(rows, 9 * k) > square(rows, 9 * best)) {
                    best = k;
                }
            }
            for (int j = 0; j < 9; j++) {
                double swap = rows[9 * i + j];
                rows[9 * i + j] = rows[9 * best + j];
                rows[9 * best + j] = swap;
            }
            orthogonalize(rows, 9 * i, rows, i);
            double norm = Math.sqrt(square(rows, 9 * i));
            if (!(norm > 1e-13)) {
                return false;
            }
            scale(rows, 9 * i, 1 / norm);
            for (int k = i + 1; k < 5; k++) {
                orthogonalize(rows, 9 * k, rows, i + 1);
            }
        }
        for (int n = 0; n < 4; n++) {
            double longest = -1;
            for (int axis = 0; axis < 9; axis++) {
                Arrays.fill(product, 0);
                product[axis] = 1;
                orthogonalize(product, 0, rows, 5);
                orthogonalize(product, 0, basis, n);
                double norm = square(product, 0);
                if (norm > longest) {
                    longest = norm;
                    System.arraycopy(product, 0, basis, 9 * n, 9);
                }
            }
            scale(basis, 9 * n, 1 / Math.sqrt(longest));
            orthogonalize(basis, 9 * n, rows, 5);
            orthogonalize(basis, 9 * n, basis, n);
            scale(basis, 9 * n, 1 / Math.sqrt(square(basis, 9 * n)));
        }
        return true;
    }

    private static void orthogonalize(double[] v, int at, double[] against, int n) {
        for (int i = 0; i < n; i++) {
            double dot = 0;
            for (int j = 0; j < 9; j++) {
                dot += v[at + j] * against[9 * i + j];
            }
            for (int j = 0; j < 9; j++) {
                v[at + j] -= dot * against[9 * i + j];
            }
        }
    }

    private static double square(double[] v, int at) {
        double sum = 0;
        for (int j = 0; j < 9; j++) {
            sum += v[at + j] * v[at + j];
        }
        return sum;
    }

    private static void scale(double[] v, int at, double factor) {
        for (int j = 0; j < 9; j++) {
            v[at + j] *= factor;
        }
    }

    private static int[] places() {
        int[][] order = {
            {0, 0, 0}, {1, 1, 1}, {0, 0, 1}, {0, 1, 1}, {0, 0, 2}, {0, 0, 3}, {1, 1, 2}, {1, 1, 3}, {0, 1, 2},
            {0, 1, 3}, {0, 2, 2}, {0, 2, 3}, {0, 3, 3}, {1, 2, 2}, {1, 2, 3}, {1, 3, 3}, {2, 2, 2}, {2, 2, 3},
            {2, 3, 3}, {3, 3, 3}
        };
        int[] place = new int[64];
        for (int a = 0; a < 4; a++) {
            for (int b = 0; b < 4; b++) {
                for (int c = 0; c < 4; c++) {
                    int[] sorted = {a, b, c};
                    Arrays.sort(sorted);
                    for (int i = 0; i < order.length; i++) {
                        if (Arrays.equals(order[i], sorted)) {
                            place[16 * a + 4 * b + c] = i;
                        }
                    }
                }
            }
        }
        return place;
    }

    /** Coefficients of 2 E Eᵀ E − tr(E Eᵀ) E and det E, 10 x 20. */
    private void constraints() {
        Arrays.fill(equations, 0);
        for (int p = 0; p < 4; p++) {
            for (int q = 0; q < 4; q++) {
                for (int r = 0; r < 4; r++) {
                    int at = PLACE[16 * p + 4 * q + r];
                    double trace = 0;
                    for (int j = 0; j < 9; j++) {
                        trace += basis[9 * p + j] * basis[9 * q + j];
                    }
                    for (int i = 0; i < 3; i++) {
                        for (int j = 0; j < 3; j++) {
                            double sum = -trace * basis[9 * r + 3 * i + j];
                            for (int k = 0; k < 3; k++) {
                                for (int l = 0; l < 3; l++) {
                                    sum += 2
                                            * basis[9 * p + 3 * i + k]
                                            * basis[9 * q + 3 * l + k]
                                            * basis[9 * r + 3 * l + j];
                                }
                            }
                            equations[20 * (3 * i + j) + at] += sum;
                        }
                    }
                    for (int i = 0; i < 3; i++) {
                        int next = (i + 1) % 3;
                        int after = (i + 2) % 3;
                        equations[180 + at] += basis[9 * p + i]
                                * (basis[9 * q + 3 + next] * basis[9 * r + 6 + after]
                                        - basis[9 * q + 3 + after] * basis[9 * r + 6 + next]);
                    }
                }
            }
        }
    }

    /** Gauss–Jordan on the first ten monomials. */
    private boolean eliminate() {
        for (int c = 0; c < 10; c++) {
            int best = c;
            for (int i = c + 1; i < 10; i++) {
                if (Math.abs(equations[20 * i + c]) > Math.abs(equations[20 * best + c])) {
                    best = i;
                }
            }
            double pivot = equations[20 * best + c];
            if (!(Math.abs(pivot) > 1e-16)) {
                return false;
            }
            for (int j = c; j < 20; j++) {
                double swap = equations[20 * best + j] / pivot;
                equations[20 * best + j] = equations[20 * c + j];
                equations[20 * c + j] = swap;
            }
            for (int i = 0; i < 10; i++) {
                double factor = equations[20 * i + c];
                if (i != c && factor != 0) {
                    for (int j = c; j < 20; j++) {
                        equations[20 * i + j] -= factor * equations[20 * c + j];
                    }
                }
            }
        }
        return true;
    }

    /** B(z): three rows of polynomials by x (degree 3, from z⁰), y (3) and 1 (4); its determinant is the polynomial. */
    private boolean polynomial() {
        for (int i = 0; i < 3; i++) {
            int high = 20 * (4 + 2 * i) + 10;
            int low = 20 * (5 + 2 * i) + 10;
            for (int part = 0; part < 2; part++) {
                int h = high + 3 * part;
                int l = low + 3 * part;
                int at = 13 * i + 4 * part;
                b[at] = equations[h + 2];
                b[at + 1] = equations[h + 1] - equations[l + 2];
                b[at + 2] = equations[h] - equations[l + 1];
                b[at + 3] = -equations[l];
            }
            int at = 13 * i + 8;
            b[at] = equations[high + 9];
            b[at + 1] = equations[high + 8] - equations[low + 9];
            b[at + 2] = equations[high + 7] - equations[low + 8];
            b[at + 3] = equations[high + 6] - equations[low + 7];
            b[at + 4] = -equations[low + 6];
        }
        Arrays.fill(polynomial, 0);
        for (int i = 0; i < 3; i++) {
            int m = 13 * ((i + 1) % 3);
            int n = 13 * ((i + 2) % 3);
            for (int x = 0; x < 4; x++) {
                for (int y = 0; y < 4; y++) {
                    double minor = b[m + x] * b[n + 4 + y] - b[n + x] * b[m + 4 + y];
                    for (int k = 0; k < 5; k++) {
                        polynomial[x + y + k] += minor * b[13 * i + 8 + k];
                    }
                }
            }
        }
        double largest = 0;
        for (double c : polynomial) {
            largest = Math.max(largest, Math.abs(c));
        }
        return largest > 0 && Double.isFinite(largest);
    }

    /** All complex roots; those of vanishing leading coefficients run away. */
    private void roots() {
        double[] c = polynomial;
        for (int i = 0; i < DEGREE; i++) {
            double angle = 2 * Math.PI * i / DEGREE + 0.4;
            double radius = 0.5 + 0.2 * (i % 5);
            real[i] = radius * Math.cos(angle);
            imaginary[i] = radius * Math.sin(angle);
        }
        for (int s = 0; s < ABERTH_STEPS; s++) {
            boolean settled = true;
            for (int i = 0; i < DEGREE; i++) {
                double x = real[i];
                double y = imaginary[i];
                boolean outside = x * x + y * y > 1;
                double square = x * x + y * y;
                // far roots on the reversed polynomial, so that powers do not overflow
                double u = outside ? x / square : x;
                double v = outside ? -y / square : y;
                double pr = outside ? c[0] : c[DEGREE];
                double pi = 0;
                double dr = 0;
                double di = 0;
                for (int k = 1; k <= DEGREE; k++) {
                    double t = dr * u - di * v + pr;
                    di = dr * v + di * u + pi;
                    dr = t;
                    t = pr * u - pi * v + (outside ? c[k] : c[DEGREE - k]);
                    pi = pr * v + pi * u;
                    pr = t;
                }
                // p′/p
                double norm = pr * pr + pi * pi;
                if (norm == 0) {
                    continue;
                }
                double qr = (dr * pr + di * pi) / norm;
                double qi = (di * pr - dr * pi) / norm;
                if (outside) { // p(x) = xⁿ q(1/x), so p′/p = (n − u q′/q) u
                    double tr = DEGREE - (u * qr - v * qi);
                    double ti = -(u * qi + v * qr);
                    qr = tr * u - ti * v;
                    qi = tr * v + ti * u;
                }
                for (int k = 0; k < DEGREE; k++) {
                    if (k != i) {
                        double wr = x - real[k];
                        double wi = y - imaginary[k];
                        double w = wr * wr + wi * wi;
                        if (w > 0) {
                            qr -= wr / w;
                            qi += wi / w;
                        }
                    }
                }
                double q = qr * qr + qi * qi;
                if (q == 0) {
                    continue;
                }
                double stepReal = qr / q;
                double stepImaginary = -qi / q;
                real[i] = x - stepReal;
                imaginary[i] = y - stepImaginary;
                settled &= stepReal * stepReal + stepImaginary * stepImaginary < 1e-26 * square;
            }
            if (settled) {
                break;
            }
        }
    }

    /** The combination of the basis that belongs to a root, of length 1. */
    private boolean weights(double z) {
        double longest = 0;
        for (int i = 0; i < 3; i++) {
            int m = 13 * i;
            int n = 13 * ((i + 1) % 3);
            double mx = value(m, 3, z);
            double my = value(m + 4, 3, z);
            double mw = value(m + 8, 4, z);
            double nx = value(n, 3, z);
            double ny = value(n + 4, 3, z);
            double nw = value(n + 8, 4, z);
            double cx = my * nw - mw * ny;
            double cy = mw * nx - mx * nw;
            double cw = mx * ny - my * nx;
            double norm = cx * cx + cy * cy + cw * cw;
            if (norm > longest) {
                longest = norm;
                weights[0] = cx;
                weights[1] = cy;
                weights[2] = z * cw;
                weights[3] = cw;
            }
        }
        return normalize(weights);
    }

    private double value(int at, int degree, double z) {
        double sum = b[at + degree];
        for (int k = degree - 1; k >= 0; k--) {
            sum = sum * z + b[at + k];
        }
        return sum;
    }

    private static boolean normalize(double[] w) {
        double norm = Math.sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2] + w[3] * w[3]);
        for (int i = 0; i < 4; i++) {
            w[i] /= norm;
        }
        return norm > 0 && Double.isFinite(norm);
    }

    /** Gauss–Newton on the ten constraints; the matrix is in e. */
    private boolean polish() {
        double best = evaluate(weights);
        for (int s = 0; s < POLISHING && best > 0; s++) {
            derive();
            Arrays.fill(normal, 0);
            for (int i = 0; i < 4; i++) {
                double sum = 0;
                for (int k = 0; k < 10; k++) {
                    sum += jacobian[4 * k + i] * residual[k];
                }
                step[i] = sum;
                for (int j = 0; j <= i; j++) {
                    double entry = weights[i] * weights[j]; // the length stays
                    for (int k = 0; k < 10; k++) {
                        entry += jacobian[4 * k + i] * jacobian[4 * k + j];
                    }
                    normal[4 * i + j] = entry;
                }
            }
            if (!SmallLinear.solvePositive(4, normal, 4, step)) {
                break;
            }
            for (int i = 0; i < 4; i++) {
                trial[i] = weights[i] - step[i];
            }
            if (!normalize(trial)) {
                break;
            }
            double error = evaluate(trial);
            if (!(error < best)) {
                break;
            }
            best = error;
            System.arraycopy(trial, 0, weights, 0, 4);
        }
        return evaluate(weights) < HELD * HELD;
    }

    /** Sum of the squared constraints. */
    private double evaluate(double[] w) {
        for (int j = 0; j < 9; j++) {
            e[j] = w[0] * basis[j] + w[1] * basis[9 + j] + w[2] * basis[18 + j] + w[3] * basis[27 + j];
        }
        double trace = square(e, 0);
        double error = 0;
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                product[3 * i + j] = e[3 * i] * e[3 * j] + e[3 * i + 1] * e[3 * j + 1] + e[3 * i + 2] * e[3 * j + 2];
            }
        }
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                double value =
                        2 * (product[3 * i] * e[j] + product[3 * i + 1] * e[3 + j] + product[3 * i + 2] * e[6 + j])
                                - trace * e[3 * i + j];
                residual[3 * i + j] = value;
                error += value * value;
            }
        }
        double determinant = e[0] * (e[4] * e[8] - e[5] * e[7])
                - e[1] * (e[3] * e[8] - e[5] * e[6])
                + e[2] * (e[3] * e[7] - e[4] * e[6]);
        residual[9] = determinant;
        return error + determinant * determinant;
    }

    /** Derivatives of the constraints by the weights, at e. */
    private void derive() {
        double trace = square(e, 0);
        for (int n = 0; n < 4; n++) {
            int at = 9 * n;
            double dot = 0;
            for (int j = 0; j < 9; j++) {
                dot += e[j] * basis[at + j];
            }
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 3; j++) {
                    double sum = -2 * dot * e[3 * i + j] - trace * basis[at + 3 * i + j];
                    for (int k = 0; k < 3; k++) {
                        for (int l = 0; l < 3; l++) {
                            sum += 2
                                    * (basis[at + 3 * i + k] * e[3 * l + k] * e[3 * l + j]
                                            + e[3 * i + k] * basis[at + 3 * l + k] * e[3 * l + j]
                                            + e[3 * i + k] * e[3 * l + k] * basis[at + 3 * l + j]);
                        }
                    }
                    jacobian[4 * (3 * i + j) + n] = sum;
                }
            }
            double sum = 0;
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 3; j++) {
                    int a = (i + 1) % 3;
                    int c = (i + 2) % 3;
                    int p = (j + 1) % 3;
                    int q = (j + 2) % 3;
                    sum += basis[at + 3 * i + j] * (e[3 * a + p] * e[3 * c + q] - e[3 * a + q] * e[3 * c + p]);
                }
            }
            jacobian[36 + n] = sum;
        }
    }

    private boolean isNew(double[] matrices, int count) {
        for (int m = 0; m < count; m++) {
            double plus = 0;
            double minus = 0;
            for (int j = 0; j < 9; j++) {
                plus = Math.max(plus, Math.abs(matrices[9 * m + j] - e[j]));
                minus = Math.max(minus, Math.abs(matrices[9 * m + j] + e[j]));
            }
            if (Math.min(plus, minus) < SAME) {
                return false;
            }
        }
        return true;
    }
}
