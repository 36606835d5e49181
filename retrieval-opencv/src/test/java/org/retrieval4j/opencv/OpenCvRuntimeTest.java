package org.retrieval4j.opencv;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opencv.core.Core;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;

class OpenCvRuntimeTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path directory;

    /** What a JVM of its own does; its arguments are where to write, and what. */
    public static final class Child {
        private Child() {}

        /** Writes the answer to a file: standard output must stay empty. */
        public static void main(String[] arguments) throws Exception {
            StringBuilder answer = new StringBuilder();
            if (arguments[1].equals("look")) {
                Components.load();
                ImageReader.load(ImageLimits.defaults()).decoders().forEach(decoder -> answer.append(decoder.name()));
                try {
                    Core.getTickCount();
                    answer.append(" native");
                } catch (UnsatisfiedLinkError e) {
                    answer.append(" nothing native");
                }
            } else {
                OpenCvRuntime.Status status = OpenCvRuntime.status();
                answer.append(status.loaded()).append(' ').append(status.message());
            }
            Files.writeString(Path.of(arguments[0]), answer);
        }
    }

    @Test
    void loadsFromTheCache() {
        OpenCvRuntime.Status status = OpenCvRuntime.status();
        assertThat(status.loaded()).as(status.message()).isTrue();
        assertThat(status.version()).isEqualTo("4.9.0");
        OpenCvRuntime.require();
        assertThat(Core.getNumThreads()).isEqualTo(1);
    }

    @Test
    void lookingForComponentsLoadsNothingNative() throws Exception {
        assertThat(runChild("look", System.getProperty("user.home"))).isEqualTo("opencv-4.9.0 nothing native");
    }

    @Test
    void unpacksIntoAnEmptyHome() throws Exception {
        String answer = runChild("load", directory.toString());
        assertThat(answer).startsWith("true loaded from " + directory);
        assertThat(runChild("load", directory.toString())).isEqualTo(answer);
    }

    @Test
    void worksWithoutACache() throws Exception {
        Path file = Files.createFile(directory.resolve("no-directory"));
        assertThat(runChild("load", file.toString())).startsWith("true loaded from a temporary copy, because of ");
    }

    @Test
    void worksInASecondClassLoader() throws Exception {
        OpenCvRuntime.require();
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        try (URLClassLoader loader =
                new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Class<?> other = loader.loadClass(OpenCvRuntime.class.getName());
            assertThat(other).isNotSameAs(OpenCvRuntime.class);
            assertThat(String.valueOf(other.getMethod("status").invoke(null)))
                    .contains("loaded=true")
                    .contains("temporary copy");
        }
    }

    @Test
    void knowsTheDirectoriesOfTheJar() {
        assertThat(OpenCvRuntime.platform("Linux", "amd64")).hasValue("linux/x86_64");
        assertThat(OpenCvRuntime.platform("Linux", "aarch64")).hasValue("linux/ARMv8");
        assertThat(OpenCvRuntime.platform("Mac OS X", "aarch64")).hasValue("osx/ARMv8");
        assertThat(OpenCvRuntime.platform("Mac OS X", "x86_64")).hasValue("osx/x86_64");
        assertThat(OpenCvRuntime.platform("Windows 10", "amd64")).hasValue("windows/x86_64");
        assertThat(OpenCvRuntime.platform("Linux", "riscv64")).isEmpty();
        assertThat(OpenCvRuntime.platform("SunOS", "amd64")).isEmpty();
    }

    private String runChild(String what, String home) throws Exception {
        Path answer = directory.resolve("answer");
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Duser.home=" + home,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        answer.toString(),
                        what)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(output).hasContent("");
        return Files.readString(answer);
    }
}
