package org.retrieval4j.api;

import java.io.IOException;
import java.util.Optional;

/** Where the local features of indexed images are found again. Thread-safe. */
public interface FeatureSource {
    /**
     * Local features of one image.
     *
     * @param imageId the image
     * @return its features; empty if the image is unknown or its features were not kept
     * @throws IOException if they cannot be read
     */
    Optional<ImageFeatures> features(long imageId) throws IOException;
}
