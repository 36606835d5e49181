package org.retrieval4j.database;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.SearchOptions;

/** A directory of indexed photographs. */
public final class ImageDatabase implements FeatureSource, AutoCloseable {
    private ImageDatabase() {}

    /** Creates. */
    public static ImageDatabase create(
            Path directory, DatabaseOptions options, Components components, BuildContext context) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Opens for writing. */
    public static ImageDatabase open(Path directory, Components components, BuildContext context) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Opens for reading. */
    public static ImageDatabase openForReading(Path directory, Components components, BuildContext context)
            throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Tells. */
    public static boolean exists(Path directory) {
        throw new UnsupportedOperationException();
    }

    /** Options. */
    public DatabaseOptions options() {
        throw new UnsupportedOperationException();
    }

    /** Adds. */
    public IndexingReport addAll(List<ImageSource> sources, ImageReader reader, IndexingOptions options)
            throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Removes. */
    public boolean remove(String name) throws IOException {
        return removeAll(List.of(name)) == 1;
    }

    /** Removes. */
    public int removeAll(Collection<String> names) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Size. */
    public long size() {
        throw new UnsupportedOperationException();
    }

    /** All. */
    public List<ImageRecord> images() {
        throw new UnsupportedOperationException();
    }

    /** One. */
    public Optional<ImageRecord> image(long id) {
        throw new UnsupportedOperationException();
    }

    /** One. */
    public Optional<ImageRecord> image(String name) {
        throw new UnsupportedOperationException();
    }

    /** Extracts. */
    public Extraction extract(Image query) {
        throw new UnsupportedOperationException();
    }

    /** Searches. */
    public Ranking search(Extraction query, SearchOptions options, int verify) throws IOException {
        return searchAll(List.of(query), options, verify).get(0);
    }

    /** Searches. */
    public List<Ranking> searchAll(List<Extraction> queries, SearchOptions options, int verify) throws IOException {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<ImageFeatures> features(long imageId) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Compacts. */
    public void compact() throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Info. */
    public DatabaseInfo info() throws IOException {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() throws IOException {}
}
