package org.retrieval4j.aggregation;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.BatchNormalization;
import org.retrieval4j.learning.GivenArrays;

/**
 * The second-order attention block of SOLAR: every cell of a feature map gets what cells like it, anywhere in the picture,
 * have to add. Ng, Balntas, Tian, Mikolajczyk: SOLAR: second-order loss and attention for image retrieval. ECCV 2020,
 * section 3.1.
 *
 * <p>With cells x_i of c channels, and m channels inside: f_i = ReLU(BN(W_f x_i + b_f)), g_i = ReLU(BN(W_g x_i + b_g)), h_i =
 * W_h x_i + b_h, attention A_ij = softmax over j of (f_i · g_j / √m), and y_i = x_i + W_v (Σ_j A_ij h_j) + b_v. The attention of
 * n cells is computed 64 rows at a time: memory grows with n, time with n² m.
 *
 * <p>Arrays: {@code wf}, {@code wg}, {@code wh} m x c, {@code wv} c x m; {@code bf}, {@code bg}, {@code bh} 1 x m, {@code
 * bv} 1 x c; {@code bnf-gamma}, {@code bnf-beta}, {@code bnf-mean}, {@code bnf-var}, and those of {@code bng}, 1 x m.
 * Thread-safe.
 */
public final class SecondOrderAttention implements AutoCloseable {
    private static final List<String> NORM = List.of("gamma", "beta", "mean", "var");
    private static final String WF = "wf";
    private static final String WV = "wv";

    /** Names of all arrays. */
    static final List<String> ARRAYS = List.of(
            WF,
            "bf",
            "bnf-gamma",
            "bnf-beta",
            "bnf-mean",
            "bnf-var",
            "wg",
            "bg",
            "bng-gamma",
            "bng-beta",
            "bng-mean",
            "bng-var",
            "wh",
            "bh",
            WV,
            "bv");

    private static final int TILE = 64;

    private final Kernels kernels;
    private final int channels;
    private final int inner;
    private final Kernels.Operand f;
    private final Kernels.Operand g;
    private final Kernels.Operand h;
    private final Kernels.Operand v;
    private final float[] fBias;
    private final float[] gBias;
    private final float[] hBias;
    private final float[] vBias;
    private final boolean attends;

    private SecondOrderAttention(ComponentState state, double epsilon, Kernels kernels) {
        this.kernels = kernels;
        this.channels = state.array(WF).columns();
        this.inner = state.array(WF).rows();
        if (inner < 1 || channels < 1) {
            throw new IllegalArgumentException(
                    "second-order-attention: wf must be at least 1 x 1, got " + inner + " x " + channels);
        }
        this.fBias = bias(state, "bf", inner);
        this.gBias = bias(state, "bg", inner);
        this.hBias = bias(state, "bh", inner);
        this.vBias = bias(state, "bv", channels);
        this.f = kernels.prepare(normalized(state, "f", epsilon, fBias));
        this.g = kernels.prepare(normalized(state, "g", epsilon, gBias));
        this.h = kernels.prepare(array(state, "wh", inner, channels));
        FloatMatrix out = array(state, WV, channels, inner);
        this.v = kernels.prepare(out);
        this.attends = !isZero(out.toArray());
    }

    /**
     * A block of trained arrays.
     *
     * @param state all arrays; others are ignored
     * @param batchNormEpsilon what is added to variances; PyTorch's is 1e-5
     * @param kernels what computes
     * @return the block
     * @throws IllegalArgumentException if an array is missing, or has a shape that does not fit {@code wf}
     */
    public static SecondOrderAttention of(ComponentState state, double batchNormEpsilon, Kernels kernels) {
        return new SecondOrderAttention(
                requireNonNull(state, "state"), batchNormEpsilon, requireNonNull(kernels, "kernels"));
    }

    /**
     * Arrays to start training from, as SOLAR does: W_f, W_g and W_h normally distributed with deviation √(2/c) (Kaiming),
     * batch norms that change nothing, all else zero. The block is then the identity.
     *
     * @param channels c
     * @param inner m
     * @param seed of the random numbers
     * @return the arrays
     */
    public static ComponentState initial(int channels, int inner, long seed) {
        if (inner < 1 || channels < 1) {
            throw new IllegalArgumentException(
                    "channels and inner must be at least 1, got " + channels + " and " + inner);
        }
        Random random = new Random(seed);
        Map<String, FloatMatrix> arrays = new TreeMap<>();
        for (String layer : List.of("f", "g", "h")) {
            float[] weights = new float[Math.multiplyExact(inner, channels)];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (float) (random.nextGaussian() * Math.sqrt(2.0 / channels));
            }
            arrays.put("w" + layer, FloatMatrix.of(inner, channels, weights));
            arrays.put("b" + layer, FloatMatrix.of(1, inner, new float[inner]));
        }
        for (String layer : List.of("bnf-", "bng-")) {
            for (String part : NORM) {
                float[] values = new float[inner];
                Arrays.fill(values, part.equals("gamma") || part.equals("var") ? 1 : 0);
                arrays.put(layer + part, FloatMatrix.of(1, inner, values));
            }
        }
        arrays.put(WV, FloatMatrix.of(channels, inner, new float[channels * inner]));
        arrays.put("bv", FloatMatrix.of(1, channels, new float[channels]));
        return ComponentState.ofArrays(arrays);
    }

    private static FloatMatrix array(ComponentState state, String name, int rows, int columns) {
        FloatMatrix array = state.array(name);
        SoftAssignment.requireShape("second-order-attention", name, array, rows, columns);
        return array;
    }

    private static float[] bias(ComponentState state, String name, int size) {
        return array(state, name, 1, size).toArray();
    }

    /** The weights of f or g with their batch norm in them and in the biases. */
    private FloatMatrix normalized(ComponentState state, String layer, double epsilon, float[] biases) {
        float[] weights = array(state, "w" + layer, inner, channels).toArray();
        FloatMatrix norm = FloatMatrix.concat(NORM.stream()
                .map(part -> array(state, "bn" + layer + "-" + part, 1, inner))
                .toList());
        BatchNormalization.fold("second-order-attention", norm, epsilon, weights, biases);
        return FloatMatrix.of(inner, channels, weights);
    }

    private static boolean isZero(float[] values) {
        for (float value : values) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Number of channels.
     *
     * @return c
     */
    public int channels() {
        return channels;
    }

    /**
     * Adds to each cell what it attends to. O(n² m), n cells.
     *
     * @param map n x c, a cell a row
     * @return n x c
     * @throws IllegalArgumentException if the map has another number of channels
     */
    public FloatMatrix apply(FloatMatrix map) {
        if (map.columns() != channels) {
            throw new IllegalArgumentException("the map must have " + channels + " channels, got " + map.columns());
        }
        float[] out = map.toArray();
        if (attends && map.rows() > 0) {
            addAttention(map, out);
        }
        for (int i = 0; i < out.length; i++) {
            out[i] += vBias[i % channels];
        }
        return FloatMatrix.of(map.rows(), channels, out);
    }

    private void addAttention(FloatMatrix map, float[] out) {
        int n = map.rows();
        float[] queries = linear(map, f, fBias);
        float[] keys = linear(map, g, gBias);
        float scale = (float) (1 / Math.sqrt(inner));
        for (int i = 0; i < queries.length; i++) {
            queries[i] = Math.max(0, queries[i]) * scale;
            keys[i] = Math.max(0, keys[i]);
        }
        FloatMatrix values = GivenArrays.transposed(FloatMatrix.of(n, inner, linear(map, h, hBias)));
        float[] shares = new float[Math.min(n, TILE) * n];
        float[] attended = new float[Math.min(n, TILE) * inner];
        float[] added = new float[Math.min(n, TILE) * channels];
        try (Kernels.Operand preparedKeys = kernels.prepare(FloatMatrix.of(n, inner, keys));
                Kernels.Operand preparedValues = kernels.prepare(values)) {
            for (int from = 0; from < n; from += TILE) {
                int rows = Math.min(TILE, n - from);
                kernels.products(FloatMatrix.of(rows, inner, queries, from * inner), preparedKeys, shares);
                for (int i = 0; i < rows; i++) {
                    Kernels.softmax(shares, i * n, n);
                }
                kernels.products(FloatMatrix.of(rows, n, shares), preparedValues, attended);
                kernels.products(FloatMatrix.of(rows, inner, attended), v, added);
                for (int i = 0; i < rows * channels; i++) {
                    out[from * channels + i] += added[i];
                }
            }
        }
    }

    private float[] linear(FloatMatrix map, Kernels.Operand weights, float[] biases) {
        float[] values = new float[Math.multiplyExact(map.rows(), inner)];
        kernels.products(map, weights, values);
        for (int i = 0; i < values.length; i++) {
            values[i] += biases[i % inner];
        }
        return values;
    }

    /** Frees what is not on the heap; idempotent. */
    @Override
    public void close() {
        f.close();
        g.close();
        h.close();
        v.close();
    }
}
