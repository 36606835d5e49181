package org.retrieval4j.api;

import java.util.List;
import java.util.Set;

/**
 * From pictures to features: SIFT, or a network. One pass may give several {@linkplain #outputs() outputs}.
 *
 * <p>An extractor looks at the upright picture and returns keypoints in stored pixels; {@link Orientation} converts.
 */
public interface Extractor extends Component {
    /**
     * What an extraction will hold: names of features ({@link Extraction#LOCAL}, {@link Extraction#MAP}, others), and
     * {@link Extraction#GLOBAL} for a global vector.
     *
     * @return the names
     */
    Set<String> outputs();

    /**
     * Extracts a batch.
     *
     * @param images the pictures
     * @return one extraction a picture, in order; a picture without features has zero rows
     */
    List<Extraction> extractAll(List<Image> images);

    /**
     * Extracts one picture.
     *
     * @param image the picture
     * @return its extraction
     */
    default Extraction extract(Image image) {
        return extractAll(List.of(image)).get(0);
    }
}
