package org.retrieval4j.rerank;

import java.util.List;
import org.retrieval4j.api.Component;
import org.retrieval4j.api.SearchResult;

/**
 * Late fusion: one ranked list of several, which different descriptors gave for one query and the same images. {@link
 * FusedGallery} searches with it. Thread-safe.
 */
public interface Fusion extends Component {
    /**
     * How much of each list is looked at.
     *
     * @return a number of images, at least 1
     */
    int first();

    /**
     * Fuses.
     *
     * @param lists ranked lists, one a descriptor, each with at most {@link #first} images if the caller wants only them
     *     to count; an image may be missing from some
     * @param weights of the lists, finite and above 0
     * @return all images of the lists, best first, equal ones by id
     * @throws IllegalArgumentException if there are not as many weights as lists
     */
    SearchResult fuse(List<SearchResult> lists, double[] weights);
}
