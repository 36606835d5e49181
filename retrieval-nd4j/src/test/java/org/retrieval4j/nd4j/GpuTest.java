package org.retrieval4j.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class GpuTest {
    @Test
    void readsWhatTheDriverTells() {
        Gpu gpu = Gpu.parsed("NVIDIA A10, 8.6, 23028 MiB, 535.161.07\r\nTesla K80, 3.7, 11441 MiB, 535.161.07\n\n");
        assertThat(gpu.detail()).isEqualTo("driver 535.161.07");
        assertThat(gpu.devices())
                .containsExactly(
                        new Gpu.Device("NVIDIA A10", "8.6", "23028 MiB"),
                        new Gpu.Device("Tesla K80", "3.7", "11441 MiB"));
        assertThat(Gpu.parsed("No devices were found\n"))
                .isEqualTo(new Gpu(List.of(), "none: nvidia-smi lists no GPU"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"3.7", "5.0", "6.1", "7.5", "8.6", "8.9"})
    void hasCodeFromKeplerToAda(String capability) {
        assertThat(new Gpu.Device("a card", capability, "1 MiB").unsupported()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"2.1", "3.5", "9.0", "10.0", "12.0"})
    void hasNoneForOlderAndNewerOnes(String capability) {
        assertThat(new Gpu.Device("a card", capability, "1 MiB").unsupported())
                .contains("nd4j-cuda-11.6 has code for compute capability 3.7 to 8.9, a card has " + capability);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "8", "[N/A]", "8.x", "99999999999.0"})
    void whatIsNoComputeCapabilityIsNotTakenForOne(String capability) {
        assertThat(new Gpu.Device("a card", capability, "1 MiB").unsupported())
                .contains("the driver does not tell the compute capability of a card");
    }

    @Test
    void noDriverIsAFinding() {
        assertThat(Gpu.ask(List.of("no-such-program-anywhere"), 1))
                .isEqualTo(new Gpu(
                        List.of(),
                        "none: no-such-program-anywhere, which comes with NVIDIA's driver, cannot be started"));
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aDriverThatHangsOrFailsIsAFinding() {
        assertThat(Gpu.ask(List.of("sleep", "60"), 1).detail()).isEqualTo("unknown: sleep did not answer within 1 s");
        assertThat(Gpu.ask(List.of("sh", "-c", "exit 9"), 10).detail()).isEqualTo("unknown: sh ended with code 9");
        assertThat(Gpu.ask(List.of("echo", "NVIDIA L4, 8.9, 23034 MiB, 535.161.07"), 10)
                        .devices())
                .containsExactly(new Gpu.Device("NVIDIA L4", "8.9", "23034 MiB"));
    }

    @Test
    @Tag("gpu")
    void multipliesMatricesOnTheGpu() {
        ArrayBackend backend = ArrayBackend.find();
        assumeTrue(backend.cuda(), "ND4J's backend here is " + backend.name() + "; -Pcuda swaps it");
        assumeTrue(backend.unavailable().isEmpty(), () -> backend.unavailable().orElse(""));
        int m = 300;
        int n = 64;
        int d = 128;
        Random random = new Random(1);
        float[][] x = normal(random, m, d);
        float[][] y = normal(random, n, d);
        try (INDArray a = Nd4j.createFromArray(x);
                INDArray b = Nd4j.createFromArray(y);
                INDArray c = Nd4j.gemm(a, b, false, true)) {
            float[][] products = c.toFloatMatrix();
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double expected = 0;
                    for (int t = 0; t < d; t++) {
                        expected += (double) x[i][t] * y[j][t];
                    }
                    // GPUs since Ampere may round factors to 10 bits (TF32)
                    assertThat((double) products[i][j]).isCloseTo(expected, within(0.1));
                }
            }
        }
    }

    private static float[][] normal(Random random, int rows, int columns) {
        float[][] matrix = new float[rows][columns];
        for (float[] row : matrix) {
            for (int j = 0; j < columns; j++) {
                row[j] = (float) random.nextGaussian();
            }
        }
        return matrix;
    }
}
