package org.retrieval4j.aggregation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.AggregatorContract;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.fixtures.Fixture;
import org.retrieval4j.storage.NpyFile;

class NetVladAggregatorTest extends AggregatorContract {
    private final Fixture fixture = Fixture.of("netvlad");

    @Override
    protected String spec() {
        return "netvlad(clusters=5)";
    }

    @Nested
    class FirstInitialization extends AggregatorContract {
        @Override
        protected String spec() {
            return "netvlad(clusters=4,init=v1,flatten=channel-major)";
        }
    }

    @Nested
    class Given extends AggregatorContract {
        @Override
        protected String spec() {
            return "netvlad(assignment=w.npy,bias=b.npy,centers=c.npy,centers-sign=negative,pre-l2=false)";
        }

        @Override
        protected BuildContext context(List<ImageFeatures> sample) {
            return fixture.context().withImages(sample);
        }

        @Override
        protected int width() {
            return 8;
        }

        @Override
        protected boolean learns() {
            return false;
        }
    }

    private NetVladAggregator netvlad(String parameters, BuildContext context) {
        return (NetVladAggregator) Components.load()
                .create(Aggregator.class, "netvlad(assignment=w.npy,centers=c.npy" + parameters + ")", context);
    }

    /** Map b of batch x channels x height x width as cells x channels. */
    private FloatMatrix cells(int b) {
        double[] x = fixture.doubles("x");
        float[] cells = new float[15 * 8];
        for (int channel = 0; channel < 8; channel++) {
            for (int cell = 0; cell < 15; cell++) {
                cells[cell * 8 + channel] = (float) x[(b * 8 + channel) * 15 + cell];
            }
        }
        return FloatMatrix.of(15, 8, cells);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                ",bias=b.npy; bias_out",
                ",bias=b.npy,flatten=channel-major; bias_out_channel_major",
                ",flatten=cluster-major; nobias_out",
                ",bias=b.npy,pre-l2=false; bias_nol2in_out",
                ",bias=b.npy,intra=false; nointra_out",
                ",bias=b.npy,intra=false,l2=false; rawgrad_out",
                ",bias=b.npy,residual=c-minus-x,intra-axis=clusters; hfnet_out",
            })
    void agreesWithTheReference(String parameters, String expected) {
        try (NetVladAggregator netvlad = netvlad(parameters, fixture.context())) {
            for (int b = 0; b < 2; b++) {
                Fixture.assertWithinFloatTolerance(
                        netvlad.aggregate(ImageFeatures.ofDescriptors(cells(b))), fixture.row(expected, b));
            }
        }
    }

    @Test
    void theOracleAgreesToDoublePrecision() {
        double[] x = fixture.doubles("x");
        for (int b = 0; b < 2; b++) {
            double[] cells = new double[15 * 8];
            double[] assignments = new double[15 * 6];
            for (int cell = 0; cell < 15; cell++) {
                double square = 0;
                for (int j = 0; j < 8; j++) {
                    cells[cell * 8 + j] = x[(b * 8 + j) * 15 + cell];
                    square += cells[cell * 8 + j] * cells[cell * 8 + j];
                }
                double sum = 0;
                for (int j = 0; j < 8; j++) {
                    cells[cell * 8 + j] /= Math.sqrt(square);
                }
                for (int c = 0; c < 6; c++) {
                    double logit = fixture.doubles("b")[c];
                    for (int j = 0; j < 8; j++) {
                        logit += fixture.row("w", c)[j] * cells[cell * 8 + j];
                    }
                    assignments[cell * 6 + c] = Math.exp(logit);
                    sum += assignments[cell * 6 + c];
                }
                for (int c = 0; c < 6; c++) {
                    assignments[cell * 6 + c] /= sum;
                }
            }
            VladOracle oracle = new VladOracle(cells, fixture.doubles("c"), assignments, 6, 8);
            Fixture.assertClose(oracle.flags(1).encode(), fixture.row("bias_out", b), 1e-12);
            Fixture.assertClose(oracle.flags(0).encode(), fixture.row("nointra_out", b), 1e-12);
            Fixture.assertClose(oracle.flags(4).encode(), fixture.row("rawgrad_out", b), 1e-12);
        }
    }

    @Test
    void givenWeightsGiveTheSameVector() {
        double[] transposed = fixture.doubles("bias_assign");
        try (NetVladAggregator netvlad = netvlad(",bias=b.npy", fixture.context())) {
            for (int b = 0; b < 2; b++) {
                float[] weights = new float[15 * 6];
                for (int i = 0; i < weights.length; i++) {
                    weights[i] = (float) transposed[b * 90 + i % 6 * 15 + i / 6];
                }
                Fixture.assertWithinFloatTolerance(
                        netvlad.aggregate(cells(b), FloatMatrix.of(15, 6, weights)), fixture.row("bias_out", b));
            }
        }
    }

    @Test
    void centersOfEitherSignAreTheSameAggregator(@TempDir Path directory) throws IOException {
        double[] negative = fixture.doubles("c");
        for (int i = 0; i < negative.length; i++) {
            negative[i] = -negative[i];
        }
        NpyFile.write(directory.resolve("negative.npy"), negative, 6, 8);
        String file = directory.resolve("negative.npy").toString();
        try (NetVladAggregator positive = netvlad("", fixture.context());
                Aggregator turned = Components.load()
                        .create(
                                Aggregator.class,
                                "netvlad(assignment=w.npy,centers-sign=negative,centers=\"" + file + "\")",
                                fixture.context())) {
            assertThat(turned.spec()).isEqualTo(positive.spec());
            assertThat(turned.fingerprint()).isEqualTo(positive.fingerprint());
        }
    }

    @Test
    void bothInitializationsAgree() {
        NetVladInitialization v1 =
                NetVladInitialization.v1(fixture.matrix("init_clusters"), fixture.matrix("init_desc"));
        NetVladInitialization v2 =
                NetVladInitialization.v2(fixture.matrix("init_clusters"), fixture.matrix("init_desc"));
        assertRelative(v1.assignment(), fixture.doubles("init_v1_w"));
        assertRelative(v2.assignment(), fixture.doubles("init_v2_w"));
        assertRelative(v2.bias(), fixture.doubles("init_v2_b"));
        assertThat(v1.bias().toArray()).containsOnly(0);
    }

    private static void assertRelative(FloatMatrix actual, double[] expected) {
        Fixture.assertClose(actual.toArray(), expected, Fixture.FLOAT_TOLERANCE * Fixture.norm(expected));
    }

    @Test
    void aSharpAssignmentEqualsVlad() throws IOException {
        Random random = new Random(3);
        ImageFeatures picture = picture(random, 80);
        BuildContext sample = BuildContext.ofSample(List.of(picture(random, 90)));
        try (Aggregator netvlad =
                        Components.load().create(Aggregator.class, "netvlad(clusters=5,pre-l2=false)", sample);
                Aggregator vlad =
                        Components.load().create(Aggregator.class, "vlad(clusters=5,normalization=intra)", sample)) {
            // the same seed gives the same codebook; 1000 times sharper, softmax is the nearest center
            FloatMatrix centers = netvlad.state().array("centers");
            assertThat(vlad.state().array("codebook")).isEqualTo(centers);
            float[] sharp = netvlad.state().array("assignment").toArray();
            float[] bias = netvlad.state().array("bias").toArray();
            for (int i = 0; i < sharp.length; i++) {
                sharp[i] *= 1000;
            }
            for (int i = 0; i < bias.length; i++) {
                bias[i] *= 1000;
            }
            java.util.Map<String, FloatMatrix> arrays =
                    new java.util.TreeMap<>(netvlad.state().arrays());
            arrays.put("assignment", FloatMatrix.of(5, width(), sharp));
            arrays.put("bias", FloatMatrix.of(1, 5, bias));
            Aggregator sharpened = Components.load()
                    .open(Aggregator.class, netvlad.spec(), ComponentState.ofArrays(arrays), BuildContext.defaults());
            float[] expected = ((org.retrieval4j.api.GlobalDescriptor.Dense) vlad.aggregate(picture)).values();
            double[] doubles = new double[expected.length];
            for (int i = 0; i < doubles.length; i++) {
                doubles[i] = expected[i];
            }
            Fixture.assertClose(
                    ((org.retrieval4j.api.GlobalDescriptor.Dense) sharpened.aggregate(picture)).values(),
                    doubles,
                    1e-3);
            sharpened.close();
        }
    }

    @Test
    void tellsWhatIsMissingOrDoesNotFit() {
        BuildContext context = fixture.context();
        assertRefused("netvlad(clusters=0)", context, "clusters must be at least 1, got 0");
        assertRefused("netvlad", context, "sample pictures");
        assertRefused("netvlad(centers=c.npy)", context, "together");
        assertRefused("netvlad(bias=b.npy)", context, "bias is given");
        assertRefused("netvlad(init=v1,pre-l2=false)", context, "pre-l2=true");
        assertRefused("netvlad(assignment=w.npy,centers=init_desc.npy)", context, "50 x 8", "6 x 8");
        assertRefused("netvlad(assignment=w.npy,centers=c.npy,clusters=7)", context, "clusters must be 6", "got 7");
        BuildContext sample = context.withImages(List.of(picture(new Random(1), 20)));
        assertRefused("netvlad(clusters=1)", sample, "at least 2 centers");
    }

    private static void assertRefused(String spec, BuildContext context, String... parts) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Components.load().create(Aggregator.class, spec, context))
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }
}
