package org.retrieval4j.spi;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Component;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.api.SampleRequiredException;

/**
 * Makes the components of one name. Its class is public, has a public constructor without parameters, and is named in
 * {@code META-INF/services/org.retrieval4j.spi.ComponentProvider} (and in {@code provides} of a module). Constructing
 * it costs nothing: native libraries are loaded in {@link #create}, not before.
 *
 * @param <C> the kind: {@code Aggregator}, {@code Index}, …, or a kind of the module's own
 * @param <O> the options: a public record whose components {@link OptionsText} can write
 */
public abstract class ComponentProvider<C extends Component, O extends Record> {
    private final Class<C> kind;
    private final String name;
    private final O defaults;

    /**
     * Tells what is provided.
     *
     * @param kind the interface
     * @param name the name in specs: lower-case letters, digits, hyphens
     * @param defaults options with all default values
     */
    protected ComponentProvider(Class<C> kind, String name, O defaults) {
        this.kind = requireNonNull(kind, "kind");
        this.name = new ComponentSpec.Part(name, java.util.Map.of()).name();
        this.defaults = requireNonNull(defaults, "defaults");
    }

    /**
     * The interface that the components implement.
     *
     * @return the kind
     */
    public final Class<C> kind() {
        return kind;
    }

    /**
     * The name in specs.
     *
     * @return the name
     */
    public final String name() {
        return name;
    }

    /**
     * Options with all default values.
     *
     * @return the defaults
     */
    public final O defaults() {
        return defaults;
    }

    /**
     * Decides between providers of one name: the larger wins; two equal ones are an error.
     *
     * @return 0 by default
     */
    public int priority() {
        return 0;
    }

    /**
     * Makes a component, learning what must be learned.
     *
     * @param options checked options
     * @param context sample, seed, threads
     * @return the component, ready for use
     * @throws IOException if a file named in the options cannot be read
     * @throws SampleRequiredException if it must learn and the context has no sample: a database then makes it again when
     *     its first images are there
     * @throws IllegalArgumentException if options and sample do not fit
     */
    public abstract C create(O options, BuildContext context) throws IOException;

    /**
     * Makes a component that consists of others: what {@link Components} calls. The default serves the rest.
     *
     * @param options checked options
     * @param context sample, seed, threads
     * @param components where the others come from: what the caller made this one with
     * @return the component, ready for use
     * @throws IOException if a file named in the options cannot be read
     * @throws IllegalArgumentException if options and sample do not fit
     */
    public C create(O options, BuildContext context, Components components) throws IOException {
        return create(options, context);
    }

    /**
     * Opens a component again from what was saved. The default serves components without state.
     *
     * @param options checked options
     * @param state what {@link Component#state()} was
     * @param context seed, threads; no sample
     * @return a component equal to the one saved
     * @throws IOException if a file of the state cannot be read
     */
    public C open(O options, ComponentState state, BuildContext context) throws IOException {
        if (!state.isEmpty()) {
            throw new IllegalArgumentException(
                    name + " has a saved state, but its provider " + getClass().getName() + " does not override open");
        }
        return create(options, context);
    }

    /**
     * Opens a component that consists of others: what {@link Components} calls. The default serves the rest.
     *
     * @param options checked options
     * @param state what {@link Component#state()} was
     * @param context seed, threads; no sample
     * @param components where the others come from
     * @return a component equal to the one saved
     * @throws IOException if a file of the state cannot be read
     */
    public C open(O options, ComponentState state, BuildContext context, Components components) throws IOException {
        return open(options, state, context);
    }

    /**
     * Options whose specs of other components are {@linkplain Components#canonical canonical}, so that equal pipelines
     * have equal texts. The default serves options without such specs.
     *
     * @param options checked options
     * @param components where the others come from
     * @return equal options, all defaults of the others filled in
     * @throws IllegalArgumentException if another one is not known, or its parameters are not
     */
    public O canonical(O options, Components components) {
        return options;
    }

    /**
     * The canonical spec of options: what {@link Component#spec()} of a component returns.
     *
     * @param options the options
     * @return the spec, all parameters in it
     */
    public final ComponentSpec specOf(O options) {
        return ComponentSpec.of(OptionsText.format(name, options));
    }
}
