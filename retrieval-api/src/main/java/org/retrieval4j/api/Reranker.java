package org.retrieval4j.api;

import java.io.IOException;

/**
 * A stage after an index that makes ranked lists better: query expansion, database augmentation, re-ranking by
 * neighborhoods, diffusion, verification by geometry. Stages are composed: in {@code verify(first=100) | qe(k=5)} the
 * expansion sees the order that verification left.
 *
 * <p>A re-ranker holds settings; what it computes beforehand for all images (a graph of neighbors, other vectors)
 * belongs to the gallery that {@link #over} returns.
 */
public interface Reranker extends Component {
    /**
     * The same images, searched with this stage. May take as long as searching for every image of the gallery; the class
     * tells cost and memory.
     *
     * @param below what this stage searches in; used by each later search
     * @return a gallery that answers for the images that {@code below} has now: after images came or went, call this again.
     *     It serves until this stage is closed
     * @throws IOException if vectors cannot be read
     * @throws IllegalArgumentException if descriptors are of a kind that this stage does not take
     */
    Gallery over(Gallery below) throws IOException;
}
