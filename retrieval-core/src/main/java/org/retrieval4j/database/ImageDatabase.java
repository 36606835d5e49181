package org.retrieval4j.database;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Component;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.WriterLock;

/**
 * A directory of indexed photographs, and the answer to "which of these show the same place or object as this one?".
 *
 * <pre>{@code
 * try (ImageDatabase database = ImageDatabase.create(directory, DatabaseOptions.defaults(), Components.load(),
 *         BuildContext.defaults())) {
 *     database.addAll(sources, reader, IndexingOptions.defaults());
 *     Extraction query = database.extract(reader.read(photo));
 *     Ranking ranking = database.search(query, SearchOptions.top(10), 20);
 * }
 * }</pre>
 *
 * <p>The <em>retrieval pipeline</em> (extractor, aggregator, stages, index) ranks all images; the <em>verification
 * pipeline</em> (local features, matcher, verifier) looks for geometric proof among the first of them. What must be
 * learned is learned from a seeded sample of the first run's images, saved, and never changed.
 *
 * <p>An image is acknowledged when its record and features are forced to an append-only log: from then on it survives a
 * kill of the process at any moment. The log becomes immutable segments as it grows. Opening replays it, brings the
 * index up to date, and the next run of indexing resumes what was interrupted.
 *
 * <p>Thread-safe: many threads search while one adds; each search sees the images of its start. One process writes,
 * others may open the directory for reading and see the state of that moment. No thread is started: indexing runs on
 * the executor of its options, verification on that of the context.
 */
public final class ImageDatabase implements FeatureSource, AutoCloseable {
    private final Path directory;
    private final BuildContext context;
    private final Pipelines pipelines;
    private final Store store;
    private final LiveIndex index;
    private final @Nullable WriterLock lock;
    private final ReentrantLock writing = new ReentrantLock(true);
    private final ReentrantReadWriteLock usage = new ReentrantReadWriteLock();
    private boolean closed;

    private ImageDatabase(
            Path directory,
            BuildContext context,
            Components components,
            Pipelines pipelines,
            Store store,
            @Nullable WriterLock lock) {
        this.directory = directory;
        this.context = context;
        this.pipelines = pipelines;
        this.store = store;
        this.index = new LiveIndex(directory.resolve(DatabaseDirectory.INDEX), pipelines, components, context);
        this.lock = lock;
    }

    /**
     * Makes a new, empty database and opens it for writing. Components that need no sample are made and saved at once,
     * so that what is wrong with a spec or a file it names shows here.
     *
     * @param directory where it will be; must not exist, or be empty
     * @param options what it is made of
     * @param components where the components come from
     * @param context threads for verification, base directory of files in specs, kernels; its seed is not used
     * @return the database
     * @throws FileAlreadyExistsException if the directory is a database, or holds anything else
     * @throws IOException if the directory cannot be written, or somebody else is writing to it
     * @throws IllegalArgumentException if the specs do not fit each other
     */
    public static ImageDatabase create(
            Path directory, DatabaseOptions options, Components components, BuildContext context) throws IOException {
        return create(directory, options, components, context, Store.Limits.DEFAULT);
    }

    static ImageDatabase create(
            Path directory, DatabaseOptions options, Components components, BuildContext context, Store.Limits limits)
            throws IOException {
        requireNonNull(options, "options");
        requireNonNull(components, "components");
        requireNonNull(context, "context");
        DatabaseDirectory.requireFree(directory);
        Files.createDirectories(directory);
        WriterLock lock = WriterLock.acquire(directory);
        try {
            DatabaseDirectory.requireFree(directory);
            DatabaseDirectory.clear(directory);
            Store store = Store.create(directory.resolve(DatabaseDirectory.IMAGES), limits, context.executor());
            try {
                // the header, written last, makes the directory a database
                Pipelines pipelines = Pipelines.create(directory, options, components, context);
                return new ImageDatabase(directory, context, components, pipelines, store, lock);
            } catch (IOException | RuntimeException | Error e) {
                store.close();
                throw e;
            }
        } catch (IOException | RuntimeException | Error e) {
            lock.close();
            throw e;
        }
    }

    /**
     * Opens a database for reading and writing.
     *
     * @param directory where it is
     * @param components where the components come from
     * @param context threads for verification, kernels
     * @return the database
     * @throws NoSuchFileException if the directory is no database
     * @throws CorruptFileException if a file is damaged
     * @throws org.retrieval4j.storage.UnsupportedVersionException if a file is of a version that is not read
     * @throws IOException if it cannot be read, or another process is writing to it
     */
    public static ImageDatabase open(Path directory, Components components, BuildContext context) throws IOException {
        return open(directory, components, context, Store.Limits.DEFAULT);
    }

    static ImageDatabase open(Path directory, Components components, BuildContext context, Store.Limits limits)
            throws IOException {
        DatabaseDirectory.requireDatabase(directory);
        WriterLock lock = WriterLock.acquire(directory);
        try {
            return open(directory, components, context, limits, lock);
        } catch (IOException | RuntimeException | Error e) {
            lock.close();
            throw e;
        }
    }

    /**
     * Opens a database for reading, as it is now; another process may go on writing.
     *
     * @param directory where it is
     * @param components where the components come from
     * @param context threads for verification, kernels
     * @return the database
     * @throws NoSuchFileException if the directory is no database
     * @throws CorruptFileException if a file is damaged
     * @throws org.retrieval4j.storage.UnsupportedVersionException if a file is of a version that is not read
     * @throws IOException if it cannot be read
     */
    public static ImageDatabase openForReading(Path directory, Components components, BuildContext context)
            throws IOException {
        DatabaseDirectory.requireDatabase(directory);
        return open(directory, components, context, Store.Limits.DEFAULT, null);
    }

    private static ImageDatabase open(
            Path directory, Components components, BuildContext context, Store.Limits limits, @Nullable WriterLock lock)
            throws IOException {
        requireNonNull(components, "components");
        requireNonNull(context, "context");
        Pipelines pipelines = Pipelines.open(directory, components, context);
        try {
            Path images = directory.resolve(DatabaseDirectory.IMAGES);
            Store store = lock == null
                    ? Store.openForReading(images, context.executor(), pipelines.pipeline())
                    : Store.open(images, limits, context.executor(), pipelines.pipeline());
            try {
                ImageDatabase database = new ImageDatabase(directory, context, components, pipelines, store, lock);
                if (store.table().size() > store.table().pending()) {
                    pipelines.requireLearned();
                }
                if (lock != null && pipelines.isLearned()) {
                    database.openIndex(true);
                    // of a process that was killed right after it had learned
                    new Learner(pipelines, context.executor(), context.progress())
                            .describePending(store, database.index);
                }
                return database;
            } catch (IOException | RuntimeException | Error e) {
                store.close();
                throw e;
            }
        } catch (IOException | RuntimeException | Error e) {
            pipelines.close();
            throw e;
        }
    }

    /**
     * Tells whether a directory is a database.
     *
     * @param directory any path
     * @return true if it was created as one
     */
    public static boolean exists(Path directory) {
        return DatabaseDirectory.isDatabase(directory);
    }

    /**
     * What the database is made of.
     *
     * @return the options; specs are canonical, and name no files
     */
    public DatabaseOptions options() {
        return pipelines.header().options();
    }

    /**
     * Adds pictures, or updates those whose content changed; what is there already is passed over, by name and by file.
     * In the first run, the codebook and whatever else must be learned is learned. A picture that cannot be read is
     * skipped with its reason. Ids ascend in the order of the sources, whatever the number of threads.
     *
     * @param sources the pictures
     * @param reader reads them
     * @param options threads, memory, listeners
     * @return what was done
     * @throws IOException if the directory cannot be written
     * @throws IllegalArgumentException if nothing can be learned from these pictures
     * @throws java.util.concurrent.CancellationException if this thread was interrupted; what was acknowledged is kept
     */
    public IndexingReport addAll(List<ImageSource> sources, ImageReader reader, IndexingOptions options)
            throws IOException {
        requireNonNull(reader, "reader");
        requireNonNull(options, "options");
        List<ImageSource> copy = List.copyOf(sources);
        return write(() -> new Indexer(pipelines, store, index, reader, options).run(copy));
    }

    /**
     * Removes an image.
     *
     * @param name its name
     * @return whether it was there
     * @throws IOException if the directory cannot be written
     */
    public boolean remove(String name) throws IOException {
        return removeAll(List.of(name)) == 1;
    }

    /**
     * Removes images; names that are not there are ignored.
     *
     * @param names their names
     * @return how many were there
     * @throws IOException if the directory cannot be written
     */
    public int removeAll(Collection<String> names) throws IOException {
        Set<String> distinct = new LinkedHashSet<>(names);
        return write(() -> {
            List<Long> ids = new ArrayList<>();
            for (String name : distinct) {
                Entry entry = store.named(name);
                if (entry != null) {
                    ids.add(entry.image().id());
                }
            }
            for (long id : ids) {
                store.append(new LogRecord.Removed(id));
            }
            store.force();
            index.remove(ids);
            return ids.size();
        });
    }

    /**
     * Number of images.
     *
     * @return how many there are now
     */
    public long size() {
        return uncheckedRead(() -> store.table().size());
    }

    /**
     * All images.
     *
     * @return by ascending id
     */
    public List<ImageRecord> images() {
        return uncheckedRead(() -> {
            List<ImageRecord> images = new ArrayList<>();
            store.table().forEach(entry -> images.add(entry.image()));
            return images;
        });
    }

    /**
     * One image.
     *
     * @param id its id
     * @return the image, if it is there
     */
    public Optional<ImageRecord> image(long id) {
        return uncheckedRead(() -> Optional.ofNullable(store.table().get(id)).map(Entry::image));
    }

    /**
     * One image.
     *
     * @param name its name
     * @return the image, if it is there
     */
    public Optional<ImageRecord> image(String name) {
        requireNonNull(name, "name");
        return uncheckedRead(() -> Optional.ofNullable(store.named(name)).map(Entry::image));
    }

    /**
     * Extracts all that a search needs from a picture, by the database's own components.
     *
     * @param query the picture
     * @return {@link Extraction#LOCAL} are the features for verification, the global descriptor is what the index
     *     compares; it is missing as long as nothing was indexed, since nothing was learned then
     * @throws UncheckedIOException if a saved component cannot be read
     */
    public Extraction extract(Image query) {
        requireNonNull(query, "query");
        return uncheckedRead(() -> {
            Pipelines.Raw raw = pipelines.extract(query);
            Map<String, ImageFeatures> features =
                    new LinkedHashMap<>(raw.retrieval().features());
            raw.local().ifPresent(local -> features.put(Extraction.LOCAL, local));
            Optional<GlobalDescriptor> global =
                    pipelines.isLearned() ? Optional.of(pipelines.describeQuery(raw.retrieval())) : Optional.empty();
            return new Extraction(features, global);
        });
    }

    /**
     * Searches for one query.
     *
     * @param query from {@link #extract}
     * @param options k, candidates, filter
     * @param verify how many of the first to verify and reorder, 0 for none; the rest follow in retrieval order
     * @return the ranked list
     * @throws IOException if features cannot be read
     * @throws IllegalArgumentException if the query has no descriptor, or {@code verify} is above 0 and the query or
     *     the database has no local features
     */
    public Ranking search(Extraction query, SearchOptions options, int verify) throws IOException {
        return searchAll(List.of(query), options, verify).get(0);
    }

    /**
     * Searches for many queries.
     *
     * @param queries from {@link #extract}
     * @param options k, candidates, filter
     * @param verify how many of the first of each to verify and reorder, 0 for none
     * @return a ranked list a query, in order; fewer than k hits only if there are fewer images
     * @throws IOException if features cannot be read
     * @throws IllegalArgumentException if a query has no descriptor, or {@code verify} is above 0 and a query or the
     *     database has no local features
     */
    public List<Ranking> searchAll(List<Extraction> queries, SearchOptions options, int verify) throws IOException {
        requireNonNull(options, "options");
        if (verify < 0) {
            throw new IllegalArgumentException("verify must be at least 0, got " + verify);
        }
        List<Extraction> copy = List.copyOf(queries);
        return read(() -> {
            requireIndex();
            try (Store.Snapshot snapshot = store.snapshot()) {
                return new Searcher(pipelines, index, snapshot, context.executor()).searchAll(copy, options, verify);
            }
        });
    }

    /**
     * Verifies ranked lists of this database and reorders them, as {@link #searchAll} does with those of its index: what
     * stages of re-ranking found in {@link #gallery} becomes rankings.
     *
     * @param queries from {@link #extract}
     * @param found a ranked list of images of this database for each query; what is not there any more is left out
     * @param k hits of a ranking at most
     * @param verify how many of the first of each to verify and reorder, 0 for none
     * @return a ranked list a query, in order; times tell nothing of the search
     * @throws IOException if features cannot be read
     * @throws IllegalArgumentException if the sizes differ, or {@code verify} is above 0 and a query or the database has
     *     no local features
     */
    public List<Ranking> rankAll(List<Extraction> queries, List<SearchResult> found, int k, int verify)
            throws IOException {
        List<Extraction> copy = List.copyOf(queries);
        if (found.size() != copy.size()) {
            throw new IllegalArgumentException(
                    "there must be one list a query, got " + found.size() + " for " + copy.size());
        }
        return read(() -> {
            try (Store.Snapshot snapshot = store.snapshot()) {
                return new Searcher(pipelines, index, snapshot, context.executor()).verified(copy, found, k, verify, 0);
            }
        });
    }

    /**
     * The images that have descriptors, as what a {@link org.retrieval4j.api.Reranker} stands on.
     *
     * @return a view: each call sees the images of its start
     */
    public Gallery gallery() {
        return new DatabaseGallery(this);
    }

    List<SearchResult> find(List<Extraction> queries, SearchOptions options) throws IOException {
        requireNonNull(options, "options");
        return read(() -> {
            requireIndex();
            try (Store.Snapshot snapshot = store.snapshot()) {
                return new Searcher(pipelines, index, snapshot, context.executor()).find(queries, options);
            }
        });
    }

    long[] searchableIds() throws IOException {
        return read(() -> {
            List<Long> ids = new ArrayList<>();
            store.table().forEach(entry -> {
                if (!entry.isPending()) {
                    ids.add(entry.id());
                }
            });
            return ids.stream().mapToLong(Long::longValue).toArray();
        });
    }

    /**
     * The local features of an image, as they are kept.
     *
     * @param imageId the image
     * @return its features; empty if there is no such image, or features are not kept
     * @throws IOException if they cannot be read
     */
    @Override
    public Optional<ImageFeatures> features(long imageId) throws IOException {
        return read(() -> {
            try (Store.Snapshot snapshot = store.snapshot()) {
                return Searcher.features(snapshot, imageId);
            }
        });
    }

    /**
     * What an image is retrieved by.
     *
     * @param imageId the image
     * @return its descriptor; empty if there is no such image, or nothing was learned yet
     * @throws IOException if it cannot be read
     */
    @Override
    public Optional<GlobalDescriptor> descriptor(long imageId) throws IOException {
        return read(() -> {
            try (Store.Snapshot snapshot = store.snapshot()) {
                return Searcher.descriptor(snapshot, imageId);
            }
        });
    }

    /**
     * Refuses a component that is not the one of this database: another spec, or the same spec learned from other
     * pictures. Call it before features or descriptors that the component made are compared with the database's.
     *
     * @param role {@code extractor}, {@code aggregator}, {@code local}, {@code index}, {@code matcher} or {@code
     *     verifier}
     * @param component the component
     * @throws FingerprintMismatchException if it is another one; the message tells both specs and fingerprints
     * @throws IllegalStateException if the database has no component of this role
     */
    public void requireSame(String role, Component component) {
        uncheckedRead(() -> {
            pipelines.requireSame(role, component);
            return true;
        });
    }

    /**
     * Rewrites what is on disk so that it holds the present images only, in few files. Searches go on.
     *
     * @throws IOException if the directory cannot be written; the database is as it was then
     */
    public void compact() throws IOException {
        write(() -> {
            if (pipelines.isLearned() && store.table().pending() == 0) {
                store.compact(pipelines.pipeline().orElseThrow());
            }
            index.compact();
            return true;
        });
    }

    /**
     * Checks every byte on disk against its checksum. Opening a database checks what it reads; the index and the
     * features are mapped, and features checked when they are used.
     *
     * @throws CorruptFileException if a file is damaged
     * @throws IOException if a file cannot be read
     */
    public void verify() throws IOException {
        read(() -> {
            DatabaseDirectory.verify(directory);
            return true;
        });
    }

    /**
     * What the database is and holds.
     *
     * @return specs, fingerprints, counts, bytes
     * @throws IOException if the directory cannot be read
     */
    public DatabaseInfo info() throws IOException {
        return read(() -> {
            List<DatabaseInfo.ComponentInfo> parts = new ArrayList<>();
            pipelines
                    .header()
                    .parts()
                    .forEach((role, part) ->
                            parts.add(new DatabaseInfo.ComponentInfo(role, part.spec(), part.fingerprint())));
            Map<String, Long> bytes = new LinkedHashMap<>();
            long log = store.logBytes();
            long images = DatabaseDirectory.bytes(directory.resolve(DatabaseDirectory.IMAGES));
            bytes.put("images", Math.max(0, images - log));
            bytes.put("log", log);
            for (String folder : List.of(DatabaseDirectory.INDEX, DatabaseDirectory.COMPONENTS)) {
                bytes.put(folder, DatabaseDirectory.bytes(directory.resolve(folder)));
            }
            ImageTable table = store.table();
            return new DatabaseInfo(
                    parts, pipelines.header().keep(), table.size(), table.pending(), store.segmentCount(), bytes);
        });
    }

    /**
     * Closes the database after running calls have ended. Idempotent.
     *
     * @throws IOException if a file cannot be closed
     */
    @Override
    public void close() throws IOException {
        usage.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            index.close();
            pipelines.close();
            store.close();
        } finally {
            if (lock != null) {
                lock.close();
            }
            usage.writeLock().unlock();
        }
    }

    // ---- the doors

    private interface Call<V> {
        V run() throws IOException;
    }

    private <V> V read(Call<V> call) throws IOException {
        usage.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("the database in " + directory + " is closed");
            }
            return call.run();
        } finally {
            usage.readLock().unlock();
        }
    }

    private <V> V uncheckedRead(Call<V> call) {
        try {
            return read(call);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private <V> V write(Call<V> call) throws IOException {
        return read(() -> {
            if (lock == null) {
                throw new IllegalStateException("the database in " + directory + " was opened for reading");
            }
            writing.lock();
            try {
                return call.run();
            } finally {
                writing.unlock();
            }
        });
    }

    private void openIndex(boolean writable) throws IOException {
        try (Store.Snapshot snapshot = store.snapshot()) {
            index.open(snapshot, writable);
        }
    }

    /** Opens the index of a database opened for reading when it is first needed. */
    private void requireIndex() throws IOException {
        if (lock == null) {
            synchronized (index) {
                if (pipelines.isLearned() && index.isEmpty()) {
                    openIndex(false);
                }
            }
        }
    }
}
