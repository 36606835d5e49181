package org.retrieval4j.learning;

import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;

/**
 * Principal component analysis: the mean of a sample and the directions in which it varies most.
 *
 * <p>With fewer vectors than dimensions the eigenvectors come from the n x n inner products instead of the d x d
 * covariance (Turk, Pentland: Eigenfaces for recognition. 1991), so that 500 VLADs of 8,192 dimensions are no problem.
 * Variances have the divisor n. Immutable.
 */
public final class PrincipalComponents {
    // what is smaller than this part of the largest variance is rounding, not variance
    private static final double RANK_TOLERANCE = 1e-12;

    private final double[] mean;
    private final double[] variances;
    private final double[] directions;

    private PrincipalComponents(double[] mean, double[] variances, double[] directions) {
        this.mean = mean;
        this.variances = variances;
        this.directions = directions;
    }

    /**
     * Learns from a sample.
     *
     * @param sample n x d, n at least 2
     * @param dimension number of directions, from 1 to the number that the sample spans, which is at most n − 1
     * @param context threads; may be interrupted
     * @return the components
     * @throws IllegalArgumentException if the sample spans fewer directions; the message tells how many
     */
    public static PrincipalComponents learn(FloatMatrix sample, int dimension, BuildContext context) {
        int n = sample.rows();
        int d = sample.columns();
        int most = Math.min(d, n - 1);
        if (dimension < 1 || dimension > most) {
            throw new IllegalArgumentException("dimension must be 1 to " + Math.max(0, most) + " for " + n
                    + " sample vectors of " + d + " dimensions, got " + dimension);
        }
        double[] mean = mean(sample);
        boolean gram = n <= d;
        SymmetricEigen eigen = SymmetricEigen.of(
                gram ? innerProducts(sample, mean, context) : covariance(sample, mean, context), context);
        int rank = 0;
        while (rank < most && eigen.value(rank) > RANK_TOLERANCE * eigen.value(0)) {
            rank++;
        }
        if (dimension > rank) {
            throw new IllegalArgumentException("dimension must be at most " + rank + ", because the " + n
                    + " sample vectors vary in no more directions, got " + dimension);
        }
        double[] variances = new double[dimension];
        double[] directions = new double[Math.multiplyExact(dimension, d)];
        for (int k = 0; k < dimension; k++) {
            variances[k] = eigen.value(k) / n;
        }
        ParallelChunks.run(context, dimension, 1, (from, to) -> {
            double[] vector = eigen.vector(from);
            if (gram) {
                vector = combined(sample, mean, vector, Math.sqrt(eigen.value(from)));
            }
            System.arraycopy(vector, 0, directions, from * d, d);
        });
        return new PrincipalComponents(mean, variances, directions);
    }

    /**
     * Number of directions.
     *
     * @return the dimension asked for
     */
    public int dimension() {
        return variances.length;
    }

    /**
     * The variance of the sample along a direction.
     *
     * @param index from 0, the largest
     * @return the variance
     */
    public double variance(int index) {
        return variances[index];
    }

    /**
     * The mean of the sample.
     *
     * @return 1 x d
     */
    public FloatMatrix mean() {
        return FloatMatrix.of(1, mean.length, toFloats(mean));
    }

    /**
     * The directions, each divided by a power of its variance: (variance + epsilon)^(strength / 2).
     *
     * @param strength 0 keeps the directions at length 1, 1 whitens
     * @param epsilon added to the variances, so that small ones are not blown up without limit
     * @return dimension x d, the direction of largest variance first; in each the entry of largest magnitude is positive
     */
    public FloatMatrix projection(double strength, double epsilon) {
        int d = mean.length;
        float[] rows = new float[directions.length];
        for (int k = 0; k < variances.length; k++) {
            double divisor = Math.pow(variances[k] + epsilon, strength / 2);
            for (int j = 0; j < d; j++) {
                rows[k * d + j] = (float) (directions[k * d + j] / divisor);
            }
        }
        return FloatMatrix.of(variances.length, d, rows);
    }

    private static double[] mean(FloatMatrix sample) {
        double[] mean = new double[sample.columns()];
        for (int i = 0; i < sample.rows(); i++) {
            int at = sample.offset() + i * mean.length;
            for (int j = 0; j < mean.length; j++) {
                mean[j] += sample.array()[at + j];
            }
        }
        for (int j = 0; j < mean.length; j++) {
            mean[j] /= sample.rows();
        }
        return mean;
    }

    // n times the covariance
    private static double[][] covariance(FloatMatrix sample, double[] mean, BuildContext context) {
        int d = mean.length;
        float[] values = sample.array();
        return SymmetricProduct.of(
                sample.rows(),
                d,
                (from, to, target) -> {
                    for (int i = from; i < to; i++) {
                        int at = sample.offset() + i * d;
                        for (int j = 0; j < d; j++) {
                            target[i - from][j] = values[at + j] - mean[j];
                        }
                    }
                },
                context);
    }

    private static double[][] innerProducts(FloatMatrix sample, double[] mean, BuildContext context) {
        int n = sample.rows();
        int d = mean.length;
        float[] values = sample.array();
        return SymmetricProduct.of(
                d,
                n,
                (from, to, target) -> {
                    for (int i = 0; i < n; i++) {
                        int at = sample.offset() + i * d;
                        for (int j = from; j < to; j++) {
                            target[j - from][i] = values[at + j] - mean[j];
                        }
                    }
                },
                context);
    }

    // an eigenvector of the covariance from one of the inner products: Xᵀv / √λ
    private static double[] combined(FloatMatrix sample, double[] mean, double[] weights, double norm) {
        double[] vector = new double[mean.length];
        double all = 0;
        for (int i = 0; i < weights.length; i++) {
            int at = sample.offset() + i * mean.length;
            double weight = weights[i] / norm;
            all += weight;
            for (int j = 0; j < mean.length; j++) {
                vector[j] += weight * sample.array()[at + j];
            }
        }
        for (int j = 0; j < mean.length; j++) {
            vector[j] -= all * mean[j];
        }
        SymmetricEigen.fixSign(vector);
        return vector;
    }

    private static float[] toFloats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}
