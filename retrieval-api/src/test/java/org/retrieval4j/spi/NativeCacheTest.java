package org.retrieval4j.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeCacheTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path directory;

    @Test
    void unpacksOnceAndFindsItAgain() throws Exception {
        byte[] library = bytes(1);
        Path first = unpack(jar("a.jar", library), directory.resolve("cache"));
        assertThat(first).hasBinaryContent(library).hasFileName("libthing.so");
        Object before = Files.getAttribute(first, "lastModifiedTime");
        Path second = unpack(jar("b.jar", library), directory.resolve("cache"));
        assertThat(second).isEqualTo(first);
        assertThat(Files.getAttribute(second, "lastModifiedTime")).isEqualTo(before);
        try (Stream<Path> files = Files.list(first.getParent())) {
            assertThat(files).containsExactly(first);
        }
    }

    @Test
    void otherContentHasAnotherPlace() throws Exception {
        Path one = unpack(jar("a.jar", bytes(1)), directory);
        Path two = unpack(jar("b.jar", bytes(2)), directory);
        assertThat(one).isNotEqualTo(two).hasBinaryContent(bytes(1));
        assertThat(two).hasBinaryContent(bytes(2));
    }

    @Test
    void replacesAnUnfinishedFile() throws Exception {
        URL jar = jar("a.jar", bytes(1));
        Path library = unpack(jar, directory);
        Files.write(library, new byte[10]);
        assertThat(unpack(jar, directory)).hasBinaryContent(bytes(1));
    }

    @Test
    void readsAnUnpackedClassPathToo() throws Exception {
        Path file = Files.write(directory.resolve("libthing.so"), bytes(3));
        URL jar = jar("a.jar", bytes(3));
        Path cache = directory.resolve("cache");
        assertThat(unpack(file.toUri().toURL(), cache)).isEqualTo(unpack(jar, cache));
    }

    @Test
    void manyAtOnceAllGetTheWholeFile() throws Exception {
        URL jar = jar("a.jar", bytes(1));
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Callable<Path>> calls = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                calls.add(() -> {
                    Path library = unpack(jar, directory.resolve("cache"));
                    assertThat(library).hasBinaryContent(bytes(1));
                    return library;
                });
            }
            Path first = unpack(jar, directory.resolve("cache"));
            Files.delete(first);
            for (Future<Path> result : threads.invokeAll(calls)) {
                assertThat(result.get()).isEqualTo(first);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aCacheThatCannotBeWrittenIsAnError() throws Exception {
        Path file = Files.createFile(directory.resolve("a-file"));
        URL jar = jar("a.jar", bytes(1));
        assertThatThrownBy(() -> unpack(jar, file)).isInstanceOf(IOException.class);
    }

    @Test
    void everySystemHasItsCaches() {
        Path home = Path.of("home");
        assertThat(NativeCache.userDirectory("Linux", home))
                .isEqualTo(home.resolve(".cache").resolve("retrieval4j").resolve("natives"));
        assertThat(NativeCache.userDirectory("Mac OS X", home)).startsWithRaw(home.resolve("Library"));
        assertThat(NativeCache.userDirectory("Windows 11", home)).startsWithRaw(home.resolve("AppData"));
    }

    @Test
    void librariesOfOneEngineShareAFolder() throws Exception {
        Path other = Files.write(directory.resolve("libother.so"), bytes(4));
        List<URL> both = List.of(jar("a.jar", bytes(1)), other.toUri().toURL());
        Path folder = NativeCache.unpack("thing-1.0", both, directory.resolve("cache"));
        assertThat(folder.resolve("libthing.so")).hasBinaryContent(bytes(1));
        assertThat(folder.resolve("libother.so")).hasBinaryContent(bytes(4));
    }

    private static Path unpack(URL library, Path cache) throws IOException {
        return NativeCache.unpack("thing-1.0", List.of(library), cache).resolve("libthing.so");
    }

    private static byte[] bytes(long seed) {
        byte[] bytes = new byte[300_000];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private URL jar(String name, byte[] library) throws IOException {
        Path jar = directory.resolve(name);
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
            out.putNextEntry(new ZipEntry("natives/libthing.so"));
            out.write(library);
            out.closeEntry();
        }
        return URI.create("jar:" + jar.toUri() + "!/natives/libthing.so").toURL();
    }
}
