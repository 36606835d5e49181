package org.retrieval4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxFileTest {
    private static GraphBuilder identity() {
        return TestNetworks.onImages().node("Identity", "x", "y").output("y");
    }

    @Test
    void findsOutputsAndExternalArrays() throws IOException {
        OnnxFile file =
                OnnxFile.parse(identity().external("w", "w.bin", 16, 2, 3).build());
        assertThat(file.outputs()).containsExactly("y");
        assertThat(file.external()).hasSize(1);
        OnnxFile.ExternalArray array = file.external().get(0);
        assertThat(array.name()).isEqualTo("w");
        assertThat(array.dataType()).isEqualTo(GraphBuilder.FLOAT);
        assertThat(array.dimensions()).containsExactly(2, 3);
        assertThat(array.file()).isEqualTo("w.bin");
        assertThat(array.offset()).isEqualTo(16);
        assertThat(array.length()).isEqualTo(24);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../w.bin", "/etc/passwd", "a/w.bin", "..", ".", "", "C:w", "..\\w.bin", "*/_ORT_MEM_ADDR_/*"})
    void refusesArraysThatDoNotLieBesideTheModel(String location) {
        byte[] model = identity().external("w", location, 0, 2).build();
        assertThatThrownBy(() -> OnnxFile.parse(model))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("\"w\" lies in \"" + location + "\"; only a file beside the model");
    }

    @Test
    void refusesExternalArraysInsideNodes() {
        byte[] value = GraphBuilder.externalTensor("", "w.bin", 0, 8, 2);
        byte[] model =
                identity().node("Constant", "", "c", Map.of("value", value)).build();
        assertThatThrownBy(() -> OnnxFile.parse(model))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("an array inside a node lies in another file");
    }

    @Test
    void refusesOperatorsOfOtherLibraries() {
        byte[] model = identity().foreignNode("com.evil", "Run", "x", "z").build();
        assertThatThrownBy(() -> OnnxFile.parse(model))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("domain \"com.evil\" need a library of custom operators; none is ever loaded");
    }

    @Test
    void takesOperatorsThatTheModelDefines() {
        byte[] model = identity()
                .foreignNode("my.functions", "Same", "x", "z")
                .identityFunction("my.functions", "Same")
                .build();
        assertThatCode(() -> OnnxFile.parse(model)).doesNotThrowAnyException();
    }

    @Test
    void addsOnlyOutputsThatAreThere() throws IOException {
        OnnxFile file = OnnxFile.parse(TestNetworks.onImages()
                .node("Identity", "x", "inner")
                .node("Identity", "inner", "y")
                .output("y")
                .build());
        assertThat(OnnxFile.parse(file.withOutputs(Set.of("inner", "y"))).outputs())
                .containsExactly("y", "inner");
        assertThatThrownBy(() -> file.withOutputs(Set.of("other")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("computes no \"other\"; its outputs: y");
    }

    @Test
    void everyPrefixIsReadOrRefused() {
        byte[] model = identity()
                .external("w", "w.bin", 16, 2, 3)
                .floats("c", new float[9], 3, 3)
                .build();
        int refused = 0;
        for (int length = 0; length < model.length; length++) {
            refused += parses(Arrays.copyOf(model, length)) ? 0 : 1;
        }
        assertThat(refused).isGreaterThan(model.length / 2);
    }

    @Test
    void changedBytesAreReadOrRefused() {
        byte[] model = identity().external("w", "w.bin", 16, 2, 3).build();
        Random random = new Random(11);
        for (int round = 0; round < 5000; round++) {
            byte[] changed = model.clone();
            for (int i = 0; i <= round % 3; i++) {
                changed[random.nextInt(changed.length)] = (byte) random.nextInt();
            }
            parses(changed);
        }
        assertThat(parses(model)).isTrue();
    }

    // Anything but an IOException fails the test.
    private static boolean parses(byte[] bytes) {
        try {
            OnnxFile.parse(bytes);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void refusesWhatIsNoModel() {
        assertThatThrownBy(() -> OnnxFile.parse(new byte[0]))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no graph");
        assertThatThrownBy(() -> OnnxFile.parse("#!/bin/sh\necho".getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no ONNX model");
    }

    @Test
    void refusesEndlessNesting() {
        byte[] graph = new byte[0];
        for (int i = 0; i < 100; i++) {
            graph = GraphBuilder.message(1, GraphBuilder.message(5, GraphBuilder.message(6, graph)));
        }
        byte[] model = GraphBuilder.message(7, graph);
        assertThatThrownBy(() -> OnnxFile.parse(model))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("nested more than 32 deep");
    }
}
