package org.retrieval4j.nd4j.training;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Component;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Transform;

/** What every layer must fulfil. */
final class Checks {
    private static final Components COMPONENTS = Components.load();

    private Checks() {}

    /** Loss Σ gradient · output of layers over a batch, with its gradients. */
    record Outcome(Rows output, Gradients parameters, double[] input) {}

    /** Layers of a spec with given arrays in double, which float would round. */
    static List<Layer> layers(String spec, Map<String, double[][]> arrays) {
        Map<String, FloatMatrix> state = new TreeMap<>();
        arrays.forEach((name, rows) -> state.put(name, matrix(rows)));
        return layers(spec, ComponentState.ofArrays(state));
    }

    static List<Layer> layers(String spec, ComponentState state) {
        try {
            return Layers.load(Checks.class.getClassLoader()).layers(canonical(ComponentSpec.parse(spec)), state);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ComponentSpec canonical(ComponentSpec spec) {
        return COMPONENTS.names(kind(spec)).contains(spec.first().name())
                ? COMPONENTS.canonical(kind(spec), spec)
                : spec;
    }

    private static Class<? extends Component> kind(ComponentSpec spec) {
        return COMPONENTS.names(Transform.class).contains(spec.first().name()) ? Transform.class : Aggregator.class;
    }

    static FloatMatrix matrix(double[][] rows) {
        float[][] values = new float[rows.length][];
        for (int i = 0; i < rows.length; i++) {
            values[i] = new float[rows[i].length];
            for (int j = 0; j < rows[i].length; j++) {
                values[i][j] = (float) rows[i][j];
            }
        }
        return FloatMatrix.ofRows(values);
    }

    /** Sets a parameter to exact values. */
    static void set(List<Layer> layers, String parameter, double[] values) {
        double[] own = parameter(layers, parameter).values();
        System.arraycopy(values, 0, own, 0, own.length);
    }

    static Parameter parameter(List<Layer> layers, String name) {
        return layers.stream()
                .flatMap(layer -> layer.parameters().stream())
                .filter(parameter -> parameter.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** Pictures of different sizes, their values normally distributed; all are maps. */
    static Rows ragged(int columns, long seed, Grid... grids) {
        int[] starts = new int[grids.length + 1];
        List<Optional<Grid>> shapes = new ArrayList<>();
        for (int i = 0; i < grids.length; i++) {
            starts[i + 1] = starts[i] + grids[i].rows() * grids[i].columns();
            shapes.add(Optional.of(grids[i]));
        }
        Random random = new Random(seed);
        double[] values = new double[starts[grids.length] * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextGaussian();
        }
        return new Rows(values, columns, starts, shapes);
    }

    /** Pictures of one size. */
    static Rows maps(double[] values, int columns, int pictures, Grid grid) {
        int[] starts = new int[pictures + 1];
        for (int i = 0; i <= pictures; i++) {
            starts[i] = i * grid.rows() * grid.columns();
        }
        return new Rows(values, columns, starts, Collections.nCopies(pictures, Optional.of(grid)));
    }

    static Outcome byHand(List<Layer> layers, Rows input, double[] gradient) {
        List<Layer.Pass> passes = new ArrayList<>();
        Rows current = input;
        for (Layer layer : layers) {
            Layer.Pass pass = layer.forward(current);
            passes.add(pass);
            current = pass.output();
        }
        Gradients gradients = new Gradients(parameters(layers));
        double[] behind = gradient;
        for (int i = passes.size() - 1; i >= 0; i--) {
            behind = requireNonNull(passes.get(i).backward(behind, gradients, true));
        }
        return new Outcome(current, gradients, behind);
    }

    static Outcome bySameDiff(List<Layer> layers, Rows input, double[] gradient) {
        SameDiffHead head = SameDiffHead.of(layers);
        Layer.Pass pass = head.forward(input);
        Gradients gradients = new Gradients(head.parameters());
        double[] byInput = requireNonNull(pass.backward(gradient, gradients, true));
        return new Outcome(pass.output(), gradients, byInput);
    }

    static List<Parameter> parameters(List<Layer> layers) {
        return layers.stream().flatMap(layer -> layer.parameters().stream()).toList();
    }

    static double[] random(int size, long seed) {
        return new Random(seed).doubles(size, -1, 1).toArray();
    }

    /** The pass by hand and SameDiff's are equal on pictures of different sizes. */
    static void enginesAgree(List<Layer> layers, Rows input) {
        int size = byHandOutput(layers, input).values().length;
        double[] gradient = random(size, 5);
        Outcome hand = byHand(layers, input, gradient);
        Outcome graph = bySameDiff(layers, input, gradient);
        Fixture.assertClose(graph.output.values(), hand.output.values(), 1e-10 * largest(hand.output.values()));
        for (Parameter parameter : parameters(layers)) {
            double[] expected = hand.parameters.of(parameter);
            Fixture.assertClose(graph.parameters.of(parameter), expected, 1e-8 * largest(expected));
        }
        Fixture.assertClose(graph.input, hand.input, 1e-8 * largest(hand.input));
    }

    static Rows byHandOutput(List<Layer> layers, Rows input) {
        Rows current = input;
        for (Layer layer : layers) {
            current = layer.forward(current).output();
        }
        return current;
    }

    private static double largest(double[] values) {
        double largest = 1e-3;
        for (double value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    /** Gradients are slopes. */
    static void gradientsAreSlopes(List<Layer> layers, Rows input) {
        double[] gradient = random(byHandOutput(layers, input).values().length, 6);
        Outcome outcome = byHand(layers, input, gradient);
        for (Parameter parameter : parameters(layers)) {
            Slopes.assertSlopes(
                    parameter.values(),
                    outcome.parameters.of(parameter),
                    () -> dot(byHandOutput(layers, input).values(), gradient));
        }
        Slopes.assertSlopes(
                input.values(),
                outcome.input,
                () -> dot(byHandOutput(layers, input).values(), gradient));
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /** The component that layers make gives what they give, and makes layers of the same numbers. */
    static void componentAgrees(List<Layer> layers, Rows input) throws IOException {
        List<ComponentSpec.Part> parts = new ArrayList<>();
        ComponentState state = ComponentState.EMPTY;
        for (Layer layer : layers) {
            int index = parts.size();
            parts.add(layer.spec());
            state = layers.size() == 1 ? layer.state() : state.with(index + "/", layer.state());
        }
        ComponentSpec spec = new ComponentSpec(parts);
        try (Component component = COMPONENTS.open(kind(spec), spec, state, BuildContext.defaults())) {
            org.assertj.core.api.Assertions.assertThat(component.spec()).isEqualTo(spec);
            List<GlobalDescriptor> vectors = component instanceof Aggregator aggregator
                    ? aggregator.aggregateAll(pictures(input))
                    : ((Transform) component).applyAll(descriptors(input));
            Rows output = byHandOutput(layers, input);
            for (int i = 0; i < input.pictures(); i++) {
                double[] expected = States.rows(output.values(), output.columns(), i, i + 1);
                double[] actual = States.doubles(matrixOf(vectors.get(i)));
                Fixture.assertClose(actual, expected, 1e-5 * Scaling.length(expected, 0, expected.length));
            }
            List<Layer> again = Layers.load(Checks.class.getClassLoader()).layers(component.spec(), component.state());
            double[] before = output.values();
            Fixture.assertClose(byHandOutput(again, input).values(), before, 1e-6 * largest(before));
        }
    }

    private static FloatMatrix matrixOf(GlobalDescriptor descriptor) {
        float[] values = ((GlobalDescriptor.Dense) descriptor).values();
        return FloatMatrix.of(1, values.length, values);
    }

    private static List<ImageFeatures> pictures(Rows input) {
        List<ImageFeatures> pictures = new ArrayList<>();
        for (int i = 0; i < input.pictures(); i++) {
            FloatMatrix descriptors = States.matrix(
                    States.rows(input.values(), input.columns(), input.starts()[i], input.starts()[i + 1]),
                    input.columns());
            Optional<Grid> grid = input.grids().get(i);
            pictures.add(
                    grid.isPresent()
                            ? ImageFeatures.ofMap(grid.get(), descriptors)
                            : ImageFeatures.ofDescriptors(descriptors));
        }
        return pictures;
    }

    private static List<GlobalDescriptor> descriptors(Rows input) {
        List<GlobalDescriptor> descriptors = new ArrayList<>();
        for (int i = 0; i < input.pictures(); i++) {
            descriptors.add(new GlobalDescriptor.Dense(
                    States.matrix(States.rows(input.values(), input.columns(), i, i + 1), input.columns())
                            .toArray()));
        }
        return descriptors;
    }
}
