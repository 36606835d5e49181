package org.retrieval4j.nd4j.training;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Components;

/**
 * An aggregator and the transforms behind it while they are trained: layer after layer, with backward passes written by
 * hand. Of a component, and a component again at any time.
 */
public final class Head implements Network {
    /** More than the cores of most machines would leave parts of a picture or two, which products do not like. */
    private static final int PARTS = 4;

    private final List<Layer> layers;
    private final Map<String, Parameter> named = new LinkedHashMap<>();

    Head(List<Layer> layers) {
        this.layers = List.copyOf(layers);
        for (int i = 0; i < layers.size(); i++) {
            String name = layers.get(i).spec().name();
            int before = i;
            boolean repeated = layers.stream()
                    .anyMatch(other ->
                            other != layers.get(before) && other.spec().name().equals(name));
            for (Parameter parameter : layers.get(i).parameters()) {
                named.put((repeated ? i + "-" : "") + name + "." + parameter.name(), parameter);
            }
        }
    }

    /**
     * The trainable form of an aggregator, which is where training starts.
     *
     * @param aggregator with or without stages behind it; not kept
     * @param known what can be trained
     * @return the head
     * @throws IOException if a file of its state cannot be read
     * @throws IllegalArgumentException if a part of it cannot be trained, or there is nothing to learn
     */
    public static Head of(Aggregator aggregator, Layers known) throws IOException {
        Head head = new Head(known.layers(aggregator.spec(), aggregator.state()));
        if (head.named.isEmpty()) {
            throw new IllegalArgumentException(aggregator.spec() + " has no parameters that could be trained");
        }
        return head;
    }

    /**
     * Its layers.
     *
     * @return first to last
     */
    public List<Layer> layers() {
        return layers;
    }

    /**
     * Parameters by the names that settings, logs and files use: {@code netvlad.assignment}; with the place of the
     * component before it where two have one name: {@code 1-fully-connected.weights}.
     *
     * @return in the order of {@link #parameters()}
     */
    public Map<String, Parameter> named() {
        return Collections.unmodifiableMap(named);
    }

    @Override
    public List<Parameter> parameters() {
        return List.copyOf(named.values());
    }

    @Override
    public int parts() {
        return PARTS;
    }

    @Override
    public Layer.Pass forward(Rows input) {
        List<Layer.Pass> passes = new ArrayList<>();
        Rows current = input;
        for (Layer layer : layers) {
            Layer.Pass pass = layer.forward(current);
            passes.add(pass);
            current = pass.output();
        }
        Rows output = current;
        return new Layer.Pass() {
            @Override
            public Rows output() {
                return output;
            }

            @Override
            public double @Nullable [] backward(double[] gradient, Gradients parameters, boolean wanted) {
                double[] behind = gradient;
                for (int i = passes.size() - 1; i >= 0; i--) {
                    boolean more = wanted;
                    for (int before = 0; before < i; before++) {
                        more |= !layers.get(before).parameters().isEmpty();
                    }
                    double[] next = passes.get(i).backward(behind, parameters, more);
                    if (next == null) {
                        return null; // nothing before it learns
                    }
                    behind = next;
                }
                return behind;
            }
        };
    }

    /**
     * The aggregator with the present values, rounded to float.
     *
     * @param components where its provider is found
     * @param context kernel and threads
     * @return a component of the library, for databases and files
     * @throws IOException if a file of its state cannot be read
     */
    public Aggregator aggregator(Components components, BuildContext context) throws IOException {
        List<ComponentSpec.Part> parts = new ArrayList<>();
        ComponentState state = ComponentState.EMPTY;
        for (int i = 0; i < layers.size(); i++) {
            Layer layer = layers.get(i);
            parts.add(layer.spec());
            state = layers.size() == 1 ? layer.state() : state.with(i + "/", layer.state());
        }
        return components.open(Aggregator.class, new ComponentSpec(parts), state, context);
    }
}
