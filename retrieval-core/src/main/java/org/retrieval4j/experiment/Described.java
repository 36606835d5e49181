package org.retrieval4j.experiment;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.database.ImageRecord;

/**
 * Descriptors of the images of a data set, and where their features are. {@code features} is the key of what the extractor
 * gave, {@code key} that of the descriptors.
 */
final class Described implements AutoCloseable {
    final ImageDatabase database;
    final String features;
    final String key;
    final String extractor;
    final String aggregator;
    final List<ImageRecord> images;
    final List<GlobalDescriptor> descriptors;
    final @Nullable Aggregator queries;
    final double extractMillis;
    final double aggregateMillis;

    Described(
            ImageDatabase database,
            String features,
            String key,
            String extractor,
            String aggregator,
            List<GlobalDescriptor> descriptors,
            @Nullable Aggregator queries,
            double extractMillis,
            double aggregateMillis) {
        this.database = database;
        this.features = features;
        this.key = key;
        this.extractor = extractor;
        this.aggregator = aggregator;
        this.images = database.images();
        this.descriptors = descriptors;
        this.queries = queries;
        this.extractMillis = extractMillis;
        this.aggregateMillis = aggregateMillis;
    }

    /** An image as a query. */
    Extraction query(int row) throws IOException {
        Optional<ImageFeatures> local = database.features(images.get(row).id());
        GlobalDescriptor descriptor =
                queries == null ? descriptors.get(row) : queries.aggregateQuery(local.orElseThrow());
        return new Extraction(
                local.map(features -> Map.of(Extraction.LOCAL, features)).orElse(Map.of()), Optional.of(descriptor));
    }

    @Override
    public void close() throws IOException {
        if (queries != null) {
            queries.close();
        }
        database.close();
    }

    /** The row of an image by its name. */
    Map<String, Integer> rows() {
        Map<String, Integer> rows = new HashMap<>();
        for (int i = 0; i < images.size(); i++) {
            rows.put(images.get(i).name(), i);
        }
        return rows;
    }
}
