package org.retrieval4j.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtProvider;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BackendException;
import org.retrieval4j.spi.NativeCache;

/**
 * ONNX Runtime as it is in this process: loaded when the first component is made or {@link #status} is asked, from a
 * copy in the user's folder for caches. Where that cannot be written or executed, ONNX Runtime unpacks a temporary copy
 * itself; where its system property {@code onnxruntime.native.path} is set, it loads from there. Thread-safe.
 *
 * <p>There is one ONNX Runtime in a JVM, shared with whoever else uses it. It logs nothing, unless the application made
 * its environment before with another level. Its threads belong to sessions and end with them; a session of one thread
 * has none of its own.
 */
public final class OnnxEngine {
    private static final String NATIVE_PATH = "onnxruntime.native.path";
    private static final List<String> LIBRARIES = List.of("onnxruntime", "onnxruntime4j_jni");

    private OnnxEngine() {}

    /**
     * What became of loading.
     *
     * @param loaded whether networks can be run
     * @param version ONNX Runtime's version; empty if it could not be loaded
     * @param providers what it can compute on, {@code CPU} at least; empty if it could not be loaded
     * @param message where it was loaded from, or why not
     */
    public record Status(boolean loaded, String version, List<String> providers, String message) {
        /** Copies the list. */
        public Status {
            providers = List.copyOf(providers);
        }
    }

    /**
     * Loads ONNX Runtime if that was not tried yet. Never throws: what went wrong is in the status.
     *
     * @return what became of it; the same at every call
     */
    public static Status status() {
        return Holder.LOADED.status;
    }

    /** The environment, which lives as long as the JVM, since others may use it too. */
    static OrtEnvironment environment() {
        Loaded loaded = Holder.LOADED;
        if (loaded.environment != null) {
            return loaded.environment;
        }
        BackendException unavailable = new BackendException(loaded.status.message);
        unavailable.initCause(loaded.failure);
        throw unavailable;
    }

    private record Loaded(Status status, @Nullable OrtEnvironment environment, @Nullable Throwable failure) {}

    // Loading once, at first use, under the JVM's own lock; the outcome never changes.
    private static final class Holder {
        static final Loaded LOADED = load();
    }

    private static Loaded load() {
        String before = System.getProperty(NATIVE_PATH);
        Optional<Path> cached = before == null ? unpacked() : Optional.empty();
        try {
            // The property is the only way to tell ONNX Runtime where to look; it reads it once, here.
            cached.ifPresent(folder -> System.setProperty(NATIVE_PATH, folder.toString()));
            // The default name: with another one it would warn where the application made it first.
            OrtEnvironment environment =
                    OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, OrtEnvironment.DEFAULT_NAME);
            environment.setTelemetry(false);
            List<String> providers = OrtEnvironment.getAvailableProviders().stream()
                    .map(OrtProvider::getName)
                    .map(name -> name.replace("ExecutionProvider", ""))
                    .toList();
            String from = cached.map(Path::toString).orElse(before == null ? "a temporary copy" : before);
            Status status = new Status(true, environment.getVersion(), providers, "loaded from " + from);
            return new Loaded(status, environment, null);
        } catch (OrtException | LinkageError | RuntimeException e) {
            Throwable reason = e;
            while (reason.getCause() != null) {
                reason = reason.getCause();
            }
            String message = "ONNX Runtime cannot be loaded on " + System.getProperty("os.name") + " "
                    + System.getProperty("os.arch") + ": " + reason;
            return new Loaded(new Status(false, "", List.of(), message), null, e);
        } finally {
            if (cached.isPresent()) {
                System.clearProperty(NATIVE_PATH);
            }
        }
    }

    // The folder of the cache, if the library in it can be loaded: after a failure of its own, ONNX Runtime's classes
    // cannot be used any more, so that this must be known before.
    private static Optional<Path> unpacked() {
        if (OrtEnvironment.class.getClassLoader() != OnnxEngine.class.getClassLoader()) {
            return Optional.empty(); // a native library belongs to the class loader that loads it
        }
        try {
            Optional<String> platform = platform(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
            List<URL> libraries = new ArrayList<>();
            for (String library : LIBRARIES) {
                URL resource = OrtEnvironment.class.getResource(
                        "/ai/onnxruntime/native/" + platform.orElse("none") + "/" + System.mapLibraryName(library));
                if (resource == null) {
                    return Optional.empty();
                }
                libraries.add(resource);
            }
            Path folder = NativeCache.unpack("onnxruntime", libraries, NativeCache.userDirectory())
                    .toAbsolutePath();
            System.load(folder.resolve(System.mapLibraryName(LIBRARIES.get(0))).toString());
            return Optional.of(folder);
        } catch (IOException | RuntimeException | UnsatisfiedLinkError cannotBeCached) {
            return Optional.empty(); // then ONNX Runtime unpacks a temporary copy
        }
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
}
