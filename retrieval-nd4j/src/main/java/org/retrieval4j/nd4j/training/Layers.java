package org.retrieval4j.nd4j.training;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;

/** All components that can be trained. Immutable and thread-safe. */
public final class Layers {
    private final Map<String, LayerProvider> providers;

    private Layers(Map<String, LayerProvider> providers) {
        this.providers = providers;
    }

    /**
     * Finds the providers that a class loader sees.
     *
     * @param loader where to look
     * @return the layers
     * @throws IllegalStateException if two providers have one name
     */
    public static Layers load(ClassLoader loader) {
        return of(ServiceLoader.load(LayerProvider.class, loader));
    }

    /**
     * Layers of given providers, without a look-up.
     *
     * @param given the providers
     * @return the layers
     * @throws IllegalStateException if two providers have one name
     */
    public static Layers of(Iterable<? extends LayerProvider> given) {
        Map<String, LayerProvider> providers = new TreeMap<>();
        for (LayerProvider provider : given) {
            for (String name : provider.names()) {
                LayerProvider other = providers.put(name, provider);
                if (other != null) {
                    throw new IllegalStateException("two classes make \"" + name + "\" trainable: "
                            + other.getClass().getName() + " and "
                            + provider.getClass().getName());
                }
            }
        }
        return new Layers(providers);
    }

    /**
     * Makes the layer of one component.
     *
     * @param part its canonical spec
     * @param state its state
     * @return the layer
     * @throws IOException if a file of the state cannot be read
     * @throws IllegalArgumentException if it cannot be trained
     */
    public Layer layer(ComponentSpec.Part part, ComponentState state) throws IOException {
        LayerProvider provider = providers.get(part.name());
        if (provider == null) {
            throw new IllegalArgumentException(
                    "\"" + part.name() + "\" cannot be trained; what can: " + String.join(", ", providers.keySet()));
        }
        return provider.layer(part, state, this);
    }

    /**
     * Makes the layers of a pipeline.
     *
     * @param spec the canonical spec of a component
     * @param state its state
     * @return a layer for each part
     * @throws IOException if a file of the state cannot be read
     * @throws IllegalArgumentException if a part cannot be trained
     */
    public List<Layer> layers(ComponentSpec spec, ComponentState state) throws IOException {
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < spec.parts().size(); i++) {
            ComponentState own = spec.parts().size() == 1 ? state : state.part(i + "/");
            layers.add(layer(spec.parts().get(i), own));
        }
        return layers;
    }
}
