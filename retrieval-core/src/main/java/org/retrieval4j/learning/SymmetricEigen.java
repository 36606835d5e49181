package org.retrieval4j.learning;

import java.util.Optional;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.kernel.DenseAlgebra;
import org.retrieval4j.kernel.KernelCatalog;

/**
 * All eigenvalues and eigenvectors of a symmetric matrix: Householder reduction to tridiagonal form, then the implicit
 * QL method.
 *
 * <p>Golub, Van Loan: Matrix Computations, 4th edition, sections 8.3.1 to 8.3.3; the shifts and the test for
 * convergence are those of EISPACK's tql2. All inner loops run along rows, and the rotations of QL,
 * which are most of the work, are collected and applied to blocks of columns that fit the cache, in parallel. Every row
 * is an array of its own, because HotSpot turns loops into SIMD instructions only where all arrays have the same index.
 * The bits do not depend on the number of threads. Cost: O(n³), about 9 n³ multiplications and additions.
 *
 * <p>Matrices of 128 rows and more go to LAPACK's dsyevd where {@code kernel} is {@code auto} and BLAS is on the class
 * path, or kernels are named that bring it; it runs in the calling thread and cannot be interrupted.
 *
 * <p>Immutable.
 */
public final class SymmetricEigen {
    private static final int MAX_SWEEPS = 60;
    private static final int BLOCK = 128;

    /** From this size on LAPACK is worth its copies. */
    private static final int LARGE = 128;

    private static final double EPSILON = Math.ulp(1.0);

    private final double[] values;
    private final double[][] vectors;

    private SymmetricEigen(double[] values, double[][] vectors) {
        this.values = values;
        this.vectors = vectors;
    }

    /**
     * Decomposes a matrix.
     *
     * @param matrix n rows of n values, symmetric, finite, n at least 1; only read
     * @param context threads; may be interrupted
     * @return eigenvalues and eigenvectors
     * @throws IllegalArgumentException if the matrix is not square or not finite
     */
    public static SymmetricEigen of(double[][] matrix, BuildContext context) {
        int n = matrix.length;
        if (n < 1) {
            throw new IllegalArgumentException("matrix must be at least 1 x 1, got no row");
        }
        double[][] a = new double[n][];
        for (int i = 0; i < n; i++) {
            if (matrix[i].length != n) {
                throw new IllegalArgumentException(
                        "row " + i + " must have " + n + " values like there are rows, got " + matrix[i].length);
            }
            for (double value : matrix[i]) {
                if (!Double.isFinite(value)) {
                    throw new IllegalArgumentException("matrix must be finite, got " + value);
                }
            }
            a[i] = matrix[i].clone();
        }
        Optional<DenseAlgebra> algebra =
                n < LARGE ? Optional.empty() : KernelCatalog.load().algebra(context.kernel());
        if (algebra.isPresent() && (long) n * n <= Integer.MAX_VALUE) {
            return of(a, algebra.get());
        }
        double[] diagonal = new double[n];
        double[] below = new double[n]; // below[i] couples i - 1 and i
        double[] scales = new double[n];
        tridiagonalize(a, diagonal, below, scales, context);
        double[][] rows = reflectors(a, scales, context);
        diagonalize(diagonal, below, rows, context);
        return sorted(diagonal, rows);
    }

    /**
     * Size of the matrix.
     *
     * @return n
     */
    public int size() {
        return values.length;
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
        return vectors[index].clone();
    }

    // Step k clears column k below its subdiagonal by the reflector I - scale v vᵀ, v in row k of a from k + 1 on.
    private static void tridiagonalize(
            double[][] a, double[] diagonal, double[] below, double[] scales, BuildContext context) {
        int n = a.length;
        double[] w = new double[n];
        for (int k = 0; k < n - 1; k++) {
            context.checkInterrupted();
            double[] v = a[k];
            diagonal[k] = v[k];
            double largest = 0;
            for (int j = k + 2; j < n; j++) {
                largest = Math.max(largest, Math.abs(v[j]));
            }
            double first = v[k + 1];
            if (largest == 0) {
                below[k + 1] = first;
                continue;
            }
            largest = Math.max(largest, Math.abs(first)); // scaled, so that squares neither overflow nor vanish
            double square = 0;
            for (int j = k + 1; j < n; j++) {
                v[j] /= largest;
                square += v[j] * v[j];
            }
            double norm = Math.sqrt(square);
            double beta = first > 0 ? -norm : norm; // the sign that does not cancel in v[k + 1] - beta
            v[k + 1] -= beta;
            below[k + 1] = beta * largest;
            scales[k] = -1 / (beta * v[k + 1]);
            reflectBothSides(a, k + 1, v, w, scales[k]);
        }
        diagonal[n - 1] = a[n - 1][n - 1];
    }

    // a -= v wᵀ + w vᵀ with w = p - (scale/2)(p·v) v, p = scale a v; the block from 'from' on stays symmetric
    private static void reflectBothSides(double[][] a, int from, double[] v, double[] w, double scale) {
        int n = a.length;
        addRows(w, a, from, v);
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
            subtractBoth(a[i], w, v, v[i], w[i], from);
        }
    }

    // The transpose of the product of all reflectors: its rows are what the rotations of QL act on.
    private static double[][] reflectors(double[][] a, double[] scales, BuildContext context) {
        int n = a.length;
        double[][] q = new double[n][n];
        for (int i = 0; i < n; i++) {
            q[i][i] = 1;
        }
        double[] u = new double[n];
        for (int k = n - 2; k >= 0; k--) {
            if (scales[k] == 0) {
                continue;
            }
            context.checkInterrupted();
            addRows(u, q, k + 1, a[k]);
            for (int i = k + 1; i < n; i++) {
                addScaled(q[i], u, -scales[k] * a[k][i], k + 1);
            }
        }
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                double other = q[i][j];
                q[i][j] = q[j][i];
                q[j][i] = other;
            }
        }
        return q;
    }

    private static void diagonalize(double[] d, double[] below, double[][] rows, BuildContext context) {
        int n = d.length;
        double[] e = new double[n]; // e[i] couples i and i + 1
        System.arraycopy(below, 1, e, 0, n - 1);
        double shift = 0;
        double magnitude = 0;
        Rotations rotations = new Rotations(rows, context);
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

    private static SymmetricEigen of(double[][] rows, DenseAlgebra algebra) {
        int n = rows.length;
        double[] matrix = new double[n * n];
        for (int i = 0; i < n; i++) {
            System.arraycopy(rows[i], 0, matrix, i * n, n);
        }
        double[] values = new double[n];
        algebra.eigen(matrix, n, values);
        for (int i = 0; i < n; i++) {
            System.arraycopy(matrix, i * n, rows[i], 0, n);
        }
        return sorted(values, rows);
    }

    private static SymmetricEigen sorted(double[] values, double[][] rows) {
        int n = values.length;
        Integer[] order = new Integer[n];
        for (int i = 0; i < n; i++) {
            order[i] = i;
        }
        java.util.Arrays.sort(order, (i, j) -> Double.compare(values[j], values[i]));
        double[] sortedValues = new double[n];
        double[][] sortedRows = new double[n][];
        for (int i = 0; i < n; i++) {
            sortedValues[i] = values[order[i]];
            sortedRows[i] = rows[order[i]];
            fixSign(sortedRows[i]);
        }
        return new SymmetricEigen(sortedValues, sortedRows);
    }

    /** Turns a vector so that its entry of largest magnitude, the first of equal ones, is positive. */
    static void fixSign(double[] vector) {
        int largest = 0;
        for (int i = 1; i < vector.length; i++) {
            if (Math.abs(vector[i]) > Math.abs(vector[largest])) {
                largest = i;
            }
        }
        if (vector[largest] < 0) {
            for (int i = 0; i < vector.length; i++) {
                vector[i] = -vector[i];
            }
        }
    }

    // sum = Σ factors[i] rows[i], all from 'from' on; four rows at once, so that a sum is loaded once for four products
    private static void addRows(double[] sum, double[][] rows, int from, double[] factors) {
        java.util.Arrays.fill(sum, from, sum.length, 0);
        int i = from;
        for (; i + 3 < rows.length; i += 4) {
            addFour(sum, rows[i], rows[i + 1], rows[i + 2], rows[i + 3], factors, i, from);
        }
        for (; i < rows.length; i++) {
            addScaled(sum, rows[i], factors[i], from);
        }
    }

    private static void addFour(
            double[] sum, double[] r0, double[] r1, double[] r2, double[] r3, double[] factors, int at, int from) {
        double f0 = factors[at];
        double f1 = factors[at + 1];
        double f2 = factors[at + 2];
        double f3 = factors[at + 3];
        for (int j = from; j < sum.length; j++) {
            sum[j] = sum[j] + f0 * r0[j] + f1 * r1[j] + f2 * r2[j] + f3 * r3[j];
        }
    }

    private static void addScaled(double[] sum, double[] row, double factor, int from) {
        for (int j = from; j < sum.length; j++) {
            sum[j] += factor * row[j];
        }
    }

    private static void subtractBoth(double[] row, double[] x, double[] y, double xFactor, double yFactor, int from) {
        for (int j = from; j < row.length; j++) {
            row[j] -= xFactor * x[j] + yFactor * y[j];
        }
    }

    /** Collects rotations of neighboring rows and applies them to one block of columns after the other. */
    private static final class Rotations {
        private final double[][] rows;
        private final BuildContext context;
        private final int[] at;
        private final double[] cosines;
        private final double[] sines;
        private int size;

        Rotations(double[][] rows, BuildContext context) {
            this.rows = rows;
            this.context = context;
            int capacity = Math.max(1024, 16 * rows.length);
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
            ParallelChunks.run(context, rows.length, BLOCK, (from, to) -> {
                for (int r = 0; r < size; r++) {
                    rotate(rows[at[r]], rows[at[r] + 1], cosines[r], sines[r], from, to);
                }
            });
            size = 0;
        }

        private static void rotate(double[] upper, double[] lower, double c, double s, int from, int to) {
            for (int j = from; j < to; j++) {
                double u = upper[j];
                double v = lower[j];
                lower[j] = s * u + c * v;
                upper[j] = c * u - s * v;
            }
        }
    }
}
