package org.retrieval4j.aggregation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
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
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.learning.GaussianMixture;

class FisherAggregatorTest extends AggregatorContract {
    private final Fixture fixture = Fixture.of("fisher");
    private final double[] x = fixture.doubles("x");

    @Override
    protected String spec() {
        return "fisher(components=5,improved=true)";
    }

    @Nested
    class Fast extends AggregatorContract {
        @Override
        protected String spec() {
            return "fisher(components=3,fast=true)";
        }
    }

    private FisherAggregator fisher(String weights, String parameters) {
        return (FisherAggregator) Components.load()
                .create(
                        Aggregator.class,
                        "fisher(weights=" + weights + ".npy,means=means.npy,variances=covariances.npy" + parameters
                                + ")",
                        fixture.context());
    }

    private FisherOracle oracle(String weights) {
        return new FisherOracle(fixture.doubles(weights), fixture.doubles("means"), fixture.doubles("covariances"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void agreesForEveryFlag(int flags) {
        double[] expected = fixture.row("fisher_by_flags", flags);
        Fixture.assertClose(oracle("priors").encode(x, flags), expected, 1e-11);
        String parameters =
                ",square-root=" + ((flags & 1) != 0) + ",l2=" + ((flags & 2) != 0) + ",fast=" + ((flags & 4) != 0);
        try (FisherAggregator fisher = fisher("priors", parameters)) {
            Fixture.assertWithinFloatTolerance(
                    fisher.aggregate(ImageFeatures.ofDescriptors(fixture.matrix("x"))), expected);
        }
    }

    @Test
    void improvedIsSquareRootAndL2() {
        try (FisherAggregator improved = fisher("priors", ",improved=true");
                FisherAggregator longhand = fisher("priors", ",square-root=true,l2=true");
                FisherAggregator plain = fisher("priors", ",improved=false")) {
            assertThat(improved.spec()).isEqualTo(longhand.spec());
            Fixture.assertWithinFloatTolerance(
                    improved.aggregate(ImageFeatures.ofDescriptors(fixture.matrix("x"))),
                    fixture.doubles("fisher_f32_improved"));
            Fixture.assertWithinFloatTolerance(
                    plain.aggregate(ImageFeatures.ofDescriptors(fixture.matrix("x"))),
                    fixture.row("fisher_by_flags", 0));
        }
    }

    @Test
    void aComponentThatIsTooRareIsLeftOut() {
        double[] expected = fixture.doubles("fisher_priors_tiny");
        Fixture.assertClose(oracle("priors_tiny").encode(x, 0), expected, 1e-11);
        try (FisherAggregator fisher = fisher("priors_tiny", "")) {
            Fixture.assertWithinFloatTolerance(
                    fisher.aggregate(ImageFeatures.ofDescriptors(fixture.matrix("x"))), expected);
        }
    }

    @Test
    void posteriorsAgreeNearAndFar() {
        GaussianMixture.Posteriors posteriors = new GaussianMixture(
                        fixture.array("priors").toRowMatrix(), fixture.matrix("means"), fixture.matrix("covariances"))
                .posteriors();
        for (String name : List.of("", "_far")) {
            double[] expected = fixture.doubles("posteriors" + name);
            double likelihood = fixture.doubles("loglik" + name)[0];
            double[] plain = new double[expected.length];
            assertThat(oracle("priors").posteriors(fixture.doubles("x" + name), 0, plain))
                    .isCloseTo(likelihood, within(1e-8 * Math.abs(likelihood)));
            Fixture.assertClose(plain, expected, 1e-11);

            FloatMatrix rows = fixture.matrix("x" + name);
            double[] actual = new double[expected.length];
            double sum = 0;
            for (int i = 0; i < rows.rows(); i++) {
                double[] row = new double[4];
                sum += posteriors.of(rows, i, row);
                System.arraycopy(row, 0, actual, 4 * i, 4);
            }
            Fixture.assertClose(actual, expected, Fixture.FLOAT_TOLERANCE);
            assertThat(sum).isCloseTo(likelihood, within(Fixture.FLOAT_TOLERANCE * Math.abs(likelihood)));
        }
    }

    /** Enough descriptors for sums in float; spread tells how far components lie apart, far where some descriptors lie. */
    @ParameterizedTest
    @CsvSource({"0.3, 0", "2, 0", "2, 60", "2, 1e4", "40, 0"})
    void manyDescriptorsAgreeWithDouble(double spread, double far) {
        int n = 1300;
        int k = 5;
        int d = 7;
        Random random = new Random(4);
        double[] weights = {0.3, 0.2, 5e-7, 0.25, 0.2499995};
        double[] means = new double[k * d];
        double[] variances = new double[k * d];
        for (int i = 0; i < k * d; i++) {
            means[i] = (float) (10 + spread * random.nextGaussian());
            variances[i] = (float) (0.5 + random.nextDouble());
        }
        double[] values = new double[n * d];
        for (int i = 0; i < n; i++) {
            int c = random.nextInt(k);
            for (int j = 0; j < d; j++) {
                values[i * d + j] = (float) (far > 0 && i % 400 == 7 ? far : means[c * d + j] + random.nextGaussian());
            }
        }
        double[] expected = new FisherOracle(weights, means, variances).encode(values, 0);
        ComponentState state = ComponentState.ofArrays(Map.of(
                "weights", matrix(1, k, weights), "means", matrix(k, d, means), "variances", matrix(k, d, variances)));
        for (String kernel : List.of("scalar", "auto")) {
            try (FisherAggregator fisher = new FisherAggregator.Provider()
                    .open(
                            FisherAggregator.Options.defaults().withComponents(k),
                            state,
                            BuildContext.defaults().withKernel(kernel))) {
                float[] actual = ((GlobalDescriptor.Dense)
                                fisher.aggregate(ImageFeatures.ofDescriptors(matrix(n, d, values))))
                        .values();
                double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
                for (int i = 0; i < actual.length; i++) {
                    assertThat((double) actual[i]).isCloseTo(expected[i], within(1e-5 * largest));
                }
            }
        }
    }

    private static FloatMatrix matrix(int rows, int columns, double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return FloatMatrix.of(rows, columns, floats);
    }

    @Test
    void givenPosteriorsGiveTheSameVector() {
        try (FisherAggregator fisher = fisher("priors", "")) {
            Fixture.assertWithinFloatTolerance(
                    fisher.aggregate(fixture.matrix("x"), fixture.matrix("posteriors")),
                    fixture.row("fisher_by_flags", 0));
            double[] posteriors = fixture.doubles("posteriors");
            int[] best = new int[80];
            for (int i = 0; i < 80; i++) {
                for (int c = 1; c < 4; c++) {
                    best[i] = posteriors[4 * i + c] > posteriors[4 * i + best[i]] ? c : best[i];
                }
            }
            Fixture.assertWithinFloatTolerance(
                    fisher.aggregate(fixture.matrix("x"), best), fixture.row("fisher_by_flags", 4));
        }
    }

    @Test
    void expectationMaximizationAgreesWithTheReference() {
        double[] train = fixture.doubles("gmm_train");
        double[] likelihoods = fixture.doubles("gmm_loglik_trace");
        FisherOracle oracle = new FisherOracle(
                fixture.doubles("gmm_init_priors"), fixture.doubles("gmm_init_means"), fixture.doubles("gmm_init_cov"));
        double[] posteriors = new double[600 * 4];
        for (int iteration = 0; iteration < 10; iteration++) {
            assertThat(oracle.posteriors(train, 0, posteriors))
                    .isCloseTo(likelihoods[iteration], within(1e-8 * Math.abs(likelihoods[iteration])));
            oracle.maximize(train, posteriors);
            double[] row = fixture.row("gmm_params_trace", iteration);
            Fixture.assertClose(oracle.weights, Arrays.copyOfRange(row, 0, 4), 1e-8);
            Fixture.assertClose(oracle.means, Arrays.copyOfRange(row, 4, 44), 1e-8);
            Fixture.assertClose(oracle.variances, Arrays.copyOfRange(row, 44, 84), 1e-8);
        }
        GaussianMixture.Result result = GaussianMixture.em(
                fixture.matrix("gmm_train"),
                new GaussianMixture(
                        fixture.array("gmm_init_priors").toRowMatrix(),
                        fixture.matrix("gmm_init_means"),
                        fixture.matrix("gmm_init_cov")),
                10,
                BuildContext.defaults());
        assertThat(result.logLikelihoods()).hasSize(11);
        for (int i = 0; i < 11; i++) {
            assertThat(result.logLikelihoods().get(i))
                    .isCloseTo(likelihoods[i], within(1e-6 * Math.abs(likelihoods[i])));
        }
        double[] last = fixture.row("gmm_params_trace", 9);
        Fixture.assertClose(result.mixture().weights().toArray(), Arrays.copyOfRange(last, 0, 4), 1e-5);
        Fixture.assertClose(result.mixture().means().toArray(), Arrays.copyOfRange(last, 4, 44), 1e-5);
        Fixture.assertClose(result.mixture().variances().toArray(), Arrays.copyOfRange(last, 44, 84), 1e-5);
    }

    @Test
    void trainingEndsWithoutVariancesOfZero() {
        float[] values = new float[60 * 3];
        Random random = new Random(1);
        for (int i = 0; i < 60; i++) {
            values[3 * i] = i % 4; // four values, so that a component can sit on one
            values[3 * i + 1] = 5; // no variance at all
            values[3 * i + 2] = (float) random.nextGaussian();
        }
        GaussianMixture mixture = GaussianMixture.train(
                        FloatMatrix.of(60, 3, values),
                        GaussianMixture.Options.of(4, 1),
                        KernelCatalog.of(BuildContext.defaults()),
                        BuildContext.defaults())
                .mixture();
        for (float variance : mixture.variances().toArray()) {
            assertThat(variance).isGreaterThan(0);
        }
        float sum = 0;
        for (float weight : mixture.weights().toArray()) {
            sum += weight;
        }
        assertThat(sum).isCloseTo(1, within(1e-6f));
    }

    @Test
    void tellsWhatIsMissingOrDoesNotFit() {
        BuildContext context = fixture.context();
        assertRefused("fisher(components=0)", context, "components must be at least 1, got 0");
        assertRefused("fisher", context, "sample pictures");
        assertRefused("fisher(means=means.npy)", context, "together");
        assertRefused("fisher(improved=true,l2=true)", context, "not both");
        String arrays = "weights=priors.npy,means=means.npy,variances=";
        assertRefused("fisher(" + arrays + "x.npy)", context, "4 x 10", "80 x 10");
        assertRefused("fisher(" + arrays + "covariances.npy,components=5)", context, "components must be 4", "got 5");
    }

    private static void assertRefused(String spec, BuildContext context, String... parts) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Components.load().create(Aggregator.class, spec, context))
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }
}
