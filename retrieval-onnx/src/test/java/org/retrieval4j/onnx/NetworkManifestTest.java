package org.retrieval4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class NetworkManifestTest {
    private static final String HASH = "0123456789abcdef".repeat(4);
    private static final String HEAD =
            "format: 1\nname: n\nlicense: MIT\nweights: {file: n.onnx, sha256: \"" + HASH + "\"}\n";
    private static final String INPUT =
            "inputs:\n  - {name: x, meaning: image, colors: rgb, mean: 0, scale: 255, size: {width: 8, height: 4,"
                    + " fit: squash}}\n";
    private static final String OUTPUT = "outputs:\n  - {name: y, meaning: global}\n";

    private static NetworkManifest parse(String text) {
        return ManifestReader.parse("m.yaml", text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void readsWhatItSays() {
        NetworkManifest manifest = parse(HEAD + INPUT + OUTPUT);
        assertThat(manifest.name()).isEqualTo("n");
        assertThat(manifest.license()).isEqualTo("MIT");
        assertThat(manifest.source()).isEmpty();
        assertThat(manifest.external()).isEmpty();
        assertThat(manifest.weights()).isEqualTo(new NetworkManifest.WeightsFile("n.onnx", HASH));
        assertThat(manifest.inputs())
                .containsExactly(new NetworkInput.ImageInput(
                        "x",
                        NetworkInput.Layout.NCHW,
                        NetworkInput.Colors.RGB,
                        List.of(0.0, 0.0, 0.0),
                        List.of(255.0, 255.0, 255.0),
                        new InputSize.Fixed(8, 4, InputSize.Fit.SQUASH, 0),
                        1));
        assertThat(manifest.outputs()).containsExactly(new NetworkOutput.GlobalOutput("y", false));
    }

    @Test
    void readsEveryMeaning() {
        NetworkManifest manifest = parse(HEAD
                + "inputs:\n"
                + "  - {name: a, meaning: image, layout: nhwc, colors: gray, mean: [1], scale: [2], batch: 4,"
                + " size: {shorter: 480, longer: 1024, multiple-of: 32, enlarge: true}}\n"
                + "  - {name: b, meaning: keypoints, picture: reference, units: unit, axes: yx, first-pixel-center: 0.5,"
                + " size: {width: 3, height: 5, fit: letterbox, padding: 127.5}}\n"
                + "  - {name: c, meaning: descriptors, picture: query, channels: first}\n"
                + "outputs:\n"
                + "  - {name: d, meaning: keypoints, units: centered, first-pixel-center: 0, max-keypoints: 9}\n"
                + "  - {name: e, meaning: descriptors, features: fine, channels: first, l2: true}\n"
                + "  - {name: f, meaning: scores, min-score: 0.25}\n"
                + "  - {name: g, meaning: feature-map, layout: nhwc, l2: true, features: conv-4}\n"
                + "  - {name: h, meaning: global, l2: true}\n"
                + "  - {name: i, meaning: matches}\n");
        assertThat(manifest.inputs())
                .containsExactly(
                        new NetworkInput.ImageInput(
                                "a",
                                NetworkInput.Layout.NHWC,
                                NetworkInput.Colors.GRAY,
                                List.of(1.0),
                                List.of(2.0),
                                new InputSize.Limited(480, 1024, 32, true),
                                4),
                        new NetworkInput.KeypointInput(
                                "b",
                                NetworkInput.Picture.REFERENCE,
                                new KeypointForm(KeypointForm.Units.UNIT, 0.5, true),
                                java.util.Optional.of(new InputSize.Fixed(3, 5, InputSize.Fit.LETTERBOX, 127.5))),
                        new NetworkInput.DescriptorInput("c", NetworkInput.Picture.QUERY, true));
        assertThat(manifest.outputs())
                .containsExactly(
                        new NetworkOutput.KeypointOutput(
                                "d", "local", new KeypointForm(KeypointForm.Units.CENTERED, 0, false), 9, false),
                        new NetworkOutput.DescriptorOutput("e", "fine", true, true),
                        new NetworkOutput.ScoreOutput("f", "local", java.util.Optional.of(0.25)),
                        new NetworkOutput.MapOutput("g", "conv-4", NetworkInput.Layout.NHWC, true),
                        new NetworkOutput.GlobalOutput("h", true),
                        new NetworkOutput.MatchOutput("i"));
    }

    static Stream<List<String>> refusals() {
        return Stream.of(
                List.of(HEAD + INPUT + OUTPUT + "colour: rgb\n", "m.yaml: unknown key \"colour\"; known: format, name"),
                List.of(
                        HEAD + INPUT.replace("fit: squash", "fit: squash, widht: 3") + OUTPUT,
                        "m.yaml: inputs[0].size: unknown key \"widht\"; known: width, height, fit"),
                List.of(
                        HEAD + INPUT.replace("fit: squash", "fit: stretch") + OUTPUT,
                        "fit must be one of squash, letterbox, crop, got \"stretch\""),
                List.of(HEAD + INPUT.replace("width: 8", "width: 0") + OUTPUT, "width must be 1 to 4096, got 0"),
                List.of(HEAD + INPUT.replace("width: 8", "width: 8.5") + OUTPUT, "width must be a whole number"),
                List.of(HEAD + INPUT.replace("width: 8,", "") + OUTPUT, "inputs[0].size: width is missing"),
                List.of(HEAD + INPUT.replace("scale: 255", "scale: 0") + OUTPUT, "scale must be finite and not 0"),
                List.of(HEAD + INPUT.replace("scale: 255", "scale: .nan") + OUTPUT, "scale must be finite"),
                List.of(HEAD + INPUT.replace("scale: 255", "scale: [1, 2]") + OUTPUT, "one value or one a channel (3)"),
                List.of(HEAD + INPUT.replace("colors: rgb, ", "") + OUTPUT, "inputs[0]: colors is missing"),
                List.of(HEAD + INPUT + OUTPUT.replace("global", "glob"), "meaning must be one of keypoints, descr"),
                List.of(HEAD + INPUT + "outputs: []\n", "outputs must name at least one"),
                List.of(HEAD + INPUT + "outputs: 3\n", "outputs must be a list, got 3"),
                List.of(HEAD + INPUT + OUTPUT + "  - {name: y, meaning: feature-map}\n", "got \"y\" twice"),
                List.of(HEAD.replace("format: 1", "format: 2") + INPUT + OUTPUT, "format 2 cannot be read"),
                List.of(HEAD.replace("license: MIT\n", "") + INPUT + OUTPUT, "license is missing"),
                List.of(HEAD.replace("MIT", "\" \"") + INPUT + OUTPUT, "license must not be empty"),
                List.of(HEAD.replace(HASH, "12") + INPUT + OUTPUT, "64 lower-case hex digits in quotes, got \"12\""),
                List.of(
                        HEAD + INPUT + "outputs:\n  - {name: y, meaning: feature-map, features: global}\n",
                        "other than"),
                List.of(HEAD + INPUT + OUTPUT + "name: again\n", "found duplicate key name"),
                List.of(HEAD + INPUT + OUTPUT + "source: [\n", "line"),
                List.of(HEAD + "base: &a {b: c}\nother: *a\n", "aliases for non-scalar nodes"),
                List.of("[".repeat(200), "Nesting Depth"),
                List.of("!!java.net.URL [\"http://example.org\"]", "tag is not allowed"),
                List.of("", "a mapping must stand"),
                List.of("just text", "a mapping must stand, got \"just text\""));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void refusesWithPlaceAndReason(List<String> textAndReason) {
        assertThatThrownBy(() -> parse(textAndReason.get(0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("m.yaml: ")
                .hasMessageContaining(textAndReason.get(1));
    }

    @ParameterizedTest
    @CsvSource({"../n.onnx", "/n.onnx", "a/../../n.onnx", "a//n.onnx", "./n.onnx", "'C:n.onnx'", "'a\\n.onnx'", "a/"})
    void refusesWeightsOutsideItsFolder(String file) {
        assertThatThrownBy(() -> parse(HEAD.replace("n.onnx", "'" + file + "'") + INPUT + OUTPUT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("inside the manifest's folder");
    }

    @Test
    void weightsMayLieInAFolderBelow() {
        assertThat(parse(HEAD.replace("n.onnx", "a/b/n.onnx") + INPUT + OUTPUT)
                        .weights()
                        .file())
                .isEqualTo("a/b/n.onnx");
    }

    @Test
    void refusesTextThatIsNotUtf8() {
        byte[] bytes = (HEAD + INPUT + OUTPUT).getBytes(StandardCharsets.UTF_16);
        assertThatThrownBy(() -> ManifestReader.parse("m.yaml", bytes))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("UTF-8");
    }

    @Test
    void refusesALargeFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("m.yaml"), HEAD + INPUT + OUTPUT + "#" + " ".repeat(70_000));
        assertThatThrownBy(() -> NetworkManifest.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("65536 bytes");
    }

    @Test
    void everyExampleIsOne() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("manifests"))) {
            List<Path> manifests =
                    files.filter(file -> file.toString().endsWith(".yaml")).toList();
            assertThat(manifests).hasSize(9);
            for (Path file : manifests) {
                NetworkManifest manifest = NetworkManifest.read(file);
                assertThat(manifest.license()).isEqualTo("Apache-2.0");
                assertThat(manifest.source()).isNotEmpty();
            }
        }
    }
}
