package org.retrieval4j.aggregation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.AggregatorContract;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.fixtures.Fixture;
import org.retrieval4j.storage.ComponentFile;

class ActnetStyleAggregatorTest extends AggregatorContract {
    @Override
    protected String spec() {
        return "actnet-style(streams=6+10)";
    }

    @Nested
    class HyperbolicSine extends AggregatorContract {
        @Override
        protected String spec() {
            return "actnet-style(activation=sinh)";
        }
    }

    @Nested
    class SharedExponential extends AggregatorContract {
        @Override
        protected String spec() {
            return "actnet-style(activation=exp,shared=true,pooling=average,l2=false)";
        }

        @Override
        protected boolean hasFixedWidth() {
            return false;
        }
    }

    @Nested
    class Plain extends AggregatorContract {
        @Override
        protected String spec() {
            return "actnet-style(activation=none)";
        }

        @Override
        protected boolean hasFixedWidth() {
            return false;
        }

        @Override
        protected boolean learns() {
            return false;
        }
    }

    private static FloatMatrix row(double... values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return FloatMatrix.of(1, floats.length, floats);
    }

    private static Aggregator open(String spec, Map<String, FloatMatrix> arrays) throws IOException {
        return Components.load()
                .open(
                        Aggregator.class,
                        ComponentSpec.parse(spec),
                        ComponentState.ofArrays(arrays),
                        BuildContext.defaults());
    }

    private static final FloatMatrix MAP = FloatMatrix.ofRows(
            new float[] {0, 0.5f, 3}, new float[] {1, 0, -2}, new float[] {0.25f, 4, 7}, new float[] {2, 1, 0.125f});

    private static float[] pooled(Aggregator aggregator, FloatMatrix map) {
        return ((GlobalDescriptor.Dense) aggregator.aggregate(ImageFeatures.ofDescriptors(map))).values();
    }

    private static double[] sums(DoubleUnaryOperator... activations) {
        double[] sums = new double[3];
        for (int i = 0; i < MAP.rows(); i++) {
            for (int j = 0; j < 3; j++) {
                sums[j] += activations[j].applyAsDouble(MAP.get(i, j));
            }
        }
        return sums;
    }

    private static void assertSums(String spec, Map<String, FloatMatrix> arrays, DoubleUnaryOperator... activations)
            throws IOException {
        try (Aggregator aggregator = open(spec, arrays)) {
            double[] expected = sums(activations);
            Fixture.assertClose(pooled(aggregator, MAP), expected, 1e-6 * Fixture.norm(expected));
        }
    }

    @Test
    void eachChannelHasTheActivationOfItsParameters() throws IOException {
        assertSums(
                "actnet-style(activation=sinh,l2=false)",
                Map.of("rate", row(0.5, 1, 2)),
                x -> Math.sinh(0.5 * x) / 0.5,
                Math::sinh,
                x -> x < 0 ? 0 : Math.sinh(2 * x) / 2);
        assertSums(
                "actnet-style(activation=exp,l2=false)",
                Map.of("rate", row(0.5, 1, 2)),
                x -> (Math.exp(0.5 * x) - 1) / 0.5,
                x -> Math.exp(x) - 1,
                x -> x < 0 ? 0 : (Math.exp(2 * x) - 1) / 2);
        Map<String, FloatMatrix> weibull =
                Map.of("scale", row(0.5, 1, 2), "shape", row(1, 0.5, 3), "amplitude", row(1, 2, 3));
        assertSums(
                "actnet-style(activation=weibull,l2=false)",
                weibull,
                x -> 1 - Math.exp(-2 * Math.max(1e-6, x)),
                x -> 2 - 2 * Math.exp(-Math.sqrt(Math.max(1e-6, x))),
                x -> 3 - 3 * Math.exp(-Math.pow(Math.max(1e-6, x) / 2, 3)));
        assertSums(
                "actnet-style(activation=weibull-pdf,l2=false)",
                weibull,
                x -> Math.exp(-2 * Math.max(1e-6, x)),
                x -> 2 / Math.sqrt(Math.max(1e-6, x)) * Math.exp(-Math.sqrt(Math.max(1e-6, x))),
                x -> 3 * Math.pow(Math.max(1e-6, x) / 2, 2) * Math.exp(-Math.pow(Math.max(1e-6, x) / 2, 3)));
        assertSums(
                "actnet-style(activation=sinh,shared=true,l2=false)",
                Map.of("rate", row(0.5)),
                x -> Math.sinh(0.5 * x) / 0.5,
                x -> Math.sinh(0.5 * x) / 0.5,
                x -> x < 0 ? 0 : Math.sinh(0.5 * x) / 0.5);
        assertSums("actnet-style(activation=none,l2=false)", Map.of(), x -> x, x -> x, x -> x);
    }

    /** sinh(a x) / a tends to x where a tends to 0, and so does the Weibull's where s = λ is large. */
    @Test
    void activationsThatAreNearlyLinearPoolTheAverage() throws IOException {
        FloatMatrix positive = FloatMatrix.ofRows(new float[] {1, 2, 0}, new float[] {3, 0, 5});
        Map<String, Map<String, FloatMatrix>> linear = Map.of(
                "sinh", Map.of("rate", row(1e-4, 1e-4, 1e-4)),
                "exp", Map.of("rate", row(1e-6, 1e-6, 1e-6)),
                "weibull", Map.of("scale", row(1e6, 1e6, 1e6), "shape", row(1, 1, 1), "amplitude", row(1e6, 1e6, 1e6)));
        try (Aggregator average = Components.load().create(Aggregator.class, "spoc(l2=false)")) {
            for (Map.Entry<String, Map<String, FloatMatrix>> entry : linear.entrySet()) {
                try (Aggregator activated = open(
                        "actnet-style(pooling=average,l2=false,activation=" + entry.getKey() + ")", entry.getValue())) {
                    assertThat(pooled(activated, positive)).containsExactly(pooled(average, positive), within(2e-5f));
                }
            }
        }
    }

    @Test
    void strongValuesDoNotOverflow() throws IOException {
        FloatMatrix strong = FloatMatrix.ofRows(new float[] {1e30f}, new float[] {31});
        for (String activation : List.of("sinh", "exp")) {
            try (Aggregator clamped =
                    open("actnet-style(l2=false,activation=" + activation + ")", Map.of("rate", row(1)))) {
                double each = activation.equals("sinh") ? Math.sinh(30) : Math.exp(30) - 1;
                assertThat(pooled(clamped, strong)).containsExactly((float) (2 * each));
            }
        }
    }

    @Test
    void streamsAreScaledByThemselvesAndBalanced() throws IOException {
        try (Aggregator streams =
                open("actnet-style(activation=none,streams=2+1,l2=false)", Map.of("balance", row(0.25, 0.5)))) {
            double[] sums = sums(x -> x, x -> x, x -> x);
            double length = Math.hypot(sums[0], sums[1]);
            assertThat(pooled(streams, MAP))
                    .containsExactly(
                            new float[] {(float) (0.25 * sums[0] / length), (float) (0.25 * sums[1] / length), 0.5f},
                            within(1e-6f));
        }
    }

    @Test
    void parametersStartFromTheSample() {
        Random random = new Random(4);
        float[] values = new float[1000 * 3];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 3 == 2 ? 10 * random.nextFloat() : Math.max(0, random.nextFloat() - 0.5f);
        }
        BuildContext sample =
                BuildContext.ofSample(List.of(ImageFeatures.ofDescriptors(FloatMatrix.of(1000, 3, values))));
        try (Aggregator weibull = Components.load().create(Aggregator.class, "actnet-style(streams=2+1)", sample);
                Aggregator sinh = Components.load()
                        .create(Aggregator.class, "actnet-style(activation=sinh,shared=true,streams=2+1)", sample);
                Aggregator density = Components.load()
                        .create(Aggregator.class, "actnet-style(activation=weibull-pdf,shared=true)", sample)) {
            float[] scale = weibull.state().array("scale").toArray();
            assertThat(scale).hasSize(3).containsExactly(new float[] {0.25f, 0.25f, 5}, within(0.3f));
            assertThat(scale[0]).isEqualTo(scale[1]).isCloseTo(0.25f, within(0.02f));
            assertThat(weibull.state().array("shape").toArray()).containsExactly(1, 1, 1);
            assertThat(weibull.state().array("amplitude").toArray()).containsExactly(1, 1, 1);
            assertThat(weibull.state().array("balance").toArray()).containsExactly(0.5f, 0.5f);
            float[] rate = sinh.state().array("rate").toArray();
            assertThat(rate).hasSize(2);
            assertThat((double) rate[0]).isCloseTo(1 / 0.49, within(0.05));
            assertThat((double) rate[1]).isCloseTo(1 / 9.9, within(0.005));
            assertThat(density.state().array("shape").toArray()).containsExactly(2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sinh", "exp", "weibull", "weibull-pdf", "none"})
    void openingWhatWasSavedIsTheSame(String activation, @TempDir Path directory) throws IOException {
        String spec = "actnet-style(streams=6+10,activation=" + activation + ")";
        ImageFeatures query = picture(new Random(3), 30);
        try (Aggregator made = Components.load()
                .create(Aggregator.class, spec, BuildContext.ofSample(List.of(picture(new Random(1), 50))))) {
            ComponentFile.save(Aggregator.class, made, directory.resolve("a"));
            try (Aggregator opened = ComponentFile.open(
                    Aggregator.class, directory.resolve("a"), Components.load(), BuildContext.defaults())) {
                assertThat(opened.aggregate(query)).isEqualTo(made.aggregate(query));
            }
        }
    }

    @Test
    void parametersComeFromAFile(@TempDir Path directory) throws IOException {
        Fixture solar = Fixture.of("solar"); // any positive numbers
        solar.npz(directory.resolve("p.npz"), Map.of("rate", "bnf_var"));
        BuildContext context = BuildContext.defaults().withBaseDirectory(directory);
        try (Aggregator given =
                Components.load().create(Aggregator.class, "actnet-style(activation=exp,weights=p.npz)", context)) {
            assertThat(given.state().array("rate"))
                    .isEqualTo(solar.array("bnf_var").toRowMatrix());
            assertThat(given.spec().toString()).contains("weights=").contains("sha256:");
        }
        assertRefused("actnet-style(weights=p.npz)", context, "has an array \"rate\"; known: scale, shape, amplitude");
        assertRefused(
                "actnet-style(activation=exp,streams=2+3,weights=p.npz)",
                context,
                "must have an array \"balance\"; it has: rate");
        Map<String, String> two = new HashMap<>(Map.of("rate", "bnf_var", "balance", "bv"));
        solar.npz(directory.resolve("q.npz"), two);
        assertRefused(
                "actnet-style(activation=exp,streams=2+3,weights=q.npz)", context, "rate must be 1 x 5, got 1 x 4");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "actnet-style(streams=6+11); streams must have 16 channels together, as the sample, got 17",
                "actnet-style(streams=6+); streams must be numbers of channels like 256+512, got",
                "actnet-style(streams=0+16); streams must be numbers of channels like 256+512, got",
                "actnet-style(activation=relu); activation must be one of none, sinh, exp, weibull, weibull-pdf",
            })
    void tellsWhatDoesNotFit(String spec, String message) {
        assertRefused(spec, BuildContext.ofSample(List.of(picture(new Random(1), 5))), message);
    }

    @Test
    void tellsWhatParametersOrSamplesItCannotTake() {
        assertRefused("actnet-style", BuildContext.defaults(), "give sample pictures, or weights=FILE.npz");
        BuildContext dead = BuildContext.ofSample(
                List.of(ImageFeatures.ofDescriptors(FloatMatrix.of(2, 2, new float[] {1, 0, 2, 0}))));
        assertRefused("actnet-style(streams=1+1)", dead, "must have positive values, got none in channels 1 to 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> open("actnet-style(activation=sinh)", Map.of("rate", row(1, 0, 1))))
                .withMessageContaining("rate must be above 0, got 0.0 at 1");
    }

    private static void assertRefused(String spec, BuildContext context, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Components.load().create(Aggregator.class, spec, context))
                .withMessageContaining(message);
    }
}
