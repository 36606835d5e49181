package org.retrieval4j.nd4j.training;

import java.util.List;
import org.retrieval4j.api.Component;

/**
 * How wrong descriptors are: a number that training makes smaller. Named in specs like other components: {@code
 * triplet(margin=0.1)}.
 */
public interface Loss extends Component {
    /**
     * The loss over vectors of one width, with parameters of its own where it has some.
     *
     * @param columns number of values of a vector
     * @param classes number of labels in the training set; a loss that compares no labels ignores it
     * @param seed of the parameters' first values
     * @return the objective
     */
    Objective over(int columns, int classes, long seed);

    /** A loss with its parameters. Not thread-safe while an optimizer changes these. */
    interface Objective {
        /**
         * What the loss learns itself: the centers of classes.
         *
         * @return none for most
         */
        default List<Parameter> parameters() {
            return List.of();
        }

        /**
         * Computes loss and gradients of a batch.
         *
         * @param vectors one a picture, row-major, finite
         * @param columns number of values of each
         * @param tuples what is compared; rows of the vectors
         * @param labels the class of each picture, from 0
         * @param gradient as many values as there are in {@code vectors}; the gradient by them is added
         * @param parameters the gradients of {@link #parameters()} are added
         * @return the loss, summed or divided as the loss says
         */
        double of(
                double[] vectors,
                int columns,
                List<Tuple> tuples,
                int[] labels,
                double[] gradient,
                Gradients parameters);
    }
}
