package org.retrieval4j.aggregation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;

/**
 * The arithmetic of VLAD, shared by its variants. Hard residuals are added cluster by cluster in float, which HotSpot turns
 * into SIMD, and at least every {@value #FLOATS} descriptors to sums in double; everything else is summed in double.
 * Thread-safe; each call needs a {@link Scratch} of its own.
 */
final class VladEncoder implements AutoCloseable {
    private static final double FLOOR = 1e-12;

    /** Residuals that are added in float before their sum goes to double. */
    private static final int FLOATS = 1024;

    private final Kernels kernels;
    private final Kernels.Operand codebook;
    private final FloatMatrix centers;
    private final float[][] centerRows; // loops over arrays of their own become SIMD
    private final float[] bases;
    private final VladAggregator.Options options;
    private final int k;
    private final int d;

    /**
     * Makes an encoder.
     *
     * @param codebook k x d, decides the cluster
     * @param centers k x d, what residuals are taken to
     * @param bases (k·d) x d, the local coordinate systems, or no rows
     */
    VladEncoder(
            FloatMatrix codebook,
            FloatMatrix centers,
            FloatMatrix bases,
            VladAggregator.Options options,
            Kernels kernels) {
        this.kernels = kernels;
        this.codebook = kernels.prepare(codebook);
        this.centers = centers;
        this.bases = bases.toArray();
        this.options = options;
        this.k = codebook.rows();
        this.d = codebook.columns();
        this.centerRows = new float[k][];
        for (int c = 0; c < k; c++) {
            centerRows[c] = centers.rows(c, c + 1).toArray();
        }
    }

    /** Working memory of one thread. */
    static final class Scratch {
        private final double[] sums;
        private final double[] masses; // sum of weights
        private final double[] factors; // sum of what was multiplied with x: weights, over residual norms if asked for
        private final double[] vector;
        private final float[] row;
        private final float[][] residuals; // sums of the last few descriptors
        private final int[] members; // how many these are, in each cluster
        private int pending; // and in all
        private int[] ids = new int[0];

        private Scratch(int k, int d) {
            row = new float[d];
            residuals = new float[k][d];
            members = new int[k];
            sums = new double[k * d];
            masses = new double[k];
            factors = new double[k];
            vector = new double[d];
        }

        private int[] ids(int rows) {
            if (ids.length < rows) {
                ids = new int[rows];
            }
            return ids;
        }
    }

    Scratch scratch() {
        return new Scratch(k, d);
    }

    int clusters() {
        return k;
    }

    /** How many descriptors {@link #encodeAll} wants. */
    int rowsAtOnce() {
        return kernels.rowsAtOnce();
    }

    int width() {
        return d;
    }

    float[] encode(FloatMatrix x, Scratch s) {
        return encode(x, assign(x, s), 0, s);
    }

    /** Encodes several pictures, whose descriptors the kernels get together. */
    List<float[]> encodeAll(List<FloatMatrix> batch, Scratch s) {
        int rows = 0;
        for (FloatMatrix x : batch) {
            rows += x.rows();
        }
        int[] ids = s.ids(rows);
        kernels.assign(batch, codebook, ids);
        List<float[]> results = new ArrayList<>(batch.size());
        int at = 0;
        for (FloatMatrix x : batch) {
            results.add(encode(x, ids, at, s));
            at += x.rows();
        }
        return results;
    }

    /** The cluster of row i is {@code ids[at + i]}. */
    float[] encode(FloatMatrix x, int[] ids, int at, Scratch s) {
        start(s);
        for (int i = 0; i < x.rows(); i++) {
            add(x, i, ids[at + i], s);
        }
        return finish(s);
    }

    /** Encodes the rows that lie in one part of the picture. */
    float[] encode(FloatMatrix x, int[] ids, int[] parts, int part, Scratch s) {
        start(s);
        for (int i = 0; i < x.rows(); i++) {
            if (parts[i] == part) {
                add(x, i, ids[i], s);
            }
        }
        return finish(s);
    }

    /** The nearest clusters; the array belongs to the scratch. */
    int[] assign(FloatMatrix x, Scratch s) {
        int[] ids = s.ids(x.rows());
        kernels.assign(x, codebook, ids);
        return ids;
    }

    float[] encode(FloatMatrix x, FloatMatrix weights, Scratch s) {
        start(s);
        for (int i = 0; i < x.rows(); i++) {
            for (int c = 0; c < k; c++) {
                float weight = weights.get(i, c);
                if (weight > 0) {
                    add(x, i, c, weight, s);
                }
            }
        }
        return finish(s);
    }

    @Override
    public void close() {
        codebook.close();
    }

    private static void start(Scratch s) {
        Arrays.fill(s.sums, 0);
        Arrays.fill(s.masses, 0);
        Arrays.fill(s.factors, 0);
    }

    private void add(FloatMatrix x, int row, int cluster, Scratch s) {
        if (options.residualNormalization()) {
            add(x, row, cluster, 1, s);
            return;
        }
        System.arraycopy(x.array(), x.offset() + row * d, s.row, 0, d);
        addDifference(s.residuals[cluster], s.row, centerRows[cluster]);
        s.members[cluster]++;
        if (++s.pending == FLOATS) {
            settle(s);
        }
    }

    // over arrays of their own, from 0: with a part of a larger array it would not become SIMD
    private static void addDifference(float[] sum, float[] x, float[] center) {
        for (int j = 0; j < sum.length; j++) {
            sum[j] = sum[j] + (x[j] - center[j]);
        }
    }

    private void settle(Scratch s) {
        for (int cluster = 0; cluster < k && s.pending > 0; cluster++) {
            if (s.members[cluster] == 0) {
                continue;
            }
            float[] residuals = s.residuals[cluster];
            for (int j = 0; j < d; j++) {
                s.sums[cluster * d + j] += residuals[j];
            }
            Arrays.fill(residuals, 0);
            s.masses[cluster] += s.members[cluster];
            s.members[cluster] = 0;
        }
        s.pending = 0;
    }

    private void add(FloatMatrix x, int row, int cluster, double weight, Scratch s) {
        float[] values = x.array();
        int at = x.offset() + row * d;
        int sum = cluster * d;
        double factor = weight;
        s.masses[cluster] += weight;
        if (options.residualNormalization()) {
            double norm = residualNorm(values, at, cluster);
            if (norm < FLOOR) {
                return; // no direction
            }
            factor /= norm;
        }
        // The centers are taken off in finish(), all at once: sum a (x - c) = sum a x - (sum a) c.
        for (int j = 0; j < d; j++) {
            s.sums[sum + j] += factor * values[at + j];
        }
        s.factors[cluster] += factor;
    }

    private double residualNorm(float[] values, int at, int cluster) {
        float[] c = centers.array();
        int center = centers.offset() + cluster * d;
        double square = 0;
        for (int j = 0; j < d; j++) {
            double residual = (double) values[at + j] - c[center + j];
            square += residual * residual;
        }
        return Math.sqrt(square);
    }

    private float[] finish(Scratch s) {
        settle(s);
        float[] out = new float[k * d];
        double square = 0;
        for (int cluster = 0; cluster < k; cluster++) {
            if (s.masses[cluster] != 0) {
                square += finishCluster(s, cluster);
            }
        }
        double scale = options.l2() ? 1 / Math.max(FLOOR, Math.sqrt(square)) : 1;
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) (s.sums[i] * scale);
        }
        return out;
    }

    private double finishCluster(Scratch s, int cluster) {
        float[] c = centers.array();
        int center = centers.offset() + cluster * d;
        int at = cluster * d;
        double[] v = s.sums;
        for (int j = 0; j < d; j++) {
            v[at + j] -= s.factors[cluster] * c[center + j];
        }
        if (bases.length > 0) {
            rotate(s, cluster);
        }
        if (options.mass()) {
            for (int j = 0; j < d; j++) {
                v[at + j] /= s.masses[cluster];
            }
        }
        SignedPower.apply(v, at, d, options.power());
        double square = 0;
        for (int j = 0; j < d; j++) {
            square += v[at + j] * v[at + j];
        }
        if (options.intra()) {
            double norm = Math.max(FLOOR, Math.sqrt(square));
            square = 0;
            for (int j = 0; j < d; j++) {
                v[at + j] /= norm;
                square += v[at + j] * v[at + j];
            }
        }
        return square;
    }

    // v_k <- Q_kᵀ v_k
    private void rotate(Scratch s, int cluster) {
        int at = cluster * d;
        Arrays.fill(s.vector, 0);
        for (int i = 0; i < d; i++) {
            double value = s.sums[at + i];
            int row = (at + i) * d;
            for (int j = 0; j < d; j++) {
                s.vector[j] += value * bases[row + j];
            }
        }
        System.arraycopy(s.vector, 0, s.sums, at, d);
    }
}
