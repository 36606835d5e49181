package org.retrieval4j.nd4j.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.retrieval4j.aggregation.ActnetStyleAggregator;
import org.retrieval4j.aggregation.ActnetStyleAggregator.Activation;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.learning.GivenArrays;

/**
 * {@code actnet-style} while it is trained: sums of activated values, of one or several streams. Each of the component's
 * numbers stays above 0 because its parameter θ stands for ln(1 + exp θ) (softplus). They learn ten times as fast as others
 * and without weight decay.
 */
final class ActnetStyleLayer implements Layer {
    private static final String NAME = "actnet-style";
    private static final String BALANCE = "balance";
    private static final String WEIGHTS = "weights";
    private static final double RATE = 10;

    private final ComponentSpec.Part part;
    private final ActnetStyleAggregator.Options options;
    private final Map<String, Parameter> parameters;

    private ActnetStyleLayer(
            ComponentSpec.Part part, ActnetStyleAggregator.Options options, Map<String, Parameter> parameters) {
        this.part = part;
        this.options = options;
        this.parameters = parameters;
    }

    /** Makes it. */
    public static final class Provider implements LayerProvider {
        @Override
        public Set<String> names() {
            return Set.of(NAME);
        }

        @Override
        public Layer layer(ComponentSpec.Part part, ComponentState state, Layers layers) {
            ActnetStyleAggregator.Options options = OptionsText.parse(part, ActnetStyleAggregator.Options.defaults());
            Map<String, Parameter> parameters = new TreeMap<>();
            for (String name : options.arrays()) {
                double[] values = States.doubles(state.array(name));
                for (int i = 0; i < values.length; i++) {
                    if (!(values[i] > 0)) {
                        throw new IllegalArgumentException(
                                "actnet-style: " + name + " must be above 0, got " + values[i] + " at " + i);
                    }
                    values[i] += Math.log(-Math.expm1(-values[i])); // the inverse of softplus
                }
                parameters.put(name, new Parameter(name, new int[] {values.length}, values, RATE, false));
            }
            return new ActnetStyleLayer(part, options, parameters);
        }
    }

    private static double softplus(double theta) {
        return Math.max(0, theta) + Math.log1p(Math.exp(-Math.abs(theta)));
    }

    /** The present numbers, nothing if the activation has no such. */
    private double[] values(String name) {
        Parameter parameter = parameters.get(name);
        double[] values = parameter == null ? new double[0] : parameter.values().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] = softplus(values[i]);
        }
        return values;
    }

    @Override
    public List<Parameter> parameters() {
        return List.copyOf(parameters.values());
    }

    private List<Integer> widths(int columns) {
        return options.widths().isEmpty() ? List.of(columns) : options.widths();
    }

    /** The stream of each channel. */
    private int[] streams(int columns) {
        List<Integer> widths = widths(columns);
        int[] streams = new int[columns];
        int sum = 0;
        for (int s = 0; s < widths.size(); s++) {
            java.util.Arrays.fill(streams, Math.min(sum, columns), Math.min(columns, sum + widths.get(s)), s);
            sum += widths.get(s);
        }
        if (sum != columns) {
            throw new IllegalArgumentException(NAME + " takes vectors of " + sum + " values, got " + columns);
        }
        return streams;
    }

    @Override
    public Pass forward(Rows input) {
        int d = input.columns();
        int[] streams = streams(d);
        for (Parameter parameter : parameters.values()) {
            if (!options.shared() && !parameter.name().equals(BALANCE)) {
                States.requireWidth(NAME, input, parameter.values().length);
            }
        }
        Activated activated = new Activated(options.activation(), this, options.shared() ? streams : identity(d));
        double[] sums = new double[Math.multiplyExact(input.pictures(), d)];
        for (int i = 0; i < input.pictures(); i++) {
            activated.add(input, i, sums, factor(input, i));
        }
        double[] balanced = balanced(sums, d, streams);
        Rows output = Rows.vectors(options.l2() ? Scaling.FLOOR.rows(balanced, d) : balanced, d);
        return new Pass() {
            @Override
            public Rows output() {
                return output;
            }

            @Override
            public double @Nullable [] backward(double[] gradient, Gradients gradients, boolean wanted) {
                double[] behind = gradient;
                if (options.l2()) {
                    behind = new double[gradient.length];
                    Scaling.FLOOR.addGradient(balanced, d, gradient, behind);
                }
                behind = backBalance(sums, d, streams, behind, gradients);
                double[] byInput = wanted ? new double[input.values().length] : null;
                for (int i = 0; i < input.pictures(); i++) {
                    activated.back(input, i, behind, factor(input, i), byInput);
                }
                activated.addTo(gradients);
                return byInput;
            }
        };
    }

    private double factor(Rows input, int picture) {
        int n = input.starts()[picture + 1] - input.starts()[picture];
        return options.pooling() == ActnetStyleAggregator.Pool.AVERAGE ? 1.0 / Math.max(1, n) : 1;
    }

    private static int[] identity(int size) {
        return java.util.stream.IntStream.range(0, size).toArray();
    }

    /** Each stream scaled to length 1, times its balance, where there are several. */
    private double[] balanced(double[] sums, int d, int[] streams) {
        double[] balance = values(BALANCE);
        if (balance.length == 0) {
            return sums;
        }
        double[] result = new double[sums.length];
        for (int at = 0; at < sums.length; at += d) {
            int from = 0;
            for (int width : options.widths()) {
                double factor = balance[streams[from]] * Scaling.FLOOR.factor(Scaling.length(sums, at + from, width));
                for (int j = at + from; j < at + from + width; j++) {
                    result[j] = factor * sums[j];
                }
                from += width;
            }
        }
        return result;
    }

    private double[] backBalance(double[] sums, int d, int[] streams, double[] gradient, Gradients gradients) {
        Parameter parameter = parameters.get(BALANCE);
        if (parameter == null) {
            return gradient;
        }
        double[] balance = values(BALANCE);
        double[] byBalance = new double[balance.length];
        double[] scaledGradient = new double[gradient.length];
        double[] result = new double[gradient.length];
        for (int at = 0; at < sums.length; at += d) {
            int from = 0;
            for (int width : options.widths()) {
                int s = streams[from];
                double factor = Scaling.FLOOR.factor(Scaling.length(sums, at + from, width));
                for (int j = at + from; j < at + from + width; j++) {
                    byBalance[s] += gradient[j] * factor * sums[j];
                    scaledGradient[j] = balance[s] * gradient[j];
                }
                Scaling.FLOOR.addGradient(sums, at + from, width, scaledGradient, at + from, result);
                from += width;
            }
        }
        addThroughSoftplus(byBalance, balance, gradients.of(parameter));
        return result;
    }

    /** The slope of softplus, where its value is v, is 1 − exp(−v). */
    private static void addThroughSoftplus(double[] byValues, double[] values, double[] sums) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += byValues[i] * -Math.expm1(-values[i]);
        }
    }

    /** The activation with its present numbers, and gradients by these. */
    private static final class Activated {
        private static final double LARGEST = 30;
        private static final double SMALLEST = 1e-6;

        private final Activation activation;
        private final ActnetStyleLayer layer;
        private final int[] places; // of each channel's numbers
        private final double[] rate;
        private final double[] scale;
        private final double[] shape;
        private final double[] amplitude;
        private final double[] byRate;
        private final double[] byScale;
        private final double[] byShape;
        private final double[] byAmplitude;

        Activated(Activation activation, ActnetStyleLayer layer, int[] places) {
            this.activation = activation;
            this.layer = layer;
            this.places = places;
            this.rate = layer.values("rate");
            this.scale = layer.values("scale");
            this.shape = layer.values("shape");
            this.amplitude = layer.values("amplitude");
            this.byRate = new double[rate.length];
            this.byScale = new double[scale.length];
            this.byShape = new double[shape.length];
            this.byAmplitude = new double[amplitude.length];
        }

        // O(values) exponentials, and powers for Weibull's
        void add(Rows input, int picture, double[] sums, double factor) {
            int d = input.columns();
            for (int i = input.starts()[picture] * d; i < input.starts()[picture + 1] * d; i++) {
                sums[picture * d + i % d] += factor * value(input.values()[i], places[i % d]);
            }
        }

        private double value(double x, int p) {
            return switch (activation) {
                case NONE -> x;
                case SINH -> Math.sinh(Math.min(LARGEST, rate[p] * Math.max(0, x))) / rate[p];
                case EXP -> Math.expm1(Math.min(LARGEST, rate[p] * Math.max(0, x))) / rate[p];
                case WEIBULL -> -amplitude[p] * Math.expm1(-Math.pow(Math.max(SMALLEST, x) / scale[p], shape[p]));
                case WEIBULL_PDF -> {
                    double ratio = Math.max(SMALLEST, x) / scale[p];
                    double power = Math.pow(ratio, shape[p] - 1);
                    yield amplitude[p] * power * Math.exp(-power * ratio);
                }
            };
        }

        void back(Rows input, int picture, double[] bySums, double factor, double @Nullable [] byInput) {
            int d = input.columns();
            for (int i = input.starts()[picture] * d; i < input.starts()[picture + 1] * d; i++) {
                double gradient = factor * bySums[picture * d + i % d];
                double slope =
                        gradient * slope(input.values()[i], places[i % d], gradient); // numbers learn in any case
                if (byInput != null) {
                    byInput[i] += slope;
                }
            }
        }

        /** The slope by x; adds the gradients by the numbers. */
        private double slope(double x, int p, double gradient) {
            return switch (activation) {
                case NONE -> 1;
                case SINH, EXP -> {
                    double a = rate[p];
                    boolean free = a * x < LARGEST;
                    double argument = free ? a * Math.max(0, x) : LARGEST;
                    boolean sinh = activation == Activation.SINH;
                    double value = sinh ? Math.sinh(argument) : Math.expm1(argument);
                    double slope = !free ? 0 : sinh ? Math.cosh(argument) : Math.exp(argument);
                    byRate[p] += gradient * (slope * Math.max(0, x) - value / a) / a;
                    yield x > 0 ? slope : 0;
                }
                case WEIBULL -> {
                    double floored = Math.max(SMALLEST, x);
                    double logarithm = Math.log(floored / scale[p]);
                    double power = Math.exp(shape[p] * logarithm);
                    double byPower = amplitude[p] * Math.exp(-power);
                    byAmplitude[p] += gradient * -Math.expm1(-power);
                    byScale[p] += gradient * byPower * -shape[p] * power / scale[p];
                    byShape[p] += gradient * byPower * power * logarithm;
                    yield x >= SMALLEST ? byPower * shape[p] * power / floored : 0;
                }
                case WEIBULL_PDF -> {
                    double floored = Math.max(SMALLEST, x);
                    double logarithm = Math.log(floored / scale[p]);
                    double power = Math.exp(shape[p] * logarithm);
                    double density = Math.exp((shape[p] - 1) * logarithm - power);
                    double value = amplitude[p] * density;
                    double steep = value * (shape[p] - 1 - shape[p] * power); // slope by ln x
                    byAmplitude[p] += gradient * density;
                    byScale[p] += gradient * -steep / scale[p];
                    byShape[p] += gradient * value * logarithm * (1 - power);
                    yield x >= SMALLEST ? steep / floored : 0;
                }
            };
        }

        void addTo(Gradients sums) {
            addTo("rate", byRate, rate, sums);
            addTo("scale", byScale, scale, sums);
            addTo("shape", byShape, shape, sums);
            addTo("amplitude", byAmplitude, amplitude, sums);
        }

        private void addTo(String name, double[] byValues, double[] values, Gradients sums) {
            Parameter parameter = layer.parameters.get(name);
            if (parameter != null) {
                addThroughSoftplus(byValues, values, sums.of(parameter));
                java.util.Arrays.fill(byValues, 0);
            }
        }
    }

    @Override
    public SDVariable define(Graph graph, SDVariable input) {
        SameDiff operations = graph.operations();
        int d = options.widths().isEmpty()
                ? graph.columns()
                : options.widths().stream().mapToInt(Integer::intValue).sum();
        SDVariable sums = activated(graph, input, d)
                .mul(operations.expandDims(graph.mask(), 2))
                .sum(1);
        if (options.pooling() == ActnetStyleAggregator.Pool.AVERAGE) {
            sums = sums.div(graph.spread(graph.mask().sum(true, 1), sums));
        }
        if (parameters.containsKey(BALANCE)) {
            List<SDVariable> scaled = new ArrayList<>();
            int from = 0;
            for (int width : options.widths()) {
                SDVariable own = operations.slice(sums, new int[] {0, from}, graph.pictures(), width);
                scaled.add(Scaling.FLOOR.define(graph, own, 1));
                from += width;
            }
            SDVariable all = operations.concat(1, scaled.toArray(new SDVariable[0]));
            sums = all.mul(graph.spread(perChannel(graph, BALANCE, d, true), all));
        }
        return options.l2() ? Scaling.FLOOR.define(graph, sums, 1) : sums;
    }

    private SDVariable activated(Graph graph, SDVariable input, int d) {
        SameDiff operations = graph.operations();
        if (options.activation() == Activation.NONE) {
            return input;
        }
        if (options.activation() == Activation.SINH || options.activation() == Activation.EXP) {
            SDVariable a = graph.spread(perChannel(graph, "rate", d, options.shared()), input);
            SDVariable x = operations.math.max(input, operations.constant(0.0));
            SDVariable argument = operations.math.min(x.mul(a), operations.constant(Activated.LARGEST));
            SDVariable value = options.activation() == Activation.SINH
                    ? operations.math.sinh(argument)
                    : operations.math.exp(argument).sub(1);
            return value.div(a);
        }
        SDVariable x = operations.math.max(input, operations.constant(Activated.SMALLEST));
        SDVariable scale = graph.spread(perChannel(graph, "scale", d, options.shared()), input);
        SDVariable shape = graph.spread(perChannel(graph, "shape", d, options.shared()), input);
        SDVariable amplitude = graph.spread(perChannel(graph, "amplitude", d, options.shared()), input);
        SDVariable logarithm = operations.math.log(x.div(scale));
        SDVariable power = operations.math.exp(logarithm.mul(shape));
        SDVariable decay = operations.math.exp(operations.math.neg(power));
        return options.activation() == Activation.WEIBULL
                ? amplitude.mul(decay.rsub(1))
                : amplitude
                        .mul(operations.math.exp(logarithm.mul(shape.sub(1))))
                        .mul(decay);
    }

    /** Numbers as 1 x channels; those of streams are repeated. */
    private SDVariable perChannel(Graph graph, String name, int d, boolean perStream) {
        SameDiff operations = graph.operations();
        Parameter parameter = java.util.Objects.requireNonNull(parameters.get(name));
        int size = parameter.values().length;
        SDVariable values = operations.reshape(operations.nn.softplus(graph.variable(parameter)), 1, size);
        if (!perStream || d == 1) {
            return values;
        }
        double[] members = new double[size * d];
        int[] streams = streams(d);
        for (int j = 0; j < d; j++) {
            members[streams[j] * d + j] = 1;
        }
        return operations.mmul(values, graph.constant(members, size, d), false, false, false);
    }

    @Override
    public ComponentSpec.Part spec() {
        return part.parameters().containsKey(WEIGHTS) ? States.with(part, WEIGHTS, GivenArrays.nameOf(arrays())) : part;
    }

    @Override
    public ComponentState state() {
        return ComponentState.ofArrays(arrays());
    }

    private Map<String, FloatMatrix> arrays() {
        Map<String, FloatMatrix> arrays = new TreeMap<>();
        for (String name : parameters.keySet()) {
            double[] values = values(name);
            arrays.put(name, States.matrix(values, values.length));
        }
        return arrays;
    }
}
