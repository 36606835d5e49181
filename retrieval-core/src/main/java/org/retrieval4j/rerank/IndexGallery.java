package org.retrieval4j.rerank;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;

/** An index and where the vectors and features of its images are found: what stages begin with. Thread-safe. */
public final class IndexGallery implements Gallery {
    private final Index index;
    private final FeatureSource source;

    /**
     * A gallery.
     *
     * @param index is searched; stays the caller's to close
     * @param source has the descriptors of its images as they were before the index encoded them
     */
    public IndexGallery(Index index, FeatureSource source) {
        this.index = requireNonNull(index, "index");
        this.source = requireNonNull(source, "source");
    }

    @Override
    public long[] ids() {
        return index.ids();
    }

    @Override
    public List<SearchResult> searchAll(List<Extraction> queries, SearchOptions options) {
        return index.searchAll(Gallery.descriptors(queries), options);
    }

    @Override
    public Optional<ImageFeatures> features(long imageId) throws IOException {
        return source.features(imageId);
    }

    @Override
    public Optional<GlobalDescriptor> descriptor(long imageId) throws IOException {
        return source.descriptor(imageId);
    }
}
