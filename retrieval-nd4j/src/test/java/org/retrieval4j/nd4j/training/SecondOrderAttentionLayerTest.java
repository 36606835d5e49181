package org.retrieval4j.nd4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.retrieval4j.aggregation.SecondOrderAttention;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Grid;

class SecondOrderAttentionLayerTest {
    private static final int CHANNELS = 8;
    private static final int M = 4;
    private static final double EPSILON = 1e-5;
    private static final List<String> LAYERS = List.of("f", "g", "h", "v");

    private final Fixture fixture = Fixture.of("solar");

    @Test
    void theBlockAndItsGradientsInBothEnginesAreTheReferences() throws IOException {
        Layers layers = Layers.of(List.of(new SecondOrderAttentionLayer.Provider(), new Unchanged()));
        Layer layer = layers.layer(
                ComponentSpec.parse("second-order-attention(aggregator=unchanged)")
                        .first(),
                state());
        setExactly(layer);
        Rows input = Checks.maps(fixture.transposed("x", CHANNELS, 12), CHANNELS, 2, new Grid(3, 4));
        double[] gradient = fixture.transposed("g", CHANNELS, 12);
        Checks.Outcome byHand = Checks.byHand(List.of(layer), input, gradient);
        check(layer, byHand);
        // the graph's vectors are not pooled, so that rows of pictures stand in one
        Checks.Outcome graph = Checks.bySameDiff(List.of(layer, new Flat()), input, gradient);
        check(layer, graph);
    }

    private void check(Layer layer, Checks.Outcome outcome) {
        Fixture.assertClose(outcome.output().values(), fixture.transposed("out", CHANNELS, 12), 1e-12);
        Fixture.assertClose(outcome.input(), fixture.transposed("dx", CHANNELS, 12), 1e-10);
        for (String name : LAYERS) {
            Fixture.assertClose(of(outcome, layer, "w" + name), fixture.doubles("dw" + name), 1e-10);
            Fixture.assertClose(of(outcome, layer, "b" + name), fixture.doubles("db" + name), 1e-10);
        }
        for (String name : List.of("bnf", "bng")) {
            double[] byBeta = of(outcome, layer, name + "-beta");
            Fixture.assertClose(byBeta, fixture.doubles("d" + name + "_beta"), 1e-10);
            Fixture.assertClose(
                    Norms.byScale(of(outcome, layer, name + "-gamma"), byBeta, rows(name), EPSILON),
                    fixture.doubles("d" + name + "_gamma"),
                    1e-10);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gem", "spoc(l2=false)", "netvlad(clusters=3)", "crow"})
    void enginesAndTheComponentAgreeOnPicturesOfDifferentSizes(String inner) throws IOException {
        Map<String, FloatMatrix> arrays = new TreeMap<>(state().arrays());
        if (inner.startsWith("netvlad")) {
            arrays.put("aggregator/assignment", States.matrix(Checks.random(3 * CHANNELS, 1), CHANNELS));
            arrays.put("aggregator/bias", States.matrix(Checks.random(3, 2), 3));
            arrays.put("aggregator/centers", States.matrix(Checks.random(3 * CHANNELS, 3), CHANNELS));
        }
        List<Layer> layers =
                Checks.layers("second-order-attention(aggregator=" + inner + ")", ComponentState.ofArrays(arrays));
        Rows input = Checks.ragged(CHANNELS, 8, new Grid(3, 4), new Grid(1, 2), new Grid(2, 2));
        Checks.gradientsAreSlopes(layers, input);
        Checks.enginesAgree(layers, input);
        Checks.componentAgrees(layers, input);
    }

    @Test
    void theInitialBlockIsTheIdentityAndLearnsItsLastWeightsFirst() {
        ComponentState initial = SecondOrderAttention.initial(CHANNELS, M, 5);
        List<Layer> layers = Checks.layers("second-order-attention(aggregator=spoc)", initial);
        Rows input = Checks.ragged(CHANNELS, 8, new Grid(3, 4));
        Checks.Outcome outcome = Checks.byHand(layers, input, Checks.random(CHANNELS, 1));
        List<Layer> alone = Checks.layers("spoc", ComponentState.EMPTY);
        assertThat(outcome.output().values())
                .isEqualTo(Checks.byHandOutput(alone, input).values());
        assertThat(of(outcome, layers.get(0), "wf")).containsOnly(0);
        assertThat(of(outcome, layers.get(0), "wv")).doesNotContain(0);
    }

    private static double[] of(Checks.Outcome outcome, Layer layer, String parameter) {
        return outcome.parameters().of(Checks.parameter(List.of(layer), parameter));
    }

    private void setExactly(Layer layer) {
        for (String name : LAYERS) {
            Checks.set(List.of(layer), "w" + name, fixture.doubles("w" + name));
            Checks.set(List.of(layer), "b" + name, fixture.doubles("b" + name));
        }
        for (String name : List.of("bnf", "bng")) {
            Norms.set(layer, name + "-gamma", name + "-beta", rows(name), EPSILON);
        }
    }

    private double[] rows(String name) {
        double[] rows = new double[4 * M];
        int at = 0;
        for (String part : List.of("gamma", "beta", "mean", "var")) {
            System.arraycopy(fixture.doubles(name + "_" + part), 0, rows, at, M);
            at += M;
        }
        return rows;
    }

    private ComponentState state() {
        Map<String, FloatMatrix> arrays = new TreeMap<>();
        for (String name : LAYERS) {
            arrays.put("w" + name, fixture.array("w" + name).toFloatMatrix());
            arrays.put("b" + name, fixture.array("b" + name).toRowMatrix());
        }
        for (String name : List.of("bnf", "bng")) {
            for (String part : List.of("gamma", "beta", "mean", "var")) {
                arrays.put(name + "-" + part, fixture.array(name + "_" + part).toRowMatrix());
            }
        }
        return ComponentState.ofArrays(arrays);
    }

    /** Gives what it gets. */
    private static final class Unchanged implements LayerProvider, Layer {
        @Override
        public Set<String> names() {
            return Set.of("unchanged");
        }

        @Override
        public Layer layer(ComponentSpec.Part part, ComponentState state, Layers layers) {
            return this;
        }

        @Override
        public List<Parameter> parameters() {
            return List.of();
        }

        @Override
        public Pass forward(Rows input) {
            return new Pass() {
                @Override
                public Rows output() {
                    return input;
                }

                @Override
                public double @Nullable [] backward(double[] gradient, Gradients parameters, boolean wanted) {
                    return gradient;
                }
            };
        }

        @Override
        public SDVariable define(Graph graph, SDVariable input) {
            return input;
        }

        @Override
        public ComponentSpec.Part spec() {
            return new ComponentSpec.Part("unchanged", Map.of());
        }

        @Override
        public ComponentState state() {
            return ComponentState.EMPTY;
        }
    }

    /** All vectors of a picture behind each other. */
    private static final class Flat implements Layer {
        @Override
        public List<Parameter> parameters() {
            return List.of();
        }

        @Override
        public Pass forward(Rows input) {
            throw new UnsupportedOperationException();
        }

        @Override
        public SDVariable define(Graph graph, SDVariable input) {
            return graph.operations().reshape(input, graph.pictures(), graph.vectors() * graph.columns());
        }

        @Override
        public ComponentSpec.Part spec() {
            return new ComponentSpec.Part("flat", Map.of());
        }

        @Override
        public ComponentState state() {
            return ComponentState.EMPTY;
        }
    }
}
