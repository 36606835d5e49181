package org.retrieval4j.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.api.Transform;
import org.retrieval4j.spi.ComponentProvider;

class ComponentFileTest {
    private static final Components COMPONENTS =
            Components.of(List.of(new Provider(), new FileAggregator.Provider(), new Shift.Provider()));
    private static final ImageFeatures QUERY = ImageFeatures.ofDescriptors(FloatMatrix.ofRows(new float[] {5}));

    private final Path folder;

    ComponentFileTest(@TempDir Path folder) {
        this.folder = folder;
    }

    /**
     * Options of the test's aggregator.
     *
     * @param scale is multiplied
     */
    public record Options(double scale) {}

    /** Learns a mean; has a file beside it. */
    private record Mean(Options options, ComponentState state) implements Aggregator {
        @Override
        public ComponentSpec spec() {
            return ComponentSpec.of(OptionsText.format("mean", options));
        }

        @Override
        public List<GlobalDescriptor> aggregateAll(List<ImageFeatures> images) {
            List<GlobalDescriptor> all = new ArrayList<>();
            for (ImageFeatures image : images) {
                float value =
                        image.descriptors().get(0, 0) - state.array("mean").get(0, 0);
                all.add(new GlobalDescriptor.Dense(new float[] {(float) options.scale * value}));
            }
            return all;
        }
    }

    private static final class Provider extends ComponentProvider<Aggregator, Options> {
        Provider() {
            super(Aggregator.class, "mean", new Options(1));
        }

        @Override
        public Aggregator create(Options options, BuildContext context) {
            FloatMatrix first = context.images().get(0).descriptors();
            Path network = context.resolve("network.bin");
            Map<String, Path> files = Files.exists(network) ? Map.of("network", network) : Map.of();
            return new Mean(options, new ComponentState(Map.of("mean", first), files));
        }

        @Override
        public Aggregator open(Options options, ComponentState state, BuildContext context) {
            return new Mean(options, state);
        }
    }

    private record Shift(FloatMatrix by) implements Transform {
        private static final class Provider extends ComponentProvider<Transform, Options> {
            Provider() {
                super(Transform.class, "shift", new Options(1));
            }

            @Override
            public Transform create(Options options, BuildContext context) {
                GlobalDescriptor.Dense first =
                        (GlobalDescriptor.Dense) context.descriptors().get(1);
                return new Shift(FloatMatrix.ofRows(first.values()));
            }

            @Override
            public Transform open(Options options, ComponentState state, BuildContext context) {
                return new Shift(state.array("by"));
            }
        }

        @Override
        public ComponentSpec spec() {
            return ComponentSpec.parse("shift(scale=1)");
        }

        @Override
        public ComponentState state() {
            return ComponentState.ofArrays(Map.of("by", by));
        }

        @Override
        public List<GlobalDescriptor> applyAll(List<? extends GlobalDescriptor> descriptors) {
            List<GlobalDescriptor> all = new ArrayList<>();
            for (GlobalDescriptor descriptor : descriptors) {
                float value = ((GlobalDescriptor.Dense) descriptor).values()[0];
                all.add(new GlobalDescriptor.Dense(new float[] {value + by.get(0, 0)}));
            }
            return all;
        }
    }

    private BuildContext sample(float... values) {
        List<ImageFeatures> images = new ArrayList<>();
        for (float value : values) {
            images.add(ImageFeatures.ofDescriptors(FloatMatrix.ofRows(new float[] {value})));
        }
        return BuildContext.ofSample(images).withBaseDirectory(folder);
    }

    private Path saved(String spec, BuildContext context) throws IOException {
        Path file = folder.resolve("a.r4j");
        try (Aggregator aggregator = COMPONENTS.create(Aggregator.class, spec, context)) {
            ComponentFile.save(Aggregator.class, aggregator, file);
        }
        return file;
    }

    @Test
    void opensWhatWasSaved() throws IOException {
        Aggregator made = COMPONENTS.create(Aggregator.class, "mean(scale=2)", sample(1, 3));
        Path file = folder.resolve("a.r4j");
        ComponentFile.save(Aggregator.class, made, file);
        Aggregator opened = ComponentFile.open(Aggregator.class, file, COMPONENTS, BuildContext.defaults());
        assertThat(opened.spec()).isEqualTo(made.spec());
        assertThat(opened.fingerprint()).isEqualTo(made.fingerprint());
        assertThat(opened.aggregate(QUERY)).isEqualTo(new GlobalDescriptor.Dense(new float[] {8}));
    }

    @Test
    void opensPipelines() throws IOException {
        Path file = saved("mean(scale=2) | shift", sample(1, 3));
        Aggregator opened = ComponentFile.open(Aggregator.class, file, COMPONENTS, BuildContext.defaults());
        assertThat(opened.spec()).hasToString("mean(scale=2) | shift(scale=1)");
        assertThat(opened.aggregate(QUERY)).isEqualTo(new GlobalDescriptor.Dense(new float[] {12}));
    }

    @Test
    void aSavedAggregatorHasASpecOfItsOwn() throws IOException {
        saved("mean(scale=2) | shift", sample(1, 3));
        Aggregator opened = COMPONENTS.create(
                Aggregator.class, "file(path=a.r4j)", BuildContext.defaults().withBaseDirectory(folder));
        assertThat(opened.spec()).hasToString("mean(scale=2) | shift(scale=1)");
        assertThat(opened.aggregate(QUERY)).isEqualTo(new GlobalDescriptor.Dense(new float[] {12}));
        assertThatThrownBy(() -> COMPONENTS.create(Aggregator.class, "file"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("path must be given");
    }

    @Test
    void keepsFilesBesideTheContainerByTheirHash() throws IOException {
        Path network = folder.resolve("network.bin");
        Files.write(network, new byte[100_000]);
        Path file = saved("mean", sample(1));
        Files.delete(network);
        Path moved = Files.createDirectory(folder.resolve("elsewhere"));
        Files.move(file, moved.resolve("b.r4j"));
        Files.move(folder.resolve("a.r4j.files"), moved.resolve("b.r4j.files"));
        Aggregator opened =
                ComponentFile.open(Aggregator.class, moved.resolve("b.r4j"), COMPONENTS, BuildContext.defaults());
        Path kept = opened.state().files().values().iterator().next();
        assertThat(kept).hasSize(100_000).hasParent(moved.resolve("b.r4j.files"));
        String text = Files.readString(moved.resolve("b.r4j"), StandardCharsets.ISO_8859_1);
        assertThat(text).doesNotContain(folder.toString()).doesNotContain("network.bin");
        byte[] other = new byte[100_000];
        other[5] = 1;
        Files.write(kept, other);
        assertThatThrownBy(() -> ComponentFile.open(
                        Aggregator.class, moved.resolve("b.r4j"), COMPONENTS, BuildContext.defaults()))
                .isInstanceOf(CorruptFileException.class)
                .hasMessageContaining("expected mean(scale=1) with fingerprint")
                .hasMessageContaining("found mean(scale=1) with fingerprint");
    }

    @Test
    void refusesAnotherKind() throws IOException {
        Path file = saved("mean", sample(1));
        assertThatThrownBy(() -> ComponentFile.open(Index.class, file, COMPONENTS, BuildContext.defaults()))
                .isInstanceOf(CorruptFileException.class)
                .hasMessageContaining("a component of kind Index, found Aggregator");
    }

    @Test
    void refusesDamage() throws IOException {
        Path file = saved("mean", sample(1));
        Aggregator same = ComponentFile.open(Aggregator.class, file, COMPONENTS, BuildContext.defaults());
        Damage.Check check = () -> {
            try {
                Aggregator opened = ComponentFile.open(Aggregator.class, file, COMPONENTS, BuildContext.defaults());
                assertThat(opened.fingerprint()).isEqualTo(same.fingerprint());
                return false;
            } catch (CorruptFileException | UnsupportedVersionException e) {
                assertThat(e).hasMessageContaining(file.toString());
                return true;
            }
        };
        int length = (int) Files.size(file);
        assertThat(Damage.flipBits(file, 1, check)).isGreaterThan(4 * length);
        assertThat(Damage.cut(file, check)).isEqualTo(length);
    }
}
