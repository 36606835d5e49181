package org.retrieval4j.storage;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A segment with a count of those who use it: states, and the last manifest. When the count falls to zero the segment is
 * closed, and its file deleted if no manifest names it.
 */
final class SegmentHolder<S extends Segment> {
    private final S segment;
    private final @Nullable SegmentFile file;
    private final AtomicInteger users = new AtomicInteger();
    private volatile boolean named;
    private volatile boolean used;

    SegmentHolder(S segment, @Nullable SegmentFile file) {
        this.segment = segment;
        this.file = file;
    }

    /**
     * Merges segments into one.
     *
     * @param format how
     * @param parts at least one segment with live rows
     * @param file where to; null for the heap
     */
    static <S extends Segment> SegmentHolder<S> merged(
            SegmentFormat<S> format, List<LiveSegment<S>> parts, @Nullable SegmentFile file) throws IOException {
        if (file == null) {
            return new SegmentHolder<>(format.join(parts), null);
        }
        boolean whole = false;
        try {
            format.write(parts, file.path());
            SegmentHolder<S> holder = new SegmentHolder<>(format.open(file.path()), file);
            whole = true;
            return holder;
        } finally {
            if (!whole) {
                file.delete();
            }
        }
    }

    S segment() {
        return segment;
    }

    /** The segment's file, null for one on the heap. */
    @Nullable
    SegmentFile file() {
        return file;
    }

    boolean onHeap() {
        return file == null;
    }

    /** Tells whether the last manifest names the file, so that it must outlive us. */
    void named(boolean value) {
        named = value;
    }

    /** Called by those who know that the count is not zero, or that nobody else has the holder yet. */
    void retain() {
        used = true;
        users.incrementAndGet();
    }

    void release() {
        if (users.decrementAndGet() == 0) {
            discard();
        }
    }

    /** Lets go of a segment that never came into use. */
    void discardIfUnused() {
        if (!used) {
            discard();
        }
    }

    private void discard() {
        segment.close();
        if (file != null && !named) {
            file.delete();
        }
    }
}
