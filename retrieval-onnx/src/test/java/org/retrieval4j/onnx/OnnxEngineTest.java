package org.retrieval4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Orientation;

class OnnxEngineTest {
    /** Run in a JVM of its own: looks providers up, then runs a network, and tells about the classes loaded. */
    public static final class Program {
        private Program() {}

        /**
         * Runs it.
         *
         * @param arguments a manifest, and "fail" if natives cannot be loaded
         */
        public static void main(String[] arguments) {
            Components components = Components.load();
            if (!components.names(Extractor.class).contains("onnx")
                    || !components.names(Matcher.class).contains("onnx")) {
                throw new IllegalStateException("no provider");
            }
            if (System.getProperty("onnxruntime.native.path") != null) {
                throw new IllegalStateException("property set");
            }
            System.out.println("looked up");
            try (Extractor extractor = components.create(Extractor.class, "onnx(manifest=\"" + arguments[0] + "\")")) {
                extractor.extract(new Image(8, 8, new byte[192], Orientation.UPRIGHT));
            }
            if (System.getProperty("onnxruntime.native.path") != null) {
                throw new IllegalStateException("property left");
            }
            System.out.println(OnnxEngine.status().message());
        }
    }

    private record Outcome(int exit, String out, String err) {}

    private static Outcome run(Path home, String... arguments) throws Exception {
        List<String> command = new java.util.ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-Xlog:class+load:file=" + home.resolve("classes.txt"),
                "-Duser.home=" + home,
                "-cp",
                System.getProperty("java.class.path"),
                Program.class.getName()));
        command.addAll(List.of(arguments));
        Path out = home.resolve("out.txt");
        Path err = home.resolve("err.txt");
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        int exit = process.waitFor();
        return new Outcome(exit, read(out), read(err));
    }

    private static String read(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8);
    }

    @Test
    void loadsAtFirstUseFromItsCacheAndSaysNothing(@TempDir Path folder, @TempDir Path home) throws Exception {
        Path manifest = TestNetworks.allInOne(folder, 32, 32);
        for (int start = 0; start < 2; start++) {
            Outcome outcome = run(home, manifest.toString());
            assertThat(outcome.err()).isEmpty();
            assertThat(outcome.exit()).isZero();
            assertThat(outcome.out().lines()).hasSize(2).first().isEqualTo("looked up");
            if (OnnxEngine.platform(System.getProperty("os.name"), System.getProperty("os.arch"))
                    .isPresent()) {
                assertThat(outcome.out()).contains("loaded from " + home);
            }
        }
        try (Stream<Path> files = Files.walk(home)) {
            assertThat(files.filter(file -> file.toString().endsWith(".part"))).isEmpty();
        }
    }

    @Test
    void aHomeThatCannotBeWrittenIsNoError(@TempDir Path folder) throws Exception {
        Path manifest = TestNetworks.allInOne(folder, 32, 32);
        Files.createDirectories(folder.resolve("home"));
        Files.writeString(folder.resolve("home").resolve(".cache"), "a file where a folder should be");
        Files.createDirectories(folder.resolve("home").resolve("Library"));
        Files.writeString(folder.resolve("home").resolve("Library").resolve("Caches"), "a file");
        Files.writeString(folder.resolve("home").resolve("AppData"), "a file");
        Outcome outcome = run(folder.resolve("home"), manifest.toString());
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out()).contains("loaded from a temporary copy");
    }

    @Test
    void lookingUpProvidersLoadsNoEngine(@TempDir Path folder, @TempDir Path home) throws Exception {
        Outcome outcome = run(home, folder.resolve("nothing.yaml").toString());
        assertThat(outcome.exit()).isNotZero();
        assertThat(outcome.out()).isEqualTo("looked up" + System.lineSeparator());
        assertThat(outcome.err()).contains("NoSuchFileException");
        assertThat(read(home.resolve("classes.txt")))
                .contains("org.retrieval4j.onnx.OnnxExtractor$Provider")
                .doesNotContain("ai.onnxruntime");
    }

    @Test
    void tellsWhatIsLoaded() {
        OnnxEngine.Status status = OnnxEngine.status();
        assertThat(status.loaded()).isTrue();
        assertThat(status.version()).matches("\\d+\\.\\d+\\.\\d+.*");
        assertThat(status.providers()).contains("CPU");
        assertThat(OnnxEngine.status()).isSameAs(status);
    }

    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, linux-x64",
        "Linux, aarch64, linux-aarch64",
        "Mac OS X, aarch64, osx-aarch64",
        "Windows 11, amd64, win-x64",
        "Linux, riscv64, ''",
        "SunOS, amd64, ''",
    })
    void knowsPlatforms(String os, String architecture, String expected) {
        assertThat(OnnxEngine.platform(os, architecture).orElse("")).isEqualTo(expected);
    }
}
