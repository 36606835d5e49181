package org.retrieval4j.nd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.Grid;

class PoolingLayersTest {
    private static final int CHANNELS = 12;
    private static final int DEAD = 3;

    private final Fixture fixture = Fixture.of("pooling");

    @ParameterizedTest
    @CsvSource({
        "'gem(p=3,l2=false)', gem3",
        "'gem(p=1,l2=false)', gem1",
        "'gem(p=4.7,l2=false)', gem47",
        "'gem(p=3)', gem3_l2n",
        "'gem(exponents=given,l2=false)', gemmp",
        "'mac(l2=false)', mac",
        "'spoc(l2=false)', spoc"
    })
    void valuesAndGradientsOfBothEnginesAreTheReferences(String spec, String name) {
        List<Layer> layers = layers(spec);
        Rows input = map();
        double[] gradient = fixture.doubles("g");
        for (Checks.Outcome outcome :
                List.of(Checks.byHand(layers, input, gradient), Checks.bySameDiff(layers, input, gradient))) {
            Fixture.assertClose(outcome.output().values(), fixture.doubles(name), 1e-11);
            double[] byInput = outcome.input();
            if (name.equals("mac")) { // all values of the dead channel tie
                for (int i = DEAD; i < byInput.length; i += CHANNELS) {
                    byInput[i] = 0;
                }
            }
            Fixture.assertClose(byInput, fixture.transposed(name + "_dx", CHANNELS, 70), 1e-9);
            if (name.startsWith("gem") && !name.endsWith("l2n")) {
                Parameter p = Checks.parameters(layers).get(0);
                Fixture.assertClose(outcome.parameters().of(p), fixture.doubles(name + "_dp"), 1e-9);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'rmac(levels=1,l2=false)', rmac_L1",
        "'rmac(levels=2,l2=false)', rmac_L2",
        "'rmac(l2=false)', rmac_L3",
        "rmac, rmac_L3_l2",
        "'crow(l2=false)', crow",
        "crow, crow_l2",
        "'spoc(center-prior=true,l2=false)', spoc_prior_sum"
    })
    void valuesOfBothEnginesAreTheReferences(String spec, String name) {
        List<Layer> layers = layers(spec);
        double[] gradient = fixture.doubles("g");
        // the references of these two have no 1e-6 beside the last norm
        double tolerance = spec.equals("rmac") || spec.equals("crow") ? 1e-7 : 1e-11;
        Fixture.assertClose(Checks.byHand(layers, map(), gradient).output().values(), fixture.doubles(name), tolerance);
        Fixture.assertClose(
                Checks.bySameDiff(layers, map(), gradient).output().values(), fixture.doubles(name), tolerance);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gem",
                "gem(p=1.5,epsilon=0.3,l2=false)",
                "gem(exponents=given)",
                "mac",
                "mac(l2=false)",
                "rmac",
                "rmac(levels=2,l2=false)",
                "spoc",
                "spoc(center-prior=true)",
                "crow",
                "crow(l2=false)"
            })
    void gradientsAreSlopesAndTheComponentAgreesOnPicturesOfDifferentSizes(String spec) throws IOException {
        List<Layer> layers = layers(spec);
        Rows input = Checks.ragged(CHANNELS, 9, new Grid(4, 6), new Grid(2, 2), new Grid(5, 3), new Grid(1, 1));
        for (int i = 0; i < input.values().length; i += 2) {
            input.values()[i] = Math.abs(input.values()[i]);
        }
        Checks.gradientsAreSlopes(layers, input);
        Checks.enginesAgree(layers, input);
        Checks.componentAgrees(layers, input);
    }

    @Test
    void gemLiesBetweenAverageAndMaximum() {
        double[] average = Checks.byHandOutput(layers("spoc(l2=false)"), map()).values();
        double[] largest = Checks.byHandOutput(layers("mac(l2=false)"), map()).values();
        Fixture.assertClose(
                Checks.byHandOutput(layers("gem(p=1,l2=false)"), map()).values(), average, 1.1e-6);
        double[] steep =
                Checks.byHandOutput(layers("gem(p=300,l2=false)"), map()).values();
        for (int j = 0; j < CHANNELS; j++) {
            // the mean of 70 powers is at least a 70th of the largest
            assertThat(steep[j]).isBetween(largest[j] * Math.pow(70, -1.0 / 300) - 1e-9, largest[j] + 1.1e-6);
        }
    }

    @Test
    void exponentsGoBackIntoTheComponent() {
        List<Layer> scalar = layers("gem(p=3)");
        Checks.set(scalar, "p", new double[] {2.625});
        assertThat(scalar.get(0).spec().parameters()).containsEntry("p", "2.625");
        assertThat(scalar.get(0).state().isEmpty()).isTrue();
        Parameter p = Checks.parameters(scalar).get(0);
        assertThat(p.rate()).isEqualTo(10);
        assertThat(p.decays()).isFalse();
        List<Layer> each = layers("gem(exponents=given)");
        String before = each.get(0).spec().parameters().get("exponents");
        Checks.set(each, "exponents", new double[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
        assertThat(each.get(0).state().array("exponents").toArray()).startsWith(1, 2, 3);
        assertThat(each.get(0).spec().parameters().get("exponents"))
                .startsWith("sha256:")
                .isNotEqualTo(before);
    }

    @Test
    void impossibleExponentsAndMapsAreRefused() {
        List<Layer> gem = layers("gem(p=3)");
        Checks.set(gem, "p", new double[] {-0.1});
        assertThatThrownBy(() -> gem.get(0).forward(map()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("gem: exponents must stay above 0, got -0.1: take a smaller rate for p");
        assertThatThrownBy(() -> layers("gem(exponents=given)").get(0).forward(Checks.ragged(5, 1, new Grid(1, 1))))
                .hasMessage("gem with exponents takes vectors of 12 values, got 5");
        Rows noMap = new Rows(new double[24], 12, new int[] {0, 2}, List.of(java.util.Optional.empty()));
        assertThatThrownBy(() -> layers("rmac").get(0).forward(noMap))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("rmac needs feature maps, whose vectors are the cells of a grid; picture 0 of the batch has"
                        + " no grid");
    }

    private List<Layer> layers(String spec) {
        if (!spec.contains("given")) {
            return Checks.layers(spec, Map.of());
        }
        List<Layer> layers = Checks.layers(spec, Map.of("exponents", new double[][] {fixture.doubles("gemmp_p")}));
        Checks.set(layers, "exponents", fixture.doubles("gemmp_p"));
        return layers;
    }

    private Rows map() {
        return Checks.maps(fixture.transposed("x", CHANNELS, 70), CHANNELS, 1, new Grid(7, 10));
    }
}
