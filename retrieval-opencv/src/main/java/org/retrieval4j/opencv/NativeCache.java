package org.retrieval4j.opencv;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.jar.JarEntry;
import java.util.zip.CRC32;

/**
 * Unpacks a native library once and finds it there at every later start. The directory's name holds the checksum and
 * size of the library as the JAR's own table of contents gives them, so that finding it costs no decompression, and two
 * versions live side by side.
 *
 * <p>Several processes may unpack at once: each writes a file of its own and moves it into place atomically.
 */
final class NativeCache {
    private NativeCache() {}

    /** The user's directory for caches, by the convention of the operating system. */
    static Path userDirectory(String operatingSystem, Path home) {
        String os = operatingSystem.toLowerCase(Locale.ROOT);
        Path caches = home.resolve(".cache");
        if (os.startsWith("mac")) {
            caches = home.resolve("Library").resolve("Caches");
        } else if (os.startsWith("windows")) {
            caches = home.resolve("AppData").resolve("Local");
        }
        return caches.resolve("retrieval4j").resolve("natives");
    }

    /**
     * Finds or unpacks a library.
     *
     * @param resource the library on the class path
     * @param name start of the directory's name: library and version
     * @param directory the cache; made if it is not there
     * @return path of the unpacked library
     * @throws IOException if the cache cannot be written, or the resource cannot be read
     */
    static Path unpack(URL resource, String name, Path directory) throws IOException {
        Identity identity = identify(resource);
        String path = resource.getPath();
        String fileName = path.substring(path.lastIndexOf('/') + 1);
        Path target = directory
                .resolve(String.format(Locale.ROOT, "%s-%08x", name, identity.checksum))
                .resolve(fileName);
        if (isWhole(target, identity)) {
            return target;
        }
        Files.createDirectories(target.getParent());
        Path part = Files.createTempFile(target.getParent(), fileName, ".part");
        try {
            copy(resource, part);
            if (!isWhole(part, identity)) {
                throw new IOException(
                        "unpacked " + Files.size(part) + " bytes of " + identity.size + " of " + resource);
            }
            move(part, target, identity);
        } finally {
            Files.deleteIfExists(part);
        }
        return target;
    }

    /** Unpacks a library without a cache. */
    static void copy(URL resource, Path target) throws IOException {
        try (InputStream in = open(resource).getInputStream();
                OutputStream out = Files.newOutputStream(target)) {
            in.transferTo(out);
        }
    }

    private static void move(Path part, Path target, Identity identity) throws IOException {
        try {
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            throw e;
        } catch (IOException e) {
            // Windows refuses to replace a library in use: another process was faster, and left the same bytes
            if (!isWhole(target, identity)) {
                throw e;
            }
        }
    }

    private static boolean isWhole(Path file, Identity identity) throws IOException {
        return Files.isRegularFile(file) && Files.size(file) == identity.size;
    }

    private record Identity(long checksum, long size) {}

    private static Identity identify(URL resource) throws IOException {
        if (open(resource) instanceof JarURLConnection jar) {
            try (java.util.jar.JarFile file = jar.getJarFile()) {
                JarEntry entry = file.getJarEntry(jar.getEntryName());
                if (entry != null && entry.getCrc() >= 0 && entry.getSize() >= 0) {
                    return new Identity(entry.getCrc(), entry.getSize());
                }
            }
        }
        CRC32 checksum = new CRC32();
        long size = 0;
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = open(resource).getInputStream()) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                checksum.update(buffer, 0, n);
                size += n;
            }
        }
        return new Identity(checksum.getValue(), size);
    }

    // Without the URL cache, which would keep the JAR open for the life of the JVM.
    private static URLConnection open(URL resource) throws IOException {
        URLConnection connection = resource.openConnection();
        connection.setUseCaches(false);
        return connection;
    }
}
