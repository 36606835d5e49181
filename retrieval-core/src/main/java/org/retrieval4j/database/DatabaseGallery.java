package org.retrieval4j.database;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;

/** The images of a database as what stages of re-ranking search in. */
final class DatabaseGallery implements Gallery {
    private final ImageDatabase database;

    DatabaseGallery(ImageDatabase database) {
        this.database = database;
    }

    @Override
    public long[] ids() throws IOException {
        return database.searchableIds();
    }

    @Override
    public List<SearchResult> searchAll(List<Extraction> queries, SearchOptions options) throws IOException {
        return database.find(List.copyOf(queries), options);
    }

    @Override
    public Optional<ImageFeatures> features(long imageId) throws IOException {
        return database.features(imageId);
    }

    @Override
    public Optional<GlobalDescriptor> descriptor(long imageId) throws IOException {
        return database.descriptor(imageId);
    }
}
