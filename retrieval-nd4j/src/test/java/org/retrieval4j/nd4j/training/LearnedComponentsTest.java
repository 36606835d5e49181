package org.retrieval4j.nd4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.ImageFeatures;

/** What the library makes from a sample can be trained as it is. */
class LearnedComponentsTest {
    private static final int CHANNELS = 6;

    private final Components components = Components.load();
    private final Layers layers = Layers.load(LearnedComponentsTest.class.getClassLoader());

    @ParameterizedTest
    @ValueSource(
            strings = {
                "netvlad(clusters=4)",
                "netvlad(clusters=3,ghost=1,init=v1)",
                "netvlad(clusters=4) | pca-whiten(dimension=3)",
                "netvlad(clusters=4,pre-l2=false) | pca(dimension=4) | l2",
                "net-rvlad(clusters=4) | context-gating",
                "net-dbow(clusters=4)",
                "net-fv(clusters=4) | fully-connected(dimension=5)",
                "gem",
                "gem(p=2.5,l2=false) | l2",
                "spoc(center-prior=true)",
                "mac",
                "rmac",
                "crow | l2",
                "second-order-attention(aggregator=gem) | fully-connected(dimension=3)",
                "second-order-attention(aggregator=netvlad(clusters=2))",
                "actnet-style(activation=weibull)",
                "actnet-style(activation=sinh,streams=4+2) | fully-connected(dimension=3,l2=false)"
            })
    void layersComputeWhatTheComponentDoesAndMakeItAgain(String spec) throws IOException {
        List<ImageFeatures> sample = sample();
        BuildContext context = BuildContext.ofSample(sample);
        try (Aggregator learned = components.create(Aggregator.class, spec, context)) {
            List<Layer> made = layers.layers(learned.spec(), learned.state());
            Rows output = Checks.byHandOutput(made, Rows.of(sample));
            List<GlobalDescriptor> vectors = learned.aggregateAll(sample);
            for (int i = 0; i < sample.size(); i++) {
                double[] expected = States.rows(output.values(), output.columns(), i, i + 1);
                float[] actual = ((GlobalDescriptor.Dense) vectors.get(i)).values();
                Fixture.assertClose(
                        States.doubles(FloatMatrix.of(1, actual.length, actual)),
                        expected,
                        1e-5 * Scaling.length(expected, 0, expected.length));
            }
            Checks.componentAgrees(made, Rows.of(sample));
        }
    }

    @Test
    void whatTrainingChangedHasAnotherIdentity() throws IOException {
        try (Aggregator learned =
                components.create(Aggregator.class, "netvlad(clusters=4)", BuildContext.ofSample(sample()))) {
            Layer layer = layers.layers(learned.spec(), learned.state()).get(0);
            assertThat(layer.state()).isEqualTo(learned.state());
            layer.parameters().get(0).values()[0] += 0.1;
            assertThat(layer.state()).isNotEqualTo(learned.state());
        }
    }

    private static List<ImageFeatures> sample() {
        List<ImageFeatures> sample = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            Grid grid = new Grid(3 + i % 3, 4);
            int n = grid.rows() * grid.columns();
            double[] values = Checks.random(n * CHANNELS, i);
            for (int j = 0; j < values.length; j++) {
                values[j] = Math.abs(values[j]) + 0.01 * (j % CHANNELS);
            }
            sample.add(ImageFeatures.ofMap(grid, States.matrix(values, CHANNELS)));
        }
        return sample;
    }
}
