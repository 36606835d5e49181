package org.retrieval4j.onnx;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/**
 * Keeps ONNX Runtime's native libraries unpacked in the user's folder for caches: unpacking them costs a quarter of a
 * second at each start otherwise. The folder's name holds the checksum of the library as the JAR's table of contents
 * gives it, so that versions live side by side and looking it up decompresses nothing.
 *
 * <p>Several processes may unpack at once: each writes a file of its own and moves it into place atomically.
 */
final class NativeCache {
    private static final String MAIN_LIBRARY = "onnxruntime";
    private static final List<String> LIBRARIES = List.of(MAIN_LIBRARY, "onnxruntime4j_jni");

    private NativeCache() {}

    /** The user's folder for caches, by the convention of the operating system. */
    static Path userFolder(String operatingSystem, Path home) {
        String os = operatingSystem.toLowerCase(Locale.ROOT);
        Path caches = home.resolve(".cache");
        if (os.startsWith("mac")) {
            caches = home.resolve("Library").resolve("Caches");
        } else if (os.startsWith("windows")) {
            caches = home.resolve("AppData").resolve("Local");
        }
        return caches.resolve("retrieval4j").resolve("natives");
    }

    /** The folder of a platform in ONNX Runtime's JAR; empty if it has none. */
    static Optional<String> platform(String operatingSystem, String architecture) {
        String os = operatingSystem.toLowerCase(Locale.ROOT);
        String arch = architecture.toLowerCase(Locale.ROOT);
        String system = os.startsWith("linux") ? "linux" : os.startsWith("mac") ? "osx" : "win";
        boolean isKnown = !system.equals("win") || os.startsWith("windows");
        if (isKnown && (arch.equals("amd64") || arch.equals("x86_64"))) {
            return Optional.of(system + "-x64");
        }
        return isKnown && (arch.equals("aarch64") || arch.equals("arm64"))
                ? Optional.of(system + "-aarch64")
                : Optional.empty();
    }

    /**
     * Finds or unpacks the libraries.
     *
     * @param neighbor a class of the JAR that holds them
     * @param platform the platform's folder in the JAR
     * @param cache the folder for caches; made if it is not there
     * @return the folder with all libraries, or empty if the JAR has none for this platform in its own files
     * @throws IOException if the cache cannot be written
     */
    static Optional<Path> unpack(Class<?> neighbor, String platform, Path cache) throws IOException {
        Path folder = null;
        for (String library : LIBRARIES) {
            String file = System.mapLibraryName(library);
            URL resource = neighbor.getResource("/ai/onnxruntime/native/" + platform + "/" + file);
            if (resource == null || !(open(resource) instanceof JarURLConnection connection)) {
                return Optional.empty();
            }
            try (JarFile jar = connection.getJarFile()) {
                JarEntry entry = jar.getJarEntry(connection.getEntryName());
                if (entry == null || entry.getCrc() < 0 || entry.getSize() < 0) {
                    return Optional.empty();
                }
                if (folder == null) {
                    folder = cache.resolve(MAIN_LIBRARY + "-" + HexFormat.of().toHexDigits((int) entry.getCrc()));
                }
                unpack(jar, entry, folder.resolve(file));
            }
        }
        return Optional.ofNullable(folder);
    }

    private static void unpack(JarFile jar, JarEntry entry, Path target) throws IOException {
        if (isWhole(target, entry)) {
            return;
        }
        Path folder = target.resolveSibling("");
        Files.createDirectories(folder);
        Path part = Files.createTempFile(folder, "unpacking", ".part");
        try {
            try (InputStream in = jar.getInputStream(entry)) {
                Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
            }
            if (!isWhole(part, entry)) {
                throw new IOException("unpacked " + Files.size(part) + " bytes of " + entry);
            }
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            // Windows does not replace a library in use: another process was faster and left the same bytes
            if (!isWhole(target, entry)) {
                throw e;
            }
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static boolean isWhole(Path file, JarEntry entry) throws IOException {
        return Files.isRegularFile(file) && Files.size(file) == entry.getSize();
    }

    // Without the URL cache, which would keep the JAR open for the life of the JVM.
    private static URLConnection open(URL resource) throws IOException {
        URLConnection connection = resource.openConnection();
        connection.setUseCaches(false);
        return connection;
    }
}
