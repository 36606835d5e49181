package org.retrieval4j.kernel;

import java.util.Arrays;
import java.util.List;
import org.retrieval4j.api.FloatMatrix;

/**
 * {@link Kernels#softSums} and {@link Kernels#softMoments} from two products: vectors are taken in blocks, assigned, and
 * summed by {@link Kernels#weightedSums} in float over a block, in double over blocks.
 */
final class SoftSums {
    private static final double FLOOR = 1e-12;
    private static final int BLOCK = 256;

    /** e to it is the smallest normal number. */
    private static final float SMALLEST_EXPONENT = -87;

    private static final float LOG2_E = (float) (1 / Math.log(2));
    private static final float LN2_HIGH = 0.6875f; // 4 bits
    private static final float LN2_LOW = (float) (Math.log(2) - 0.6875);

    /** Adding and subtracting it rounds to an integer. */
    private static final float ROUND = 0x1.8p23f;

    private final Kernels kernels;
    private final Kernels.Operand weights;
    private final float[] biases;
    private final boolean unit;
    private final int k;
    private final int d;
    private final int width; // of what is summed: d, or 2 d with squares behind the vectors
    private final float[] block;
    private final float[] moments; // the block itself without squares
    private final float[] shares;
    private final float[] turned; // shares cluster by cluster
    private final float[] blockSums;

    private SoftSums(
            Kernels kernels, Kernels.Operand weights, float[] biases, boolean unit, boolean squares, int rows) {
        int most = Math.min(BLOCK, rows);
        this.kernels = kernels;
        this.weights = weights;
        this.biases = biases;
        this.unit = unit;
        this.k = weights.matrix().rows();
        this.d = weights.matrix().columns();
        this.width = squares ? 2 * d : d;
        this.block = new float[most * d];
        this.moments = squares ? new float[most * width] : block;
        this.shares = new float[most * k];
        this.turned = new float[most * k];
        this.blockSums = new float[k * width];
    }

    static void of(
            Kernels kernels,
            List<FloatMatrix> batch,
            Kernels.Operand weights,
            float[] biases,
            boolean unit,
            boolean squares,
            double[] sums,
            double[] masses) {
        check(batch, weights, biases, squares ? 2 : 1, sums, masses);
        int rows = batch.stream().mapToInt(FloatMatrix::rows).max().orElse(0);
        SoftSums work = new SoftSums(kernels, weights, biases, unit, squares, rows);
        int size = work.k * work.width;
        Arrays.fill(sums, 0, batch.size() * size, 0);
        Arrays.fill(masses, 0, batch.size() * work.k, 0);
        for (int i = 0; i < batch.size(); i++) {
            work.add(batch.get(i), sums, i * size, masses, i * work.k);
        }
    }

    /** Returns the number of vectors. */
    static int check(
            List<FloatMatrix> batch,
            Kernels.Operand weights,
            float[] biases,
            int parts,
            double[] sums,
            double[] masses) {
        int k = weights.matrix().rows();
        long rows = 0;
        for (FloatMatrix x : batch) {
            if (x.rows() > 0) {
                NearestRow.requireWidth(x, weights.matrix());
                rows += x.rows();
            }
        }
        if (biases.length != k) {
            throw new IllegalArgumentException("there must be " + k + " biases like weights, got " + biases.length);
        }
        long size = (long) batch.size() * k;
        long values = size * parts * weights.matrix().columns();
        if (values > sums.length || size > masses.length) {
            throw new IllegalArgumentException("sums and masses must have at least " + values + " and " + size
                    + " values, got " + sums.length + " and " + masses.length);
        }
        return Math.toIntExact(rows);
    }

    /** Scales vectors to length 1; one of no length stays as it is. */
    static void normalize(float[] values, int at, int rows, int d) {
        for (int from = at; from < at + rows * d; from += d) {
            float scale = (float) (1 / Math.max(FLOOR, Math.sqrt(FixedOrder.dot(values, from, values, from, d))));
            for (int j = from; j < from + d; j++) {
                values[j] *= scale;
            }
        }
    }

    private void add(FloatMatrix x, double[] sums, int sumsAt, double[] masses, int massesAt) {
        for (int from = 0; from < x.rows(); from += BLOCK) {
            int size = Math.min(BLOCK, x.rows() - from);
            System.arraycopy(x.array(), x.offset() + from * d, block, 0, size * d);
            if (unit) {
                normalize(block, 0, size, d);
            }
            kernels.products(FloatMatrix.of(size, d, block), weights, shares);
            for (int i = 0; i < size; i++) {
                for (int c = 0; c < k; c++) {
                    shares[i * k + c] += biases[c];
                }
                softmax(shares, i * k, k);
                for (int c = 0; c < k; c++) {
                    turned[c * size + i] = shares[i * k + c];
                }
            }
            for (int i = 0; i < size && width > d; i++) {
                System.arraycopy(block, i * d, moments, i * width, d);
                for (int j = 0; j < d; j++) {
                    moments[i * width + d + j] = block[i * d + j] * block[i * d + j];
                }
            }
            kernels.weightedSums(FloatMatrix.of(k, size, turned), FloatMatrix.of(size, width, moments), blockSums);
            addBlock(size, sums, sumsAt, masses, massesAt);
        }
    }

    private void addBlock(int size, double[] sums, int sumsAt, double[] masses, int massesAt) {
        for (int c = 0; c < k; c++) {
            double mass = 0;
            for (int i = c * size; i < (c + 1) * size; i++) {
                mass += turned[i];
            }
            masses[massesAt + c] += mass;
            for (int part = 0; part * d < width; part++) {
                int at = sumsAt + (part * k + c) * d;
                int from = c * width + part * d;
                for (int j = 0; j < d; j++) {
                    sums[at + j] += blockSums[from + j];
                }
            }
        }
    }

    /** Makes shares of values that are not NaN: e to each, divided by the sum of all. */
    static void softmax(float[] values, int at, int size) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int c = at; c < at + size; c++) {
            largest = Math.max(largest, values[c]);
        }
        double sum = 0;
        for (int c = at; c < at + size; c++) {
            float share = exp(values[c] - largest);
            values[c] = share;
            sum += share;
        }
        float scale = (float) (1 / sum);
        for (int c = at; c < at + size; c++) {
            values[c] *= scale;
        }
    }

    /**
     * The exponential of a number that is not positive, to two units in the last place, several times as fast as {@link
     * Math#exp}: e^x = 2^n e^r with |r| ≤ ln 2 / 2, and Taylor's series for e^r, whose rest r⁸/8! is below 1e-8.
     */
    static float exp(float x) {
        if (x < SMALLEST_EXPONENT) {
            return 0;
        }
        float n = x * LOG2_E + ROUND - ROUND; // the nearest integer
        float r = x - n * LN2_HIGH - n * LN2_LOW; // the first product is exact
        float series = 1 + r * (1 / 7f);
        series = 1 + series * r * (1 / 6f);
        series = 1 + series * r * (1 / 5f);
        series = 1 + series * r * (1 / 4f);
        series = 1 + series * r * (1 / 3f);
        series = 1 + series * r * (1 / 2f);
        series = 1 + series * r;
        return series * Float.intBitsToFloat(((int) n + 127) << 23);
    }
}
