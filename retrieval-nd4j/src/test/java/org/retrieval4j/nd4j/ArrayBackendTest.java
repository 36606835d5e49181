package org.retrieval4j.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BackendException;
import org.retrieval4j.kernel.KernelCatalog;

/** JARs that hold the names of backends and no backend: whoever loaded a class of ND4J would fail. */
class ArrayBackendTest {
    private static final String CPU = "org.nd4j.linalg.cpu.nativecpu.CpuBackend";
    private static final String CUDA = "# a comment\n\norg.nd4j.linalg.jcublas.JCublasBackend # another";
    private static final Gpu A10 = Gpu.parsed("NVIDIA A10, 8.6, 23028 MiB, 535.161.07");
    private static final Gpu H100 = Gpu.parsed("NVIDIA H100 80GB HBM3, 9.0, 81559 MiB, 535.161.07");
    private static final Supplier<Gpu> NOT_ASKED = () -> {
        throw new AssertionError("only the CUDA backend needs the driver");
    };

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Test
    void theBackendOfTheCpuNeedsNoGpu() throws IOException {
        assertThat(find(NOT_ASKED, CPU)).isEqualTo(new ArrayBackend("CpuBackend", false, Optional.empty()));
        assertThat(find(NOT_ASKED, CPU, CPU)).as("twice").isEqualTo(find(NOT_ASKED, CPU));
    }

    @Test
    void theCudaBackendNeedsAGpuItHasCodeFor() throws IOException {
        assertThat(find(() -> A10, CUDA)).isEqualTo(new ArrayBackend("JCublasBackend", true, Optional.empty()));
        assertThat(find(() -> H100, CUDA).unavailable())
                .contains("nd4j-cuda-11.6 has code for compute capability 3.7 to 8.9, NVIDIA H100 80GB HBM3 has 9.0");
    }

    @Test
    void oneGpuThatItHasNoCodeForIsOneTooMany() throws IOException {
        Gpu both = new Gpu(List.of(A10.devices().get(0), H100.devices().get(0)), A10.detail());
        assertThat(find(() -> both, CUDA).unavailable())
                .hasValueSatisfying(reason -> assertThat(reason).contains("H100"));
    }

    @Test
    void withoutADriverTheReasonIsTold() throws IOException {
        ArrayBackend backend = find(() -> Gpu.ask(List.of("no-such-program-anywhere"), 1), CUDA);
        assertThat(backend.cuda()).isTrue();
        assertThat(backend.unavailable())
                .contains("ND4J's CUDA backend is on the class path, but no GPU can be used: none:"
                        + " no-such-program-anywhere, which comes with NVIDIA's driver, cannot be started");
    }

    @Test
    void bothBackendsOnOneClassPathAreNamed() throws IOException {
        String reason =
                "several backends of ND4J are on the class path (CpuBackend, JCublasBackend), and it can use only one:"
                        + " keep either nd4j-native or nd4j-cuda-11.6";
        assertThat(find(NOT_ASKED, CPU, CUDA).unavailable()).contains(reason);
        assertThat(find(NOT_ASKED, CUDA + "\n" + CPU).unavailable())
                .as("a JAR of merged services")
                .contains(reason);
    }

    @Test
    void withoutABackendTheReasonSaysWhatToAdd() throws IOException {
        assertThat(find(NOT_ASKED).unavailable()).hasValueSatisfying(reason -> assertThat(reason)
                .startsWith("no backend of ND4J is on the class path: add org.nd4j:nd4j-native"));
    }

    @Test
    void whatNeedsArraysIsRefusedWithTheReason() throws IOException {
        ArrayBackend h100 = find(() -> H100, CUDA);
        assertThatThrownBy(() -> h100.require("training by gradients"))
                .isInstanceOf(BackendException.class)
                .hasMessage(
                        "training by gradients needs ND4J's arrays, which cannot be used here: nd4j-cuda-11.6 has code"
                                + " for compute capability 3.7 to 8.9, NVIDIA H100 80GB HBM3 has 9.0");
        ArrayBackend cpu = find(NOT_ASKED, CPU);
        assertThat(cpu.require("training by gradients")).isSameAs(cpu);
    }

    @Test
    void otherKernelsServeWhereArraysCannot() throws IOException {
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        try (URLClassLoader both = new URLClassLoader(jars(CPU, CUDA), before)) {
            Thread.currentThread().setContextClassLoader(both);
            assertThat(ArrayBackend.find().unavailable()).isPresent();
            assertThat(KernelCatalog.load().auto().name()).isIn("vector", "blas", "scalar");
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }

    private ArrayBackend find(Supplier<Gpu> driver, String... services) throws IOException {
        try (URLClassLoader loader = new URLClassLoader(jars(services), null)) {
            return ArrayBackend.find(loader, driver);
        }
    }

    private URL[] jars(String... services) throws IOException {
        URL[] jars = new URL[services.length];
        for (int i = 0; i < services.length; i++) {
            Path jar = Files.createTempFile(folder, "backend", ".jar");
            try (OutputStream file = Files.newOutputStream(jar);
                    JarOutputStream out = new JarOutputStream(file)) {
                out.putNextEntry(new JarEntry("META-INF/services/org.nd4j.linalg.factory.Nd4jBackend"));
                out.write(services[i].getBytes(StandardCharsets.UTF_8));
            }
            jars[i] = jar.toUri().toURL();
        }
        return jars;
    }
}
