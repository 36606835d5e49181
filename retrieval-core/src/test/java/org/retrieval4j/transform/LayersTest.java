package org.retrieval4j.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Transform;
import org.retrieval4j.api.TransformContract;
import org.retrieval4j.fixtures.Fixture;
import org.retrieval4j.storage.ComponentFile;

/** The layers of networks that stand behind aggregators keep the contract and agree with LOUPE. */
class LayersTest {
    private static final String W = "assignment=w.npy,layout=channels-first,flatten=channel-major";

    private final Fixture fixture = Fixture.of("loupe");

    @Nested
    class FullyConnected extends TransformContract {
        @Override
        protected String spec() {
            return "fully-connected(dimension=5)";
        }
    }

    @Nested
    class ContextGating extends TransformContract {
        @Override
        protected String spec() {
            return "context-gating";
        }

        @Override
        protected boolean learns() {
            return false;
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "netvlad(pre-l2=false,centers=c.npy,batch-norm=bn.npy,W); netvlad; batch-norm=gate_bn.npy; netvlad_out",
                "netvlad(pre-l2=false,centers=c.npy,bias=cluster_bias.npy,W); netvlad; bias=gate_bias.npy; netvlad_nobn_out",
                "net-rvlad(batch-norm=bn.npy,W); netvlad; batch-norm=gate_bn.npy; netrvlad_out",
                "net-fv(centers=c.npy,covariance=covar_param.npy,batch-norm=bn.npy,W); netfv; batch-norm=gate_bn.npy; netfv_out",
                "net-dbow(batch-norm=bn.npy,assignment=w.npy,layout=channels-first); softdbow; batch-norm=gate_bn.npy; softdbow_out",
            })
    void wholeNetworksAgreeWithLoupe(String aggregator, String projection, String gate, String expected) {
        String spec = aggregator.replace("W)", W + ")") + " | fully-connected(layout=input-first,l2=false,weights=fc_"
                + projection + ".npy) | context-gating(layout=input-first,weights=gate_w.npy," + gate + ")";
        try (Aggregator network = Components.load().create(Aggregator.class, spec, fixture.context())) {
            for (int b = 0; b < 2; b++) {
                float[] x = new float[54];
                for (int i = 0; i < x.length; i++) {
                    x[i] = (float) fixture.doubles("x")[b * x.length + i];
                }
                Fixture.assertWithinFloatTolerance(
                        network.aggregate(ImageFeatures.ofDescriptors(FloatMatrix.of(9, 6, x))),
                        fixture.row(expected, b));
            }
        }
    }

    @Test
    void aFullyConnectedLayerStartsAsPcaWhitening() {
        Fixture whitening = Fixture.of("whitening");
        BuildContext sample =
                BuildContext.defaults().withDescriptors(WhiteningFixtureTest.dense(whitening.matrix("x")));
        List<GlobalDescriptor> y = WhiteningFixtureTest.dense(whitening.matrix("y"));
        try (Transform layer = Components.load().create(Transform.class, "fully-connected(dimension=6)", sample);
                Transform plain =
                        Components.load().create(Transform.class, "fully-connected(dimension=6,l2=false)", sample)) {
            for (int i = 0; i < y.size(); i++) {
                Fixture.assertWithinFloatTolerance(layer.apply(y.get(i)), whitening.row("y_white_l2", i));
                Fixture.assertWithinFloatTolerance(plain.apply(y.get(i)), whitening.row("y_white", i));
            }
        }
    }

    @Test
    void aLayerFromOneFileIsThatOfSeveralAndComesBackFromItsOwn(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("gate.npz");
        fixture.npz(file, Map.of("weights", "gate_w", "batch_norm", "gate_bn"));
        GlobalDescriptor x = new GlobalDescriptor.Dense(new float[] {1, -2, 3, 0.5f});
        try (Transform several = made("context-gating(weights=gate_w.npy,batch-norm=gate_bn.npy)");
                Transform one = made("context-gating(weights=\"" + file + "\")")) {
            assertThat(one.fingerprint()).isEqualTo(several.fingerprint());
            ComponentFile.save(Transform.class, one, directory.resolve("saved"));
            try (Transform opened = ComponentFile.open(
                    Transform.class, directory.resolve("saved"), Components.load(), BuildContext.defaults())) {
                assertThat(opened.apply(x)).isEqualTo(several.apply(x));
            }
        }
    }

    @Test
    void anUntrainedGateLetsHalfOfAWeakVectorThroughAndItsSeedDecides() {
        GlobalDescriptor x = new GlobalDescriptor.Dense(new float[] {1e-4f, -2e-4f, 3e-4f});
        BuildContext context = BuildContext.defaults();
        try (Transform one = Components.load().create(Transform.class, "context-gating(dimension=3)", context);
                Transform other =
                        Components.load().create(Transform.class, "context-gating(dimension=3)", context.withSeed(7))) {
            Fixture.assertClose(
                    ((GlobalDescriptor.Dense) one.apply(x)).values(), new double[] {5e-5, -1e-4, 1.5e-4}, 1e-7);
            assertThat(one.state().array("weights")).isNotEqualTo(other.state().array("weights"));
        }
    }

    private Transform made(String spec) {
        return Components.load().create(Transform.class, spec, fixture.context());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "context-gating(weights=w.npy); weights must be d x d, got 6 x 5",
                "context-gating(weights=gate_w.npy,batch-norm=bn.npy); batch-norm must be 4 x 4, got 4 x 5",
                "context-gating(weights=gate_w.npy,bias=cluster_bias.npy); bias must be 1 x 4 for weights of 4 x 4, got 1 x 5",
                "context-gating(weights=gate_w.npy,dimension=5); dimension must be 4, the outputs of the weights, got 5",
                "context-gating(bias=gate_bias.npy); bias or batch-norm is given, so weights must be, too",
                "context-gating; must know its dimension",
                "fully-connected(weights=w.npy,bias=gate_bias.npy); bias must be 1 x 6 for weights of 6 x 5, got 1 x 4",
                "fully-connected(weights=w.npy,dimension=5); dimension must be 6, the outputs of the weights, got 5",
                "fully-connected(bias=gate_bias.npy); bias is given, so weights must be, too",
                "fully-connected(dimension=2); must learn",
                "fully-connected(weights=gate_bias.npy); must have 2 dimensions",
            })
    void tellsWhatDoesNotFit(String spec, String message) {
        assertThatIllegalArgumentException().isThrownBy(() -> made(spec)).withMessageContaining(message);
    }
}
