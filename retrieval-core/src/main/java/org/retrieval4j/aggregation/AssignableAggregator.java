package org.retrieval4j.aggregation;

import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;

/**
 * An aggregator over clusters that can be told which descriptor belongs to which: to repeat another program's encoding
 * exactly, or to try a way of assignment that the aggregator does not have.
 */
public interface AssignableAggregator extends Aggregator {
    /**
     * Number of clusters, words or components.
     *
     * @return k
     */
    int clusters();

    /**
     * Aggregates the descriptors of one picture with given clusters.
     *
     * @param descriptors n x d
     * @param assignments the cluster of each descriptor, 0 to k − 1
     * @return the descriptor
     * @throws IllegalArgumentException if sizes do not fit or a cluster does not exist
     */
    GlobalDescriptor aggregate(FloatMatrix descriptors, int[] assignments);

    /**
     * Aggregates the descriptors of one picture with given weights.
     *
     * @param descriptors n x d
     * @param weights n x k, finite, not negative: how much each descriptor belongs to each cluster
     * @return the descriptor
     * @throws IllegalArgumentException if sizes do not fit, or a weight is negative or not finite
     */
    GlobalDescriptor aggregate(FloatMatrix descriptors, FloatMatrix weights);
}
