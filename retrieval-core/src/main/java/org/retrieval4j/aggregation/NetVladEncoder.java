package org.retrieval4j.aggregation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;

/**
 * The arithmetic of NetVLAD. The kernels scale, assign and sum the descriptors; centers are taken off all at once:
 * Σ a (x − c) = Σ a x − (Σ a) c. Thread-safe; each call needs a {@link Scratch} of its own.
 */
final class NetVladEncoder implements AutoCloseable {
    private static final double FLOOR = 1e-12;

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
        private double[] sums = new double[0];
        private double[] masses = new double[0];

        private Scratch() {}

        private void hold(int pictures, int k, int d) {
            if (masses.length < pictures * k) {
                sums = new double[Math.multiplyExact(pictures, k * d)];
                masses = new double[pictures * k];
            }
        }
    }

    Scratch scratch() {
        return new Scratch();
    }

    int clusters() {
        return k;
    }

    /** How many descriptors {@link #encodeAll} wants. */
    int rowsAtOnce() {
        return kernels.rowsAtOnce();
    }

    /** Encodes several pictures, whose descriptors the kernels get together. */
    List<float[]> encodeAll(List<FloatMatrix> batch, Scratch s) {
        s.hold(batch.size(), k, d);
        kernels.softSums(batch, assignment, bias, options.preL2(), s.sums, s.masses);
        List<float[]> results = new ArrayList<>(batch.size());
        for (int i = 0; i < batch.size(); i++) {
            results.add(finish(s, i));
        }
        return results;
    }

    float[] encode(FloatMatrix descriptors, FloatMatrix weights, Scratch s) {
        s.hold(1, k, d);
        Arrays.fill(s.sums, 0, k * d, 0);
        Arrays.fill(s.masses, 0, k, 0);
        FloatMatrix x = options.preL2() ? normalized(descriptors) : descriptors;
        float[] values = x.array();
        for (int i = 0; i < x.rows(); i++) {
            int at = x.offset() + i * d;
            for (int c = 0; c < k; c++) {
                double weight = weights.get(i, c);
                s.masses[c] += weight;
                for (int j = 0; j < d && weight != 0; j++) {
                    s.sums[c * d + j] += weight * values[at + j];
                }
            }
        }
        return finish(s, 0);
    }

    @Override
    public void close() {
        assignment.close();
    }

    /** Rows scaled to length 1. */
    static FloatMatrix normalized(FloatMatrix x) {
        float[] values = x.toArray();
        Kernels.normalize(values, 0, x.rows(), x.columns());
        return FloatMatrix.of(x.rows(), x.columns(), values);
    }

    private float[] finish(Scratch s, int picture) {
        double[] v = s.sums;
        int at = picture * k * d;
        double square = 0;
        for (int c = 0; c < k; c++) {
            double mass = s.masses[picture * k + c];
            double clusterSquare = 0;
            for (int j = c * d; j < (c + 1) * d; j++) {
                v[at + j] -= mass * centers[j];
                clusterSquare += v[at + j] * v[at + j];
            }
            if (options.intra()) {
                double norm = Math.max(FLOOR, Math.sqrt(clusterSquare));
                for (int j = c * d; j < (c + 1) * d; j++) {
                    v[at + j] /= norm;
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
                values[channelMajor ? j * k + c : c * d + j] = (float) (v[at + c * d + j] * scale);
            }
        }
        return values;
    }
}
