package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.retrieval4j.spi.ComponentProvider;

/**
 * All components that the class path or module path provides, and the way to make them from specs.
 *
 * <pre>{@code
 * Components components = Components.load();
 * Aggregator vlad = components.create(Aggregator.class, "vlad(clusters=64)", BuildContext.ofSample(features));
 * }</pre>
 *
 * <p>Immutable and thread-safe; there is no static registry, so that two class loaders in one JVM do not meet.
 */
public final class Components {
    private static final String KERNEL = "kernel";

    private final Map<Class<?>, Map<String, ComponentProvider<?, ?>>> providers;

    private Components(Map<Class<?>, Map<String, ComponentProvider<?, ?>>> providers) {
        this.providers = providers;
    }

    /**
     * Finds the providers that the thread's context class loader sees.
     *
     * @return the components
     */
    public static Components load() {
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        return load(context == null ? Components.class.getClassLoader() : context);
    }

    /**
     * Finds the providers that a class loader sees.
     *
     * @param loader where to look
     * @return the components
     * @throws IllegalStateException if two providers of one kind have the same name and priority
     */
    @SuppressWarnings({"rawtypes", "unchecked"})
    public static Components load(ClassLoader loader) {
        List<ComponentProvider<?, ?>> found = new ArrayList<>();
        for (ComponentProvider provider : ServiceLoader.load(ComponentProvider.class, loader)) {
            found.add(provider);
        }
        return of(found);
    }

    /**
     * Components of given providers, without a look-up.
     *
     * @param given the providers
     * @return the components
     * @throws IllegalStateException if two of one kind have the same name and priority
     */
    public static Components of(List<? extends ComponentProvider<?, ?>> given) {
        Map<Class<?>, Map<String, ComponentProvider<?, ?>>> byKind = new LinkedHashMap<>();
        for (ComponentProvider<?, ?> provider : given) {
            Map<String, ComponentProvider<?, ?>> byName =
                    byKind.computeIfAbsent(provider.kind(), kind -> new TreeMap<>());
            ComponentProvider<?, ?> other = byName.get(provider.name());
            if (other != null && other.getClass() != provider.getClass() && other.priority() == provider.priority()) {
                throw new IllegalStateException("two providers of "
                        + provider.kind().getSimpleName() + " \""
                        + provider.name() + "\" with priority " + provider.priority() + ": " + origin(other) + " and "
                        + origin(provider));
            }
            if (other == null || other.priority() < provider.priority()) {
                byName.put(provider.name(), provider);
            }
        }
        byKind.replaceAll((kind, byName) -> Collections.unmodifiableMap(byName));
        return new Components(Collections.unmodifiableMap(byKind));
    }

    /**
     * All providers in use.
     *
     * @return by kind, then by name
     */
    public List<ComponentProvider<?, ?>> providers() {
        List<ComponentProvider<?, ?>> all = new ArrayList<>();
        providers.values().forEach(byName -> all.addAll(byName.values()));
        return all;
    }

    /**
     * The names of one kind.
     *
     * @param kind an interface: {@code Aggregator.class}, …
     * @return sorted names
     */
    public List<String> names(Class<? extends Component> kind) {
        return List.copyOf(providers.getOrDefault(kind, Map.of()).keySet());
    }

    /**
     * Makes a component without a sample, with default settings.
     *
     * @param <C> the kind
     * @param kind the interface
     * @param spec its spec
     * @return the component
     * @throws ComponentNotFoundException if no provider has the name
     * @throws UncheckedIOException if a file named in the spec cannot be read
     */
    public <C extends Component> C create(Class<C> kind, String spec) {
        return create(kind, ComponentSpec.parse(spec), BuildContext.defaults());
    }

    /**
     * Makes a component.
     *
     * @param <C> the kind
     * @param kind the interface
     * @param spec its spec
     * @param context sample, seed, threads
     * @return the component
     * @throws ComponentNotFoundException if no provider has the name
     * @throws UncheckedIOException if a file named in the spec cannot be read
     */
    public <C extends Component> C create(Class<C> kind, String spec, BuildContext context) {
        return create(kind, ComponentSpec.parse(spec), context);
    }

    /**
     * Makes a component. A spec of several parts is a pipeline: an aggregator or an extractor, then {@link Transform}s,
     * each learned from the output of what stands before it; or {@link Reranker}s, one after another.
     *
     * @param <C> the kind
     * @param kind the interface
     * @param spec its spec
     * @param context sample, seed, threads
     * @return the component
     * @throws ComponentNotFoundException if no provider has the name
     * @throws UncheckedIOException if a file named in the spec cannot be read
     */
    public <C extends Component> C create(Class<C> kind, ComponentSpec spec, BuildContext context) {
        try {
            if (spec.parts().size() == 1) {
                return createOne(kind, spec.first(), context);
            }
            requireStaged(kind, spec);
            C base = createOne(kind, spec.first(), context);
            if (kind == Reranker.class) {
                List<Reranker> rerankers = new ArrayList<>();
                try {
                    for (ComponentSpec.Part part : later(spec)) {
                        rerankers.add(createOne(Reranker.class, part, context));
                    }
                } catch (IOException | RuntimeException | Error e) {
                    base.close();
                    rerankers.forEach(Reranker::close);
                    throw e;
                }
                return kind.cast(new Staged.OfReranker((Reranker) base, rerankers));
            }
            List<Transform> stages = new ArrayList<>();
            List<GlobalDescriptor> sample =
                    base instanceof Aggregator aggregator && !context.images().isEmpty()
                            ? aggregator.aggregateAll(context.images())
                            : context.descriptors();
            for (ComponentSpec.Part part : later(spec)) {
                Transform stage = createOne(Transform.class, part, context.withDescriptors(sample));
                sample = sample.isEmpty() ? sample : stage.applyAll(sample);
                stages.add(stage);
            }
            return staged(kind, base, stages);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Opens a component from its saved state. Opening never reads a path that a saved spec names.
     *
     * @param <C> the kind
     * @param kind the interface
     * @param spec the saved spec
     * @param state the saved state
     * @param context seed, threads
     * @return a component equal to the one saved
     * @throws ComponentNotFoundException if no provider has the name
     * @throws IOException if a file of the state cannot be read
     * @throws IllegalArgumentException if spec and state do not fit
     */
    public <C extends Component> C open(Class<C> kind, ComponentSpec spec, ComponentState state, BuildContext context)
            throws IOException {
        if (spec.parts().size() == 1) {
            return openOne(kind, spec.first(), state, context);
        }
        requireStaged(kind, spec);
        C base = openOne(kind, spec.first(), state.part(Staged.prefix(0)), context);
        if (kind == Reranker.class) {
            List<Reranker> rerankers = new ArrayList<>();
            for (int i = 1; i < spec.parts().size(); i++) {
                rerankers.add(openOne(Reranker.class, spec.parts().get(i), state.part(Staged.prefix(i)), context));
            }
            return kind.cast(new Staged.OfReranker((Reranker) base, rerankers));
        }
        List<Transform> stages = new ArrayList<>();
        for (int i = 1; i < spec.parts().size(); i++) {
            stages.add(openOne(Transform.class, spec.parts().get(i), state.part(Staged.prefix(i)), context));
        }
        return staged(kind, base, stages);
    }

    /**
     * The canonical form of a spec: every parameter in it, in the order of the options. Behind an index stand
     * {@link Reranker}s. File names stay as written;
     * a made component's own {@link Component#spec()} replaces them.
     *
     * @param kind the interface of the first part
     * @param spec any spec
     * @return the canonical spec
     * @throws ComponentNotFoundException if no provider has a name
     */
    public ComponentSpec canonical(Class<? extends Component> kind, ComponentSpec spec) {
        List<ComponentSpec.Part> parts = new ArrayList<>();
        for (ComponentSpec.Part part : spec.parts()) {
            Class<? extends Component> partKind = parts.isEmpty() ? kind : later(kind);
            ComponentProvider<?, ?> provider = provider(partKind, part.name());
            parts.add(canonical(provider, part));
        }
        return new ComponentSpec(parts);
    }

    private <O extends Record> ComponentSpec.Part canonical(ComponentProvider<?, O> provider, ComponentSpec.Part part) {
        O options = OptionsText.parse(withoutKernel(part), provider.defaults());
        return OptionsText.format(part.name(), provider.canonical(options, this));
    }

    private <C extends Component> C createOne(Class<C> kind, ComponentSpec.Part part, BuildContext context)
            throws IOException {
        return create(provider(kind, part.name()), part, context);
    }

    private <C extends Component> C openOne(
            Class<C> kind, ComponentSpec.Part part, ComponentState state, BuildContext context) throws IOException {
        return open(provider(kind, part.name()), part, state, context);
    }

    private <C extends Component, O extends Record> C create(
            ComponentProvider<C, O> provider, ComponentSpec.Part part, BuildContext context) throws IOException {
        O options = OptionsText.parse(withoutKernel(part), provider.defaults());
        return provider.create(options, kernel(part, context), this);
    }

    private <C extends Component, O extends Record> C open(
            ComponentProvider<C, O> provider, ComponentSpec.Part part, ComponentState state, BuildContext context)
            throws IOException {
        O options = OptionsText.parse(withoutKernel(part), provider.defaults());
        return provider.open(options, state, kernel(part, context), this);
    }

    // kernel=… may stand in any spec; it changes speed, not identity, so it is taken out before options are read.
    private static ComponentSpec.Part withoutKernel(ComponentSpec.Part part) {
        if (!part.parameters().containsKey(KERNEL)) {
            return part;
        }
        Map<String, String> others = new LinkedHashMap<>(part.parameters());
        others.remove(KERNEL);
        return new ComponentSpec.Part(part.name(), others);
    }

    private static BuildContext kernel(ComponentSpec.Part part, BuildContext context) {
        String kernel = part.parameters().get(KERNEL);
        return kernel == null ? context : context.withKernel(kernel);
    }

    @SuppressWarnings("unchecked") // the map is filled by kind
    private <C extends Component> ComponentProvider<C, ?> provider(Class<C> kind, String name) {
        requireNonNull(kind, "kind");
        Map<String, ComponentProvider<?, ?>> byName = providers.getOrDefault(kind, Map.of());
        ComponentProvider<?, ?> provider = byName.get(name);
        if (provider == null) {
            throw new ComponentNotFoundException("no " + kind.getSimpleName() + " named \"" + name + "\"; available: "
                    + (byName.isEmpty() ? "none" : String.join(", ", byName.keySet()))
                    + "; is the JAR that provides it on the class path?");
        }
        return (ComponentProvider<C, ?>) provider;
    }

    /** What stands behind a {@code |}. */
    private static Class<? extends Component> later(Class<? extends Component> kind) {
        return kind == Index.class || kind == Reranker.class ? Reranker.class : Transform.class;
    }

    private static List<ComponentSpec.Part> later(ComponentSpec spec) {
        return spec.parts().subList(1, spec.parts().size());
    }

    private static void requireStaged(Class<? extends Component> kind, ComponentSpec spec) {
        if (kind != Aggregator.class && kind != Extractor.class && kind != Reranker.class) {
            throw new IllegalArgumentException(
                    "a spec of " + kind.getSimpleName() + " must have one part, got \"" + spec + "\"");
        }
    }

    private static <C extends Component> C staged(Class<C> kind, C base, List<Transform> stages) {
        return kind.cast(
                kind == Aggregator.class
                        ? new Staged.OfAggregator((Aggregator) base, stages)
                        : new Staged.OfExtractor((Extractor) base, stages));
    }

    private static String origin(ComponentProvider<?, ?> provider) {
        java.security.CodeSource source =
                provider.getClass().getProtectionDomain().getCodeSource();
        return provider.getClass().getName() + (source == null ? "" : " in " + source.getLocation());
    }
}
