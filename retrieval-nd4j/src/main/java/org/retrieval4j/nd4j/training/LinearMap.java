package org.retrieval4j.nd4j.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.nd4j.NativeDoubles;

/** BN(W x + b) of vectors, its gradients, and its form in SameDiff; b and BN where there are such. */
final class LinearMap {
    private static final String WEIGHTS = "weights";
    private static final String BIAS = "bias";
    private static final String BATCH_NORM = "batch-norm";

    private final Parameter weights;
    private final @Nullable Parameter bias;
    private final @Nullable BatchNorm norm;
    private final boolean learned;
    private final int inputs;
    private final int outputs;
    private final Workspace.Pool pool = new Workspace.Pool(4);

    /** A map with all its parts; one that is not learned has no parameters. */
    LinearMap(Parameter weights, @Nullable Parameter bias, @Nullable BatchNorm norm, boolean learned) {
        this.weights = weights;
        this.bias = bias;
        this.norm = norm;
        this.learned = learned;
        this.outputs = weights.shape()[0];
        this.inputs = weights.shape()[1];
    }

    /** Takes arrays {@code weights}, {@code bias} and {@code batch-norm}, the latter two if they are there. */
    static LinearMap of(String component, ComponentState state, double epsilon) {
        FloatMatrix matrix = state.array(WEIGHTS);
        int outputs = matrix.rows();
        Parameter weights = new Parameter(WEIGHTS, new int[] {outputs, matrix.columns()}, States.doubles(matrix));
        Parameter bias = state.arrays().containsKey(BIAS)
                ? new Parameter(BIAS, new int[] {outputs}, States.doubles(component, BIAS, state, 1, outputs))
                : null;
        BatchNorm norm = state.arrays().containsKey(BATCH_NORM)
                ? new BatchNorm(BATCH_NORM, States.doubles(component, BATCH_NORM, state, 4, outputs), epsilon)
                : null;
        return new LinearMap(weights, bias, norm, true);
    }

    /** Takes arrays {@code projection} and {@code mean}: P (x − m), which stays what it is. */
    static LinearMap fixed(String component, ComponentState state) {
        FloatMatrix projection = state.array("projection");
        int d = projection.columns();
        double[] weights = States.doubles(projection);
        double[] mean = States.doubles(component, "mean", state, 1, d);
        double[] bias = new double[projection.rows()];
        for (int i = 0; i < weights.length; i++) {
            bias[i / d] -= weights[i] * mean[i % d];
        }
        return new LinearMap(
                new Parameter("projection", new int[] {bias.length, d}, weights),
                new Parameter(BIAS, new int[] {bias.length}, bias),
                null,
                false);
    }

    int inputs() {
        return inputs;
    }

    int outputs() {
        return outputs;
    }

    List<Parameter> parameters() {
        if (!learned) {
            return List.of();
        }
        List<Parameter> parameters = new ArrayList<>(List.of(weights));
        if (bias != null) {
            parameters.add(bias);
        }
        if (norm != null) {
            parameters.addAll(norm.parameters());
        }
        return parameters;
    }

    /** The present arrays by their names in the state. */
    Map<String, FloatMatrix> arrays() {
        Map<String, FloatMatrix> arrays = new TreeMap<>(Map.of(weights.name(), States.matrix(weights)));
        if (bias != null) {
            arrays.put(bias.name(), States.matrix(bias));
        }
        if (norm != null) {
            arrays.put(BATCH_NORM, norm.matrix());
        }
        return arrays;
    }

    private double[] folded() {
        return norm == null ? weights.values() : norm.foldWeights(weights.values());
    }

    /** Outputs of n vectors that lie below each other from a row on. O(n · inputs · outputs). */
    double[] apply(double[] x, int from, int n) {
        double[] shifts = bias == null ? new double[outputs] : bias.values();
        shifts = norm == null ? shifts : norm.foldShifts(shifts);
        double[] y = new double[Math.multiplyExact(n, outputs)];
        if (n == 0) {
            return y;
        }
        double[] factors = folded();
        try (Workspace work = pool.borrow()) {
            NativeDoubles rows = work.block(0, x, from * inputs, n * inputs);
            NativeDoubles w = work.block(1, factors, 0, factors.length);
            NativeDoubles products = work.block(2, y.length);
            products.product(Workspace.of(rows, inputs), Workspace.transposed(w, inputs), n, outputs, inputs, false);
            products.get(y, 0, y.length);
        }
        for (int i = 0; i < y.length; i++) {
            y[i] += shifts[i % outputs];
        }
        return y;
    }

    /**
     * Goes back.
     *
     * @param x what the outputs came from
     * @param from its first row
     * @param n number of vectors
     * @param gradient by the outputs of these
     * @param parameters what the parameters' gradients are added to
     * @param sums the gradient by x is added, if it is not null
     */
    void back(double[] x, int from, int n, double[] gradient, Gradients parameters, double @Nullable [] sums) {
        if (n == 0) {
            return;
        }
        try (Workspace work = pool.borrow()) {
            NativeDoubles g = work.block(2, gradient, 0, n * outputs);
            if (learned) {
                backParameters(work, x, from, n, gradient, parameters);
            }
            if (sums != null) {
                double[] factors = folded();
                NativeDoubles w = work.block(1, factors, 0, factors.length);
                NativeDoubles result = work.block(3, (long) n * inputs);
                result.product(Workspace.of(g, outputs), Workspace.of(w, inputs), n, inputs, outputs, false);
                double[] byInput = new double[n * inputs];
                result.get(byInput, 0, byInput.length);
                for (int i = 0; i < byInput.length; i++) {
                    sums[from * inputs + i] += byInput[i];
                }
            }
        }
    }

    /** Adds the parameters' gradients; the gradient by the outputs is in block 2, too. */
    private void backParameters(Workspace work, double[] x, int from, int n, double[] gradient, Gradients parameters) {
        NativeDoubles rows = work.block(0, x, from * inputs, n * inputs);
        NativeDoubles g = work.block(2, (long) n * outputs);
        double[] byWeights = new double[outputs * inputs];
        NativeDoubles w = work.block(1, byWeights.length);
        w.product(Workspace.transposed(g, outputs), Workspace.of(rows, inputs), outputs, inputs, n, false);
        w.get(byWeights, 0, byWeights.length);
        double[] byShifts = new double[outputs];
        for (int i = 0; i < n * outputs; i++) {
            byShifts[i % outputs] += gradient[i];
        }
        if (norm != null) {
            norm.unfold(weights.values(), bias == null ? null : bias.values(), byWeights, byShifts, parameters);
        }
        add(byWeights, parameters.of(weights));
        if (bias != null) {
            add(byShifts, parameters.of(bias));
        }
    }

    private static void add(double[] values, double[] sums) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += values[i];
        }
    }

    /** The same of SameDiff's operations, for vectors in rows. */
    SDVariable define(Graph graph, SDVariable rows) {
        SDVariable y = graph.operations().mmul(rows, variable(graph, weights), false, true, false);
        if (bias != null) {
            y = y.add(variable(graph, bias));
        }
        return norm == null ? y : norm.define(graph, y);
    }

    private SDVariable variable(Graph graph, Parameter parameter) {
        return learned ? graph.variable(parameter) : graph.constant(parameter.values(), parameter.shape());
    }
}
