package org.retrieval4j.aggregation;

import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;

/**
 * Weights and biases of NetVLAD that make its soft assignment follow a codebook: on the average over a sample the
 * nearest cluster gets a hundred times the weight of the second.
 *
 * <p>Both are published: the paper's (CVPR 2016, section 3.1) for distances, and that of the released networks, which
 * compares directions and has no bias.
 *
 * @param assignment k x d
 * @param bias 1 x k
 */
public record NetVladInitialization(FloatMatrix assignment, FloatMatrix bias) {
    private static final double LOG_RATIO = -Math.log(0.01);

    /**
     * The paper's: w = 2αc, b = −α‖c‖², α = −ln(0.01) / mean of (d₂² − d₁²), the squared distances to the second and
     * first nearest center.
     *
     * @param centers k x d, k at least 2
     * @param sample n x d, n at least 1
     * @return weights and biases
     * @throws IllegalArgumentException if the sample does not tell centers apart
     */
    public static NetVladInitialization v2(FloatMatrix centers, FloatMatrix sample) {
        int d = centers.columns();
        double alpha = alpha(
                sample,
                centers,
                (x, c) -> -Kernels.fixedOrderSquaredDistance(
                        sample.array(), sample.offset() + x * d, centers.array(), centers.offset() + c * d, d));
        float[] bias = new float[centers.rows()];
        double[] factors = new double[centers.rows()];
        for (int c = 0; c < bias.length; c++) {
            int at = centers.offset() + c * d;
            bias[c] = (float) (-alpha * Kernels.fixedOrderDot(centers.array(), at, centers.array(), at, d));
            factors[c] = 2 * alpha;
        }
        return new NetVladInitialization(scaled(centers, factors), FloatMatrix.of(1, bias.length, bias));
    }

    /**
     * That of the released networks: w = αc/‖c‖, b = 0, α = −ln(0.01) / mean of (p₁ − p₂), the largest and second
     * largest inner product with a center of length 1. For descriptors of length 1.
     *
     * @param centers k x d, k at least 2
     * @param sample n x d, n at least 1, rows of length 1
     * @return weights, and biases of zero
     * @throws IllegalArgumentException if the sample does not tell centers apart
     */
    public static NetVladInitialization v1(FloatMatrix centers, FloatMatrix sample) {
        int d = centers.columns();
        double[] factors = new double[centers.rows()];
        for (int c = 0; c < factors.length; c++) {
            int at = centers.offset() + c * d;
            double norm = Math.sqrt(Kernels.fixedOrderDot(centers.array(), at, centers.array(), at, d));
            factors[c] = 1 / Math.max(1e-12, norm);
        }
        double alpha = alpha(
                sample,
                centers,
                (x, c) -> factors[c]
                        * Kernels.fixedOrderDot(
                                sample.array(), sample.offset() + x * d, centers.array(), centers.offset() + c * d, d));
        for (int c = 0; c < factors.length; c++) {
            factors[c] *= alpha;
        }
        return new NetVladInitialization(
                scaled(centers, factors), FloatMatrix.of(1, factors.length, new float[factors.length]));
    }

    private interface Similarity {
        double of(int vector, int center);
    }

    private static double alpha(FloatMatrix sample, FloatMatrix centers, Similarity similarity) {
        if (centers.rows() < 2 || sample.rows() < 1 || sample.columns() != centers.columns()) {
            throw new IllegalArgumentException("there must be at least 2 centers and 1 sample vector of one width, got "
                    + centers.rows() + " x " + centers.columns() + " and " + sample.rows() + " x " + sample.columns());
        }
        double sum = 0;
        for (int i = 0; i < sample.rows(); i++) {
            double first = Double.NEGATIVE_INFINITY;
            double second = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < centers.rows(); c++) {
                double value = similarity.of(i, c);
                if (value > first) {
                    second = first;
                    first = value;
                } else if (value > second) {
                    second = value;
                }
            }
            sum += first - second;
        }
        if (!(sum > 0)) {
            throw new IllegalArgumentException("every sample vector is as near to a second center as to its first");
        }
        return LOG_RATIO * sample.rows() / sum;
    }

    private static FloatMatrix scaled(FloatMatrix centers, double[] factors) {
        float[] values = centers.toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * factors[i / centers.columns()]);
        }
        return FloatMatrix.of(centers.rows(), centers.columns(), values);
    }
}
