package org.retrieval4j.nd4j.training;

import java.util.List;

/** A differentiable function from the features of pictures to one vector each. Passes may run at once, as those of layers. */
public interface Network {
    /**
     * The parameters, in a fixed order.
     *
     * @return all of them
     */
    List<Parameter> parameters();

    /**
     * Computes the vectors of a batch.
     *
     * @param input descriptors of pictures
     * @return one vector a picture, and the way back
     */
    Layer.Pass forward(Rows input);

    /**
     * How many passes over parts of a batch may run at once, whose gradients are added in order. The results depend on it,
     * never on the number of threads.
     *
     * @return 1 for a network that wants its batch whole
     */
    default int parts() {
        return 1;
    }
}
