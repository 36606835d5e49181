package org.retrieval4j.learning;

import org.retrieval4j.api.BuildContext;

/**
 * All eigenvalues and eigenvectors of a symmetric matrix: Householder reduction to tridiagonal form, then the implicit
 * QL method.
 *
 * <p>Golub, Van Loan: Matrix Computations, 4th edition, sections 8.3.1 to 8.3.3; the shifts and the test for
 * convergence are those of EISPACK's tql2. All inner loops run along rows of plain arrays, and the rotations of QL,
 * which are most of the work, are collected and applied to blocks of columns that fit the cache, in parallel. The bits
 * do not depend on the number of threads. Cost: O(n³), about 9 n³ multiplications and additions.
 *
 * <p>Immutable.
 */
public final class SymmetricEigen {
    private static final int MAX_SWEEPS = 60;
    private static final int BLOCK = 64;
    private static final double EPSILON = Math.ulp(1.0);

    private final int n;
    private final double[] values;
    private final double[] vectors;

    private SymmetricEigen(int n, double[] values, double[] vectors) {
        this.n = n;
        this.values = values;
        this.vectors = vectors;
    }

    /**
     * Decomposes a matrix.
     *
     * @param matrix n x n, row-major, symmetric, finite; only read
     * @param n its size, at least 1
     * @param context threads; may be interrupted
     * @return eigenvalues and eigenvectors
     * @throws IllegalArgumentException if the matrix is not finite
     */
    public static SymmetricEigen of(double[] matrix, int n, BuildContext context) {
        if (n < 1 || matrix.length < (long) n * n) {
            throw new IllegalArgumentException(
                    "matrix must have " + n + " x " + n + " values and at least 1, got " + matrix.length);
        }
        for (int i = 0; i < n * n; i++) {
            if (!Double.isFinite(matrix[i])) {
                throw new IllegalArgumentException("matrix must be finite, got " + matrix[i]);
            }
        }
        double[] a = java.util.Arrays.copyOf(matrix, n * n);
        double[] diagonal = new double[n];
        double[] below = new double[n]; // below[i] couples i - 1 and i
        double[] scales = new double[n];
        tridiagonalize(a, n, diagonal, below, scales, context);
        double[] rows = reflectors(a, n, scales, context);
        diagonalize(diagonal, below, rows, n, context);
        return sorted(n, diagonal, rows);
    }

    /**
     * Size of the matrix.
     *
     * @return n
     */
    public int size() {
        return n;
    }

    /**
     * One eigenvalue.
     *
     * @param index from 0, the largest, to n − 1, the smallest
     * @return the eigenvalue
     */
    public double value(int index) {
        return values[index];
    }

    /**
     * One eigenvector, of length 1; the entry of largest magnitude (the first of equal ones) is positive.
     *
     * @param index as of {@link #value}
     * @return a copy, n values
     */
    public double[] vector(int index) {
        return java.util.Arrays.copyOfRange(vectors, index * n, (index + 1) * n);
    }

    // Step k clears column k below its subdiagonal by the reflector I - scale v vᵀ, v in row k of a from k + 1 on.
    private static void tridiagonalize(
            double[] a, int n, double[] diagonal, double[] below, double[] scales, BuildContext context) {
        double[] v = new double[n];
        double[] w = new double[n];
        for (int k = 0; k < n - 1; k++) {
            context.checkInterrupted();
            diagonal[k] = a[k * n + k];
            double largest = 0;
            for (int j = k + 2; j < n; j++) {
                largest = Math.max(largest, Math.abs(a[k * n + j]));
            }
            double first = a[k * n + k + 1];
            if (largest == 0) {
                below[k + 1] = first;
                continue;
            }
            largest = Math.max(largest, Math.abs(first)); // scaled, so that squares neither overflow nor vanish
            double square = 0;
            for (int j = k + 1; j < n; j++) {
                v[j] = a[k * n + j] / largest;
                square += v[j] * v[j];
            }
            double norm = Math.sqrt(square);
            double beta = first > 0 ? -norm : norm; // the sign that does not cancel in v[k + 1] - beta
            v[k + 1] -= beta;
            double scale = -1 / (beta * v[k + 1]);
            below[k + 1] = beta * largest;
            scales[k] = scale;
            reflectBothSides(a, n, k + 1, v, w, scale);
            System.arraycopy(v, k + 1, a, k * n + k + 1, n - k - 1);
        }
        diagonal[n - 1] = a[n * n - 1];
    }

    // a -= v wᵀ + w vᵀ with w = p - (scale/2)(p·v) v, p = scale a v; the block from 'from' on stays symmetric
    private static void reflectBothSides(double[] a, int n, int from, double[] v, double[] w, double scale) {
        java.util.Arrays.fill(w, from, n, 0);
        for (int i = from; i < n; i++) {
            addScaled(w, from, a, i * n + from, v[i], n - from);
        }
        double dot = 0;
        for (int j = from; j < n; j++) {
            w[j] *= scale;
            dot += w[j] * v[j];
        }
        double half = 0.5 * scale * dot;
        for (int j = from; j < n; j++) {
            w[j] -= half * v[j];
        }
        for (int i = from; i < n; i++) {
            subtractBoth(a, i * n + from, w, v, from, v[i], w[i], n - from);
        }
    }

    // The transpose of the product of all reflectors: its rows are what the rotations of QL act on.
    private static double[] reflectors(double[] a, int n, double[] scales, BuildContext context) {
        double[] q = new double[n * n];
        for (int i = 0; i < n; i++) {
            q[i * n + i] = 1;
        }
        double[] u = new double[n];
        for (int k = n - 2; k >= 0; k--) {
            if (scales[k] == 0) {
                continue;
            }
            context.checkInterrupted();
            int from = k + 1;
            java.util.Arrays.fill(u, from, n, 0);
            for (int i = from; i < n; i++) {
                addScaled(u, from, q, i * n + from, a[k * n + i], n - from);
            }
            for (int i = from; i < n; i++) {
                addScaled(q, i * n + from, u, from, -scales[k] * a[k * n + i], n - from);
            }
        }
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                double other = q[i * n + j];
                q[i * n + j] = q[j * n + i];
                q[j * n + i] = other;
            }
        }
        return q;
    }

    private static void diagonalize(double[] d, double[] below, double[] rows, int n, BuildContext context) {
        double[] e = new double[n]; // e[i] couples i and i + 1
        System.arraycopy(below, 1, e, 0, n - 1);
        double shift = 0;
        double magnitude = 0;
        Rotations rotations = new Rotations(rows, n, context);
        for (int l = 0; l < n; l++) {
            magnitude = Math.max(magnitude, Math.abs(d[l]) + Math.abs(e[l]));
            int m = l;
            while (m < n - 1 && Math.abs(e[m]) > EPSILON * magnitude) {
                m++;
            }
            for (int sweep = 0; m > l && Math.abs(e[l]) > EPSILON * magnitude; sweep++) {
                if (sweep == MAX_SWEEPS) {
                    throw new IllegalArgumentException(
                            "the eigenvalues did not converge in " + MAX_SWEEPS + " sweeps; is the matrix symmetric?");
                }
                shift += shift(d, e, l, n);
                sweep(d, e, l, m, rotations);
            }
            d[l] += shift;
            e[l] = 0;
        }
        rotations.flush();
    }

    // moves all eigenvalues by an estimate of the one to be found
    private static double shift(double[] d, double[] e, int l, int n) {
        double g = d[l];
        double p = (d[l + 1] - g) / (2 * e[l]);
        double r = p < 0 ? -Math.hypot(p, 1) : Math.hypot(p, 1);
        d[l] = e[l] / (p + r);
        d[l + 1] = e[l] * (p + r);
        double h = g - d[l];
        for (int i = l + 2; i < n; i++) {
            d[i] -= h;
        }
        return h;
    }

    private static void sweep(double[] d, double[] e, int l, int m, Rotations rotations) {
        double next = d[l + 1];
        double coupling = e[l + 1];
        double p = d[m];
        double c = 1;
        double c2 = 1;
        double c3 = 1;
        double s = 0;
        double s2 = 0;
        for (int i = m - 1; i >= l; i--) {
            c3 = c2;
            c2 = c;
            s2 = s;
            double g = c * e[i];
            double h = c * p;
            double r = Math.hypot(p, e[i]);
            e[i + 1] = s * r;
            s = e[i] / r;
            c = p / r;
            p = c * d[i] - s * g;
            d[i + 1] = h + s * (c * g + s * d[i]);
            rotations.add(i, c, s);
        }
        p = -s * s2 * c3 * coupling * e[l] / next;
        e[l] = s * p;
        d[l] = c * p;
    }

    private static SymmetricEigen sorted(int n, double[] values, double[] rows) {
        Integer[] order = new Integer[n];
        for (int i = 0; i < n; i++) {
            order[i] = i;
        }
        java.util.Arrays.sort(order, (i, j) -> Double.compare(values[j], values[i]));
        double[] sortedValues = new double[n];
        double[] sortedRows = new double[n * n];
        for (int i = 0; i < n; i++) {
            sortedValues[i] = values[order[i]];
            System.arraycopy(rows, order[i] * n, sortedRows, i * n, n);
            fixSign(sortedRows, i * n, n);
        }
        return new SymmetricEigen(n, sortedValues, sortedRows);
    }

    /** Turns a vector so that its entry of largest magnitude, the first of equal ones, is positive. */
    static void fixSign(double[] vector, int from, int length) {
        int largest = from;
        for (int i = from + 1; i < from + length; i++) {
            if (Math.abs(vector[i]) > Math.abs(vector[largest])) {
                largest = i;
            }
        }
        if (vector[largest] < 0) {
            for (int i = from; i < from + length; i++) {
                vector[i] = -vector[i];
            }
        }
    }

    private static void addScaled(double[] to, int toAt, double[] from, int fromAt, double factor, int length) {
        for (int j = 0; j < length; j++) {
            to[toAt + j] += factor * from[fromAt + j];
        }
    }

    private static void subtractBoth(
            double[] to, int toAt, double[] x, double[] y, int at, double xFactor, double yFactor, int length) {
        for (int j = 0; j < length; j++) {
            to[toAt + j] -= xFactor * x[at + j] + yFactor * y[at + j];
        }
    }

    /** Collects rotations of neighboring rows and applies them to one block of columns after the other. */
    private static final class Rotations {
        private final double[] rows;
        private final int n;
        private final BuildContext context;
        private final int[] at;
        private final double[] cosines;
        private final double[] sines;
        private int size;

        Rotations(double[] rows, int n, BuildContext context) {
            this.rows = rows;
            this.n = n;
            this.context = context;
            int capacity = Math.max(1024, 16 * n);
            this.at = new int[capacity];
            this.cosines = new double[capacity];
            this.sines = new double[capacity];
        }

        void add(int row, double c, double s) {
            if (size == at.length) {
                flush();
            }
            at[size] = row;
            cosines[size] = c;
            sines[size++] = s;
        }

        void flush() {
            ParallelChunks.run(context, n, BLOCK, (from, to) -> {
                for (int r = 0; r < size; r++) {
                    rotate(rows, at[r] * n + from, at[r] * n + n + from, cosines[r], sines[r], to - from);
                }
            });
            size = 0;
        }

        private static void rotate(double[] rows, int upper, int lower, double c, double s, int length) {
            for (int j = 0; j < length; j++) {
                double u = rows[upper + j];
                double v = rows[lower + j];
                rows[lower + j] = s * u + c * v;
                rows[upper + j] = c * u - s * v;
            }
        }
    }
}
