package org.retrieval4j.onnx;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BackendException;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.Orientation;

/** Models that are not what their manifest says, or do what they should not. */
class UntrustedNetworkTest {
    private static final Image IMAGE = new Image(4, 4, new byte[48], Orientation.UPRIGHT);
    private static final String INPUT = TestNetworks.imageInput("{width: 4, height: 4, fit: squash}");
    private static final String GLOBAL = "outputs: [{name: y, meaning: global}]\n";

    @TempDir
    static Path folder = Path.of("");

    private static BackendException failureOf(byte[] model, String outputs) {
        Path manifest = TestNetworks.write(folder, "bad", model, INPUT + outputs);
        try (Extractor extractor = TestNetworks.extractor(manifest)) {
            return org.assertj.core.api.Assertions.catchThrowableOfType(
                    BackendException.class, () -> extractor.extract(IMAGE));
        }
    }

    @Test
    void refusesOtherWeightsAndShowsBothHashes() throws IOException {
        byte[] model =
                TestNetworks.onImages().node("Identity", "x", "y").output("y").build();
        Path manifest = TestNetworks.write(folder, "hash", model, INPUT + GLOBAL);
        byte[] other = TestNetworks.onImages().node("Neg", "x", "y").output("y").build();
        Files.write(folder.resolve("hash.onnx"), other);
        assertThatThrownBy(() -> TestNetworks.extractor(manifest))
                .hasRootCauseInstanceOf(IOException.class)
                .hasMessageContaining("has the SHA-256 " + Fingerprint.ofBytes(other))
                .hasMessageContaining("its manifest says " + Fingerprint.ofBytes(model));
    }

    @Test
    void refusesValuesThatAreNotFinite() {
        byte[] model = TestNetworks.onImages().node("Log", "x", "y").output("y").build(); // log 0
        assertThat(failureOf(model, GLOBAL))
                .hasMessage("network bad: output \"y\": value 0 is -Infinity; all must be finite");
        byte[] nan = TestNetworks.onImages().node("Div", "x x", "y").output("y").build(); // 0 / 0
        assertThat(failureOf(nan, GLOBAL)).hasMessage("network bad: output \"y\": value 0 is NaN; all must be finite");
    }

    @Test
    void refusesAHugeOutput() {
        byte[] model = TestNetworks.onImages()
                .longs("shape", new long[] {1, 1, 8193, 8192}, 4)
                .floats("zero", new float[1], 1)
                .node("Expand", "zero shape", "y")
                .output("y")
                .build();
        assertThat(failureOf(model, GLOBAL))
                .hasMessageContaining("output \"y\" of shape [1, 1, 8193, 8192] has more than 67108864 values");
    }

    @Test
    void refusesAnOutputOfAnotherRank() {
        byte[] model = TestNetworks.onImages()
                .node("GlobalAveragePool", "x", "y")
                .longs("flat", new long[] {-1}, 1)
                .node("Reshape", "y flat", "z")
                .output("y")
                .output("z")
                .build();
        assertThat(failureOf(model, "outputs: [{name: z, meaning: feature-map}]\n"))
                .hasMessage("network bad: output \"z\" of shape [3] must have 3 dimensions");
    }

    @Test
    void refusesCountsThatDiffer() {
        GraphBuilder graph = TestNetworks.onImages()
                .floats("three", new float[6], 3, 2)
                .floats("two", new float[8], 2, 4)
                .floats("wide", new float[9], 3, 3)
                .floats("numbers", new float[2], 2);
        for (String name : new String[] {"three", "two", "wide", "numbers"}) {
            graph.node("Identity", name, name + "-out").output(name + "-out");
        }
        byte[] model = graph.node("Identity", "x", "y").output("y").build();
        String places = "{name: three-out, meaning: keypoints, units: pixels, first-pixel-center: 0}";
        assertThat(failureOf(model, "outputs: [" + places + ", {name: two-out, meaning: descriptors}]\n"))
                .hasMessageContaining("\"two-out\" of shape [2, 4] must have one descriptor for each of 3 keypoints");
        assertThat(failureOf(
                        model,
                        "outputs: [" + places
                                + ", {name: wide-out, meaning: descriptors}, {name: numbers-out, meaning: scores}]\n"))
                .hasMessageContaining("\"numbers-out\" of shape [2] must have one score for each of 3 keypoints");
        assertThat(failureOf(
                        model,
                        "outputs: [" + places.replace("three", "wide")
                                + ", {name: three-out, meaning: descriptors}]\n"))
                .hasMessageContaining("\"wide-out\" of shape [3, 3] must be n x 2");
    }

    @Test
    void refusesOutputsThatAreNoNumbers() {
        byte[] model =
                TestNetworks.onImages().node("Greater", "x x", "y").output("y").build();
        assertThat(failureOf(model, GLOBAL)).hasMessageContaining("output \"y\" has the type BOOL");
    }

    @Test
    void tellsWhatOnnxRuntimeRefuses() {
        byte[] model = TestNetworks.onImages()
                .node("NoSuchOperator", "x", "y")
                .output("y")
                .build();
        Path manifest = TestNetworks.write(folder, "unknown", model, INPUT + GLOBAL);
        assertThatThrownBy(() -> TestNetworks.extractor(manifest))
                .isInstanceOf(BackendException.class)
                .hasMessageContaining("network unknown: ONNX Runtime ")
                .hasMessageContaining("NoSuchOperator");
    }

    @Test
    void refusesCustomOperators() {
        byte[] model = TestNetworks.onImages()
                .foreignNode("evil", "Run", "x", "y")
                .output("y")
                .build();
        Path manifest = TestNetworks.write(folder, "custom", model, INPUT + GLOBAL);
        assertThatThrownBy(() -> TestNetworks.extractor(manifest))
                .hasRootCauseInstanceOf(IOException.class)
                .hasMessageContaining("custom.onnx is refused: its operators of domain \"evil\"");
    }

    @Test
    void refusesArraysInFilesThatEscape() {
        byte[] model = external("../secret.bin", 0);
        Path manifest = TestNetworks.write(folder, "escape", model, INPUT + GLOBAL);
        assertThatThrownBy(() -> TestNetworks.extractor(manifest))
                .hasRootCauseInstanceOf(IOException.class)
                .hasMessageContaining("only a file beside the model is allowed");
    }

    @Test
    void refusesArraysInFilesThatTheManifestDoesNotList() throws IOException {
        Files.write(folder.resolve("array.bin"), new byte[12]);
        Path manifest = TestNetworks.write(folder, "unlisted", external("array.bin", 0), INPUT + GLOBAL);
        assertThatThrownBy(() -> TestNetworks.extractor(manifest))
                .hasRootCauseInstanceOf(IOException.class)
                .hasMessageContaining("lies in \"array.bin\", which the manifest does not list");
    }

    @Test
    void takesArraysInListedFiles(@TempDir Path store) throws IOException {
        byte[] array = new byte[28];
        ByteBuffer.wrap(array)
                .order(ByteOrder.LITTLE_ENDIAN)
                .position(16)
                .putFloat(1)
                .putFloat(2)
                .putFloat(3);
        Files.write(folder.resolve("array.bin"), array);
        Path manifest = TestNetworks.write(folder, "listed", external("array.bin", 16), INPUT + GLOBAL + listed(array));
        try (Extractor extractor = TestNetworks.extractor(manifest)) {
            assertThat(vector(extractor.extract(IMAGE))).containsExactly(1, 2, 3);
            java.util.TreeMap<String, Path> copies = new java.util.TreeMap<>();
            for (var file : extractor.state().files().entrySet()) {
                copies.put(file.getKey(), Files.copy(file.getValue(), store.resolve("f" + copies.size())));
            }
            assertThat(copies.keySet()).containsExactly("external-array.bin", "manifest", "weights");
            var state = new org.retrieval4j.api.ComponentState(java.util.Map.of(), copies);
            try (Extractor again =
                    TestNetworks.components().open(Extractor.class, extractor.spec(), state, BuildContext.defaults())) {
                assertThat(vector(again.extract(IMAGE))).containsExactly(1, 2, 3);
            }
            Files.write(requireNonNull(copies.get("external-array.bin")), new byte[28]);
            assertThatThrownBy(() -> TestNetworks.components()
                            .open(Extractor.class, extractor.spec(), state, BuildContext.defaults()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("has the SHA-256");
        }
    }

    @Test
    void refusesArraysBehindTheEndOfTheirFile() throws IOException {
        byte[] array = new byte[28];
        Files.write(folder.resolve("array.bin"), array);
        Path manifest = TestNetworks.write(folder, "short", external("array.bin", 17), INPUT + GLOBAL + listed(array));
        assertThatThrownBy(() -> TestNetworks.extractor(manifest))
                .hasRootCauseInstanceOf(IOException.class)
                .hasMessageContaining("ends behind the end");
    }

    private static String listed(byte[] array) {
        return "external: [{file: array.bin, sha256: \"" + Fingerprint.ofBytes(array) + "\"}]\n";
    }

    private static byte[] external(String location, long offset) {
        return TestNetworks.onImages()
                .external("w", location, offset, 1, 3, 1, 1)
                .node("GlobalAveragePool", "x", "black")
                .node("Add", "black w", "y")
                .output("y")
                .build();
    }

    private static float[] vector(Extraction extraction) {
        return ((GlobalDescriptor.Dense) extraction.global().orElseThrow()).values();
    }
}
