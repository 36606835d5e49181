package org.retrieval4j.rerank;

import java.util.List;
import java.util.Optional;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;

/** Rows of a matrix, searched by cosine; counts searches. */
final class GalleryOfVectors implements Gallery, AutoCloseable {
    final FloatMatrix vectors;
    private final Index index;
    int searches;

    GalleryOfVectors(FloatMatrix vectors) {
        this.vectors = vectors;
        this.index = Neighbors.filled(vectors, ComponentSpec.parse("flat"), Components.load(), BuildContext.defaults());
    }

    @Override
    public long[] ids() {
        return index.ids();
    }

    @Override
    public List<SearchResult> searchAll(List<Extraction> queries, SearchOptions options) {
        searches++;
        return index.searchAll(Gallery.descriptors(queries), options);
    }

    @Override
    public Optional<ImageFeatures> features(long imageId) {
        return Optional.empty();
    }

    @Override
    public Optional<GlobalDescriptor> descriptor(long imageId) {
        return Optional.of(new GlobalDescriptor.Dense(vectors.row((int) imageId)));
    }

    @Override
    public void close() {
        index.close();
    }
}
