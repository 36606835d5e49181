package org.retrieval4j.transform;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.BatchNormalization;
import org.retrieval4j.learning.GivenArrays;

/** W x + b, with a batch norm folded in if there is one. Thread-safe. */
final class LinearLayer implements AutoCloseable {
    static final String WEIGHTS = "weights";
    static final String BIAS = "bias";
    static final String BATCH_NORM = "batch-norm";

    private final Kernels kernels;
    private final Kernels.Operand weights;
    private final float[] biases;

    LinearLayer(String component, ComponentState state, double batchNormEpsilon, BuildContext context) {
        FloatMatrix w = state.array(WEIGHTS);
        if (w.rows() < 1 || w.columns() < 1) {
            throw new IllegalArgumentException(
                    component + ": weights must be at least 1 x 1, got " + w.rows() + " x " + w.columns());
        }
        float[] factors = w.toArray();
        this.biases = new float[w.rows()];
        FloatMatrix b = state.arrays().get(BIAS);
        if (b != null) {
            if (b.rows() != 1 || b.columns() != w.rows()) {
                throw new IllegalArgumentException(component + ": bias must be 1 x " + w.rows() + " for weights of "
                        + w.rows() + " x " + w.columns() + ", got " + b.rows() + " x " + b.columns());
            }
            System.arraycopy(b.array(), b.offset(), biases, 0, biases.length);
        }
        FloatMatrix norm = state.arrays().get(BATCH_NORM);
        if (norm != null) {
            BatchNormalization.fold(component, norm, batchNormEpsilon, factors, biases);
        }
        this.kernels = KernelCatalog.of(context);
        this.weights = kernels.prepare(FloatMatrix.of(w.rows(), w.columns(), factors));
    }

    /** Reads the arrays of a spec; the weights become output x input. */
    static Map<String, FloatMatrix> given(
            String component,
            String weights,
            Optional<String> bias,
            Optional<String> batchNorm,
            FullyConnectedTransform.Layout layout,
            List<String> names,
            BuildContext context)
            throws IOException {
        boolean all = weights.endsWith(".npz");
        GivenArrays files = GivenArrays.of(component, all ? Optional.of(weights) : Optional.empty(), names, context);
        FloatMatrix matrix =
                files.required(WEIGHTS, files.matrix(WEIGHTS, all ? Optional.empty() : Optional.of(weights)));
        Map<String, FloatMatrix> arrays = new TreeMap<>();
        boolean turned = layout == FullyConnectedTransform.Layout.INPUT_FIRST;
        arrays.put(WEIGHTS, turned ? GivenArrays.transposed(matrix) : matrix);
        files.row(BIAS, bias).ifPresent(row -> arrays.put(BIAS, row));
        files.matrix(BATCH_NORM, batchNorm).ifPresent(norm -> arrays.put(BATCH_NORM, norm));
        return arrays;
    }

    int outputs() {
        return biases.length;
    }

    /** A row of outputs for each row of inputs. */
    float[] apply(FloatMatrix vectors) {
        float[] products = new float[Math.multiplyExact(vectors.rows(), biases.length)];
        kernels.products(vectors, weights, products);
        for (int at = 0; at < products.length; at += biases.length) {
            for (int j = 0; j < biases.length; j++) {
                products[at + j] += biases[j];
            }
        }
        return products;
    }

    @Override
    public void close() {
        weights.close();
    }
}
