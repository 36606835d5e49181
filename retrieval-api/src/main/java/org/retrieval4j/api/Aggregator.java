package org.retrieval4j.api;

import java.util.List;

/**
 * From the many descriptors of a picture to one {@link GlobalDescriptor}: bag of words, VLAD, Fisher vector, NetVLAD,
 * pooling.
 *
 * <p>A picture without features must give a descriptor too, of the usual dimension (zeros, or no words).
 */
public interface Aggregator extends Component {
    /**
     * Aggregates a batch.
     *
     * @param images the features of each picture; descriptors of the width the aggregator was made for
     * @return one descriptor a picture, in order
     * @throws IllegalArgumentException if descriptors have another width; the message tells both
     */
    List<GlobalDescriptor> aggregateAll(List<ImageFeatures> images);

    /**
     * Aggregates one picture.
     *
     * @param image its features
     * @return its descriptor
     */
    default GlobalDescriptor aggregate(ImageFeatures image) {
        return aggregateAll(List.of(image)).get(0);
    }

    /**
     * Aggregates pictures that will be searched for and not stored. The same as {@link #aggregateAll}, except where the
     * field treats the two sides differently: in multiple assignment each descriptor of a query counts to several words,
     * so that the many images of the database need not be stored several times over.
     *
     * @param images as in {@link #aggregateAll}
     * @return one descriptor a picture, in order, of the kind and dimension that {@link #aggregateAll} gives
     * @throws IllegalArgumentException if descriptors have another width; the message tells both
     */
    default List<GlobalDescriptor> aggregateQueries(List<ImageFeatures> images) {
        return aggregateAll(images);
    }

    /**
     * Aggregates one picture that will be searched for.
     *
     * @param image its features
     * @return its descriptor
     */
    default GlobalDescriptor aggregateQuery(ImageFeatures image) {
        return aggregateQueries(List.of(image)).get(0);
    }
}
