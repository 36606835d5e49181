package org.retrieval4j.nd4j.training;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.retrieval4j.aggregation.SecondOrderAttentionAggregator;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.learning.GivenArrays;
import org.retrieval4j.nd4j.NativeDoubles;

/**
 * {@code second-order-attention} while it is trained: y_i = x_i + W_v (Σ_j A_ij h_j) + b_v, A_ij the softmax over j of
 * f_i · g_j / √m, before the layers of another aggregator. In training the whole n x n attention of each picture of a batch
 * is in memory.
 */
final class SecondOrderAttentionLayer implements Layer {
    private static final String NAME = "second-order-attention";
    private static final String INNER = "aggregator";
    private static final String WEIGHTS = "weights";
    private static final List<String> NORM = List.of("gamma", "beta", "mean", "var");
    private static final double FAR = 1e30; // takes what only fills up out of a softmax

    private final ComponentSpec.Part part;
    private final LinearMap f;
    private final LinearMap g;
    private final LinearMap h;
    private final LinearMap v;
    private final Map<String, FloatMatrix> statistics; // means and variances, which stay
    private final Layer inner;
    private final int channels;
    private final int m;
    private final Workspace.Pool pool = new Workspace.Pool(3);

    private SecondOrderAttentionLayer(ComponentSpec.Part part, ComponentState state, double epsilon, Layer inner) {
        this.part = part;
        this.inner = inner;
        this.m = state.array("wf").rows();
        this.channels = state.array("wf").columns();
        this.f = map("f", m, channels, norm("bnf", state, epsilon), state);
        this.g = map("g", m, channels, norm("bng", state, epsilon), state);
        this.h = map("h", m, channels, null, state);
        this.v = map("v", channels, m, null, state);
        this.statistics = new TreeMap<>();
        for (String name : List.of("bnf-mean", "bnf-var", "bng-mean", "bng-var")) {
            statistics.put(name, state.array(name));
        }
    }

    private static LinearMap map(String name, int rows, int columns, @Nullable BatchNorm norm, ComponentState state) {
        double[] weights = States.doubles(NAME, "w" + name, state, rows, columns);
        double[] bias = States.doubles(NAME, "b" + name, state, 1, rows);
        return new LinearMap(
                new Parameter("w" + name, new int[] {rows, columns}, weights),
                new Parameter("b" + name, new int[] {rows}, bias),
                norm,
                true);
    }

    private BatchNorm norm(String name, ComponentState state, double epsilon) {
        double[] rows = new double[4 * m];
        for (int i = 0; i < 4; i++) {
            System.arraycopy(States.doubles(NAME, name + "-" + NORM.get(i), state, 1, m), 0, rows, i * m, m);
        }
        return new BatchNorm(name, name + "-gamma", name + "-beta", rows, epsilon);
    }

    /** Makes it. */
    public static final class Provider implements LayerProvider {
        @Override
        public Set<String> names() {
            return Set.of(NAME);
        }

        @Override
        public Layer layer(ComponentSpec.Part part, ComponentState state, Layers layers) throws IOException {
            SecondOrderAttentionAggregator.Options options =
                    OptionsText.parse(part, SecondOrderAttentionAggregator.Options.defaults());
            Layer inner = layers.layer(options.aggregator().first(), state.part(INNER + "/"));
            return new SecondOrderAttentionLayer(part, state, options.batchNormEpsilon(), inner);
        }
    }

    @Override
    public List<Parameter> parameters() {
        List<Parameter> parameters = new ArrayList<>(own());
        parameters.addAll(inner.parameters());
        return parameters;
    }

    private List<Parameter> own() {
        List<Parameter> own = new ArrayList<>();
        for (LinearMap map : List.of(f, g, h, v)) {
            own.addAll(map.parameters());
        }
        return own;
    }

    @Override
    public Pass forward(Rows input) {
        States.requireWidth(NAME, input, channels);
        double[] attended = input.values().clone();
        Attention[] pictures = new Attention[input.pictures()];
        for (int i = 0; i < pictures.length; i++) {
            pictures[i] = new Attention(input, i, attended);
        }
        Pass behind = inner.forward(input.with(attended, channels));
        return new Pass() {
            @Override
            public Rows output() {
                return behind.output();
            }

            @Override
            public double @Nullable [] backward(double[] gradient, Gradients parameters, boolean wanted) {
                double[] byAttended = java.util.Objects.requireNonNull(behind.backward(gradient, parameters, true));
                double[] byInput = wanted ? byAttended.clone() : null;
                for (Attention picture : pictures) {
                    picture.back(byAttended, parameters, byInput);
                }
                return byInput;
            }
        };
    }

    /** The attention of one picture of n cells. */
    private final class Attention {
        private final Rows input;
        private final int from;
        private final int n;
        private final double[] queries;
        private final double[] keys;
        private final double[] values;
        private final double[] shares; // n x n
        private final double[] sums; // n x m

        Attention(Rows input, int picture, double[] attended) {
            this.input = input;
            this.from = input.starts()[picture];
            this.n = input.starts()[picture + 1] - from;
            this.queries = positive(f.apply(input.values(), from, n));
            this.keys = positive(g.apply(input.values(), from, n));
            this.values = h.apply(input.values(), from, n);
            this.shares = product(queries, n, m, false, keys, n, m, true);
            softmax();
            this.sums = product(shares, n, n, false, values, n, m, false);
            double[] added = v.apply(sums, 0, n);
            for (int i = 0; i < added.length; i++) {
                attended[from * channels + i] += added[i];
            }
        }

        private void softmax() {
            double scale = 1 / Math.sqrt(m);
            for (int at = 0; at < shares.length; at += n) {
                double largest = Double.NEGATIVE_INFINITY;
                for (int j = at; j < at + n; j++) {
                    largest = Math.max(largest, shares[j]);
                }
                double sum = 0;
                for (int j = at; j < at + n; j++) {
                    shares[j] = Math.exp(scale * (shares[j] - largest));
                    sum += shares[j];
                }
                for (int j = at; j < at + n; j++) {
                    shares[j] /= sum;
                }
            }
        }

        // O(n² m)
        void back(double[] byAttended, Gradients parameters, double @Nullable [] byInput) {
            double[] own = java.util.Arrays.copyOfRange(byAttended, from * channels, (from + n) * channels);
            double[] bySums = new double[n * m];
            v.back(sums, 0, n, own, parameters, bySums);
            double[] byScores = product(bySums, n, m, false, values, n, m, true);
            double[] byValues = product(shares, n, n, true, bySums, n, m, false);
            double scale = 1 / Math.sqrt(m);
            for (int at = 0; at < byScores.length; at += n) {
                double mean = 0;
                for (int j = at; j < at + n; j++) {
                    mean += shares[j] * byScores[j];
                }
                for (int j = at; j < at + n; j++) {
                    byScores[j] = scale * shares[j] * (byScores[j] - mean);
                }
            }
            double[] byQueries = product(byScores, n, n, false, keys, n, m, false);
            double[] byKeys = product(byScores, n, n, true, queries, n, m, false);
            for (int i = 0; i < n * m; i++) {
                byQueries[i] = queries[i] > 0 ? byQueries[i] : 0;
                byKeys[i] = keys[i] > 0 ? byKeys[i] : 0;
            }
            f.back(input.values(), from, n, byQueries, parameters, byInput);
            g.back(input.values(), from, n, byKeys, parameters, byInput);
            h.back(input.values(), from, n, byValues, parameters, byInput);
        }
    }

    private static double[] positive(double[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.max(0, values[i]);
        }
        return values;
    }

    /** The product of two matrices, of which rows and columns are given, or of their transposes. */
    private double[] product(
            double[] a,
            int aRows,
            int aColumns,
            boolean aTransposed,
            double[] b,
            int bRows,
            int bColumns,
            boolean bTransposed) {
        int rows = aTransposed ? aColumns : aRows;
        int columns = bTransposed ? bRows : bColumns;
        double[] result = new double[Math.multiplyExact(rows, columns)];
        if (result.length > 0) {
            try (Workspace work = pool.borrow()) {
                NativeDoubles left = work.block(0, a, 0, a.length);
                NativeDoubles right = work.block(1, b, 0, b.length);
                NativeDoubles product = work.block(2, result.length);
                product.product(
                        new NativeDoubles.Matrix(left, aColumns, aTransposed),
                        new NativeDoubles.Matrix(right, bColumns, bTransposed),
                        rows,
                        columns,
                        aTransposed ? aRows : aColumns,
                        false);
                product.get(result, 0, result.length);
            }
        }
        return result;
    }

    @Override
    public SDVariable define(Graph graph, SDVariable input) {
        SameDiff operations = graph.operations();
        int n = graph.vectors();
        SDVariable rows = operations.reshape(input, -1, channels);
        SDVariable queries = operations.reshape(operations.nn.relu(f.define(graph, rows), 0), -1, n, m);
        SDVariable keys = operations.reshape(operations.nn.relu(g.define(graph, rows), 0), -1, n, m);
        SDVariable values = operations.reshape(h.define(graph, rows), -1, n, m);
        SDVariable scores = operations.mmul(queries, keys, false, true, false).mul(1 / Math.sqrt(m));
        SDVariable outside = operations.expandDims(graph.mask().sub(1).mul(FAR), 1);
        SDVariable shares = operations.nn.softmax(scores.add(outside), 2);
        SDVariable sums = operations.reshape(operations.mmul(shares, values, false, false, false), -1, m);
        SDVariable added = operations.reshape(v.define(graph, sums), -1, n, channels);
        SDVariable attended = input.add(added).mul(operations.expandDims(graph.mask(), 2));
        return inner.define(graph, attended);
    }

    @Override
    public ComponentSpec.Part spec() {
        ComponentSpec.Part present = States.with(part, INNER, inner.spec().toString());
        return part.parameters().containsKey(WEIGHTS)
                ? States.with(present, WEIGHTS, GivenArrays.nameOf(arrays()))
                : present;
    }

    @Override
    public ComponentState state() {
        return ComponentState.ofArrays(arrays()).with(INNER + "/", inner.state());
    }

    private Map<String, FloatMatrix> arrays() {
        Map<String, FloatMatrix> arrays = new TreeMap<>(statistics);
        for (Parameter parameter : own()) {
            arrays.put(parameter.name(), States.matrix(parameter));
        }
        return arrays;
    }
}
