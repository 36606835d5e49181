package org.retrieval4j.nd4j.training;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;

/**
 * A differentiable step: an aggregator or a transform of the library, with the same numbers in double and with gradients.
 * Passes share nothing but the parameters, so that several may run at once while nobody changes these.
 *
 * <p>Each layer stands there twice: {@link #forward} has a backward pass written by hand, which trains on the CPU; {@link
 * #define} builds the same of ND4J's SameDiff, whose automatic gradients check the former and train where arrays live on a
 * GPU.
 */
public interface Layer {
    /**
     * The parameters, in a fixed order. What a layer keeps as it is (a bias that is fixed at 0, the statistics of a batch
     * normalization) is not among them.
     *
     * @return the parameters, none if nothing can be learned
     */
    List<Parameter> parameters();

    /**
     * Computes the outputs of a batch.
     *
     * @param input vectors of the width that the layer was made for
     * @return the outputs, and the way back
     * @throws IllegalArgumentException if the width is another one, or a feature map is needed and there is none
     */
    Pass forward(Rows input);

    /**
     * Builds the layer of SameDiff's operations. Vectors that only fill a picture up may hold any numbers: whoever sums over
     * vectors masks them. Factors and divisors that may be arrays of one element need care, see {@link Graph}.
     *
     * @param graph where, with the layer's parameters and the shape of the batch
     * @param input pictures x vectors x columns of a feature map, or pictures x columns after pooling
     * @return the output, of the same forms
     */
    SDVariable define(Graph graph, SDVariable input);

    /**
     * The spec of the component with the present values.
     *
     * @return its canonical part
     */
    ComponentSpec.Part spec();

    /**
     * The state of the component with the present values, rounded to float.
     *
     * @return what its provider opens
     */
    ComponentState state();

    /** What a layer made of a batch. Belongs to one thread. */
    interface Pass {
        /**
         * What the layer gives.
         *
         * @return vectors of the same pictures
         */
        Rows output();

        /**
         * Goes back: from the gradient of a number by the output to its gradients by parameters and input.
         *
         * @param gradient as many values as the output has
         * @param parameters the gradients of the layer's parameters are added here
         * @param input whether the gradient by the input is wanted
         * @return the gradient by the input, as many values as the input has; null if it is not wanted
         */
        double @Nullable [] backward(double[] gradient, Gradients parameters, boolean input);
    }
}
