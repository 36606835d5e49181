package org.retrieval4j.kernel;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.TreeSet;
import org.retrieval4j.api.BackendException;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentNotFoundException;

/**
 * All {@link Kernels} that the class path or module path provides, and the choice among them. Immutable and
 * thread-safe; there is no static registry, and a look-up loads no native library: {@link #auto} asks the kernels from
 * the preferred one down until one can be used.
 *
 * <pre>{@code
 * Kernels kernels = KernelCatalog.of(context);
 * }</pre>
 */
public final class KernelCatalog {
    /** The name that leaves the choice to the catalog. */
    public static final String AUTO = "auto";

    /** The name for work that is done in less than a second: the catalog chooses among kernels that load no library. */
    public static final String LIGHT = "light";

    private final List<Kernels> kernels;

    /**
     * A catalog of given kernels, without a look-up.
     *
     * @param kernels the kernels, at least one
     * @throws IllegalArgumentException if there is none
     * @throws IllegalStateException if two have one name
     */
    public KernelCatalog(List<? extends Kernels> kernels) {
        List<Kernels> sorted = new ArrayList<>(kernels);
        if (sorted.isEmpty()) {
            throw new IllegalArgumentException("there must be at least one kernel, got none");
        }
        sorted.sort(Comparator.comparingInt(Kernels::priority).reversed().thenComparing(Kernels::name));
        for (int i = 0; i < sorted.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (sorted.get(i).name().equals(sorted.get(j).name())) {
                    throw new IllegalStateException("two kernels are named \""
                            + sorted.get(i).name() + "\": "
                            + sorted.get(i).getClass().getName() + " and "
                            + sorted.get(j).getClass().getName());
                }
            }
        }
        this.kernels = List.copyOf(sorted);
    }

    /**
     * Finds the kernels that the thread's context class loader sees; the scalar ones are always there.
     *
     * @return the catalog
     */
    public static KernelCatalog load() {
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        return load(context == null ? KernelCatalog.class.getClassLoader() : context);
    }

    /**
     * Finds the kernels that a class loader sees; the scalar ones are always there.
     *
     * @param loader where to look
     * @return the catalog
     * @throws IllegalStateException if two have one name
     */
    public static KernelCatalog load(ClassLoader loader) {
        List<Kernels> found = new ArrayList<>();
        found.add(new ScalarKernels());
        found.add(new VectorKernels());
        for (Kernels other : ServiceLoader.load(Kernels.class, loader)) {
            found.add(other);
        }
        return new KernelCatalog(found);
    }

    /**
     * The kernels that a context asks for.
     *
     * @param context what a component is made with
     * @return the kernels named by {@link BuildContext#kernel()}
     * @throws ComponentNotFoundException if there are none of that name
     * @throws BackendException if they cannot be used here
     */
    public static Kernels of(BuildContext context) {
        return context.kernel().equals("scalar") ? new ScalarKernels() : load().get(context.kernel());
    }

    /**
     * Kernels by name.
     *
     * @param name a name, {@link #AUTO} or {@link #LIGHT}
     * @return the kernels, usable
     * @throws ComponentNotFoundException if there are none of that name
     * @throws BackendException if they cannot be used here; the message says why
     */
    public Kernels get(String name) {
        requireNonNull(name, "name");
        if (name.equals(AUTO)) {
            return auto();
        }
        if (name.equals(LIGHT)) {
            return first(kernels.stream().filter(k -> !k.loadsLibraries()).toList());
        }
        for (Kernels candidate : kernels) {
            if (candidate.name().equals(name)) {
                Optional<String> reason = candidate.unavailable();
                if (reason.isPresent()) {
                    throw new BackendException("kernel \"" + name + "\" cannot be used: " + reason.get());
                }
                return candidate;
            }
        }
        throw new ComponentNotFoundException("no kernel named \"" + name + "\"; available: " + AUTO + ", "
                + String.join(", ", names()) + "; is the JAR that provides it on the class path?");
    }

    /**
     * The kernels of highest priority that can be used here.
     *
     * @return the kernels
     * @throws BackendException if none can be used
     */
    public Kernels auto() {
        return first(kernels);
    }

    /**
     * A library for large matrices. It is chosen apart from the kernels: those that are the fastest with vectors may have
     * none.
     *
     * @param name as in {@link #get}: {@link #AUTO} takes the first that can be used
     * @return the library; empty if the kernels of that name bring none
     * @throws ComponentNotFoundException if there are no kernels of that name
     * @throws BackendException if they cannot be used here
     */
    public Optional<DenseAlgebra> algebra(String name) {
        if (!name.equals(AUTO)) {
            return get(name).algebra();
        }
        return kernels.stream()
                .filter(candidate -> candidate.algebra().isPresent()
                        && candidate.unavailable().isEmpty())
                .findFirst()
                .flatMap(Kernels::algebra);
    }

    private static Kernels first(List<Kernels> kernels) {
        List<String> reasons = new ArrayList<>();
        for (Kernels candidate : kernels) {
            Optional<String> reason = candidate.unavailable();
            if (reason.isEmpty()) {
                return candidate;
            }
            reasons.add(candidate.name() + ": " + reason.get());
        }
        throw new BackendException("no kernel can be used: " + String.join("; ", reasons));
    }

    /**
     * All kernels, usable or not; {@link Kernels#unavailable} tells why one is not.
     *
     * @return the preferred first
     */
    public List<Kernels> kernels() {
        return kernels;
    }

    /**
     * The names of all kernels, usable or not.
     *
     * @return sorted, without {@link #AUTO}
     */
    public List<String> names() {
        TreeSet<String> names = new TreeSet<>();
        kernels.forEach(candidate -> names.add(candidate.name()));
        return List.copyOf(names);
    }
}
