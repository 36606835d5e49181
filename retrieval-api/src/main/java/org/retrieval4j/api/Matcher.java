package org.retrieval4j.api;

import java.util.ArrayList;
import java.util.List;

/** Pairs the features of two pictures: mutual nearest neighbors, or a network. */
public interface Matcher extends Component {
    /**
     * Pairs a query with one picture.
     *
     * @param query the query's local features
     * @param reference the other picture's, from the same extractor
     * @return the pairs, best first; {@link Matches#NONE} if either has no features
     * @throws IllegalArgumentException if the descriptors have different widths
     */
    Matches match(ImageFeatures query, ImageFeatures reference);

    /**
     * Pairs a query with several pictures; a matcher that can prepare the query once overrides this.
     *
     * @param query the query's local features
     * @param references the others
     * @return one result a picture, in order
     */
    default List<Matches> matchAll(ImageFeatures query, List<ImageFeatures> references) {
        List<Matches> all = new ArrayList<>(references.size());
        for (ImageFeatures reference : references) {
            all.add(match(query, reference));
        }
        return all;
    }
}
