package org.retrieval4j.aggregation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.AggregatorContract;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.fixtures.Fixture;

class VladAggregatorTest extends AggregatorContract {
    @Override
    protected String spec() {
        return "vlad(clusters=6,normalization=intra)";
    }

    @Nested
    class WithEveryStep extends AggregatorContract {
        @Override
        protected String spec() {
            return "vlad(clusters=4,residual-normalization=true,lcs=true,mass=true,power=0.2)";
        }
    }

    @Nested
    class WithGivenCodebook extends AggregatorContract {
        @Override
        protected String spec() {
            return "vlad(codebook=centres.npy,adapted-codebook=adapted_centres.npy,lcs=lcs_basis.npy)";
        }

        @Override
        protected BuildContext context(List<ImageFeatures> sample) {
            return Fixture.of("vlad").context().withImages(sample);
        }

        @Override
        protected boolean learns() {
            return false;
        }
    }

    private static Aggregator made(String spec, BuildContext context) {
        return Components.load().create(Aggregator.class, spec, context);
    }

    private BuildContext sample(int features) {
        return BuildContext.ofSample(List.of(picture(new Random(1), features)));
    }

    @Test
    void writesTheShorthandOutInItsSpec() {
        try (Aggregator vlad = made(spec(), sample(50))) {
            assertThat(vlad.spec())
                    .hasToString("vlad(clusters=6,residual-normalization=false,lcs=false,mass=false,power=1,"
                            + "intra=true,l2=true)");
        }
    }

    @Test
    void namesGivenArraysByTheirContent() {
        try (Aggregator vlad =
                made("vlad(codebook=centres.npy)", Fixture.of("vlad").context())) {
            assertThat(vlad.spec().first().parameters().get("codebook")).matches("sha256:[0-9a-f]{16}");
            assertThat(vlad.spec().first().parameters()).containsEntry("clusters", "8");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> made(vlad.spec().toString(), BuildContext.defaults()))
                    .withMessageContaining("sha256:");
        }
    }

    @Test
    void tellsWhatIsMissingOrDoesNotFit() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> made("vlad", BuildContext.defaults()))
                .withMessageContaining("sample pictures");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> made("vlad(clusters=64)", sample(10)))
                .withMessageContaining("64 clusters")
                .withMessageContaining("10");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> made("vlad(clusters=0)", sample(10)))
                .withMessage("vlad: clusters must be at least 1, got 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> made("vlad(normalization=intra,power=0.5)", sample(10)))
                .withMessageContaining("not both");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> made("vlad(adapted-codebook=adapted_centres.npy)", sample(10)))
                .withMessageContaining("codebook");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> made(
                        "vlad(codebook=centres.npy,clusters=9)",
                        Fixture.of("vlad").context()))
                .withMessageContaining("clusters must be 8")
                .withMessageContaining("got 9");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> made(
                        "vlad(codebook=centres.npy,lcs=centres.npy)",
                        Fixture.of("vlad").context()))
                .withMessageContaining("lcs=centres.npy")
                .withMessageContaining("3 dimensions");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> made(
                        "vlad(codebook=centres.npy,lcs=true)",
                        Fixture.of("vlad")
                                .context()
                                .withImages(List.of(ImageFeatures.ofDescriptors(FloatMatrix.of(1, 5, new float[5]))))))
                .withMessageContaining("16")
                .withMessageContaining("5");
    }

    @Test
    void refusesUseAfterClose() {
        Aggregator vlad = made(spec(), sample(50));
        ImageFeatures picture = picture(new Random(2), 5);
        vlad.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> vlad.aggregate(picture))
                .withMessage("vlad is closed");
    }

    @Test
    void refusesAssignmentsThatDoNotFit() {
        try (AssignableAggregator vlad = (AssignableAggregator) made(spec(), sample(50))) {
            FloatMatrix x = picture(new Random(2), 2).descriptors();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> vlad.aggregate(x, new int[] {0}))
                    .withMessageContaining("1 for 2");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> vlad.aggregate(x, new int[] {0, 6}))
                    .withMessage("assignment 1 must be 0 to 5, got 6");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> vlad.aggregate(x, FloatMatrix.of(2, 5, new float[10])))
                    .withMessageContaining("2 x 6")
                    .withMessageContaining("2 x 5");
            assertThatIllegalArgumentException()
                    .isThrownBy(() ->
                            vlad.aggregate(x, FloatMatrix.of(2, 6, new float[] {0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0})))
                    .withMessageContaining("(1, 1)");
        }
    }
}
