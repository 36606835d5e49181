package org.retrieval4j.database;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.LiveSegment;
import org.retrieval4j.storage.MergePolicy;
import org.retrieval4j.storage.SegmentStore;
import org.slf4j.LoggerFactory;

/**
 * The images of a database on disk: immutable segments, and a log of what came since. One thread at a time writes;
 * readers take a {@link Snapshot} and are not disturbed by it.
 *
 * <p>The manifest of the segments names the log that follows them. A flush writes the images of the log into a segment
 * and starts the next log, in one step of the manifest; so a killed process leaves the one or the other.
 */
final class Store implements Closeable {
    /**
     * When what was added becomes durable, and when the log becomes a segment.
     *
     * @param groupNanos how long a record may wait for others: forcing takes as long for one as for many
     * @param groupBytes how many bytes may wait
     * @param worthFlushing bytes of the log that become a segment at the end of a run; fewer are read again at each
     *     opening
     * @param full bytes of the log that become a segment in the middle of a run
     */
    record Limits(long groupNanos, long groupBytes, long worthFlushing, long full) {
        static final Limits DEFAULT = new Limits(250_000_000, 32L << 20, 8L << 20, 256L << 20);
    }

    private static final String LOG = "log";
    private static final String NEXT_ID = "next-id";
    private static final String PIPELINE = "pipeline";
    private static final int ATTEMPTS = 20;

    private final Path folder;
    private final Limits limits;
    private final SegmentStore<ImageSegment> segments;
    private final Lookup lookup = new Lookup();
    private final Changes changes = new Changes();
    private final Set<Long> removed = new HashSet<>();
    private long logNumber;
    private long nextId;
    private volatile State state;

    private record State(ImageTable table, ImageLog log) {}

    private Store(
            Path folder, Limits limits, SegmentStore<ImageSegment> segments, long logNumber, long nextId, State state) {
        this.folder = folder;
        this.limits = limits;
        this.segments = segments;
        this.logNumber = logNumber;
        this.nextId = nextId;
        this.state = state;
    }

    /** One state of the images, whose bytes stay readable until it is closed. */
    record Snapshot(ImageTable table, ImageLog log, org.retrieval4j.storage.Snapshot<ImageSegment> segments)
            implements Closeable {
        /** Where the bytes of an image are, if it is there. */
        Optional<Blobs> blobs(long id) throws IOException {
            Entry entry = table.get(id);
            if (entry == null) {
                return Optional.empty();
            }
            if (entry.logged() != null) {
                return Optional.of(entry.logged());
            }
            ImageSegment segment = segments.holding(id)
                    .orElseThrow(() -> new IllegalStateException("image " + id + " is in no segment"))
                    .segment();
            return Optional.ofNullable(segment.entry(segment.find(id)).logged());
        }

        @Override
        public void close() throws IOException {
            segments.close();
            log.close();
        }
    }

    static Store create(Path folder, Limits limits, Executor executor) throws IOException {
        Files.createDirectories(folder);
        ImageLog.create(logFile(folder, 1)).close();
        return open(folder, limits, executor, Optional.empty());
    }

    /** Opens for writing: cuts a torn tail off the log, and deletes logs that the manifest does not name. */
    static Store open(Path folder, Limits limits, Executor executor, Optional<Fingerprint> pipeline)
            throws IOException {
        Store store = load(folder, limits, executor, pipeline, true);
        store.deleteOtherLogs();
        return store;
    }

    /** Opens for reading, while another process may write. */
    static Store openForReading(Path folder, Executor executor, Optional<Fingerprint> pipeline) throws IOException {
        for (int i = 1; ; i++) {
            try {
                return load(folder, Limits.DEFAULT, executor, pipeline, false);
            } catch (NoSuchFileException e) {
                if (i == ATTEMPTS) {
                    throw e;
                }
                LoggerFactory.getLogger(Store.class).debug("the writer has gone on to another log, attempt {}", i, e);
            }
        }
    }

    private static Store load(
            Path folder, Limits limits, Executor executor, Optional<Fingerprint> pipeline, boolean writable)
            throws IOException {
        SegmentStore<ImageSegment> segments =
                SegmentStore.open(folder, new ImageSegmentFile.Format(), MergePolicy.defaults(), executor);
        try {
            Map<String, String> header = segments.header();
            if (pipeline.isPresent()
                    && !header.getOrDefault(PIPELINE, pipeline.get().hex())
                            .equals(pipeline.get().hex())) {
                throw new CorruptFileException(
                        folder,
                        0,
                        "descriptors with fingerprint " + pipeline.get().hex(),
                        "fingerprint " + header.get(PIPELINE));
            }
            List<Entry> kept = new ArrayList<>();
            try (org.retrieval4j.storage.Snapshot<ImageSegment> snapshot = segments.snapshot()) {
                for (LiveSegment<ImageSegment> part : snapshot.segments()) {
                    for (int row = 0; row < part.segment().size(); row++) {
                        if (part.isLive(row)) {
                            kept.add(part.segment().entry(row).with(null));
                        }
                    }
                }
            }
            ImageTable table = ImageTable.EMPTY.with(List.of(), kept);
            long logNumber = number(folder, header, LOG, 1);
            Path logFile = logFile(folder, logNumber);
            if (!Files.exists(logFile)) {
                throw new NoSuchFileException(logFile.toString(), null, "the log of the database is missing");
            }
            Changes changes = new Changes();
            ImageLog log = ImageLog.open(logFile, writable, changes);
            long nextId = Math.max(number(folder, header, NEXT_ID, 0), Math.max(table.endId(), changes.endId));
            State state = new State(changes.applyTo(table), log);
            Store store = new Store(folder, limits, segments, logNumber, nextId, state);
            store.removed.addAll(changes.gone);
            return store;
        } catch (IOException | RuntimeException | Error e) {
            segments.close();
            throw e;
        }
    }

    private static long number(Path folder, Map<String, String> header, String key, long missing) throws IOException {
        String text = header.getOrDefault(key, Long.toString(missing));
        if (!text.matches("[0-9]{1,18}")) {
            throw new CorruptFileException(folder, 0, key + " a number", text);
        }
        return Long.parseLong(text);
    }

    private static Path logFile(Path folder, long number) {
        return folder.resolve("log-" + number + ".r4l");
    }

    // ---- for readers

    ImageTable table() {
        return state.table();
    }

    Snapshot snapshot() throws IOException {
        while (true) {
            State now = state;
            if (!now.log().tryUse()) {
                continue; // a flush has replaced it in between
            }
            Snapshot snapshot = new Snapshot(now.table(), now.log(), segments.snapshot());
            // a flush removes from the segments only what the table had lost before, so both belong together
            if (state == now) {
                return snapshot;
            }
            snapshot.close();
        }
    }

    /** The image of a name. */
    @Nullable
    Entry named(String name) {
        return lookup.named(name, this::table);
    }

    // ---- for the thread that writes

    /** The image that was made of the file at a place. */
    @Nullable
    Entry placed(Stamp.Place place) {
        return lookup.placed(place, this::table);
    }

    /** The images that have no descriptor yet, by ascending id. */
    List<Entry> pending() {
        List<Entry> pending = new ArrayList<>();
        table().forEach(entry -> {
            if (entry.isPending()) {
                pending.add(entry);
            }
        });
        return pending;
    }

    /** The smallest id that was never given. */
    long nextId() {
        return nextId;
    }

    /** Appends a record; it is neither safe nor seen before {@link #force()}. */
    void append(LogRecord record) throws IOException {
        state.log().append(record, changes);
    }

    /** Tells whether what was appended may wait for more before it is forced. */
    boolean mayWait(long nanos) {
        return nanos < limits.groupNanos() && state.log().unforcedBytes() < limits.groupBytes();
    }

    /** Makes what was appended safe, then visible; returns the images that were added. */
    List<ImageRecord> force() throws IOException {
        state.log().force();
        lookup.fill(this::table); // from what was, before that changes
        List<ImageRecord> added = new ArrayList<>();
        for (Entry entry : changes.added.values()) {
            added.add(entry.image());
        }
        ImageTable before = state.table();
        for (long id : changes.gone) {
            Entry entry = before.get(id);
            if (entry != null) {
                lookup.forget(entry);
                removed.add(id);
            }
        }
        state = new State(changes.applyTo(before), state.log());
        changes.added.values().forEach(lookup::remember);
        nextId = Math.max(nextId, changes.endId);
        changes.clear();
        return added;
    }

    boolean isFull() {
        return state.log().length() > limits.full() && canFlush();
    }

    boolean isWorthFlushing() {
        return state.log().length() > limits.worthFlushing() && canFlush();
    }

    private boolean canFlush() {
        return table().pending() == 0;
    }

    /** Turns the log into a segment. */
    void flush(Fingerprint pipeline) throws IOException {
        if (!canFlush()) {
            throw new IllegalStateException("images without a descriptor stay in the log");
        }
        ImageLog old = state.log();
        if (old.isEmpty()) {
            return;
        }
        List<Entry> entries = new ArrayList<>();
        table().forEach(entry -> {
            if (entry.logged() != null) {
                entries.add(entry);
            }
        });
        ImageLog log = ImageLog.create(logFile(folder, logNumber + 1));
        try {
            segments.update(
                    removed.stream().mapToLong(Long::longValue).toArray(),
                    entries.isEmpty() ? Optional.empty() : Optional.of(new ImageSegment.Logged(entries)));
            segments.commit(header(logNumber + 1, pipeline));
        } catch (IOException | RuntimeException | Error e) {
            log.close();
            throw e;
        }
        logNumber++;
        removed.clear();
        entries.replaceAll(entry -> entry.with(null));
        state = new State(table().with(List.of(), entries), log);
        old.close();
        delete(old.path());
    }

    /** Turns the log into a segment, and all segments into one without removed images. */
    void compact(Fingerprint pipeline) throws IOException {
        flush(pipeline);
        segments.compact(header(logNumber, pipeline));
    }

    private Map<String, String> header(long log, Fingerprint pipeline) {
        return Map.of(LOG, Long.toString(log), NEXT_ID, Long.toString(nextId), PIPELINE, pipeline.hex());
    }

    /** Deletes logs that a killed process left. */
    private void deleteOtherLogs() throws IOException {
        try (DirectoryStream<Path> logs = Files.newDirectoryStream(folder, "log-*.r4l")) {
            for (Path log : logs) {
                if (!log.equals(logFile(folder, logNumber))) {
                    delete(log);
                }
            }
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // a platform that keeps open files; the next opening tries again
            LoggerFactory.getLogger(Store.class).debug("{} stays for now", file, e);
        }
    }

    int segmentCount() {
        try (org.retrieval4j.storage.Snapshot<ImageSegment> snapshot = segments.snapshot()) {
            return snapshot.segments().size();
        }
    }

    long logBytes() {
        return state.log().length();
    }

    @Override
    public void close() throws IOException {
        state.log().close();
        segments.close();
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
            added.put(entry.id(), entry);
            gone.remove(entry.id());
            endId = Math.max(endId, entry.id() + 1);
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
            if (entry == null) {
                described.put(id, vector);
            } else {
                added.put(id, described(entry, vector));
            }
        }

        ImageTable applyTo(ImageTable table) {
            List<Entry> entries = new ArrayList<>(added.values());
            described.forEach((id, vector) -> {
                Entry entry = table.get(id);
                if (entry != null) {
                    entries.add(described(entry, vector));
                }
            });
            return table.with(gone, entries);
        }

        private static Entry described(Entry entry, Blob vector) {
            return entry.logged() == null ? entry : entry.with(entry.logged().withVector(vector));
        }

        void clear() {
            added.clear();
            described.clear();
            gone.clear();
        }
    }
}
