package org.retrieval4j.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.retrieval4j.spi.ComponentProvider;

class ComponentsTest {
    /** Options without any. */
    public record None() {}

    /** A factor. */
    public record Factor(double factor) {}

    private static final class Sum implements Aggregator {
        static class Provider extends ComponentProvider<Aggregator, None> {
            Provider() {
                super(Aggregator.class, "sum", new None());
            }

            @Override
            public Aggregator create(None options, BuildContext context) {
                return new Sum();
            }
        }

        @Override
        public ComponentSpec spec() {
            return ComponentSpec.parse("sum");
        }

        @Override
        public List<GlobalDescriptor> aggregateAll(List<ImageFeatures> images) {
            List<GlobalDescriptor> sums = new ArrayList<>();
            for (ImageFeatures image : images) {
                FloatMatrix x = image.descriptors();
                float[] sum = new float[x.columns()];
                for (int i = 0; i < x.rows(); i++) {
                    for (int d = 0; d < sum.length; d++) {
                        sum[d] += x.get(i, d);
                    }
                }
                sums.add(new GlobalDescriptor.Dense(sum));
            }
            return sums;
        }
    }

    /** Scales; learns the first value of its first sample descriptor, so that order of training shows. */
    private record Scale(double factor, FloatMatrix learned) implements Transform {
        static final class Provider extends ComponentProvider<Transform, Factor> {
            Provider() {
                super(Transform.class, "scale", new Factor(2));
            }

            @Override
            public Transform create(Factor options, BuildContext context) {
                float first = ((GlobalDescriptor.Dense) context.descriptors().get(0)).values()[0];
                return new Scale(options.factor(), FloatMatrix.ofRows(new float[] {first}));
            }

            @Override
            public Transform open(Factor options, ComponentState state, BuildContext context) {
                return new Scale(options.factor(), state.array("learned"));
            }
        }

        @Override
        public ComponentSpec spec() {
            return ComponentSpec.of(OptionsText.format("scale", new Factor(factor)));
        }

        @Override
        public ComponentState state() {
            return ComponentState.ofArrays(Map.of("learned", learned));
        }

        @Override
        public List<GlobalDescriptor> applyAll(List<? extends GlobalDescriptor> descriptors) {
            List<GlobalDescriptor> scaled = new ArrayList<>();
            for (GlobalDescriptor descriptor : descriptors) {
                float[] values = ((GlobalDescriptor.Dense) descriptor).values().clone();
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) (values[i] * factor);
                }
                scaled.add(new GlobalDescriptor.Dense(values));
            }
            return scaled;
        }
    }

    private static final class OtherSum extends Sum.Provider {}

    private static final class PreferredSum extends Sum.Provider {
        @Override
        public int priority() {
            return 1;
        }
    }

    private final Components components = Components.of(List.of(new Sum.Provider(), new Scale.Provider()));
    private final ImageFeatures image =
            ImageFeatures.ofDescriptors(FloatMatrix.ofRows(new float[] {1, 2}, new float[] {3, 4}));

    @Test
    void makesAPipelineWhoseStagesLearnFromWhatStandsBefore() throws IOException {
        Aggregator pipeline = components.create(
                Aggregator.class, "sum | scale(factor=10) | scale", BuildContext.ofSample(List.of(image)));

        assertThat(pipeline.aggregate(image)).isEqualTo(new GlobalDescriptor.Dense(new float[] {80, 120}));
        assertThat(pipeline.spec()).hasToString("sum | scale(factor=10) | scale(factor=2)");
        assertThat(pipeline.state().array("1/learned").get(0, 0)).isEqualTo(4);
        assertThat(pipeline.state().array("2/learned").get(0, 0)).isEqualTo(40);

        Aggregator opened =
                components.open(Aggregator.class, pipeline.spec(), pipeline.state(), BuildContext.defaults());
        assertThat(opened.aggregate(image)).isEqualTo(pipeline.aggregate(image));
        assertThat(opened.fingerprint()).isEqualTo(pipeline.fingerprint());
    }

    @Test
    void tellsWhatIsThereWhenANameIsMissing() {
        assertThatExceptionOfType(ComponentNotFoundException.class)
                .isThrownBy(() -> components.create(Aggregator.class, "vlad"))
                .withMessage("no Aggregator named \"vlad\"; available: sum;"
                        + " is the JAR that provides it on the class path?");
        assertThatExceptionOfType(ComponentNotFoundException.class)
                .isThrownBy(() -> components.create(Index.class, "flat"))
                .withMessageContaining("available: none");
    }

    @Test
    void refusesTwoProvidersOfOneNameUnlessOneIsPreferred() {
        assertThatIllegalStateException()
                .isThrownBy(() -> Components.of(List.of(new Sum.Provider(), new OtherSum())))
                .withMessageContaining(Sum.Provider.class.getName())
                .withMessageContaining(OtherSum.class.getName());
        assertThat(Components.of(List.of(new Sum.Provider(), new PreferredSum()))
                        .providers())
                .singleElement()
                .isInstanceOf(PreferredSum.class);
    }

    @Test
    void takesAKernelInEverySpecWithoutMakingItPartOfTheIdentity() {
        assertThat(components.create(Aggregator.class, "sum(kernel=scalar)").spec())
                .hasToString("sum");
        assertThat(components.canonical(Aggregator.class, ComponentSpec.parse("sum(kernel=scalar) | scale")))
                .hasToString("sum | scale(factor=2)");
    }

    @Test
    void fingerprintsTellSamplesApart() {
        ImageFeatures other = ImageFeatures.ofDescriptors(FloatMatrix.ofRows(new float[] {5, 6}));
        Aggregator one = components.create(Aggregator.class, "sum | scale", BuildContext.ofSample(List.of(image)));
        Aggregator two = components.create(Aggregator.class, "sum | scale", BuildContext.ofSample(List.of(other)));

        assertThat(one.spec()).isEqualTo(two.spec());
        assertThat(one.fingerprint()).isNotEqualTo(two.fingerprint());
    }

    @Test
    void refusesStagesWhereTheyMeanNothing() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> components.create(Index.class, "flat | scale"))
                .withMessageContaining("one part");
    }
}
