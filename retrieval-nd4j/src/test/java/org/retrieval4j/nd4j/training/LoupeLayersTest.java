package org.retrieval4j.nd4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.Grid;

/** The layers of LOUPE, then a projection and context gating. */
class LoupeLayersTest {
    private static final int K = 5;
    private static final int D = 6;
    private static final int OUTPUTS = 4;

    private final Fixture fixture = Fixture.of("loupe");

    @ParameterizedTest
    @CsvSource({
        "netvlad, 30, netvlad",
        "net-rvlad, 30, netvlad",
        "net-dbow, 5, softdbow",
        "net-fv, 60, netfv",
    })
    void valuesAndGradientsOfBothEnginesAreTheReferences(String component, int pooled, String projection) {
        for (boolean norm : new boolean[] {true, false}) {
            String name = "loupe_" + reference(component) + (norm ? "" : "_nobn");
            List<Layer> layers = layers(component, pooled, projection, norm);
            Rows input = input();
            double[] gradient = fixture.doubles("loupe_g");
            Fixture.assertClose(
                    Checks.byHandOutput(layers.subList(0, 1), input).values(),
                    fixture.doubles(name + "_pooled"),
                    1e-12);
            for (Checks.Outcome outcome :
                    List.of(Checks.byHand(layers, input, gradient), Checks.bySameDiff(layers, input, gradient))) {
                Fixture.assertClose(outcome.output().values(), fixture.doubles(name + "_out"), 1e-12);
                Fixture.assertClose(outcome.input(), fixture.doubles(name + "_dx"), 1e-10);
                if (norm || component.equals("netvlad")) {
                    assertGradients(outcome, layers, name, pooled);
                }
            }
        }
    }

    private void assertGradients(Checks.Outcome outcome, List<Layer> layers, String name, int pooled) {
        boolean norm = !name.endsWith("nobn");
        assertGradient(outcome, layers.get(0), "assignment", fixture.transposed(name + "_dw", D, K));
        assertGradient(outcome, layers.get(1), "weights", fixture.transposed(name + "_dfc", pooled, OUTPUTS));
        assertGradient(outcome, layers.get(2), "weights", fixture.transposed(name + "_dgate_w", OUTPUTS, OUTPUTS));
        if (name.contains("netvlad") || name.contains("netfv")) {
            assertGradient(outcome, layers.get(0), "centers", fixture.transposed(name + "_dc", D, K));
        }
        if (name.contains("netfv")) {
            assertGradient(outcome, layers.get(0), "covariance", fixture.transposed(name + "_dcovar", D, K));
        }
        if (norm) {
            double[] rows = fixture.doubles(name + "_dbn");
            double[] byShift = outcome.parameters().of(Checks.parameter(layers.subList(0, 1), "batch-norm-shift"));
            double[] byScale = outcome.parameters().of(Checks.parameter(layers.subList(0, 1), "batch-norm-scale"));
            Fixture.assertClose(
                    Norms.byScale(byScale, byShift, fixture.doubles("loupe_bn"), 1e-3),
                    States.rows(rows, K, 0, 1),
                    1e-10);
            assertGradient(outcome, layers.get(0), "batch-norm-shift", States.rows(rows, K, 1, 2));
        } else {
            assertGradient(outcome, layers.get(0), "bias", fixture.doubles(name + "_dbias"));
        }
    }

    private static void assertGradient(Checks.Outcome outcome, Layer layer, String parameter, double[] expected) {
        Fixture.assertClose(outcome.parameters().of(Checks.parameter(List.of(layer), parameter)), expected, 1e-10);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "net-rvlad(clusters=5)",
                "net-rvlad(clusters=5,pre-l2=true,intra=false,flatten=channel-major)",
                "net-dbow(clusters=5)",
                "net-dbow(clusters=5,l2=false,pre-l2=true)",
                "net-fv(clusters=5)",
                "net-fv(clusters=5,pre-l2=true,intra=false)",
                "net-fv(clusters=5,l2=false,flatten=channel-major)"
            })
    void gradientsAreSlopesAndTheComponentAgrees(String spec) throws IOException {
        List<Layer> layers = Checks.layers(spec, arrays(spec.substring(0, spec.indexOf('(')), true));
        Rows input = Checks.ragged(D, 3, new Grid(2, 3), new Grid(1, 1), new Grid(2, 2));
        Checks.gradientsAreSlopes(layers, input);
        Checks.enginesAgree(layers, input);
        Checks.componentAgrees(layers, input);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fully-connected", "fully-connected(l2=false)", "context-gating"})
    void transformsAgreeWithTheirComponents(String spec) throws IOException {
        boolean gating = spec.equals("context-gating");
        Map<String, double[][]> arrays = new TreeMap<>();
        arrays.put("weights", new double[gating ? D : 3][D]);
        arrays.put("bias", new double[][] {Checks.random(gating ? D : 3, 1)});
        if (gating) {
            arrays.put("batch-norm", new double[][] {
                Checks.random(D, 2), Checks.random(D, 3), Checks.random(D, 4), {1, 2, 0, 0.5, 3, 1}
            });
        }
        List<Layer> layers = Checks.layers(spec, arrays);
        Checks.set(layers, "weights", Checks.random((gating ? D : 3) * D, 5));
        Rows input = Rows.vectors(Checks.random(4 * D, 6), D);
        Checks.gradientsAreSlopes(layers, input);
        Checks.componentAgrees(layers, input);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pca(dimension=3)", "pca-whiten(dimension=3)", "learned-whiten(dimension=3)", "l2"})
    void whatIsNotLearnedLetsGradientsThrough(String spec) throws IOException {
        Map<String, double[][]> arrays = spec.equals("l2")
                ? Map.of()
                : Map.of("mean", new double[][] {Checks.random(D, 1)}, "projection", new double[][] {
                    Checks.random(D, 2), Checks.random(D, 3), Checks.random(D, 4)
                });
        List<Layer> layers = Checks.layers(spec, arrays);
        Rows input = Rows.vectors(Checks.random(4 * D, 6), D);
        assertThat(Checks.parameters(layers)).isEmpty();
        Checks.gradientsAreSlopes(layers, input);
        Checks.componentAgrees(layers, input);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pca(dimension=4)", "pca-whiten(dimension=4)", "fully-connected", "l2"})
    void pipelinesAgreeOnPicturesOfDifferentSizes(String transform) throws IOException {
        List<Layer> layers = new java.util.ArrayList<>(Checks.layers("netvlad(clusters=5)", arrays("netvlad", true)));
        Map<String, double[][]> arrays =
                switch (transform) {
                    case "l2" -> Map.of();
                    case "fully-connected" -> Map.of("weights", matrix(4, K * D));
                    default -> Map.of("mean", matrix(1, K * D), "projection", matrix(4, K * D));
                };
        layers.addAll(Checks.layers(transform, arrays));
        Rows input = Checks.ragged(D, 3, new Grid(2, 3), new Grid(1, 1), new Grid(2, 2));
        Checks.enginesAgree(layers, input);
        Checks.gradientsAreSlopes(layers, input);
        Checks.componentAgrees(layers, input);
    }

    private static double[][] matrix(int rows, int columns) {
        double[][] matrix = new double[rows][];
        for (int i = 0; i < rows; i++) {
            matrix[i] = Checks.random(columns, i);
        }
        return matrix;
    }

    private static String reference(String component) {
        return component.equals("net-dbow") ? "softdbow" : component.replace("-", "");
    }

    private Rows input() {
        return Checks.maps(fixture.doubles("loupe_x"), D, 2, new Grid(3, 3));
    }

    private List<Layer> layers(String component, int pooled, String projection, boolean norm) {
        String options = component.equals("net-dbow") ? "" : ",flatten=channel-major";
        List<Layer> layers = new java.util.ArrayList<>(
                Checks.layers(component + "(clusters=5,pre-l2=false" + options + ")", arrays(component, norm)));
        Checks.set(layers, "assignment", fixture.transposed("loupe_w", D, K));
        if (!component.equals("net-rvlad") && !component.equals("net-dbow")) {
            Checks.set(layers, "centers", fixture.transposed("loupe_c", D, K));
        }
        if (component.equals("net-fv")) {
            Checks.set(layers, "covariance", fixture.transposed("loupe_covar_param", D, K));
        }
        if (!norm) {
            Checks.set(layers, "bias", fixture.doubles("loupe_cluster_bias"));
        }
        if (norm) {
            Norms.set(layers.get(0), "batch-norm-scale", "batch-norm-shift", fixture.doubles("loupe_bn"), 1e-3);
        }
        List<Layer> projected =
                Checks.layers("fully-connected(l2=false)", Map.of("weights", new double[OUTPUTS][pooled]));
        Checks.set(projected, "weights", fixture.transposed("loupe_fc_" + projection, pooled, OUTPUTS));
        layers.addAll(projected);
        Map<String, double[][]> gates = new TreeMap<>();
        gates.put("weights", new double[OUTPUTS][OUTPUTS]);
        if (norm) {
            gates.put("batch-norm", rows("loupe_gate_bn", OUTPUTS));
        } else {
            gates.put("bias", new double[1][OUTPUTS]);
        }
        List<Layer> gating = Checks.layers("context-gating", gates);
        Checks.set(gating, "weights", fixture.transposed("loupe_gate_w", OUTPUTS, OUTPUTS));
        if (!norm) {
            Checks.set(gating, "bias", fixture.doubles("loupe_gate_bias"));
        }
        if (norm) {
            Norms.set(gating.get(0), "batch-norm-scale", "batch-norm-shift", fixture.doubles("loupe_gate_bn"), 1e-3);
        }
        layers.addAll(gating);
        return layers;
    }

    private double[][] rows(String name, int columns) {
        double[] values = fixture.doubles(name);
        double[][] rows = new double[values.length / columns][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = States.rows(values, columns, i, i + 1);
        }
        return rows;
    }

    private Map<String, double[][]> arrays(String component, boolean norm) {
        Map<String, double[][]> arrays = new TreeMap<>();
        arrays.put("assignment", matrix(K, D));
        if (norm) {
            arrays.put("batch-norm", rows("loupe_bn", K));
        } else {
            arrays.put("bias", new double[1][K]);
        }
        if (component.equals("netvlad") || component.equals("net-fv")) {
            arrays.put("centers", matrix(K, D));
        }
        if (component.equals("net-fv")) {
            double[][] deviations = new double[K][D];
            for (double[] row : deviations) {
                java.util.Arrays.setAll(row, j -> 0.5 + 0.1 * j);
            }
            arrays.put("deviations", deviations);
        }
        return arrays;
    }
}
