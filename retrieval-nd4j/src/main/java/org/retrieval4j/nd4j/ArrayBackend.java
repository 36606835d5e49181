package org.retrieval4j.nd4j;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.retrieval4j.api.BackendException;

/**
 * ND4J's backend on the class path, and whether its arrays can be used here. ND4J must not be touched to find out: with a
 * GPU that it has no code for, or without a driver, its start fails late or ends the process. So this is decided from the
 * names in the JARs and the driver's answer, and no class of ND4J is loaded.
 *
 * <p>Where arrays cannot be used, the scalar, vector and BLAS kernels serve. Immutable and thread-safe.
 *
 * @param name the backend's class without its package, such as {@code CpuBackend} or {@code JCublasBackend}; several are
 *     joined by commas, and it is empty if there is none
 * @param cuda whether it computes on NVIDIA's GPUs
 * @param unavailable why it cannot be used here; empty if nothing is against it
 */
public record ArrayBackend(String name, boolean cuda, Optional<String> unavailable) {
    private static final String SERVICE = "META-INF/services/org.nd4j.linalg.factory.Nd4jBackend";
    private static final String CUDA = "JCublasBackend";
    private static final int LONGEST_SERVICE_FILE = 1 << 16;

    /**
     * The backend that the thread's context class loader sees, which is where ND4J looks. Asks the driver if it is the
     * CUDA backend, anew at each call: keep the answer.
     *
     * @return the backend
     */
    public static ArrayBackend find() {
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        return find(context == null ? ArrayBackend.class.getClassLoader() : context);
    }

    /**
     * Throws unless the backend can be used.
     *
     * @param what needs it, for the message: {@code "training by gradients"}
     * @return this
     * @throws BackendException if it cannot be used here; the message says why
     */
    public ArrayBackend require(String what) {
        unavailable.ifPresent(reason -> {
            throw new BackendException(what + " needs ND4J's arrays, which cannot be used here: " + reason);
        });
        return this;
    }

    /**
     * Starts ND4J as this library uses it: with one thread a call, since parallel work belongs to the caller's executor.
     * Once a class loader; costs a second the first time.
     *
     * @param what needs it, for the message: {@code "training by gradients"}
     * @throws BackendException if it cannot be used here; the message says why
     */
    public static void start(String what) {
        find().require(what);
        NativeArrays.unavailable().ifPresent(reason -> {
            throw new BackendException(what + " needs ND4J's arrays, which cannot be used here: " + reason);
        });
    }

    /** Whether the CUDA backend can be seen, alone or not; asks no driver. */
    static boolean seesCuda(ClassLoader loader) {
        try {
            return names(loader).contains(CUDA);
        } catch (IOException unreadable) {
            return false; // find() tells
        }
    }

    static ArrayBackend find(ClassLoader loader) {
        return find(loader, Gpu::ask);
    }

    static ArrayBackend find(ClassLoader loader, Supplier<Gpu> driver) {
        Set<String> names;
        try {
            names = names(loader);
        } catch (IOException unreadable) {
            return new ArrayBackend(
                    "", false, Optional.of("the class path cannot be searched for a backend of ND4J: " + unreadable));
        }
        String name = String.join(",", names);
        boolean cuda = names.contains(CUDA);
        if (names.isEmpty()) {
            return new ArrayBackend(
                    name,
                    cuda,
                    Optional.of("no backend of ND4J is on the class path: add org.nd4j:nd4j-native, or nd4j-cuda-11.6"
                            + " for a GPU, with and without this platform's classifier"));
        }
        if (names.size() > 1) {
            return new ArrayBackend(
                    name,
                    cuda,
                    Optional.of("several backends of ND4J are on the class path (" + String.join(", ", names)
                            + "), and it can use only one: keep either nd4j-native or nd4j-cuda-11.6"));
        }
        return new ArrayBackend(name, cuda, cuda ? withoutGpu(driver.get()) : Optional.empty());
    }

    /** ND4J spreads its work over all GPUs that it sees, so that one without code for it is one too many. */
    private static Optional<String> withoutGpu(Gpu gpu) {
        if (gpu.devices().isEmpty()) {
            return Optional.of("ND4J's CUDA backend is on the class path, but no GPU can be used: " + gpu.detail());
        }
        return gpu.devices().stream()
                .map(Gpu.Device::unsupported)
                .flatMap(Optional::stream)
                .findFirst();
    }

    /** Names in the service files, as {@link java.util.ServiceLoader} reads them; a merged JAR has several in one. */
    private static Set<String> names(ClassLoader loader) throws IOException {
        Set<String> names = new TreeSet<>();
        List<URL> files = Collections.list(loader.getResources(SERVICE));
        for (URL file : files) {
            URLConnection connection = file.openConnection();
            connection.setUseCaches(false); // a cached JAR would stay open
            String text;
            try (InputStream in = connection.getInputStream()) {
                text = new String(in.readNBytes(LONGEST_SERVICE_FILE), StandardCharsets.UTF_8);
            }
            for (String line : text.lines().toList()) {
                int comment = line.indexOf('#');
                String type = (comment < 0 ? line : line.substring(0, comment)).strip();
                if (!type.isEmpty()) {
                    names.add(type.substring(type.lastIndexOf('.') + 1));
                }
            }
        }
        return names;
    }
}
