package org.retrieval4j.aggregation;

import java.util.Arrays;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.GaussianMixture;

/**
 * The arithmetic of Fisher vectors: of each component the sums Σγ, Σγ(x − m) and Σγ(x − m)², from which first and second
 * derivatives follow. Thread-safe; each call needs a {@link Scratch} of its own.
 *
 * <p>Many descriptors are taken in blocks that stand in lanes, a descriptor a lane, and are computed in float: HotSpot makes
 * SIMD of such loops, and the sums are a matrix product. Posteriors are right to some 1e-5 of themselves then. Descriptors
 * far from all components, whose likelihoods float cannot compare, are computed in double one by one; so is everything
 * if descriptors are few, or if a component is so narrow that differences of float sums would lose its digits.
 */
final class FisherEncoder {
    private static final float SMALLEST_POSTERIOR = 1e-6f;

    /** Descriptors of a block. */
    private static final int BLOCK = 512;

    /** Fewer descriptors are computed in double. */
    private static final int FEW = 128;

    /** Components whose mean is further from m than this many deviations lose too many digits in float. */
    private static final double NARROW = 12;

    /** Half the squared distance, in deviations, beyond which a float says too little about a likelihood. */
    private static final float FAR = 512;

    /** Likelihoods e^−24 times the largest count as this much; their posteriors are far below the smallest that counts. */
    private static final float LEAST_LOG = -24;

    private final Kernels kernels;
    private final GaussianMixture.Posteriors exact;
    private final boolean fast;
    private final int k;
    private final int d;
    private final boolean[] active;
    private final double[] means; // k x d
    private final double[] inverseDeviations;
    private final double[] origin; // m: the mean of the mixture
    private final float[] floatOrigin;
    private final boolean narrow;
    private final float[] floatMeans;
    private final float[] precisions; // 1/(2σ²)
    private final float[] constants; // logarithms of what stands before the exponential, less the largest of them

    FisherEncoder(GaussianMixture mixture, boolean fast, Kernels kernels) {
        this.kernels = kernels;
        this.exact = mixture.posteriors();
        this.fast = fast;
        this.k = mixture.means().rows();
        this.d = mixture.means().columns();
        this.floatMeans = mixture.means().toArray();
        this.active = new boolean[k];
        this.means = new double[k * d];
        this.inverseDeviations = new double[k * d];
        this.origin = new double[d];
        this.precisions = new float[k * d];
        this.constants = new float[k];
        float[] variances = mixture.variances().toArray();
        double[] logs = new double[k];
        double mass = 0;
        for (int c = 0; c < k; c++) {
            double weight = mixture.weights().get(0, c);
            active[c] = weight >= GaussianMixture.SMALLEST_WEIGHT;
            logs[c] = active[c] ? Math.log(weight) : Double.NEGATIVE_INFINITY;
            mass += weight;
            for (int j = 0; j < d; j++) {
                int at = c * d + j;
                means[at] = floatMeans[at];
                inverseDeviations[at] = 1 / Math.sqrt(variances[at]);
                precisions[at] = (float) (0.5 / variances[at]);
                logs[c] -= 0.5 * Math.log(variances[at]);
                origin[j] += weight * means[at];
            }
        }
        double largest = Arrays.stream(logs).max().orElse(0);
        boolean far = false;
        for (int i = 0; i < k * d; i++) {
            constants[i / d] = (float) (logs[i / d] - largest);
            far |= Math.abs(means[i] - origin[i % d] / mass) * inverseDeviations[i] > NARROW;
        }
        this.floatOrigin = new float[d];
        for (int j = 0; j < d; j++) {
            floatOrigin[j] = (float) (origin[j] / mass);
            origin[j] = floatOrigin[j];
        }
        this.narrow = far || !(mass > 0);
    }

    /** Working memory of one thread. */
    static final class Scratch {
        private final double[] masses;
        private final double[] first;
        private final double[] second;
        private final double[] posterior; // of one descriptor
        // of a block
        private float[][] dimensions = {};
        private float[][] shares = {};
        private float[] largest = {};
        private float[] total = {};
        private float[] difference = {};
        private float[] square = {};
        private float[] moments = {};
        private float[] weights = {};
        private float[] sums = {};

        private Scratch(int k, int d) {
            masses = new double[k];
            first = new double[k * d];
            second = new double[k * d];
            posterior = new double[k];
        }

        private void hold(int k, int d) {
            if (dimensions.length == 0) {
                dimensions = new float[d][BLOCK];
                shares = new float[k][BLOCK];
                largest = new float[BLOCK];
                total = new float[BLOCK];
                difference = new float[d];
                square = new float[d];
                moments = new float[2 * d * BLOCK];
                weights = new float[k * BLOCK];
                sums = new float[k * 2 * d];
            }
        }
    }

    Scratch scratch() {
        return new Scratch(k, d);
    }

    int clusters() {
        return k;
    }

    /** The derivatives by the means of all components, then those by the variances. */
    double[] encode(FloatMatrix x, Scratch s) {
        start(s);
        if (fast || narrow || x.rows() < FEW) {
            for (int i = 0; i < x.rows(); i++) {
                addExactly(x, i, s);
            }
        } else {
            s.hold(k, d);
            int blocks = (x.rows() + BLOCK - 1) / BLOCK;
            for (int block = 0; block < blocks; block++) {
                int from = (int) ((long) x.rows() * block / blocks);
                int to = (int) ((long) x.rows() * (block + 1) / blocks);
                addBlock(x, from, to - from, s);
            }
        }
        return finish(x.rows(), s);
    }

    double[] encode(FloatMatrix x, int[] assignments, Scratch s) {
        start(s);
        for (int i = 0; i < assignments.length; i++) {
            Arrays.fill(s.posterior, 0);
            s.posterior[assignments[i]] = 1;
            add(x, i, s);
        }
        return finish(x.rows(), s);
    }

    double[] encode(FloatMatrix x, FloatMatrix posteriors, Scratch s) {
        start(s);
        for (int i = 0; i < x.rows(); i++) {
            for (int c = 0; c < k; c++) {
                s.posterior[c] = posteriors.get(i, c);
            }
            add(x, i, s);
        }
        return finish(x.rows(), s);
    }

    private static void start(Scratch s) {
        Arrays.fill(s.masses, 0);
        Arrays.fill(s.first, 0);
        Arrays.fill(s.second, 0);
    }

    private void addExactly(FloatMatrix x, int row, Scratch s) {
        exact.of(x, row, s.posterior);
        if (fast) {
            int best = 0;
            for (int c = 1; c < k; c++) {
                best = s.posterior[c] > s.posterior[best] ? c : best;
            }
            Arrays.fill(s.posterior, 0);
            s.posterior[best] = 1;
        }
        add(x, row, s);
    }

    private void add(FloatMatrix x, int row, Scratch s) {
        int at = x.offset() + row * d;
        for (int c = 0; c < k; c++) {
            double share = s.posterior[c];
            if (share < SMALLEST_POSTERIOR || !active[c]) {
                continue;
            }
            s.masses[c] += share;
            for (int j = 0, sum = c * d; j < d; j++, sum++) {
                double difference = x.array()[at + j] - center(c, j);
                s.first[sum] += share * difference;
                s.second[sum] += share * difference * difference;
            }
        }
    }

    /** What sums are taken around: the component's own mean if sums are in double alone. */
    private double center(int c, int j) {
        return narrow ? means[c * d + j] : origin[j];
    }

    private void addBlock(FloatMatrix x, int from, int count, Scratch s) {
        pack(x, from, count, s);
        Arrays.fill(s.largest, Float.NEGATIVE_INFINITY);
        for (int c = 0; c < k; c++) {
            float[] share = s.shares[c];
            Arrays.fill(share, 0);
            int j = 0;
            for (int p = c * d; j + 1 < d; j += 2, p += 2) {
                subtractSquares(
                        share,
                        s.dimensions[j],
                        s.dimensions[j + 1],
                        floatMeans[p],
                        floatMeans[p + 1],
                        precisions[p],
                        precisions[p + 1],
                        count);
            }
            if (j < d) {
                subtractSquare(share, s.dimensions[j], floatMeans[c * d + j], precisions[c * d + j], count);
            }
            raise(share, constants[c], s.largest, count);
        }
        Arrays.fill(s.total, 0);
        for (int c = 0; c < k; c++) {
            exponential(s.shares[c], s.largest, s.total, count);
        }
        for (int i = 0; i < count; i++) {
            boolean comparable = s.largest[i] > -FAR; // false for NaN
            if (!comparable) {
                addExactly(x, from + i, s);
            }
            s.total[i] = comparable ? 1 / s.total[i] : 0;
        }
        for (int c = 0; c < k; c++) {
            s.masses[c] += share(s.shares[c], s.total, s.weights, c * count, count);
        }
        addMoments(x, from, count, s);
    }

    private void pack(FloatMatrix x, int from, int count, Scratch s) {
        float[] array = x.array();
        for (int i = 0; i < count; i++) {
            int at = x.offset() + (from + i) * d;
            for (int j = 0; j < d; j++) {
                s.dimensions[j][i] = array[at + j];
            }
        }
    }

    // Loops over arrays of their own, from 0, become SIMD; over parts of one array they do not.

    private static void subtractSquares(
            float[] logs, float[] x, float[] y, float m, float n, float p, float q, int count) {
        for (int i = 0; i < count; i++) {
            float u = x[i] - m;
            float v = y[i] - n;
            logs[i] = logs[i] - u * u * p - v * v * q;
        }
    }

    private static void subtractSquare(float[] logs, float[] x, float m, float p, int count) {
        for (int i = 0; i < count; i++) {
            float u = x[i] - m;
            logs[i] = logs[i] - u * u * p;
        }
    }

    private static void raise(float[] logs, float constant, float[] largest, int count) {
        for (int i = 0; i < count; i++) {
            logs[i] = logs[i] + constant;
            largest[i] = Math.max(largest[i], logs[i]);
        }
    }

    /**
     * The exponentials of what is below the largest by up to 24: e^x = (e^(x/32))^32, of which Taylor's series is right to
     * 2e-8 and the powers to some 1e-6.
     */
    private static void exponential(float[] logs, float[] largest, float[] total, int count) {
        for (int i = 0; i < count; i++) {
            float x = Math.max(logs[i] - largest[i], LEAST_LOG) * (1 / 32f);
            float series = 1 + x * (1 / 7f);
            series = 1 + series * x * (1 / 6f);
            series = 1 + series * x * (1 / 5f);
            series = 1 + series * x * (1 / 4f);
            series = 1 + series * x * (1 / 3f);
            series = 1 + series * x * (1 / 2f);
            series = 1 + series * x;
            float square = series * series;
            float fourth = square * square;
            float eighth = fourth * fourth;
            float sixteenth = eighth * eighth;
            logs[i] = sixteenth * sixteenth;
            total[i] = total[i] + logs[i];
        }
    }

    private static double share(float[] shares, float[] scale, float[] weights, int at, int count) {
        double mass = 0;
        for (int i = 0; i < count; i++) {
            float share = shares[i] * scale[i];
            share = share < SMALLEST_POSTERIOR ? 0 : share;
            weights[at + i] = share;
            mass += share;
        }
        return mass;
    }

    private void addMoments(FloatMatrix x, int from, int count, Scratch s) {
        for (int i = 0; i < count; i++) {
            int at = 2 * i * d;
            subtract(s.difference, x.array(), x.offset() + (from + i) * d, floatOrigin);
            square(s.square, s.difference);
            System.arraycopy(s.difference, 0, s.moments, at, d);
            System.arraycopy(s.square, 0, s.moments, at + d, d);
        }
        kernels.weightedSums(FloatMatrix.of(k, count, s.weights), FloatMatrix.of(count, 2 * d, s.moments), s.sums);
        for (int c = 0; c < k; c++) {
            for (int j = 0; j < d && active[c]; j++) {
                s.first[c * d + j] += s.sums[2 * c * d + j];
                s.second[c * d + j] += s.sums[(2 * c + 1) * d + j];
            }
        }
    }

    private static void subtract(float[] difference, float[] x, int at, float[] origin) {
        for (int j = 0; j < difference.length; j++) {
            difference[j] = x[at + j] - origin[j];
        }
    }

    private static void square(float[] square, float[] x) {
        for (int j = 0; j < square.length; j++) {
            square[j] = x[j] * x[j];
        }
    }

    private double[] finish(int n, Scratch s) {
        double[] result = new double[2 * k * d];
        for (int c = 0; c < k && n > 0; c++) {
            double mass = s.masses[c];
            for (int j = 0, at = c * d; j < d && active[c]; j++, at++) {
                double shift = means[at] - center(c, j);
                double scale = inverseDeviations[at];
                result[at] = (s.first[at] - shift * mass) * scale;
                result[k * d + at] = (s.second[at] + shift * (shift * mass - 2 * s.first[at])) * scale * scale - mass;
            }
        }
        return result;
    }
}
