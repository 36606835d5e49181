package org.retrieval4j.api;

import java.io.IOException;
import java.util.Optional;

/** Where the local features and the descriptors of indexed images are found again. Thread-safe. */
public interface FeatureSource {
    /**
     * Local features of one image.
     *
     * @param imageId the image
     * @return its features; empty if the image is unknown or its features were not kept
     * @throws IOException if they cannot be read
     */
    Optional<ImageFeatures> features(long imageId) throws IOException;

    /**
     * What an image is retrieved by.
     *
     * @param imageId the image
     * @return its global descriptor; empty if the image is unknown, or, as by default, descriptors are not kept
     * @throws IOException if it cannot be read
     */
    default Optional<GlobalDescriptor> descriptor(long imageId) throws IOException {
        return Optional.empty();
    }
}
