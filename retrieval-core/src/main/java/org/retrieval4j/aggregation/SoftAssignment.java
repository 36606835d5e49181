package org.retrieval4j.aggregation;

import java.util.Arrays;
import java.util.List;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.BatchNormalization;

/**
 * The assignment that the NetVLAD family shares, a(x) = softmax(BN(w·x + b)), and the sums it makes of a picture's
 * descriptors: Σ a, Σ a x, and Σ a x² where asked for. The batch norm, which is one factor and one summand a cluster, is
 * folded into weights and biases. Where there are squares, sums are about the centers' {@linkplain #origin mean}: those of
 * descriptors far from zero would cancel in float. Thread-safe; each call needs a {@link Scratch} of its own.
 */
final class SoftAssignment implements AutoCloseable {
    private final Kernels kernels;
    private final Kernels.Operand weights;
    private final float[] biases;
    private final boolean unit;
    private final boolean squares;
    private final float[] origin;
    private final int all;
    private final int clusters;
    private final int d;

    /**
     * Takes assignment, and bias and batch norm if they are there, and centers for squares; clusters behind the first ones
     * are ghosts.
     */
    SoftAssignment(
            String component, ComponentState state, SoftOptions options, int ghost, boolean squares, Kernels kernels) {
        FloatMatrix w = state.array(SoftArrays.ASSIGNMENT);
        this.kernels = kernels;
        this.unit = options.preL2();
        this.squares = squares;
        this.clusters = options.clusters();
        this.all = clusters + ghost;
        this.d = w.columns();
        requireShape(component, SoftArrays.ASSIGNMENT, w, all, d);
        float[] factors = w.toArray();
        this.biases = new float[all];
        FloatMatrix b = state.arrays().get(SoftArrays.BIAS);
        if (b != null) {
            requireShape(component, SoftArrays.BIAS, b, 1, all);
            System.arraycopy(b.array(), b.offset(), biases, 0, all);
        }
        FloatMatrix norm = state.arrays().get(SoftArrays.BATCH_NORM);
        if (norm != null) {
            BatchNormalization.fold(component, norm, options.batchNormEpsilon(), factors, biases);
        }
        this.origin = squares ? mean(state.array(SoftArrays.CENTERS)) : new float[0];
        for (int c = 0; c < all && squares; c++) { // w·x + b = w·(x − o) + (b + w·o)
            double bias = biases[c];
            for (int j = 0; j < d; j++) {
                bias += (double) factors[c * d + j] * origin[j];
            }
            biases[c] = (float) bias;
        }
        this.weights = kernels.prepare(FloatMatrix.of(all, d, factors));
    }

    static void requireShape(String component, String name, FloatMatrix array, int rows, int columns) {
        if (array.rows() != rows || array.columns() != columns) {
            throw new IllegalArgumentException(component + ": " + name + " must be " + rows + " x " + columns + ", got "
                    + array.rows() + " x " + array.columns());
        }
    }

    private static float[] mean(FloatMatrix rows) {
        float[] mean = new float[rows.columns()];
        for (int j = 0; j < mean.length; j++) {
            double sum = 0;
            for (int i = 0; i < rows.rows(); i++) {
                sum += rows.get(i, j);
            }
            mean[j] = (float) (sum / rows.rows());
        }
        return mean;
    }

    /** Working memory of one thread: the sums of several pictures. */
    static final class Scratch {
        /** A picture's start at {@link SoftAssignment#sumsAt}: clusters x d, of squares behind those of the vectors. */
        double[] sums = new double[0];

        /** A picture's start at {@link SoftAssignment#massesAt}. */
        double[] masses = new double[0];

        private void hold(int sumsSize, int massesSize) {
            if (sums.length < sumsSize) {
                sums = new double[sumsSize];
                masses = new double[massesSize];
            }
        }
    }

    int clusters() {
        return clusters;
    }

    int width() {
        return d;
    }

    /** How many descriptors {@link #sum} wants. */
    int rowsAtOnce() {
        return kernels.rowsAtOnce();
    }

    int sumsAt(int picture) {
        return picture * massesAt(1) * (squares ? 2 : 1) * d;
    }

    /** What sums of squares, and the sums beside them, are about: Σ a (x − o) and Σ a (x − o)². */
    float[] origin() {
        return origin;
    }

    /** Where the sums of squares start behind those of the vectors. */
    int squaresAt() {
        return all * d;
    }

    int massesAt(int picture) {
        return picture * all;
    }

    /** Sums over the descriptors of each of several pictures, which the kernels get together. */
    void sum(List<FloatMatrix> batch, Scratch s) {
        s.hold(Math.toIntExact((long) batch.size() * sumsAt(1)), massesAt(batch.size()));
        if (squares) {
            kernels.softMoments(batch.stream().map(this::moved).toList(), weights, biases, false, s.sums, s.masses);
        } else {
            kernels.softSums(batch, weights, biases, unit, s.sums, s.masses);
        }
    }

    /** Sums over the descriptors of one picture, which somebody else assigned. */
    void sum(FloatMatrix descriptors, FloatMatrix shares, Scratch s) {
        s.hold(sumsAt(1), massesAt(1));
        Arrays.fill(s.sums, 0, sumsAt(1), 0);
        Arrays.fill(s.masses, 0, massesAt(1), 0);
        FloatMatrix x = squares ? moved(descriptors) : unit ? normalized(descriptors) : descriptors;
        for (int i = 0; i < x.rows(); i++) {
            for (int c = 0; c < clusters; c++) {
                double share = shares.get(i, c);
                s.masses[c] += share;
                for (int j = 0; j < d && share != 0; j++) {
                    double value = x.get(i, j);
                    s.sums[c * d + j] += share * value;
                    if (squares) {
                        s.sums[squaresAt() + c * d + j] += share * value * value;
                    }
                }
            }
        }
    }

    /** Rows as they are assigned, less the origin. */
    private FloatMatrix moved(FloatMatrix x) {
        float[] values = x.toArray();
        if (unit) {
            Kernels.normalize(values, 0, x.rows(), x.columns());
        }
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < d; j++) {
                values[i * d + j] -= origin[j];
            }
        }
        return FloatMatrix.of(x.rows(), x.columns(), values);
    }

    /** Rows scaled to length 1. */
    static FloatMatrix normalized(FloatMatrix x) {
        float[] values = x.toArray();
        Kernels.normalize(values, 0, x.rows(), x.columns());
        return FloatMatrix.of(x.rows(), x.columns(), values);
    }

    @Override
    public void close() {
        weights.close();
    }
}
