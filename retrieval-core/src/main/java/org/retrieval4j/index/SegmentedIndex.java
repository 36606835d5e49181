package org.retrieval4j.index;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.StringJoiner;
import java.util.concurrent.CancellationException;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.storage.ComponentFile;
import org.retrieval4j.storage.LiveSegment;
import org.retrieval4j.storage.Segment;
import org.retrieval4j.storage.SegmentStore;
import org.retrieval4j.storage.Snapshot;

/**
 * Makes of any {@link IndexAlgorithm} an index that lives: images are added, updated and removed while others search on
 * snapshots. Additions are found at once; each batch is a segment, and segments are merged by tiers, in the calling
 * thread while they are small and on {@link BuildContext#executor()} when they are large.
 *
 * <p>With a {@link BuildContext#directory()}, segments are files of one container each, mapped and not read when the
 * directory is opened. Opening takes no lock; the first change does, and fails with an {@link UncheckedIOException} of
 * {@link org.retrieval4j.storage.DirectoryLockedException} if another writer has the directory. What the algorithm
 * learned is kept beside the segments.
 *
 * <p>Thread-safe.
 *
 * @param <S> the algorithm's segments
 */
public final class SegmentedIndex<S extends Segment> implements Index {
    private static final String LEARNED = "algorithm.r4j";
    private static final long[] NONE = {};

    private final IndexAlgorithm<S> algorithm;
    private final SegmentStore<S> store;
    private final Optional<Path> directory;
    private final Fingerprint fingerprint;
    private final CallGate gate;
    private final Object writer = new Object();

    private SegmentedIndex(IndexAlgorithm<S> algorithm, SegmentStore<S> store, Optional<Path> directory) {
        this.algorithm = algorithm;
        this.store = store;
        this.directory = directory;
        this.fingerprint = Fingerprint.of(algorithm.spec(), algorithm.state());
        this.gate = new CallGate(
                algorithm.spec() + directory.map(path -> " in " + path).orElse(""));
    }

    /**
     * Opens an index, empty in memory or with what its directory holds.
     *
     * @param <S> the algorithm's segments
     * @param algorithm what it computes; a trained one as {@link #learned} gave it back, if it did
     * @param context directory and executor
     * @return the index
     * @throws IllegalArgumentException if the directory holds another index
     * @throws IOException if the directory cannot be read
     */
    public static <S extends Segment> SegmentedIndex<S> open(IndexAlgorithm<S> algorithm, BuildContext context)
            throws IOException {
        Optional<Path> directory = context.directory();
        SegmentStore<S> store = directory.isEmpty()
                ? SegmentStore.inMemory(algorithm, algorithm.mergePolicy(), context.executor())
                : SegmentStore.open(directory.get(), algorithm, algorithm.mergePolicy(), context.executor());
        SegmentedIndex<S> index = new SegmentedIndex<>(algorithm, store, directory);
        String saved = store.header().getOrDefault("fingerprint", index.fingerprint.hex());
        if (!saved.equals(index.fingerprint.hex())) {
            String message = directory.map(Path::toString).orElse("") + " holds the index "
                    + store.header().get("spec") + " with fingerprint " + new Fingerprint(saved).abbreviated()
                    + ", not " + index.spec() + " with fingerprint " + index.fingerprint.abbreviated();
            store.close();
            throw new IllegalArgumentException(message);
        }
        return index;
    }

    /**
     * What the index in a directory had learned when it was made: a trained algorithm opens with this instead of
     * learning again.
     *
     * @param context the directory
     * @return spec and state; empty if there is no directory, or no trained index in it yet
     * @throws IOException if it cannot be read
     */
    public static Optional<ComponentFile.Saved> learned(BuildContext context) throws IOException {
        Optional<Path> file = context.directory().map(path -> path.resolve(LEARNED));
        return file.isPresent() && Files.exists(file.get())
                ? Optional.of(ComponentFile.read(file.get()))
                : Optional.empty();
    }

    @Override
    public ComponentSpec spec() {
        return algorithm.spec();
    }

    @Override
    public ComponentState state() {
        return algorithm.state();
    }

    @Override
    public Fingerprint fingerprint() {
        return fingerprint;
    }

    @Override
    public boolean accepts(Class<? extends GlobalDescriptor> kind) {
        return algorithm.accepts(kind);
    }

    @Override
    public long size() {
        gate.enter();
        try {
            return store.size();
        } finally {
            gate.exit();
        }
    }

    @Override
    public long[] ids() {
        gate.enter();
        try (Snapshot<S> snapshot = store.snapshot()) {
            return snapshot.ids();
        } finally {
            gate.exit();
        }
    }

    /**
     * Number of segments that a search goes through.
     *
     * @return how many there are now
     */
    public int segments() {
        gate.enter();
        try (Snapshot<S> snapshot = store.snapshot()) {
            return snapshot.segments().size();
        } finally {
            gate.exit();
        }
    }

    /**
     * What the segments keep on the heap: {@link IndexMemory} tells it beforehand.
     *
     * @return bytes; 0 if all segments are mapped from a directory
     */
    public long heapBytes() {
        gate.enter();
        try (Snapshot<S> snapshot = store.snapshot()) {
            return snapshot.segments().stream()
                    .mapToLong(part -> part.segment().heapBytes())
                    .sum();
        } finally {
            gate.exit();
        }
    }

    @Override
    public void putAll(long[] ids, List<? extends GlobalDescriptor> descriptors) {
        long[] sorted = sorted(ids, descriptors.size());
        gate.enter();
        try {
            if (ids.length == 0) {
                return;
            }
            requireKinds(descriptors);
            List<GlobalDescriptor> ordered = new ArrayList<>(Arrays.asList(new GlobalDescriptor[ids.length]));
            for (int i = 0; i < ids.length; i++) {
                ordered.set(Arrays.binarySearch(sorted, ids[i]), descriptors.get(i));
            }
            synchronized (writer) {
                try (Snapshot<S> snapshot = store.snapshot()) {
                    requireDimension(descriptors, dimension(snapshot), "descriptor");
                    requireFit(descriptors, snapshot);
                }
                store.update(NONE, Optional.of(algorithm.build(sorted, ordered)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            gate.exit();
        }
    }

    /** Adds a segment that was built elsewhere. */
    void add(S segment) throws IOException {
        gate.enter();
        try {
            synchronized (writer) {
                store.update(NONE, Optional.of(segment));
            }
        } finally {
            gate.exit();
        }
    }

    IndexAlgorithm<S> algorithm() {
        return algorithm;
    }

    /** What is done with the segments as they are now. */
    interface Reader<S extends Segment> {
        void read(List<LiveSegment<S>> segments) throws IOException;
    }

    void read(Reader<S> reader) throws IOException {
        gate.enter();
        try (Snapshot<S> snapshot = store.snapshot()) {
            reader.read(snapshot.segments());
        } finally {
            gate.exit();
        }
    }

    @Override
    public int removeAll(long[] ids) {
        requireNonNull(ids, "ids");
        gate.enter();
        try {
            synchronized (writer) {
                return ids.length == 0 ? 0 : store.update(ids, Optional.empty());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            gate.exit();
        }
    }

    @Override
    public List<SearchResult> searchAll(List<? extends GlobalDescriptor> queries, SearchOptions options) {
        requireNonNull(options, "options");
        gate.enter();
        try (Snapshot<S> snapshot = store.snapshot()) {
            requireKinds(queries);
            if (queries.isEmpty()) {
                return List.of();
            }
            if (snapshot.size() == 0) {
                return queries.stream()
                        .map(query -> new SearchResult(List.of()))
                        .toList();
            }
            requireDimension(queries, dimension(snapshot), "query");
            requireFit(queries, snapshot);
            try (IndexAlgorithm.Search<S> search = algorithm.search(queries, options)) {
                for (LiveSegment<S> segment : snapshot.segments()) {
                    if (Thread.currentThread().isInterrupted()) {
                        throw new CancellationException("interrupted");
                    }
                    search.visit(segment);
                }
                return reaching(options.leastScore(), search.results());
            }
        } finally {
            gate.exit();
        }
    }

    private static List<SearchResult> reaching(float leastScore, List<SearchResult> results) {
        if (leastScore == Float.NEGATIVE_INFINITY) {
            return results;
        }
        List<SearchResult> reaching = new ArrayList<>();
        for (SearchResult result : results) {
            int count = 0; // hits descend
            while (count < result.hits().size() && result.hits().get(count).score() >= leastScore) {
                count++;
            }
            reaching.add(new SearchResult(result.hits().subList(0, count)));
        }
        return reaching;
    }

    @Override
    public void flush() throws IOException {
        gate.enter();
        try {
            saveLearned();
            store.commit(header());
        } finally {
            gate.exit();
        }
    }

    @Override
    public void compact() throws IOException {
        gate.enter();
        try {
            saveLearned();
            store.compact(header());
        } finally {
            gate.exit();
        }
    }

    /**
     * Checks every byte of the directory's last flush against its checksum; does nothing in memory.
     *
     * @throws org.retrieval4j.storage.CorruptFileException if a file is damaged
     * @throws IOException if a file cannot be read
     */
    public void verify() throws IOException {
        gate.enter();
        try {
            learned(BuildContext.defaults().withDirectory(directory.orElse(Path.of(""))));
            store.verify();
        } finally {
            gate.exit();
        }
    }

    /** Waits for running calls. What was not flushed is lost, where there is a directory. */
    @Override
    public void close() {
        if (gate.close()) {
            try {
                store.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                algorithm.close();
            }
        }
    }

    private Map<String, String> header() {
        Map<String, String> header = new LinkedHashMap<>();
        header.put("spec", spec().toString());
        header.put("fingerprint", fingerprint.hex());
        return header;
    }

    private void saveLearned() throws IOException {
        if (directory.isPresent() && !state().isEmpty()) {
            Path file = directory.get().resolve(LEARNED);
            if (!Files.exists(file)) {
                Files.createDirectories(directory.get());
                ComponentFile.save(Index.class, this, file);
            }
        }
    }

    private OptionalInt dimension(Snapshot<S> snapshot) {
        return snapshot.segments().isEmpty()
                ? algorithm.dimension()
                : OptionalInt.of(algorithm.dimension(snapshot.segments().get(0).segment()));
    }

    private void requireKinds(List<? extends GlobalDescriptor> descriptors) {
        for (GlobalDescriptor descriptor : descriptors) {
            if (!algorithm.accepts(requireNonNull(descriptor, "descriptor").getClass())) {
                StringJoiner accepted = new StringJoiner(" or ");
                for (Class<?> kind : GlobalDescriptor.class.getPermittedSubclasses()) {
                    if (algorithm.accepts(kind.asSubclass(GlobalDescriptor.class))) {
                        accepted.add(word(kind));
                    }
                }
                throw new IllegalArgumentException(
                        spec() + " takes " + accepted + " descriptors, got a " + word(descriptor.getClass()) + " one");
            }
        }
    }

    private static String word(Class<?> kind) {
        return kind.getSimpleName().toLowerCase(Locale.ROOT);
    }

    private void requireDimension(List<? extends GlobalDescriptor> descriptors, OptionalInt wanted, String what) {
        int dimension = wanted.orElse(descriptors.get(0).dimension());
        for (int i = 0; i < descriptors.size(); i++) {
            if (descriptors.get(i).dimension() != dimension) {
                throw new IllegalArgumentException(what + " " + i + " must have dimension " + dimension + " like "
                        + (wanted.isPresent() ? "the index " + spec() : "the first of its batch") + ", got "
                        + descriptors.get(i).dimension());
            }
        }
    }

    private void requireFit(List<? extends GlobalDescriptor> descriptors, Snapshot<S> snapshot) {
        if (!snapshot.segments().isEmpty()) {
            S segment = snapshot.segments().get(0).segment();
            descriptors.forEach(descriptor -> algorithm.requireFit(segment, descriptor));
        }
    }

    private static long[] sorted(long[] ids, int descriptors) {
        if (ids.length != descriptors) {
            throw new IllegalArgumentException(
                    "there must be one descriptor an id, got " + descriptors + " for " + ids.length);
        }
        long[] sorted = ids.clone();
        Arrays.sort(sorted);
        for (int i = 0; i < sorted.length; i++) {
            if (sorted[i] < 0) {
                throw new IllegalArgumentException("ids must be at least 0, got " + sorted[i]);
            }
            if (i > 0 && sorted[i] == sorted[i - 1]) {
                throw new IllegalArgumentException("ids must differ in a batch, got " + sorted[i] + " twice");
            }
        }
        return sorted;
    }
}
