package org.retrieval4j.aggregation;

import java.util.Arrays;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;

/**
 * The arithmetic of NetVLAD. Descriptors are taken in blocks: scaled, assigned by the kernels, and summed cluster by
 * cluster in float over the few rows of a block, in double over blocks. Thread-safe; each call needs a {@link Scratch}
 * of its own.
 */
final class NetVladEncoder implements AutoCloseable {
    private static final double FLOOR = 1e-12;
    private static final int BLOCK = 32;

    private final Kernels kernels;
    private final Kernels.Operand assignment;
    private final float[] bias;
    private final float[] centers;
    private final NetVladAggregator.Options options;
    private final int k;
    private final int d;

    NetVladEncoder(
            FloatMatrix assignment,
            FloatMatrix bias,
            FloatMatrix centers,
            NetVladAggregator.Options options,
            Kernels kernels) {
        this.kernels = kernels;
        this.assignment = kernels.prepare(assignment);
        this.bias = bias.toArray();
        this.centers = centers.toArray();
        this.options = options;
        this.k = centers.rows();
        this.d = centers.columns();
    }

    /** Working memory of one thread. */
    static final class Scratch {
        private final double[] sums;
        private final double[] masses;
        private final float[] block;
        private final float[][] rows; // the same as the block, each an array of its own: only such loops become SIMD
        private final float[] weights;
        private final float[] blockSum;

        private Scratch(int k, int d) {
            sums = new double[k * d];
            masses = new double[k];
            block = new float[BLOCK * d];
            rows = new float[BLOCK][d];
            weights = new float[BLOCK * k];
            blockSum = new float[d];
        }
    }

    Scratch scratch() {
        return new Scratch(k, d);
    }

    int clusters() {
        return k;
    }

    float[] encode(FloatMatrix x, Scratch s) {
        start(s);
        for (int from = 0; from < x.rows(); from += BLOCK) {
            int size = load(x, from, s);
            kernels.products(FloatMatrix.of(size, d, s.block), assignment, s.weights);
            for (int i = 0; i < size; i++) {
                softmax(s.weights, i * k);
            }
            addBlock(size, s);
        }
        return finish(s);
    }

    float[] encode(FloatMatrix x, FloatMatrix weights, Scratch s) {
        start(s);
        for (int from = 0; from < x.rows(); from += BLOCK) {
            int size = load(x, from, s);
            System.arraycopy(weights.array(), weights.offset() + from * k, s.weights, 0, size * k);
            addBlock(size, s);
        }
        return finish(s);
    }

    @Override
    public void close() {
        assignment.close();
    }

    /** Rows scaled to length 1. */
    static FloatMatrix normalized(FloatMatrix x) {
        float[] values = x.toArray();
        for (int i = 0; i < x.rows(); i++) {
            normalize(values, i * x.columns(), x.columns());
        }
        return FloatMatrix.of(x.rows(), x.columns(), values);
    }

    private static void normalize(float[] values, int from, int length) {
        double square = 0;
        for (int j = from; j < from + length; j++) {
            square += (double) values[j] * values[j];
        }
        double norm = Math.max(FLOOR, Math.sqrt(square));
        for (int j = from; j < from + length; j++) {
            values[j] = (float) (values[j] / norm);
        }
    }

    private static void start(Scratch s) {
        Arrays.fill(s.sums, 0);
        Arrays.fill(s.masses, 0);
    }

    private int load(FloatMatrix x, int from, Scratch s) {
        int size = Math.min(BLOCK, x.rows() - from);
        System.arraycopy(x.array(), x.offset() + from * d, s.block, 0, size * d);
        for (int i = 0; i < size; i++) {
            if (options.preL2()) {
                normalize(s.block, i * d, d);
            }
            System.arraycopy(s.block, i * d, s.rows[i], 0, d);
        }
        return size;
    }

    private void softmax(float[] weights, int at) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < k; c++) {
            largest = Math.max(largest, (double) weights[at + c] + bias[c]);
        }
        double sum = 0;
        for (int c = 0; c < k; c++) {
            double weight = Math.exp((double) weights[at + c] + bias[c] - largest);
            weights[at + c] = (float) weight;
            sum += weight;
        }
        for (int c = 0; c < k; c++) {
            weights[at + c] = (float) (weights[at + c] / sum);
        }
    }

    // O(rows·k·d): the time of the whole goes here
    private void addBlock(int size, Scratch s) {
        for (int c = 0; c < k; c++) {
            Arrays.fill(s.blockSum, 0);
            int i = 0;
            for (; i + 3 < size; i += 4) {
                addFour(s.blockSum, s.rows, i, s.weights, i * k + c, k);
            }
            for (; i < size; i++) {
                addOne(s.blockSum, s.rows[i], s.weights[i * k + c]);
            }
            double mass = 0;
            for (int row = 0; row < size; row++) {
                mass += s.weights[row * k + c];
            }
            s.masses[c] += mass;
            for (int j = 0; j < d; j++) {
                s.sums[c * d + j] += s.blockSum[j];
            }
        }
    }

    private static void addFour(float[] sum, float[][] rows, int row, float[] weights, int at, int step) {
        float[] r0 = rows[row];
        float[] r1 = rows[row + 1];
        float[] r2 = rows[row + 2];
        float[] r3 = rows[row + 3];
        float w0 = weights[at];
        float w1 = weights[at + step];
        float w2 = weights[at + 2 * step];
        float w3 = weights[at + 3 * step];
        for (int j = 0; j < sum.length; j++) {
            sum[j] = sum[j] + w0 * r0[j] + w1 * r1[j] + w2 * r2[j] + w3 * r3[j];
        }
    }

    private static void addOne(float[] sum, float[] row, float weight) {
        for (int j = 0; j < sum.length; j++) {
            sum[j] += weight * row[j];
        }
    }

    private float[] finish(Scratch s) {
        double square = 0;
        for (int c = 0; c < k; c++) {
            double clusterSquare = 0;
            for (int j = c * d; j < (c + 1) * d; j++) {
                s.sums[j] -= s.masses[c] * centers[j];
                clusterSquare += s.sums[j] * s.sums[j];
            }
            if (options.intra()) {
                double norm = Math.max(FLOOR, Math.sqrt(clusterSquare));
                for (int j = c * d; j < (c + 1) * d; j++) {
                    s.sums[j] /= norm;
                }
                clusterSquare /= norm * norm;
            }
            square += clusterSquare;
        }
        double scale = options.l2() ? 1 / Math.max(FLOOR, Math.sqrt(square)) : 1;
        boolean channelMajor = options.flatten() == NetVladAggregator.Flatten.CHANNEL_MAJOR;
        float[] values = new float[k * d];
        for (int c = 0; c < k; c++) {
            for (int j = 0; j < d; j++) {
                values[channelMajor ? j * k + c : c * d + j] = (float) (s.sums[c * d + j] * scale);
            }
        }
        return values;
    }
}
