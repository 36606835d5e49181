package org.retrieval4j.storage;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Something that grows and shrinks while it is read: immutable segments, marks for what was removed, and merging, as in
 * Lucene. In memory, or in a directory of segment files and one manifest.
 *
 * <ul>
 *   <li><b>Readers</b> take a {@link #snapshot()}; it never changes. A segment that was merged away is closed, and its
 *       file deleted, when the last snapshot of it is closed.
 *   <li><b>A writer</b> adds segments and removes ids in one step by {@link #update}. Nothing is durable before
 *       {@link #commit}: segments of the heap are then written, and the manifest is replaced in one step. At any kill the
 *       directory is at the last commit; files that no manifest names are deleted by the next writer.
 *   <li><b>Merging</b> keeps the number of segments small ({@link MergePolicy}). It runs on the caller's executor beside
 *       searches and additions, and changes nothing that a reader could see.
 * </ul>
 *
 * <p>The first change takes the directory's {@link WriterLock}; until then a store only reads, and any number of them,
 * in any processes, may read beside a writer. All methods may be called from many threads at once.
 *
 * @param <S> the segments
 */
public final class SegmentStore<S extends Segment> implements AutoCloseable {
    private final @Nullable SegmentDirectory<S> directory;
    private final SegmentFormat<S> format;
    private final MergePolicy policy;
    private final Executor executor;

    // null after close; replaced under `writing`
    private volatile @Nullable SegmentState<S> current;

    // what follows is guarded by `writing`
    private final ReentrantLock writing = new ReentrantLock();
    private final Condition mergeEnded = writing.newCondition();
    private final Set<SegmentHolder<S>> merging = new HashSet<>();
    private Map<String, String> header = Map.of();
    private boolean mergeQueued;
    private long changes;
    private long committedChanges;

    private SegmentStore(
            @Nullable SegmentDirectory<S> directory, SegmentFormat<S> format, MergePolicy policy, Executor executor) {
        this.directory = directory;
        this.format = requireNonNull(format, "format");
        this.policy = requireNonNull(policy, "policy");
        this.executor = requireNonNull(executor, "executor");
    }

    /**
     * An empty store in memory.
     *
     * @param <S> the segments
     * @param format how they are merged
     * @param policy when they are merged
     * @param executor runs large merges
     * @return the store
     */
    public static <S extends Segment> SegmentStore<S> inMemory(
            SegmentFormat<S> format, MergePolicy policy, Executor executor) {
        SegmentStore<S> store = new SegmentStore<>(null, format, policy, executor);
        store.current = new SegmentState<>(List.of());
        return store;
    }

    /**
     * Opens a directory at its last commit; one without manifest is an empty store.
     *
     * @param <S> the segments
     * @param directory where the segments are; made at the first change if it does not exist
     * @param format how segments are written, opened and merged
     * @param policy when they are merged
     * @param executor runs large merges
     * @return the store
     * @throws CorruptFileException if a file is damaged or of another content
     * @throws IOException if a file cannot be read
     */
    public static <S extends Segment> SegmentStore<S> open(
            Path directory, SegmentFormat<S> format, MergePolicy policy, Executor executor) throws IOException {
        SegmentDirectory<S> segments =
                new SegmentDirectory<>(requireNonNull(directory, "directory"), requireNonNull(format, "format"));
        SegmentStore<S> store = new SegmentStore<>(segments, format, policy, executor);
        store.writing.lock();
        try {
            store.load(segments);
        } finally {
            store.writing.unlock();
        }
        return store;
    }

    /**
     * What the last commit wrote about the whole.
     *
     * @return header fields; empty before the first commit
     */
    public Map<String, String> header() {
        writing.lock();
        try {
            return header;
        } finally {
            writing.unlock();
        }
    }

    /**
     * The state of this moment.
     *
     * @return to be closed by the caller
     * @throws IllegalStateException if the store is closed
     */
    public Snapshot<S> snapshot() {
        while (true) {
            SegmentState<S> state = state();
            if (state.tryRetain()) {
                return new Snapshot<>(state);
            }
        }
    }

    /**
     * Number of live rows now.
     *
     * @return the sum over all segments
     */
    public long size() {
        return state().size();
    }

    /**
     * Removes ids and adds a segment, in one step. Rows of other segments with ids of the new one are replaced by it.
     *
     * @param removed ids to remove, before the segment is added; those that are not there are ignored
     * @param added a segment of the heap, if any; the store closes it from now on
     * @return how many of the removed ids were there
     * @throws DirectoryLockedException if another writer has the directory
     * @throws IOException if a merge failed; the change itself was made
     */
    public int update(long[] removed, Optional<? extends S> added) throws IOException {
        int count = 0;
        writing.lock();
        try {
            beginWriting();
            SegmentState.Tombstones<S> tombstones = new SegmentState.Tombstones<>(state().parts());
            for (long id : removed) {
                count += tombstones.kill(id) ? 1 : 0;
            }
            if (added.isPresent()) {
                S segment = added.get();
                if (segment.size() < 1) {
                    throw new IllegalArgumentException("a segment must have at least 1 row, got 0");
                }
                for (int row = 0; row < segment.size(); row++) {
                    tombstones.kill(segment.id(row));
                }
            }
            if (count > 0 || added.isPresent()) {
                List<LiveSegment<S>> parts = tombstones.result();
                added.ifPresent(segment -> parts.add(LiveSegment.of(segment)));
                changes++;
                publish(parts);
                mergeSmall();
            }
        } finally {
            writing.unlock();
        }
        mergeLarge();
        return count;
    }

    /**
     * Makes all changes so far durable. In memory, keeps the header only.
     *
     * @param fields header fields that tell about the whole
     * @throws DirectoryLockedException if another writer has the directory
     * @throws IOException if the directory cannot be written; it is at the last commit then
     */
    public void commit(Map<String, String> fields) throws IOException {
        writing.lock();
        try {
            if (directory != null && !directory.isWriting() && isCommitted(fields)) {
                return; // a reader has nothing to commit
            }
            beginWriting();
            writeState(fields);
        } finally {
            writing.unlock();
        }
        mergeLarge();
    }

    /**
     * Merges everything into one segment without removed rows, and commits. Searches and additions go on; what is added
     * meanwhile stays in segments of its own.
     *
     * @param fields header fields that tell about the whole
     * @throws DirectoryLockedException if another writer has the directory
     * @throws IOException if the directory cannot be written; it is at the last commit then
     */
    public void compact(Map<String, String> fields) throws IOException {
        writing.lock();
        try {
            beginWriting();
            while (!merging.isEmpty()) {
                mergeEnded.awaitUninterruptibly();
                state();
            }
            writeHeap();
            List<LiveSegment<S>> parts = state().parts();
            if (parts.size() > 1 || !parts.stream().allMatch(LiveSegment::isWhole)) {
                mergeClaimed(parts);
            }
            writeState(fields);
        } finally {
            writing.unlock();
        }
    }

    /**
     * Looks whether another process has committed since, and shows its state if so. Does nothing for a store that
     * writes.
     *
     * @return true if there was something new
     * @throws IOException if a file cannot be read
     */
    public boolean refresh() throws IOException {
        writing.lock();
        try {
            state();
            boolean outdated = directory != null && !directory.isWriting() && directory.isOutdated();
            if (directory != null && outdated) {
                load(directory);
            }
            return outdated;
        } finally {
            writing.unlock();
        }
    }

    /**
     * Checks every byte of the last commit against its checksum.
     *
     * @throws CorruptFileException if a file is damaged
     * @throws IOException if a file cannot be read
     */
    public void verify() throws IOException {
        try (Snapshot<S> snapshot = snapshot()) {
            snapshot.verify(); // the manifest is read as a whole whenever it is read
        }
    }

    /**
     * Ends merges and closes the segments that no snapshot uses. Changes since the last commit are lost. Idempotent.
     *
     * @throws IOException if the writer lock cannot be given back
     */
    @Override
    public void close() throws IOException {
        writing.lock();
        try {
            SegmentState<S> last = current;
            if (last == null) {
                return;
            }
            current = null;
            while (!merging.isEmpty()) {
                mergeEnded.awaitUninterruptibly();
            }
            last.release();
            if (directory != null) {
                directory.releaseAll();
                directory.unlock();
            }
        } finally {
            writing.unlock();
        }
    }

    private SegmentState<S> state() {
        SegmentState<S> state = current;
        if (state == null) {
            throw new IllegalStateException(
                    (directory == null ? format.kind() : directory.path().toString()) + " is closed");
        }
        return state;
    }

    // ---- all below is called with `writing` held, but for mergeLarge and mergeInBackground

    private void publish(List<LiveSegment<S>> parts) {
        SegmentState<S> before = current;
        current = new SegmentState<>(parts);
        if (before != null) {
            before.release();
        }
    }

    private void beginWriting() throws IOException {
        state();
        if (directory == null || directory.isWriting()) {
            return;
        }
        directory.lock();
        boolean ready = false;
        try {
            if (directory.isOutdated()) {
                load(directory);
            }
            directory.deleteOrphans();
            ready = true;
        } finally {
            if (!ready) {
                directory.unlock();
            }
        }
    }

    private void load(SegmentDirectory<S> from) throws IOException {
        SegmentDirectory.Content<S> content = from.load();
        publish(content.parts());
        header = content.header();
    }

    private boolean allNamed() {
        return directory == null || directory.names(state().parts());
    }

    private void writeManifest(Map<String, String> fields) throws IOException {
        if (directory != null) {
            directory.write(fields, state().parts());
        }
        header = fields;
        committedChanges = changes;
    }

    private void writeState(Map<String, String> fields) throws IOException {
        writeHeap();
        if (!isCommitted(fields) || !allNamed()) {
            writeManifest(Collections.unmodifiableMap(new LinkedHashMap<>(fields)));
        }
    }

    private boolean isCommitted(Map<String, String> fields) {
        boolean first = directory != null && directory.generation() == 0;
        return !first && changes == committedChanges && fields.equals(header);
    }

    /** Writes the heap's segments into one file, where there is a directory. */
    private void writeHeap() throws IOException {
        List<LiveSegment<S>> heap = idle(true);
        if (directory != null && !heap.isEmpty()) {
            replace(heap, SegmentHolder.merged(format, heap, directory.nextFile()));
        }
    }

    private void replace(List<LiveSegment<S>> parts, SegmentHolder<S> merged) {
        publish(SegmentState.replaced(state().parts(), parts, merged));
    }

    /** The segments that no merge has claimed, on the heap or not. */
    private List<LiveSegment<S>> idle(boolean onHeap) {
        List<LiveSegment<S>> idle = new ArrayList<>(state().parts());
        idle.removeIf(part -> part.holder().onHeap() != onHeap || merging.contains(part.holder()));
        return idle;
    }

    /**
     * Merges at once what is quickly merged. Where there is a directory this is all that is on the heap, which is kept
     * within its bound; so a commit never meets a segment that is being merged.
     */
    private void mergeSmall() throws IOException {
        while (true) {
            List<LiveSegment<S>> selected = policy.select(idle(true));
            long rows = 0;
            for (LiveSegment<S> part : selected) {
                rows += part.liveCount();
            }
            if (selected.isEmpty() || directory == null && rows > policy.smallRows()) {
                break;
            }
            replace(selected, SegmentHolder.merged(format, selected, null));
        }
        long bytes = 0;
        for (LiveSegment<S> part : idle(true)) {
            bytes += part.segment().heapBytes();
        }
        if (bytes > policy.heapBytes()) {
            writeHeap();
        }
    }

    /** What the next large merge merges: in a directory files, in memory anything. */
    private List<LiveSegment<S>> selectLarge() {
        return current == null ? List.of() : policy.select(idle(directory == null));
    }

    /** Sees to it that larger merges run on the executor, or here if it does not keep up. */
    private void mergeLarge() throws IOException {
        boolean start = false;
        boolean here = false;
        writing.lock();
        try {
            if (!selectLarge().isEmpty()) {
                here = state().parts().size() > policy.maxSegments();
                start = !here && !mergeQueued;
                mergeQueued |= start;
            }
        } finally {
            writing.unlock();
        }
        if (here) {
            mergeNext();
        } else if (start) {
            try {
                executor.execute(this::mergeInBackground);
            } catch (RejectedExecutionException e) {
                LoggerFactory.getLogger(SegmentStore.class)
                        .debug(
                                "the executor takes no merges; they run in the writing thread when there are too many",
                                e);
                writing.lock();
                mergeQueued = false;
                writing.unlock();
            }
        }
    }

    private void mergeInBackground() {
        try {
            boolean more = true;
            while (more) {
                more = mergeNext();
            }
        } catch (IOException | RuntimeException e) {
            // nothing is lost: the parts stay; the writing thread tries again, and throws, when there are too many
            LoggerFactory.getLogger(SegmentStore.class).debug("a merge of {} failed", format.kind(), e);
        } finally {
            writing.lock();
            mergeQueued = false;
            writing.unlock();
        }
    }

    private boolean mergeNext() throws IOException {
        writing.lock();
        try {
            List<LiveSegment<S>> parts = selectLarge();
            if (parts.isEmpty()) {
                return false;
            }
            mergeClaimed(parts);
            if (current != null && directory != null && changes == committedChanges && !allNamed()) {
                writeManifest(header); // the content is that of the last commit: let the old files go
            }
            return true;
        } finally {
            writing.unlock();
        }
    }

    /** Merges parts that nobody else merges until the end; gives `writing` away meanwhile. */
    private void mergeClaimed(List<LiveSegment<S>> parts) throws IOException {
        SegmentFile file = directory == null ? null : directory.nextFile();
        merging.addAll(SegmentState.holders(parts));
        parts.forEach(part -> part.holder().retain());
        SegmentHolder<S> merged;
        try {
            writing.unlock();
            try {
                merged = SegmentHolder.merged(format, parts, file);
            } finally {
                writing.lock();
            }
            if (current != null) {
                replace(parts, merged);
            }
            merged.discardIfUnused();
        } finally {
            merging.removeAll(SegmentState.holders(parts));
            mergeEnded.signalAll();
            parts.forEach(part -> part.holder().release());
        }
    }
}
