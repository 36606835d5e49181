package org.retrieval4j.nd4j.training;

import java.io.IOException;
import java.util.Set;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;

/**
 * Makes the differentiable form of components. Found by {@link java.util.ServiceLoader}: whoever brings an aggregator of
 * their own makes it trainable so. Its class is public and has a public constructor without parameters.
 */
public interface LayerProvider {
    /**
     * Which components.
     *
     * @return their names in specs
     */
    Set<String> names();

    /**
     * Makes the layers of a component, with the component's present arrays as starting values.
     *
     * @param part its canonical spec
     * @param state its state
     * @param layers makes the layers of components inside this one
     * @return the layer
     * @throws IOException if a file of the state cannot be read
     * @throws IllegalArgumentException if the arrays do not fit, or these options cannot be trained
     */
    Layer layer(ComponentSpec.Part part, ComponentState state, Layers layers) throws IOException;
}
