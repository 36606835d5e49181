package org.retrieval4j.rerank;

import java.io.IOException;
import java.util.Optional;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;

/** A gallery with a stage behind it: the same images with the same features, searched otherwise. */
abstract class GalleryStage implements Gallery {
    final Gallery below;

    GalleryStage(Gallery below) {
        this.below = below;
    }

    @Override
    public long[] ids() throws IOException {
        return below.ids();
    }

    @Override
    public Optional<ImageFeatures> features(long imageId) throws IOException {
        return below.features(imageId);
    }

    @Override
    public Optional<GlobalDescriptor> descriptor(long imageId) throws IOException {
        return below.descriptor(imageId);
    }
}
