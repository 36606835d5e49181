package org.retrieval4j.nd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.Grid;

class NetVladLayerTest {
    private static final int K = 6;
    private static final int D = 8;

    private final Fixture fixture = Fixture.of("netvlad");

    @ParameterizedTest
    @CsvSource({
        "bias, netvlad(clusters=6)",
        "nobias, netvlad(clusters=6)",
        "bias_nol2in, 'netvlad(clusters=6,pre-l2=false)'",
        "nointra, 'netvlad(clusters=6,intra=false)'",
        "rawgrad, 'netvlad(clusters=6,intra=false,l2=false)'"
    })
    void valuesAndGradientsOfBothEnginesAreTheReferences(String name, String spec) {
        boolean bias = !name.equals("nobias");
        List<Layer> layers = layers(spec, bias);
        Rows input = Checks.maps(fixture.transposed("x", D, 15), D, 2, new Grid(3, 5));
        double[] gradient = fixture.doubles("g");
        List<Checks.Outcome> outcomes =
                List.of(Checks.byHand(layers, input, gradient), Checks.bySameDiff(layers, input, gradient));
        for (Checks.Outcome outcome : outcomes) {
            assertThat(outcome.output().columns()).isEqualTo(K * D);
            Fixture.assertClose(outcome.output().values(), fixture.doubles(name + "_out"), 1e-12);
            Fixture.assertClose(of(outcome, layers, "assignment"), fixture.doubles(name + "_dw"), 1e-10);
            Fixture.assertClose(of(outcome, layers, "centers"), fixture.doubles(name + "_dc"), 1e-10);
            if (bias) {
                Fixture.assertClose(of(outcome, layers, "bias"), fixture.doubles(name + "_db"), 1e-10);
            }
            Fixture.assertClose(outcome.input(), fixture.transposed(name + "_dx", D, 15), 1e-10);
        }
    }

    @Test
    void channelMajorIsTheReferences() {
        List<Layer> layers = layers("netvlad(clusters=6,flatten=channel-major)", true);
        Rows input = Checks.maps(fixture.transposed("x", D, 15), D, 2, new Grid(3, 5));
        Fixture.assertClose(
                Checks.byHandOutput(layers, input).values(), fixture.doubles("bias_out_channel_major"), 1e-12);
    }

    @Test
    void hfNetsFormIsItsOutput() {
        List<Layer> layers = layers("netvlad(clusters=6,residual=c-minus-x,intra-axis=clusters)", true);
        Rows input = Checks.maps(fixture.transposed("x", D, 15), D, 2, new Grid(3, 5));
        Fixture.assertClose(Checks.byHandOutput(layers, input).values(), fixture.doubles("hfnet_out"), 1e-12);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "netvlad(clusters=4,ghost=2)",
                "netvlad(clusters=4,ghost=2,residual=c-minus-x,intra-axis=clusters)"
            })
    void ghostsAndBatchNormHaveRightGradients(String spec) throws IOException {
        Map<String, double[][]> arrays = new TreeMap<>();
        arrays.put("assignment", new double[][] {rowOf(1), rowOf(2), rowOf(3), rowOf(4), rowOf(5), rowOf(6)});
        arrays.put("bias", new double[][] {Checks.random(6, 7)});
        arrays.put("centers", new double[][] {rowOf(8), rowOf(9), rowOf(10), rowOf(11)});
        double[][] norm = {Checks.random(6, 12), Checks.random(6, 13), Checks.random(6, 14), {0.5, 1, 2, 0.01, 3, 0}};
        arrays.put("batch-norm", norm);
        List<Layer> layers = Checks.layers(spec, arrays);
        assertThat(Checks.parameters(layers))
                .extracting(Parameter::name)
                .containsExactly("assignment", "bias", "batch-norm-scale", "batch-norm-shift", "centers");
        Rows input = Checks.ragged(D, 4, new Grid(2, 3), new Grid(1, 2));
        Checks.gradientsAreSlopes(layers, input);
        Checks.enginesAgree(layers, input);
        Checks.componentAgrees(layers, input);
    }

    private static double[] rowOf(long seed) {
        return Checks.random(D, seed);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "netvlad(clusters=6)",
                "netvlad(clusters=6,flatten=channel-major)",
                "netvlad(clusters=6,intra=false,pre-l2=false)",
                "netvlad(clusters=6,intra=false,l2=false)"
            })
    void enginesAndTheComponentAgreeOnPicturesOfDifferentSizes(String spec) throws IOException {
        List<Layer> layers = layers(spec, true);
        Rows input = Checks.ragged(D, 1, new Grid(3, 5), new Grid(1, 1), new Grid(4, 2));
        Checks.enginesAgree(layers, input);
        Checks.componentAgrees(layers, input);
    }

    @Test
    void aBiasOfZerosOfTheReleasedNetworksStaysSo() {
        Map<String, double[][]> arrays = arrays(false);
        arrays.put("bias", new double[][] {new double[K]});
        List<Layer> released = Checks.layers("netvlad(clusters=6,init=v1)", arrays);
        assertThat(Checks.parameters(released)).extracting(Parameter::name).containsExactly("assignment", "centers");
        assertThat(released.get(0).state().array("bias").toArray()).containsOnly(0);
        List<Layer> papers = Checks.layers("netvlad(clusters=6)", arrays);
        assertThat(Checks.parameters(papers))
                .extracting(Parameter::name)
                .containsExactly("assignment", "bias", "centers");
    }

    @Test
    void aPictureWithoutDescriptorsHasZerosAndNoGradient() {
        List<Layer> layers = layers("netvlad(clusters=6)", true);
        Rows one = Checks.ragged(D, 2, new Grid(2, 2));
        Rows input = new Rows(
                one.values(),
                D,
                new int[] {0, 0, 4},
                List.of(java.util.Optional.empty(), one.grids().get(0)));
        double[] gradient = Checks.random(2 * K * D, 3);
        Checks.Outcome both = Checks.byHand(layers, input, gradient);
        assertThat(java.util.Arrays.copyOf(both.output().values(), K * D)).containsOnly(0);
        Checks.Outcome alone = Checks.byHand(layers, one, java.util.Arrays.copyOfRange(gradient, K * D, 2 * K * D));
        Fixture.assertClose(both.input(), alone.input(), 1e-14);
        assertThatThrownBy(() -> SameDiffHead.of(layers).forward(input))
                .hasMessage("every picture must have a vector, picture 0 has none");
    }

    @Test
    void passesThatRunAtOnceHaveTheNumbersOfThoseThatRunAlone() {
        List<Layer> layers = layers("netvlad(clusters=6)", true);
        double[] gradient = Checks.random(2 * K * D, 3);
        List<Rows> batches = java.util.stream.IntStream.range(0, 64)
                .mapToObj(i -> Checks.ragged(D, i, new Grid(3 + i % 3, 4), new Grid(2, 2)))
                .toList();
        List<Checks.Outcome> alone =
                batches.stream().map(b -> Checks.byHand(layers, b, gradient)).toList();
        List<Checks.Outcome> together = batches.parallelStream()
                .map(b -> Checks.byHand(layers, b, gradient))
                .toList();
        for (int i = 0; i < alone.size(); i++) {
            assertThat(together.get(i).output().values())
                    .isEqualTo(alone.get(i).output().values());
            assertThat(together.get(i).input()).isEqualTo(alone.get(i).input());
            for (Parameter parameter : Checks.parameters(layers)) {
                assertThat(together.get(i).parameters().of(parameter))
                        .isEqualTo(alone.get(i).parameters().of(parameter));
            }
        }
    }

    @Test
    void otherWidthsAndShapesAreRefused() {
        List<Layer> layers = layers("netvlad(clusters=6)", true);
        assertThatThrownBy(() -> layers.get(0).forward(Checks.ragged(D + 1, 1, new Grid(2, 2))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("netvlad takes vectors of 8 values, got 9");
        assertThatThrownBy(() -> Checks.layers("netvlad(clusters=5)", arrays(true)))
                .hasMessage("netvlad: assignment must be 5 x 8, got 6 x 8");
        assertThatThrownBy(() -> Checks.layers("bow", Map.of()))
                .hasMessageStartingWith("\"bow\" cannot be trained; what can: ");
    }

    private static double[] of(Checks.Outcome outcome, List<Layer> layers, String parameter) {
        return outcome.parameters().of(Checks.parameter(layers, parameter));
    }

    private List<Layer> layers(String spec, boolean bias) {
        List<Layer> layers = Checks.layers(spec, arrays(bias));
        Checks.set(layers, "assignment", fixture.doubles("w"));
        Checks.set(layers, "centers", fixture.doubles("c"));
        if (bias) {
            Checks.set(layers, "bias", fixture.doubles("b"));
        }
        return layers;
    }

    private Map<String, double[][]> arrays(boolean bias) {
        Map<String, double[][]> arrays = new TreeMap<>();
        arrays.put("assignment", new double[K][D]);
        arrays.put("centers", new double[K][D]);
        if (bias) {
            arrays.put("bias", new double[][] {fixture.doubles("b")});
        }
        return arrays;
    }
}
