package org.retrieval4j.learning;

import java.util.Arrays;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;

/**
 * Whitening learned from matching pairs: the differences within pairs become small in all directions, then the
 * directions in which all vectors differ most are kept.
 *
 * <p>With m the mean of the pairs' first vectors and S the mean of (x_q − x_p)(x_q − x_p)ᵀ, the projection is EᵀP₁: P₁ =
 * L⁻¹ with LLᵀ = S, E the eigenvectors of P₁ Σ (x − m)(x − m)ᵀ P₁ᵀ over all vectors. Mikolajczyk, Matas: Improving
 * descriptors for fast tree matching by optimal linear projection. ICCV 2007; Radenović, Tolias, Chum: CNN image
 * retrieval learns from BoW. ECCV 2016. If S is singular, 10⁻¹⁰ and then ten times more is added to its diagonal until
 * it is not, as cnnimageretrieval-pytorch does: with fewer pairs than dimensions, directions in which no pair differs then
 * count most, whatever they tell. Few pairs need a shrinkage λ: S becomes (1 − λ) S + λ tr(S)/d I (Ledoit, Wolf: A
 * well-conditioned estimator for large-dimensional covariance matrices, 2004).
 *
 * @param mean 1 x d, to be subtracted first
 * @param projection dimension x d, the most telling direction first; in each the entry of largest magnitude is positive
 */
public record LearnedWhitening(FloatMatrix mean, FloatMatrix projection) {
    /**
     * Learns from pairs. Whoever has pairs can use it: ground truth, verified matches, augmented pictures.
     *
     * @param sample n x d
     * @param queries first vector of each pair, a row of the sample
     * @param positives second vector of each pair, a row of the sample
     * @param dimension number of directions, 1 to d
     * @param context threads; may be interrupted
     * @return the whitening
     * @throws IllegalArgumentException if there is no pair, or one is outside the sample
     */
    public static LearnedWhitening learn(
            FloatMatrix sample, int[] queries, int[] positives, int dimension, BuildContext context) {
        return learn(sample, queries, positives, dimension, 0, context);
    }

    /**
     * Learns from few pairs.
     *
     * @param sample n x d
     * @param queries first vector of each pair, a row of the sample
     * @param positives second vector of each pair, a row of the sample
     * @param dimension number of directions, 1 to d
     * @param shrinkage λ, from 0, which trusts the pairs, to 1, which is a principal component analysis
     * @param context threads; may be interrupted
     * @return the whitening
     * @throws IllegalArgumentException if there is no pair, or one is outside the sample
     */
    public static LearnedWhitening learn(
            FloatMatrix sample, int[] queries, int[] positives, int dimension, double shrinkage, BuildContext context) {
        int d = sample.columns();
        check(sample, queries, positives, dimension);
        if (!(shrinkage >= 0 && shrinkage <= 1)) {
            throw new IllegalArgumentException("shrinkage must be 0 to 1, got " + shrinkage);
        }
        double[] mean = new double[d];
        for (int query : queries) {
            for (int j = 0; j < d; j++) {
                mean[j] += (double) sample.get(query, j) / queries.length;
            }
        }
        double[][] differences = SymmetricProduct.of(
                queries.length,
                d,
                (from, to, target) -> {
                    for (int i = from; i < to; i++) {
                        for (int j = 0; j < d; j++) {
                            target[i - from][j] = (double) sample.get(queries[i], j) - sample.get(positives[i], j);
                        }
                    }
                },
                context);
        for (double[] row : differences) {
            for (int j = 0; j < d; j++) {
                row[j] /= queries.length;
            }
        }
        shrink(differences, shrinkage);
        double[][] within = inverse(choleskyOfRegular(differences));
        double[][] moments = SymmetricProduct.of(
                sample.rows(),
                d,
                (from, to, target) -> {
                    for (int i = from; i < to; i++) {
                        for (int j = 0; j < d; j++) {
                            target[i - from][j] = sample.get(i, j) - mean[j];
                        }
                    }
                },
                context);
        double[][] whitened = multiply(multiply(within, moments, context), transposed(within), context);
        SymmetricEigen eigen = SymmetricEigen.of(whitened, context);
        float[] projection = new float[Math.multiplyExact(dimension, d)];
        ParallelChunks.run(context, dimension, 1, (from, to) -> {
            double[] row = new double[d];
            addProduct(eigen.vector(from), within, row);
            SymmetricEigen.fixSign(row);
            for (int j = 0; j < d; j++) {
                projection[from * d + j] = (float) row[j];
            }
        });
        float[] floats = new float[d];
        for (int j = 0; j < d; j++) {
            floats[j] = (float) mean[j];
        }
        return new LearnedWhitening(FloatMatrix.of(1, d, floats), FloatMatrix.of(dimension, d, projection));
    }

    private static void shrink(double[][] matrix, double shrinkage) {
        if (shrinkage == 0) {
            return; // the same bits as ever
        }
        double trace = 0;
        for (int i = 0; i < matrix.length; i++) {
            trace += matrix[i][i];
        }
        for (int i = 0; i < matrix.length; i++) {
            for (int j = 0; j < matrix.length; j++) {
                matrix[i][j] *= 1 - shrinkage;
            }
            matrix[i][i] += shrinkage * trace / matrix.length;
        }
    }

    private static void check(FloatMatrix sample, int[] queries, int[] positives, int dimension) {
        if (dimension < 1 || dimension > sample.columns()) {
            throw new IllegalArgumentException("dimension must be 1 to " + sample.columns() + ", got " + dimension);
        }
        if (queries.length != positives.length || queries.length == 0) {
            throw new IllegalArgumentException("there must be as many queries as positives and at least 1, got "
                    + queries.length + " and " + positives.length);
        }
        for (int i = 0; i < queries.length; i++) {
            if (Math.min(queries[i], positives[i]) < 0 || Math.max(queries[i], positives[i]) >= sample.rows()) {
                throw new IllegalArgumentException("pair " + i + " must be rows 0 to " + (sample.rows() - 1)
                        + " of the sample, got " + queries[i] + " and " + positives[i]);
            }
        }
    }

    private static double[][] choleskyOfRegular(double[][] matrix) {
        for (double added = 0; ; added = added == 0 ? 1e-10 : 10 * added) {
            double[][] lower = new double[matrix.length][];
            for (int i = 0; i < lower.length; i++) {
                lower[i] = matrix[i].clone();
                lower[i][i] += added;
            }
            if (cholesky(lower)) {
                return lower;
            }
        }
    }

    /** Replaces a matrix by its lower triangular factor, row by row; false if it is not positive definite. */
    private static boolean cholesky(double[][] a) {
        int d = a.length;
        for (int i = 0; i < d; i++) {
            double before = a[i][i];
            for (int j = 0; j <= i; j++) {
                double sum = a[i][j];
                for (int k = 0; k < j; k++) {
                    sum -= a[i][k] * a[j][k];
                }
                if (j < i) {
                    a[i][j] = sum / a[j][j];
                } else if (sum > d * Math.ulp(1.0) * before) { // what is less is rounding
                    a[i][i] = Math.sqrt(sum);
                } else {
                    return false;
                }
            }
            Arrays.fill(a[i], i + 1, d, 0);
        }
        return true;
    }

    private static double[][] inverse(double[][] lower) {
        int d = lower.length;
        double[][] inverse = new double[d][d];
        for (int i = 0; i < d; i++) {
            double[] row = inverse[i];
            row[i] = 1;
            for (int k = 0; k < i; k++) {
                addScaled(row, inverse[k], -lower[i][k]);
            }
            for (int j = 0; j <= i; j++) {
                row[j] /= lower[i][i];
            }
        }
        return inverse;
    }

    private static double[][] multiply(double[][] a, double[][] b, BuildContext context) {
        double[][] product = new double[a.length][b[0].length];
        ParallelChunks.run(context, a.length, 1, (from, to) -> addProduct(a[from], b, product[from]));
        return product;
    }

    private static void addProduct(double[] a, double[][] b, double[] row) {
        for (int k = 0; k < a.length; k++) {
            if (a[k] != 0) { // half of a triangular matrix
                addScaled(row, b[k], a[k]);
            }
        }
    }

    private static void addScaled(double[] sum, double[] row, double factor) {
        for (int j = 0; j < sum.length; j++) {
            sum[j] += factor * row[j];
        }
    }

    private static double[][] transposed(double[][] a) {
        double[][] transposed = new double[a.length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a.length; j++) {
                transposed[j][i] = a[i][j];
            }
        }
        return transposed;
    }
}
