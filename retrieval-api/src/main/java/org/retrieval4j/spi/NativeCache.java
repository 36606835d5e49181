package org.retrieval4j.spi;

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
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.CRC32;

/**
 * Unpacks an engine's native libraries once and finds them there at every later start: the engines' own loaders unpack
 * up to 65 MB each time. A folder's name holds the checksum of its first library as the JAR's table of contents gives
 * it, so that finding it decompresses nothing, and two versions live side by side.
 *
 * <p>Several processes may unpack at once: each writes files of its own and moves them into place atomically.
 */
public final class NativeCache {
    private NativeCache() {}

    /**
     * The cache in the user's folder for caches, by the convention of the operating system.
     *
     * @return a directory that need not exist
     */
    public static Path userDirectory() {
        return userDirectory(System.getProperty("os.name", ""), Path.of(System.getProperty("user.home", "")));
    }

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
     * Finds or unpacks libraries that belong together.
     *
     * @param name start of the folder's name: engine and version
     * @param libraries where they are on the class path, at least one
     * @param directory the cache; made if it is not there
     * @return the folder that holds them all, under their own names
     * @throws IOException if the cache cannot be written, or a library cannot be read
     */
    public static Path unpack(String name, List<URL> libraries, Path directory) throws IOException {
        Path folder =
                directory.resolve(name + "-" + HexFormat.of().toHexDigits((int) identify(libraries.get(0)).checksum));
        for (URL library : libraries) {
            Identity identity = identify(library);
            String path = library.getPath();
            Path target = folder.resolve(path.substring(path.lastIndexOf('/') + 1));
            if (!isWhole(target, identity)) {
                unpack(library, identity, target);
            }
        }
        return folder;
    }

    /**
     * Unpacks a library without a cache.
     *
     * @param library where it is on the class path
     * @param target the file to write
     * @throws IOException if it cannot be read or written
     */
    public static void copy(URL library, Path target) throws IOException {
        try (InputStream in = open(library).getInputStream();
                OutputStream out = Files.newOutputStream(target)) {
            in.transferTo(out);
        }
    }

    private static void unpack(URL library, Identity identity, Path target) throws IOException {
        Files.createDirectories(target.getParent());
        Path part = Files.createTempFile(target.getParent(), String.valueOf(target.getFileName()), ".part");
        try {
            copy(library, part);
            if (!isWhole(part, identity)) {
                throw new IOException("unpacked " + Files.size(part) + " bytes of " + identity.size + " of " + library);
            }
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            throw e;
        } catch (IOException e) {
            // Windows refuses to replace a library in use: another process was faster, and left the same bytes
            if (!isWhole(target, identity)) {
                throw e;
            }
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static boolean isWhole(Path file, Identity identity) throws IOException {
        return Files.isRegularFile(file) && Files.size(file) == identity.size;
    }

    private record Identity(long checksum, long size) {}

    private static Identity identify(URL library) throws IOException {
        if (open(library) instanceof JarURLConnection jar) {
            try (JarFile file = jar.getJarFile()) {
                JarEntry entry = file.getJarEntry(jar.getEntryName());
                if (entry != null && entry.getCrc() >= 0 && entry.getSize() >= 0) {
                    return new Identity(entry.getCrc(), entry.getSize());
                }
            }
        }
        CRC32 checksum = new CRC32();
        long size = 0;
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = open(library).getInputStream()) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                checksum.update(buffer, 0, n);
                size += n;
            }
        }
        return new Identity(checksum.getValue(), size);
    }

    // Without the URL cache, which would keep the JAR open for the life of the JVM.
    private static URLConnection open(URL library) throws IOException {
        URLConnection connection = library.openConnection();
        connection.setUseCaches(false);
        return connection;
    }
}
