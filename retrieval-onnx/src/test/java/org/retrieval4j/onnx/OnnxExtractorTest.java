package org.retrieval4j.onnx;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BackendException;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Orientation;

class OnnxExtractorTest {
    private static final String SQUASH_48 = "{width: 48, height: 48, fit: squash}";

    static Image random(int width, int height, long seed) {
        byte[] rgb = new byte[3 * width * height];
        new Random(seed).nextBytes(rgb);
        return new Image(width, height, rgb, Orientation.UPRIGHT);
    }

    private static ImageFeatures map(Extraction extraction) {
        return requireNonNull(extraction.features().get(Extraction.MAP));
    }

    @Test
    void givesAllOutputsOfOnePass(@TempDir Path folder) {
        try (Extractor extractor = TestNetworks.extractor(TestNetworks.allInOne(folder, 48, 48))) {
            assertThat(extractor.outputs()).containsExactly("global", "local", "map");
            Extraction extraction = extractor.extract(random(100, 80, 3));
            ImageFeatures local = extraction.local().orElseThrow();
            assertThat(local.size()).isEqualTo(200); // max-keypoints
            assertThat(local.descriptors().columns()).isEqualTo(8);
            assertThat(map(extraction).grid()).contains(new Grid(12, 12));
            assertThat(map(extraction).descriptors().columns()).isEqualTo(5);
            assertThat(extraction.global().orElseThrow().dimension()).isEqualTo(5);
        }
    }

    @Test
    void ordersLocalFeaturesByScore(@TempDir Path folder) {
        try (Extractor extractor = TestNetworks.extractor(TestNetworks.allInOne(folder, 48, 48))) {
            ImageFeatures local = extractor.extract(random(48, 48, 4)).local().orElseThrow();
            for (int i = 1; i < local.size(); i++) {
                assertThat(local.keypoints().score(i))
                        .isLessThanOrEqualTo(local.keypoints().score(i - 1));
            }
        }
    }

    @Test
    void findsAPointWhereItIs(@TempDir Path folder) {
        Image dark = new Image(96, 48, new byte[3 * 96 * 48], Orientation.UPRIGHT);
        int at = 3 * (20 * 96 + 60); // the pixels 60 and 61 of row 20 are one pixel of the squashed input
        java.util.Arrays.fill(dark.rgb(), at, at + 6, (byte) 255);
        try (Extractor extractor = TestNetworks.extractor(TestNetworks.allInOne(folder, 48, 48))) {
            ImageFeatures local = extractor.extract(dark).local().orElseThrow();
            assertThat(local.keypoints().x(0)).isEqualTo(61f, within(1e-4f));
            assertThat(local.keypoints().y(0)).isEqualTo(20.5f, within(1e-4f));
        }
    }

    @Test
    void mapIsAGridOfChannels(@TempDir Path folder) {
        byte[] model =
                TestNetworks.onImages().node("Identity", "x", "y").output("y").build();
        Path manifest = TestNetworks.write(
                folder,
                "map",
                model,
                TestNetworks.imageInput("{longer: 64}") + "outputs: [{name: y, meaning: feature-map}]\n");
        Image image = random(5, 3, 8);
        try (Extractor extractor = TestNetworks.extractor(manifest)) {
            ImageFeatures map = map(extractor.extract(image));
            assertThat(map.grid()).contains(new Grid(3, 5));
            for (int i = 0; i < 15; i++) {
                assertThat(map.keypoints().x(i)).isEqualTo(i % 5 + 0.5f);
                assertThat(map.keypoints().y(i)).isEqualTo(i / 5 + 0.5f);
                for (int c = 0; c < 3; c++) {
                    float value = (image.rgb()[3 * i + c] & 0xff) / 255f;
                    assertThat(map.descriptors().get(i, c)).isEqualTo(value, within(1e-6f));
                }
            }
        }
    }

    @Test
    void ordersAndScalesChannelsAsTheManifestSays(@TempDir Path folder) {
        byte[] model = new GraphBuilder()
                .input("x", 1, 2, 2, 3)
                .node("Identity", "x", "y")
                .output("y")
                .build();
        Path manifest = TestNetworks.write(
                folder,
                "bgr",
                model,
                """
                inputs:
                  - {name: x, meaning: image, layout: nhwc, colors: bgr, mean: [10, 20, 30], scale: [1, 2, -4],
                     size: {width: 2, height: 2, fit: squash}}
                outputs: [{name: y, meaning: feature-map, layout: nhwc}]
                """);
        Image image = random(2, 2, 9);
        try (Extractor extractor = TestNetworks.extractor(manifest)) {
            ImageFeatures map = map(extractor.extract(image));
            for (int i = 0; i < 4; i++) {
                assertThat(map.descriptors().get(i, 0)).isEqualTo((image.rgb()[3 * i + 2] & 0xff) - 10f);
                assertThat(map.descriptors().get(i, 1)).isEqualTo(((image.rgb()[3 * i + 1] & 0xff) - 20f) / 2);
                assertThat(map.descriptors().get(i, 2)).isEqualTo(((image.rgb()[3 * i] & 0xff) - 30f) / -4);
            }
        }
    }

    @Test
    void grayIsTheWeightedSum(@TempDir Path folder) {
        byte[] model = new GraphBuilder()
                .input("x", 1, 1, 1, 1)
                .node("Identity", "x", "y")
                .output("y")
                .build();
        Path manifest = TestNetworks.write(
                folder,
                "gray",
                model,
                """
                inputs:
                  - {name: x, meaning: image, colors: gray, mean: 0, scale: 1, size: {width: 1, height: 1, fit: squash}}
                outputs: [{name: y, meaning: global}]
                """);
        Image image = new Image(1, 1, new byte[] {100, 50, (byte) 200}, Orientation.UPRIGHT);
        try (Extractor extractor = TestNetworks.extractor(manifest)) {
            GlobalDescriptor.Dense gray =
                    (GlobalDescriptor.Dense) extractor.extract(image).global().orElseThrow();
            assertThat(gray.values()[0]).isEqualTo(0.299f * 100 + 0.587f * 50 + 0.114f * 200, within(1e-3f));
        }
    }

    @Test
    void letterboxShowsNoPadding(@TempDir Path folder) {
        byte[] model = TestNetworks.onImages()
                .node("AveragePool", "x", "y", Map.of("kernel_shape", new long[] {4, 4}, "strides", new long[] {4, 4}))
                .output("y")
                .build();
        String box = "{width: 16, height: 16, fit: letterbox, padding: 77}";
        Path manifest = TestNetworks.write(
                folder, "box", model, TestNetworks.imageInput(box) + "outputs: [{name: y, meaning: feature-map}]\n");

        byte[] white = new byte[3 * 32 * 16];
        java.util.Arrays.fill(white, (byte) 255);
        try (Extractor extractor = TestNetworks.extractor(manifest)) {
            ImageFeatures wide = map(extractor.extract(new Image(32, 16, white, Orientation.UPRIGHT)));
            assertThat(wide.grid()).contains(new Grid(2, 4));
            for (int i = 0; i < 8; i++) {
                assertThat(wide.keypoints().x(i)).isEqualTo(8 * (i % 4) + 4f);
                assertThat(wide.keypoints().y(i)).isEqualTo(8 * (i / 4) + 4f);
                assertThat(wide.descriptors().get(i, 0)).isEqualTo(1, within(1e-6f));
            }
            ImageFeatures thin = map(extractor.extract(new Image(2, 300, new byte[1800], Orientation.UPRIGHT)));
            assertThat(thin.grid()).contains(new Grid(4, 1));
        }
    }

    @Test
    void valuesInsideTheGraphCanBeOutputs(@TempDir Path folder) {
        byte[] model = TestNetworks.onImages()
                .node("Neg", "x", "inner")
                .node("GlobalAveragePool", "inner", "y")
                .output("y")
                .build();
        Path manifest = TestNetworks.write(
                folder,
                "tap",
                model,
                TestNetworks.imageInput("{longer: 8}")
                        + """
                outputs:
                  - {name: y, meaning: global}
                  - {name: inner, meaning: feature-map, features: early}
                """);
        try (Extractor extractor = TestNetworks.extractor(manifest)) {
            Extraction extraction = extractor.extract(random(4, 4, 1));
            ImageFeatures early = requireNonNull(extraction.features().get("early"));
            assertThat(early.size()).isEqualTo(16);
            assertThat(early.descriptors().get(3, 0)).isNegative();
            assertThat(extraction.global()).isPresent();
        }
    }

    @Test
    void aBatchEqualsOneByOne(@TempDir Path folder) {
        byte[] model = new GraphBuilder()
                .input("x", -1, 3, -1, -1)
                .floats("w", TestNetworks.random(4 * 27, 3), 4, 3, 3, 3)
                .node("Conv", "x w", "map")
                .node("GlobalAveragePool", "map", "whole")
                .output("map")
                .output("whole")
                .build();
        Path manifest = TestNetworks.write(
                folder,
                "batch",
                model,
                """
                inputs:
                  - {name: x, meaning: image, colors: rgb, mean: 0, scale: 255, batch: 3, size: {longer: 12}}
                outputs:
                  - {name: map, meaning: feature-map, l2: true}
                  - {name: whole, meaning: global}
                """);
        List<Image> images =
                List.of(random(12, 9, 1), random(12, 9, 2), random(24, 18, 3), random(12, 9, 4), random(9, 12, 5));
        try (Extractor extractor = TestNetworks.extractor(manifest)) {
            List<Extraction> batch = extractor.extractAll(images);
            for (int i = 0; i < images.size(); i++) {
                Extraction alone = extractor.extract(images.get(i));
                assertThat(batch.get(i).features().keySet())
                        .isEqualTo(alone.features().keySet());
                ImageFeatures expected = map(alone);
                ImageFeatures actual = map(batch.get(i));
                assertThat(actual.keypoints()).isEqualTo(expected.keypoints());
                float[] values = actual.descriptors().toArray();
                for (int j = 0; j < values.length; j++) {
                    assertThat(values[j]).isEqualTo(expected.descriptors().toArray()[j], within(1e-5f));
                }
            }
        }
    }

    @Test
    void aGraphThatFailsWhenItFindsNothingHasNoFeatures(@TempDir Path folder) {
        byte[] model = new GraphBuilder()
                .input("x", 1, 3, 4, 4)
                .longs("yx", new long[] {2, 3}, 2)
                .longs("first", new long[] {0}, 1)
                .node("NonZero", "x", "found")
                .node("Transpose", "found", "rows", Map.of("perm", new long[] {1, 0}))
                .node("Gather", "rows yx", "places", Map.of("axis", 1L))
                .node("Gather", "places first", "top", Map.of("axis", 0L)) // fails where there is no row
                .node("Sub", "top top", "zero")
                .node("Add", "places zero", "k")
                .node("Cast", "rows", "d", Map.of("to", 1L))
                .output("k")
                .output("d")
                .build();
        String manifest = TestNetworks.imageInput("{width: 4, height: 4, fit: squash}")
                + """
                outputs:
                  - {name: k, meaning: keypoints, units: pixels, axes: yx, first-pixel-center: 0, fails-when-empty: true}
                  - {name: d, meaning: descriptors}
                """;
        Image black = new Image(8, 8, new byte[192], Orientation.UPRIGHT);
        try (Extractor extractor = TestNetworks.extractor(TestNetworks.write(folder, "empty", model, manifest))) {
            ImageFeatures nothing = extractor.extract(black).local().orElseThrow();
            assertThat(nothing.size()).isZero();
            assertThat(nothing.width()).isEqualTo(8);
            ImageFeatures some = extractor.extract(random(8, 8, 1)).local().orElseThrow();
            assertThat(some.size()).isPositive();
            assertThat(some.descriptors().columns())
                    .isEqualTo(nothing.descriptors().columns())
                    .isEqualTo(4);
        }
        Path strict = TestNetworks.write(folder, "strict", model, manifest.replace(", fails-when-empty: true", ""));
        try (Extractor extractor = TestNetworks.extractor(strict)) {
            assertThatThrownBy(() -> extractor.extract(black))
                    .isInstanceOf(BackendException.class)
                    .hasMessageStartingWith("network strict failed: ")
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void opensFromItsStateUnderAnyFileNames(@TempDir Path folder, @TempDir Path store) throws IOException {
        Image image = random(60, 50, 2);
        try (Extractor first = TestNetworks.extractor(TestNetworks.allInOne(folder, 48, 48))) {
            assertThat(first.spec().toString()).matches("onnx\\(manifest=sha256:[0-9a-f]{16}\\)");
            TreeMap<String, Path> copies = new TreeMap<>();
            for (Map.Entry<String, Path> file : first.state().files().entrySet()) {
                Path copy = store.resolve(Fingerprint.ofFile(file.getValue()).hex());
                copies.put(file.getKey(), Files.copy(file.getValue(), copy));
            }
            ComponentState state = new ComponentState(Map.of(), copies);
            try (Extractor again =
                    TestNetworks.components().open(Extractor.class, first.spec(), state, BuildContext.defaults())) {
                assertThat(again.spec()).isEqualTo(first.spec());
                assertThat(again.fingerprint()).isEqualTo(first.fingerprint());
                assertThat(again.extract(image)).isEqualTo(first.extract(image));
            }
            Files.writeString(
                    requireNonNull(copies.get("manifest")), "\n# changed\n", java.nio.file.StandardOpenOption.APPEND);
            assertThatThrownBy(() -> TestNetworks.components()
                            .open(Extractor.class, first.spec(), state, BuildContext.defaults()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("the spec says sha256:");
        }
    }

    @Test
    void weightsMayLieElsewhere(@TempDir Path folder, @TempDir Path elsewhere) throws IOException {
        Path manifest = TestNetworks.allInOne(folder, 48, 48);
        Path weights = Files.move(folder.resolve("all-in-one.onnx"), elsewhere.resolve("all-in-one.onnx"));
        assertThatThrownBy(() -> TestNetworks.extractor(manifest))
                .hasMessageContaining("the weights of all-in-one are not there: ");
        for (Path place : List.of(weights, elsewhere)) {
            String spec = "onnx(manifest=\"" + manifest + "\",weights=\"" + place + "\",threads=2)";
            try (Extractor extractor = TestNetworks.components().create(Extractor.class, spec)) {
                assertThat(extractor.spec().toString()).matches("onnx\\(manifest=sha256:[0-9a-f]{16}\\)");
                assertThat(extractor.extract(random(9, 9, 1)).global()).isPresent();
            }
        }
    }

    @Test
    void threadsChangeNothing(@TempDir Path folder) {
        Path manifest = TestNetworks.allInOne(folder, 48, 48);
        String spec = "onnx(manifest=\"" + manifest + "\",threads=";
        Image image = random(70, 70, 5);
        try (Extractor one = TestNetworks.components().create(Extractor.class, spec + "1)");
                Extractor two = TestNetworks.components().create(Extractor.class, spec + "2)")) {
            assertThat(two.fingerprint()).isEqualTo(one.fingerprint());
            assertThat(two.extract(image)).isEqualTo(one.extract(image));
        }
        assertThatThrownBy(() -> TestNetworks.components().create(Extractor.class, spec + "0)"))
                .hasMessage("onnx: threads must be 1 to 256, got 0");
    }

    @Test
    void refusesUseAfterClose(@TempDir Path folder) {
        Extractor extractor = TestNetworks.extractor(TestNetworks.allInOne(folder, 48, 48));
        extractor.close();
        extractor.close();
        assertThatThrownBy(() -> extractor.extract(random(9, 9, 1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("all-in-one is closed");
    }

    @Test
    void closeWaitsForRunningCalls(@TempDir Path folder) throws Exception {
        Extractor extractor = TestNetworks.extractor(TestNetworks.allInOne(folder, 512, 512));
        Image image = random(512, 512, 1);
        CompletableFuture<Integer> running = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            int done = 0;
            try {
                while (true) {
                    extractor.extract(image);
                    done++;
                }
            } catch (IllegalStateException closed) {
                running.complete(done);
            } catch (RuntimeException | Error e) {
                running.completeExceptionally(e);
            }
        });
        thread.start();
        extractor.close();
        assertThat(running.get(60, TimeUnit.SECONDS)).isNotNegative();
        thread.join();
    }

    @Test
    void anInterruptEndsABatch(@TempDir Path folder) {
        try (Extractor extractor = TestNetworks.extractor(TestNetworks.allInOne(folder, 48, 48))) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> extractor.extractAll(List.of(random(9, 9, 1))))
                    .isInstanceOf(CancellationException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void mustBeGivenAManifest() {
        assertThatThrownBy(() -> TestNetworks.components().create(Extractor.class, "onnx"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("onnx: manifest must name a file: onnx(manifest=FILE.yaml)");
        assertThatThrownBy(() -> TestNetworks.components().create(Extractor.class, "onnx(manifest=sha256:0123)"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("opened from its state");
    }

    @Test
    void refusesAManifestThatDoesNotFitItsNetwork(@TempDir Path folder) {
        byte[] model = new GraphBuilder()
                .input("x", 1, 3, 48, 48)
                .node("GlobalAveragePool", "x", "y")
                .output("y")
                .build();
        String input = TestNetworks.imageInput(SQUASH_48);
        String output = "outputs: [{name: y, meaning: global}]\n";
        Map<String, String> refusals = new TreeMap<>(Map.of(
                input.replace("width: 48", "width: 64") + output,
                "takes the shape [1, 3, 48, 48], its manifest says [1, 3, 48, 64]",
                TestNetworks.imageInput("{longer: 48}") + output,
                "takes pictures of 48 x 48 only",
                input.replace("name: x", "name: z") + output,
                "has an input \"x\", which is not in the manifest; that has: z",
                input + output.replace("name: y", "name: z"),
                "computes no \"z\"; its outputs: y",
                input + "outputs: [{name: y, meaning: keypoints, units: pixels, first-pixel-center: 0}]\n",
                "must have keypoints and descriptors",
                input + "outputs: [{name: y, meaning: matches}]\n",
                "is no extractor: \"y\" holds pairs",
                input + "outputs: [{name: y, meaning: global}, {name: x, meaning: global}]\n",
                "two outputs of the meaning of \"x\"",
                input.replace("size:", "batch: 2, size:") + output,
                "its manifest says [2, 3, 48, 48]"));
        refusals.forEach((manifest, reason) -> {
            Path file = TestNetworks.write(folder, "wrong", model, manifest);
            assertThatThrownBy(() -> TestNetworks.extractor(file))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(reason);
        });
    }
}
