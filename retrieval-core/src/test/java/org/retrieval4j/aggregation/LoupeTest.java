package org.retrieval4j.aggregation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.AggregatorContract;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.fixtures.Fixture;
import org.retrieval4j.storage.ComponentFile;
import org.retrieval4j.storage.NpyFile;

/** The NetVLAD family keeps the contract and agrees with LOUPE. */
class LoupeTest {
    private static final String W = "assignment=w.npy,layout=channels-first,flatten=channel-major";
    private static final String NORM = ",batch-norm=bn.npy";
    private static final String BIAS = ",bias=cluster_bias.npy";
    private static final String MEANS = ",centers=c.npy";
    private static final String SPREAD = ",centers=c.npy,covariance=covar_param.npy";

    private final Fixture fixture = Fixture.of("loupe");

    @Nested
    class Rvlad extends AggregatorContract {
        @Override
        protected String spec() {
            return "net-rvlad(clusters=5)";
        }
    }

    @Nested
    class Dbow extends AggregatorContract {
        @Override
        protected String spec() {
            return "net-dbow(clusters=5,pre-l2=true,init=v1)";
        }
    }

    @Nested
    class FisherVector extends AggregatorContract {
        @Override
        protected String spec() {
            return "net-fv(clusters=5)";
        }
    }

    @Nested
    class Ghosts extends AggregatorContract {
        @Override
        protected String spec() {
            return "netvlad(clusters=5,ghost=2)";
        }
    }

    @Nested
    class GivenFisherVector extends AggregatorContract {
        @Override
        protected String spec() {
            return "net-fv(" + W + NORM + SPREAD + ")";
        }

        @Override
        protected BuildContext context(List<ImageFeatures> sample) {
            return fixture.context();
        }

        @Override
        protected int width() {
            return 6;
        }

        @Override
        protected boolean learns() {
            return false;
        }
    }

    private ImageFeatures picture(int b) {
        double[] x = fixture.doubles("x");
        float[] values = new float[9 * 6];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) x[b * values.length + i];
        }
        return ImageFeatures.ofDescriptors(FloatMatrix.of(9, 6, values));
    }

    private Aggregator made(String spec) {
        return Components.load().create(Aggregator.class, spec, fixture.context());
    }

    private void assertAgrees(String spec, String expected) {
        try (Aggregator aggregator = made(spec)) {
            for (int b = 0; b < 2; b++) {
                Fixture.assertWithinFloatTolerance(aggregator.aggregate(picture(b)), fixture.row(expected, b));
            }
        }
    }

    @Test
    void netVladAgrees() {
        assertAgrees("netvlad(pre-l2=false," + W + NORM + MEANS + ")", "netvlad_pooled");
        assertAgrees("netvlad(pre-l2=false," + W + BIAS + MEANS + ")", "netvlad_nobn_pooled");
    }

    @Test
    void netRvladAgrees() {
        assertAgrees("net-rvlad(" + W + NORM + ")", "netrvlad_pooled");
        assertAgrees("net-rvlad(" + W + BIAS + ")", "netrvlad_nobn_pooled");
    }

    @Test
    void netDbowAgrees() {
        String w = W.replace(",flatten=channel-major", "");
        assertAgrees("net-dbow(" + w + NORM + ")", "softdbow_pooled");
        assertAgrees("net-dbow(" + w + BIAS + ")", "softdbow_nobn_pooled");
    }

    @Test
    void netFvAgrees() {
        assertAgrees("net-fv(" + W + NORM + SPREAD + ")", "netfv_pooled");
        assertAgrees("net-fv(" + W + BIAS + SPREAD + ")", "netfv_nobn_pooled");
    }

    @Test
    void oneFileOfAllArraysIsTheSameAggregator(@TempDir Path directory) throws IOException {
        fixture.npz(
                directory.resolve("layer.npz"),
                Map.of("assignment", "w", "batch_norm", "bn", "centers", "c", "covariance", "covar_param"));
        String file = "\"" + directory.resolve("layer.npz") + "\"";
        try (Aggregator files = made("net-fv(" + W + NORM + SPREAD + ")");
                Aggregator one = made("net-fv(layout=channels-first,flatten=channel-major,weights=" + file + ")");
                Aggregator entries =
                        made(("net-fv(layout=channels-first,flatten=channel-major,assignment=F:assignment\","
                                        + "batch-norm=F:batch_norm\",centers=F:centers\",covariance=F:covariance\")")
                                .replace("F", file.substring(0, file.length() - 1)))) {
            assertThat(one.spec()).isEqualTo(files.spec());
            assertThat(one.fingerprint()).isEqualTo(files.fingerprint());
            assertThat(entries.fingerprint()).isEqualTo(files.fingerprint());
            assertThat(one.spec().toString()).contains("sha256:").doesNotContain("layer");
        }
        assertRefused("net-rvlad(weights=" + file + ")", "has an array \"centers\"", "assignment, bias, batch-norm");
        assertRefused(
                "netvlad(assignment=" + file.replace(".npz\"", ".npz:w\"") + ",centers=c.npy)",
                "has no array \"w\"",
                "assignment, batch_norm, centers, covariance");
    }

    @Test
    void trainedDeviationsMayBeGivenAsTheyAre(@TempDir Path directory) throws IOException {
        double[] sigma = fixture.doubles("covar_param");
        for (int i = 0; i < sigma.length; i++) {
            sigma[i] = sigma[i] * sigma[i] + 1e-6;
        }
        NpyFile.write(directory.resolve("sigma.npy"), sigma, 6, 5);
        String file = "\"" + directory.resolve("sigma.npy") + "\"";
        assertAgrees("net-fv(" + W + NORM + MEANS + ",deviations=" + file + ")", "netfv_pooled");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "netvlad(clusters=4,ghost=1)",
                "net-rvlad(clusters=4)",
                "net-dbow(clusters=4)",
                "net-fv(clusters=4)"
            })
    void openingWhatWasSavedIsTheSame(String spec, @TempDir Path directory) throws IOException {
        BuildContext sample = BuildContext.ofSample(List.of(random(1, 60), random(2, 60)));
        ImageFeatures query = random(3, 40);
        try (Aggregator made = Components.load().create(Aggregator.class, spec, sample)) {
            ComponentFile.save(Aggregator.class, made, directory.resolve("a"));
            try (Aggregator opened = ComponentFile.open(
                    Aggregator.class, directory.resolve("a"), Components.load(), BuildContext.defaults())) {
                assertThat(opened.aggregate(query)).isEqualTo(made.aggregate(query));
            }
        }
    }

    private static ImageFeatures random(long seed, int n) {
        Random random = new Random(seed);
        float[] values = new float[n * 8];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian() + i / 8 % 4;
        }
        return ImageFeatures.ofDescriptors(FloatMatrix.of(n, 8, values));
    }

    /** A ghost that takes nearly all leaves the others' sums scaled down, and itself no values. */
    @Test
    void theMassOfGhostsIsDropped() throws IOException {
        BuildContext sample = BuildContext.ofSample(List.of(random(1, 90)));
        try (Aggregator plain =
                Components.load().create(Aggregator.class, "netvlad(clusters=4,intra=false,l2=false)", sample)) {
            FloatMatrix w = plain.state().array("assignment");
            FloatMatrix b = plain.state().array("bias");
            Map<String, FloatMatrix> arrays = new TreeMap<>(plain.state().arrays());
            arrays.put("assignment", FloatMatrix.concat(List.of(w, FloatMatrix.of(1, 8, new float[8]))));
            for (float ghost : new float[] {-1000, 0, 1000}) {
                float[] biases = java.util.Arrays.copyOf(b.toArray(), 5);
                biases[4] = ghost;
                arrays.put("bias", FloatMatrix.of(1, 5, biases));
                Aggregator haunted = Components.load()
                        .open(
                                Aggregator.class,
                                org.retrieval4j.api.ComponentSpec.parse(
                                        "netvlad(clusters=4,ghost=1,intra=false,l2=false)"),
                                ComponentState.ofArrays(arrays),
                                BuildContext.defaults());
                float[] values = values(haunted.aggregate(random(5, 50)));
                double size = norm(values) / norm(values(plain.aggregate(random(5, 50))));
                assertThat(values).hasSize(32);
                if (ghost < 0) {
                    assertThat(size).isEqualTo(1);
                } else if (ghost > 0) {
                    assertThat(size).isEqualTo(0);
                } else {
                    assertThat(size).isGreaterThan(0).isLessThan(1);
                }
            }
        }
    }

    private static float[] values(GlobalDescriptor descriptor) {
        return ((GlobalDescriptor.Dense) descriptor).values();
    }

    private static double norm(float[] values) {
        double square = 0;
        for (float value : values) {
            square += (double) value * value;
        }
        return Math.sqrt(square);
    }

    @Test
    void learnedDeviationsAreThoseOfTheClusters() {
        try (Aggregator made = Components.load()
                .create(Aggregator.class, "net-fv(clusters=4)", BuildContext.ofSample(List.of(random(1, 2000))))) {
            assertThat(made.state().arrays()).containsOnlyKeys("assignment", "bias", "centers", "deviations");
            for (float sigma : made.state().array("deviations").toArray()) {
                assertThat(sigma).isBetween(0.7f, 1.3f);
            }
        }
    }

    /** Squares of values about 30 and what is taken off them again nearly cancel; against plain loops in double. */
    @Test
    void theSecondOrderOfDescriptorsFarFromZeroIsExact() throws IOException {
        int n = 200;
        int k = 4;
        int d = 16;
        Random random = new Random(11);
        float[] descriptors = about30(n * d, random);
        float[] centers = about30(k * d, random);
        float[] deviations = new float[k * d];
        float[] assignment = new float[k * d];
        float[] bias = new float[k];
        for (int i = 0; i < k * d; i++) {
            deviations[i] = 0.2f + 0.2f * random.nextFloat();
            assignment[i] = 4 * (centers[i] - 30);
            bias[i / d] -= (centers[i] - 30) * (centers[i] - 30) * 2 + assignment[i] * 30;
        }
        double[] expected = new double[2 * k * d];
        for (int i = 0; i < n; i++) {
            double[] share = new double[k];
            double sum = 0;
            for (int c = 0; c < k; c++) {
                share[c] = bias[c];
                for (int j = 0; j < d; j++) {
                    share[c] += (double) assignment[c * d + j] * descriptors[i * d + j];
                }
                share[c] = Math.exp(share[c]);
                sum += share[c];
            }
            for (int at = 0; at < k * d; at++) {
                double u = ((double) descriptors[i * d + at % d] - centers[at]) / deviations[at];
                expected[at] += share[at / d] / sum * u;
                expected[k * d + at] += share[at / d] / sum * (u * u - 1);
            }
        }
        for (int half = 0; half < 2; half++) {
            double square = 0;
            for (int i = half * k * d; i < (half + 1) * k * d; i++) {
                square += expected[i] * expected[i];
            }
            for (int i = half * k * d; i < (half + 1) * k * d; i++) {
                expected[i] /= Math.sqrt(square);
            }
        }
        ComponentState state = ComponentState.ofArrays(Map.of(
                "assignment", FloatMatrix.of(k, d, assignment),
                "bias", FloatMatrix.of(1, k, bias),
                "centers", FloatMatrix.of(k, d, centers),
                "deviations", FloatMatrix.of(k, d, deviations)));
        try (Aggregator aggregator = Components.load()
                .open(
                        Aggregator.class,
                        org.retrieval4j.api.ComponentSpec.parse("net-fv(clusters=4,intra=false)"),
                        state,
                        BuildContext.defaults())) {
            Fixture.assertWithinFloatTolerance(
                    aggregator.aggregate(ImageFeatures.ofDescriptors(FloatMatrix.of(n, d, descriptors))), expected);
        }
    }

    private static float[] about30(int size, Random random) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (30 + 0.3 * random.nextGaussian());
        }
        return values;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "net-rvlad(assignment=w.npy,batch-norm=bn.npy); batch-norm must be 4 x 6, got 4 x 5",
                "net-rvlad(assignment=w.npy,layout=channels-first,bias=gate_bias.npy); bias must be 1 x 5, got 1 x 4",
                "net-dbow(assignment=w.npy,clusters=9); clusters must be 6 like the rows of the given arrays, got 9",
                "net-fv(assignment=w.npy,centers=c.npy); must be given together",
                "net-fv(assignment=w.npy,centers=c.npy,deviations=gate_w.npy,layout=channels-first); deviations must be 5 x 6, got 4 x 4",
                "net-fv(assignment=w.npy,centers=c.npy,deviations=c.npy,layout=channels-first); deviations must be above 0, got",
                "netvlad(assignment=w.npy,centers=c.npy,ghost=1); assignment must be 7 x 5, got 6 x 5",
                "net-dbow(bias=cluster_bias.npy); bias is given, so assignment must be, too",
                "net-dbow(batch-norm=bn.npy); batch-norm is given, so assignment must be, too",
                "net-dbow(assignment=w.npy,batch-norm=bn.npy,batch-norm-epsilon=-1); batch-norm-epsilon must be at least 0",
                "net-rvlad(init=v1); it needs pre-l2=true",
                "netvlad(ghost=-1); ghost must be at least 0, got -1",
                "net-fv; sample pictures",
            })
    void tellsWhatDoesNotFit(String spec, String message) {
        assertRefused(spec, message);
    }

    private void assertRefused(String spec, String... parts) {
        assertThatIllegalArgumentException().isThrownBy(() -> made(spec)).satisfies(e -> assertThat(e.getMessage())
                .contains(parts));
    }
}
