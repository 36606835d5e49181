package org.retrieval4j.opencv;

import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import nu.pattern.OpenCV;
import org.opencv.core.Core;
import org.retrieval4j.api.BackendException;
import org.retrieval4j.spi.NativeCache;

/**
 * OpenCV's native library: loaded at first use, from a cache in the user's directory for caches (the JAR's own loader
 * unpacks 65 MB at every start). Where the cache cannot be written or executed, a temporary copy is loaded. Thread-safe.
 *
 * <p>An application may load the library itself before, by {@code nu.pattern.OpenCV} or {@code System.load}; then that one
 * is used, if it has the version of the Java classes.
 *
 * <p>OpenCV has one pool of threads a process. Where this class loads the library it turns the pool off: pictures are
 * processed in parallel by the caller's threads, each of which computes one picture alone; a pool beside them would only
 * make more threads than processors, and threads that nobody closes. Where the application loaded the library, its
 * setting stays as it is. Results do not depend on it.
 */
public final class OpenCvRuntime {
    private static final String NATIVE_NAME = "opencv_java490";

    private OpenCvRuntime() {}

    /**
     * What became of loading.
     *
     * @param loaded whether OpenCV can be used
     * @param version of the Java classes, which the library must have too
     * @param library the file that was loaded, if this class loaded a file that stays
     * @param message where it was loaded from, or why not
     */
    public record Status(boolean loaded, String version, Optional<Path> library, String message) {}

    /**
     * Loads the library if that was not tried yet. Never throws: what went wrong is in the status.
     *
     * @return what became of it; the same at every call
     */
    public static Status status() {
        return Holder.STATUS;
    }

    /**
     * Loads the library if that was not tried yet.
     *
     * @throws BackendException if it cannot be loaded; the message says why
     */
    public static void require() {
        Status status = status();
        if (!status.loaded) {
            throw new BackendException(status.message);
        }
    }

    // Loading once, at first use, under the JVM's own lock; the outcome never changes.
    private static final class Holder {
        static final Status STATUS = load();
    }

    private static Status load() {
        try {
            if (answers()) {
                return alreadyLoaded();
            }
            if (Core.class.getClassLoader() != OpenCvRuntime.class.getClassLoader()) {
                // Native methods are looked up in libraries that their own class loader loaded.
                OpenCV.loadLocally();
                Core.setNumThreads(1);
                return new Status(true, Core.VERSION, Optional.empty(), "loaded by the OpenCV JAR's own loader");
            }
            return loadResource();
        } catch (RuntimeException | LinkageError e) {
            return failed(e.toString());
        }
    }

    private static boolean answers() {
        try {
            Core.getTickCount();
            return true;
        } catch (UnsatisfiedLinkError e) {
            return false;
        }
    }

    private static Status alreadyLoaded() {
        if (Core.getBuildInformation().contains("OpenCV " + Core.VERSION + " ")) {
            return new Status(true, Core.VERSION, Optional.empty(), "loaded by the application before");
        }
        return failed("the application loaded a library of another version than " + Core.VERSION);
    }

    private static Status loadResource() {
        Optional<String> platform = platform(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
        if (platform.isEmpty()) {
            return failed(
                    "there is none for " + System.getProperty("os.name") + " on " + System.getProperty("os.arch"));
        }
        String path = "/nu/pattern/opencv/" + platform.get() + "/" + System.mapLibraryName(NATIVE_NAME);
        URL resource = Core.class.getResource(path);
        if (resource == null) {
            return failed("the class path has no " + path);
        }
        List<String> reasons = new ArrayList<>();
        try {
            Path folder = NativeCache.unpack("opencv-" + Core.VERSION, List.of(resource), NativeCache.userDirectory());
            Path library = folder.resolve(System.mapLibraryName(NATIVE_NAME));
            System.load(library.toAbsolutePath().toString());
            Core.setNumThreads(1);
            return new Status(true, Core.VERSION, Optional.of(library), "loaded from " + library);
        } catch (IOException | RuntimeException | UnsatisfiedLinkError e) {
            // not writable, mounted without execution, or in use by another class loader of this JVM
            reasons.add(e.toString());
        }
        try {
            loadTemporaryCopy(resource);
            Core.setNumThreads(1);
            return new Status(
                    true, Core.VERSION, Optional.empty(), "loaded from a temporary copy, because of " + reasons.get(0));
        } catch (IOException | RuntimeException | UnsatisfiedLinkError e) {
            reasons.add(e.toString());
        }
        return failed(String.join("; ", reasons));
    }

    private static void loadTemporaryCopy(URL resource) throws IOException {
        Path directory = Files.createTempDirectory("retrieval4j-opencv");
        Path library = directory.resolve(System.mapLibraryName(NATIVE_NAME));
        // Where a mapped file cannot be deleted (Windows), it goes when the JVM ends; the directory first registered
        // goes
        // last.
        directory.toFile().deleteOnExit();
        library.toFile().deleteOnExit();
        NativeCache.copy(resource, library);
        System.load(library.toAbsolutePath().toString());
    }

    private static Status failed(String reason) {
        return new Status(false, Core.VERSION, Optional.empty(), "OpenCV's native library cannot be loaded: " + reason);
    }

    /** Directory of a platform in the JAR; empty if it has none. */
    static Optional<String> platform(String operatingSystem, String architecture) {
        String os = operatingSystem.toLowerCase(Locale.ROOT);
        String arch = architecture.toLowerCase(Locale.ROOT);
        boolean x64 = arch.equals("amd64") || arch.equals("x86_64") || arch.equals("x64");
        boolean x32 = arch.equals("x86") || arch.matches("i[3-6]86");
        boolean arm64 = arch.equals("aarch64") || arch.equals("arm64");
        if (os.startsWith("linux")) {
            return Optional.ofNullable(
                    x64 ? "linux/x86_64" : arm64 ? "linux/ARMv8" : arch.equals("arm") ? "linux/ARMv7" : null);
        } else if (os.startsWith("mac")) {
            return Optional.ofNullable(x64 ? "osx/x86_64" : arm64 ? "osx/ARMv8" : null);
        } else if (os.startsWith("windows")) {
            return Optional.ofNullable(x64 ? "windows/x86_64" : x32 ? "windows/x86_32" : null);
        }
        return Optional.empty();
    }
}
