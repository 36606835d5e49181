package org.retrieval4j.database;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Fingerprint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The images of a database on disk: immutable segments, a manifest that names them, and a log of what came since. One
 * thread at a time writes; readers take a {@link Snapshot} and are not disturbed by it.
 */
final class Store implements Closeable {
    private static final Logger logger = LoggerFactory.getLogger(Store.class);

    // a log is read at each opening, so it becomes a segment before it is long; in a run, later
    private static final long WORTH_FLUSHING = 8L << 20;
    private static final long FULL = 256L << 20;

    // small segments are merged when there are many
    private static final long SMALL = 128L << 20;
    private static final int MANY = 8;

    private static final int ATTEMPTS = 20;

    private final Path folder;
    private final Map<Long, Segment> segments = new TreeMap<>();
    private final Map<String, Long> names = new ConcurrentHashMap<>();
    private final Map<Stamp.Place, Long> places = new HashMap<>();
    private final Changes changes = new Changes();
    private final Set<Long> removed = new HashSet<>();
    private Manifest manifest;
    private volatile State state;

    private record State(ImageTable table, ImageLog log) {}

    private Store(Path folder, Manifest manifest, State state) {
        this.folder = folder;
        this.manifest = manifest;
        this.state = state;
    }

    /** One state of the images, whose features stay readable until it is closed. */
    record Snapshot(ImageTable table, ImageLog log) implements Closeable {
        @Override
        public void close() throws IOException {
            log.close();
        }
    }

    static Store create(Path folder) throws IOException {
        Files.createDirectories(folder);
        ImageLog log = ImageLog.create(Manifest.logFile(folder, Manifest.EMPTY.log()));
        Manifest.EMPTY.write(folder);
        return new Store(folder, Manifest.EMPTY, new State(ImageTable.EMPTY, log));
    }

    /** Opens for writing: cuts a torn tail off the log, and deletes files that no manifest names. */
    static Store open(Path folder, Optional<Fingerprint> pipeline) throws IOException {
        Manifest manifest = Manifest.read(folder);
        Store store = load(folder, manifest, pipeline, true);
        store.deleteUnnamed();
        return store;
    }

    /** Opens for reading, while another process may write. */
    static Store openForReading(Path folder, Optional<Fingerprint> pipeline) throws IOException {
        NoSuchFileException gone = null;
        for (int i = 0; i < ATTEMPTS; i++) {
            try {
                return load(folder, Manifest.read(folder), pipeline, false);
            } catch (NoSuchFileException e) {
                gone = e; // the writer has replaced the manifest in between
            }
        }
        throw gone == null ? new NoSuchFileException(folder.toString()) : gone;
    }

    private static Store load(Path folder, Manifest manifest, Optional<Fingerprint> pipeline, boolean writable)
            throws IOException {
        Changes changes = new Changes();
        Map<Long, Segment> segments = new TreeMap<>();
        try {
            for (long number : manifest.segments()) {
                segments.put(
                        number,
                        Segment.open(
                                Manifest.segmentFile(folder, number), pipeline, entry -> changes.added(entry, -1)));
            }
            for (long id : manifest.removed()) {
                changes.removed(id);
            }
            Path logFile = Manifest.logFile(folder, manifest.log());
            if (!Files.exists(logFile)) {
                throw new NoSuchFileException(logFile.toString());
            }
            ImageLog log = ImageLog.open(logFile, writable, changes);
            ImageTable table = changes.applyTo(ImageTable.EMPTY);
            Store store = new Store(folder, manifest, new State(table, log));
            store.changes.endId = changes.endId;
            store.segments.putAll(segments);
            for (long id : manifest.removed()) {
                store.removed.add(id);
            }
            store.removed.addAll(changes.gone);
            table.forEach(store::remember);
            return store;
        } catch (IOException | RuntimeException | Error e) {
            for (Segment segment : segments.values()) {
                segment.close();
            }
            throw e;
        }
    }

    // ---- for readers

    ImageTable table() {
        return state.table();
    }

    Snapshot snapshot() {
        while (true) {
            State now = state;
            if (now.log().tryUse()) {
                return new Snapshot(now.table(), now.log());
            }
            // a flush has replaced this log in between
        }
    }

    int segmentCount() {
        synchronized (segments) {
            return segments.size();
        }
    }

    /** The image of a name. */
    @Nullable
    Entry named(String name) {
        Long id = names.get(name);
        return id == null ? null : table().get(id);
    }

    // ---- for the thread that writes

    /** The image that was made of the file at a place. */
    @Nullable
    Entry placed(Stamp.Place place) {
        Long id = places.get(place);
        return id == null ? null : table().get(id);
    }

    long nextId() {
        return Math.max(manifest.nextId(), changes.endId);
    }

    /** Appends a record; it is neither safe nor seen before {@link #force()}. */
    void append(LogRecord record) throws IOException {
        state.log().append(record, changes);
    }

    long unforcedBytes() {
        return state.log().unforcedBytes();
    }

    /** Makes what was appended safe, then visible; returns the images that were added. */
    List<ImageRecord> force() throws IOException {
        state.log().force();
        List<ImageRecord> added = new ArrayList<>();
        for (Entry entry : changes.added.values()) {
            added.add(entry.image());
        }
        ImageTable before = state.table();
        for (long id : changes.gone) {
            Entry entry = before.get(id);
            if (entry != null) {
                forget(entry);
                removed.add(id);
            }
        }
        state = new State(changes.applyTo(before), state.log());
        changes.added.values().forEach(this::remember);
        changes.clear();
        return added;
    }

    boolean isFull() {
        return state.log().length() > FULL && canFlush();
    }

    boolean isWorthFlushing() {
        return state.log().length() > WORTH_FLUSHING && canFlush();
    }

    private boolean canFlush() {
        return table().pending() == 0;
    }

    /** Turns the log into segments, and merges small segments when they are many. */
    void flush(Fingerprint pipeline) throws IOException {
        if (!canFlush()) {
            throw new IllegalStateException("images without a descriptor stay in the log");
        }
        ImageLog log = state.log();
        if (!log.isEmpty()) {
            replace(Set.of(), log, pipeline);
        }
        Map<Long, Segment> small = new TreeMap<>();
        for (Map.Entry<Long, Segment> entry : segments.entrySet()) {
            if (entry.getValue().length() < SMALL) {
                small.put(entry.getKey(), entry.getValue());
            }
        }
        if (small.size() > MANY) {
            replace(Set.copyOf(small.keySet()), null, pipeline);
        }
    }

    /** Rewrites all segments that hold removed images, and merges small ones. */
    void compact(Fingerprint pipeline) throws IOException {
        flush(pipeline);
        Map<Segment, Long> live = new HashMap<>();
        table().forEach(entry -> {
            if (sourceOf(entry) instanceof Segment segment) {
                live.merge(segment, 1L, Long::sum);
            }
        });
        Set<Long> old = new HashSet<>();
        for (Map.Entry<Long, Segment> entry : segments.entrySet()) {
            Segment segment = entry.getValue();
            if (segment.length() < SMALL || live.getOrDefault(segment, 0L) < segment.ids().length) {
                old.add(entry.getKey());
            }
        }
        if (old.size() > 1 || old.size() == 1 && !removed.isEmpty()) {
            replace(old, null, pipeline);
        }
    }

    /**
     * Writes the live images of some segments, or of the log, to new segments, and puts these in their place: first the
     * files, then the manifest in one step, then what is in memory, then the old files go.
     */
    private void replace(Set<Long> old, @Nullable ImageLog oldLog, Fingerprint pipeline) throws IOException {
        Set<Blob.Source> sources = new HashSet<>();
        if (oldLog != null) {
            sources.add(oldLog);
        }
        for (long number : old) {
            sources.add(segment(number));
        }
        List<Entry> entries = new ArrayList<>();
        Set<Long> staying = new HashSet<>();
        table().forEach(entry -> {
            if (sources.contains(sourceOf(entry))) {
                entries.add(entry);
            }
        });
        Map<Long, Segment> fresh = new TreeMap<>();
        List<Entry> moved = new ArrayList<>();
        long next =
                1 + segments.keySet().stream().mapToLong(Long::longValue).max().orElse(0);
        ImageLog log = state.log();
        long logNumber = manifest.log();
        try {
            for (int from = 0; from < entries.size(); next++) {
                Path path = Manifest.segmentFile(folder, next);
                from += Segment.write(path, entries.subList(from, entries.size()), pipeline);
                fresh.put(next, Segment.open(path, Optional.of(pipeline), moved::add));
            }
            if (oldLog != null) {
                logNumber++;
                log = ImageLog.create(Manifest.logFile(folder, logNumber));
            }
            Map<Long, Segment> all = new TreeMap<>(segments);
            all.keySet().removeAll(old);
            staying.addAll(removedIn(all));
            all.putAll(fresh);
            Manifest changed = new Manifest(logNumber, nextId(), longs(all.keySet()), longs(staying));
            changed.write(folder);
            manifest = changed;
        } catch (IOException | RuntimeException | Error e) {
            for (Segment segment : fresh.values()) {
                segment.close();
            }
            if (oldLog != null && log != oldLog) {
                log.close();
            }
            throw e;
        }
        List<Segment> closed = new ArrayList<>();
        synchronized (segments) {
            for (long number : old) {
                closed.add(segment(number));
                segments.remove(number);
            }
            segments.putAll(fresh);
        }
        removed.retainAll(staying);
        state = new State(table().with(List.of(), moved), log);
        for (Segment segment : closed) {
            segment.close();
            delete(segment.path());
        }
        if (oldLog != null) {
            oldLog.close();
            delete(oldLog.path());
        }
    }

    /** Removed images that still stand in one of some segments. */
    private Set<Long> removedIn(Map<Long, Segment> some) {
        Set<Long> staying = new HashSet<>();
        for (Segment segment : some.values()) {
            for (long id : segment.ids()) {
                if (removed.contains(id)) {
                    staying.add(id);
                }
            }
        }
        return staying;
    }

    private Segment segment(long number) {
        Segment segment = segments.get(number);
        if (segment == null) {
            throw new IllegalStateException("no segment " + number);
        }
        return segment;
    }

    private static Blob.@Nullable Source sourceOf(Entry entry) {
        Blob vector = entry.vector();
        Blob pending = entry.pending();
        return vector != null ? vector.source() : pending != null ? pending.source() : null;
    }

    private void remember(Entry entry) {
        names.put(entry.image().name(), entry.image().id());
        places.put(entry.stamp().place(), entry.image().id());
    }

    private void forget(Entry entry) {
        names.remove(entry.image().name(), entry.image().id());
        places.remove(entry.stamp().place(), entry.image().id());
    }

    private static long[] longs(Set<Long> numbers) {
        return numbers.stream().mapToLong(Long::longValue).sorted().toArray();
    }

    /** Deletes what a killed process left: files that the manifest does not name. */
    private void deleteUnnamed() throws IOException {
        Set<Path> named = new HashSet<>();
        named.add(folder.resolve(Manifest.FILE));
        named.add(Manifest.logFile(folder, manifest.log()));
        for (long number : manifest.segments()) {
            named.add(Manifest.segmentFile(folder, number));
        }
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.filter(file -> !named.contains(file)).toList();
        }
        files.forEach(Store::delete);
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // a platform that keeps open files; the next opening tries again
            logger.debug("{} stays for now: {}", file, e.toString());
        }
    }

    /** Bytes on disk: of segments and of the log. */
    Map<String, Long> bytes() throws IOException {
        Map<String, Long> bytes = new LinkedHashMap<>();
        long sum = 0;
        synchronized (segments) {
            for (Segment segment : segments.values()) {
                sum += segment.length();
            }
        }
        bytes.put("images", sum);
        bytes.put("log", state.log().length());
        return bytes;
    }

    @Override
    public void close() throws IOException {
        state.log().close();
        for (Segment segment : segments.values()) {
            segment.close();
        }
    }

    /** What records say, until it is applied to a table. */
    private static final class Changes implements LogRecord.Sink {
        private final Map<Long, Entry> added = new LinkedHashMap<>();
        private final Map<Long, Blob> described = new LinkedHashMap<>();
        private final Set<Long> gone = new HashSet<>();
        private long endId;

        @Override
        public void added(Entry entry, long replaces) {
            if (replaces >= 0) {
                removed(replaces);
            }
            added.put(entry.image().id(), entry);
            gone.remove(entry.image().id());
            endId = Math.max(endId, entry.image().id() + 1);
        }

        @Override
        public void removed(long id) {
            added.remove(id);
            described.remove(id);
            gone.add(id);
        }

        @Override
        public void described(long id, Blob vector) {
            Entry entry = added.get(id);
            if (entry != null) {
                added.put(id, entry.withVector(vector));
            } else {
                described.put(id, vector);
            }
        }

        ImageTable applyTo(ImageTable table) {
            List<Entry> entries = new ArrayList<>(added.values());
            described.forEach((id, vector) -> {
                Entry entry = table.get(id);
                if (entry != null) {
                    entries.add(entry.withVector(vector));
                }
            });
            return table.with(gone, entries);
        }

        void clear() {
            added.clear();
            described.clear();
            gone.clear();
        }
    }
}
