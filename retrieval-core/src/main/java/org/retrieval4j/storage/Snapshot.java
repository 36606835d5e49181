package org.retrieval4j.storage;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What a {@link SegmentStore} held at one moment. It stays readable until it is closed, whatever is added, removed or
 * merged meanwhile. Thread-safe.
 *
 * @param <S> the segments
 */
public final class Snapshot<S extends Segment> implements AutoCloseable {
    private final SegmentState<S> state;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Takes over one use of the state. */
    Snapshot(SegmentState<S> state) {
        this.state = state;
    }

    /**
     * The segments that have live rows; no id is alive in two of them.
     *
     * @return the segments, valid until {@link #close()}
     */
    public List<LiveSegment<S>> segments() {
        return state.parts();
    }

    /**
     * Number of live rows.
     *
     * @return the sum over the segments
     */
    public long size() {
        return state.size();
    }

    /**
     * The segment in which an id is alive.
     *
     * @param id any id
     * @return the segment, whose {@link Segment#find} gives the row; empty if the id is not there
     */
    public Optional<LiveSegment<S>> holding(long id) {
        for (LiveSegment<S> part : state.parts()) {
            int row = part.segment().find(id);
            if (row >= 0 && part.isLive(row)) {
                return Optional.of(part);
            }
        }
        return Optional.empty();
    }

    /**
     * All live ids.
     *
     * @return ascending
     */
    public long[] ids() {
        long[] ids = new long[Math.toIntExact(size())];
        int n = 0;
        for (LiveSegment<S> part : state.parts()) {
            for (int row = 0; row < part.segment().size(); row++) {
                if (part.isLive(row)) {
                    ids[n++] = part.segment().id(row);
                }
            }
        }
        java.util.Arrays.sort(ids);
        return ids;
    }

    /** Checks the files of all segments against their checksums. */
    void verify() throws IOException {
        for (LiveSegment<S> part : state.parts()) {
            SegmentFile file = part.holder().file();
            if (file != null) {
                try (SectionFile sections = SectionFile.open(file.path())) {
                    sections.verify();
                }
            }
        }
    }

    /** Lets go of the segments; idempotent. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            state.release();
        }
    }
}
