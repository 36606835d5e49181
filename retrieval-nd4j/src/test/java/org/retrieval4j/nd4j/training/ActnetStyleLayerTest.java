package org.retrieval4j.nd4j.training;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.aggregation.ActnetStyleAggregator;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.OptionsText;

class ActnetStyleLayerTest {
    private static final int CHANNELS = 5;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "actnet-style(activation=sinh)",
                "actnet-style(activation=sinh,shared=true,pooling=average,l2=false)",
                "actnet-style(activation=exp)",
                "actnet-style(activation=exp,streams=2+3,shared=true)",
                "actnet-style(activation=weibull)",
                "actnet-style(activation=weibull,shared=true,l2=false)",
                "actnet-style(activation=weibull,streams=2+3)",
                "actnet-style(activation=weibull-pdf)",
                "actnet-style(activation=weibull-pdf,pooling=average,l2=false)",
                "actnet-style(activation=none)",
                "actnet-style(activation=none,streams=2+3,l2=false)"
            })
    void gradientsAreSlopesAndTheComponentAgreesOnPicturesOfDifferentSizes(String spec) throws IOException {
        List<Layer> layers = layers(spec);
        Rows input = Checks.ragged(CHANNELS, 4, new Grid(3, 4), new Grid(1, 1), new Grid(2, 2));
        for (int i = 0; i < input.values().length; i += 3) {
            input.values()[i] = Math.abs(input.values()[i]) + 0.01;
        }
        Checks.gradientsAreSlopes(layers, input);
        Checks.enginesAgree(layers, input);
        Checks.componentAgrees(layers, input);
    }

    // above and below the floor of 1e-6, and of the clamp at a x = 30
    @ParameterizedTest
    @ValueSource(
            strings = {
                "actnet-style(activation=sinh,shared=true,l2=false)",
                "actnet-style(activation=exp,shared=true,l2=false)",
                "actnet-style(activation=weibull,shared=true,l2=false)",
                "actnet-style(activation=weibull-pdf,shared=true,l2=false)"
            })
    void gradientsAreRightBesideTheEdges(String spec) {
        double[] values = {-1, 0, 1e-9, 2e-6, 1e-4, 3.7, 9.9, 10.1, 40};
        double[] steps = {1e-3, 1e-10, 1e-10, 1e-9, 1e-8, 1e-6, 1e-6, 1e-3, 1e-3};
        List<Layer> layers = layers(spec); // a = 3: the clamp is at 10
        for (int i = 0; i < values.length; i++) {
            if (values[i] == 0 && (spec.contains("sinh") || spec.contains("exp"))) {
                continue; // a corner
            }
            Rows input = Rows.vectors(new double[] {values[i]}, 1);
            Checks.Outcome outcome = Checks.byHand(layers, input, new double[] {1});
            double slope = slope(layers, input.values(), 0, steps[i]);
            assertThat(outcome.input()[0]).as("by x = %s", values[i]).isCloseTo(slope, within(tolerance(slope)));
            for (Parameter parameter : Checks.parameters(layers)) {
                double[] by = outcome.parameters().of(parameter);
                double byParameter = slope(layers, parameter.values(), 0, 1e-5, input);
                assertThat(by[0])
                        .as("by %s at x = %s", parameter.name(), values[i])
                        .isCloseTo(byParameter, within(tolerance(byParameter)));
            }
            Checks.Outcome graph = Checks.bySameDiff(layers, input, new double[] {1});
            assertThat(graph.input()[0]).isCloseTo(outcome.input()[0], within(tolerance(slope)));
        }
    }

    private static double tolerance(double slope) {
        return 1e-5 * Math.max(1e-3, Math.abs(slope));
    }

    private static double slope(List<Layer> layers, double[] values, int i, double step) {
        return slope(layers, values, i, step, Rows.vectors(values, 1));
    }

    private static double slope(List<Layer> layers, double[] values, int i, double step, Rows input) {
        double before = values[i];
        values[i] = before + step;
        double above = Checks.byHandOutput(layers, input).values()[0];
        values[i] = before - step;
        double below = Checks.byHandOutput(layers, input).values()[0];
        values[i] = before;
        return (above - below) / (2 * step);
    }

    @Test
    void numbersStayAboveZeroAndGoBackIntoTheComponent() {
        List<Layer> layers = layers("actnet-style(activation=weibull)");
        for (String name : List.of("scale", "shape", "amplitude")) {
            Fixture.assertClose(
                    States.doubles(layers.get(0).state().array(name)),
                    requireNonNull(arrays(CHANNELS, 1).get(name))[0],
                    1e-6);
            Parameter parameter = Checks.parameter(layers, name);
            assertThat(parameter.decays()).isFalse();
            java.util.Arrays.fill(parameter.values(), -20);
            assertThat(layers.get(0).state().array(name).get(0, 0)).isPositive();
        }
    }

    @Test
    void otherWidthsAndNumbersAreRefused() {
        assertThatThrownBy(
                        () -> layers("actnet-style(streams=2+3)").get(0).forward(Checks.ragged(6, 1, new Grid(1, 1))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("actnet-style takes vectors of 5 values, got 6");
        assertThatThrownBy(() -> layers("actnet-style").get(0).forward(Checks.ragged(6, 1, new Grid(1, 1))))
                .hasMessage("actnet-style takes vectors of 5 values, got 6");
        Map<String, double[][]> arrays = arrays(CHANNELS, 1);
        requireNonNull(arrays.get("scale"))[0][2] = 0;
        assertThatThrownBy(() -> Checks.layers("actnet-style", arrays))
                .hasMessage("actnet-style: scale must be above 0, got 0.0 at 2");
    }

    private static List<Layer> layers(String spec) {
        ActnetStyleAggregator.Options options =
                OptionsText.parse(ComponentSpec.parse(spec).first(), ActnetStyleAggregator.Options.defaults());
        int streams = Math.max(1, options.widths().size());
        Map<String, double[][]> arrays = arrays(options.shared() ? streams : CHANNELS, streams);
        arrays.keySet().retainAll(options.arrays());
        return Checks.layers(spec, arrays);
    }

    private static Map<String, double[][]> arrays(int size, int streams) {
        double[][] rows = {{3, 1, 0.5, 2, 4}, {0.5, 1, 2, 0.3, 0.7}, {0.7, 1, 1.5, 2, 3}, {1, 2, 0.5, 3, 0.8}};
        Map<String, double[][]> arrays = new TreeMap<>();
        List<String> names = List.of("rate", "scale", "shape", "amplitude");
        for (int i = 0; i < names.size(); i++) {
            arrays.put(names.get(i), new double[][] {java.util.Arrays.copyOf(rows[i], size)});
        }
        arrays.put("balance", new double[][] {java.util.Arrays.copyOf(new double[] {0.4, 0.8}, streams)});
        return arrays;
    }
}
