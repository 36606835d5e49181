package org.retrieval4j.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** All segments at one moment. Immutable but for the count of those who use it. */
final class SegmentState<S extends Segment> {
    private final List<LiveSegment<S>> parts;
    private final long size;
    private final AtomicInteger users = new AtomicInteger(1);

    SegmentState(List<LiveSegment<S>> parts) {
        this.parts = List.copyOf(parts);
        long live = 0;
        for (LiveSegment<S> part : this.parts) {
            part.holder().retain();
            live += part.liveCount();
        }
        this.size = live;
    }

    List<LiveSegment<S>> parts() {
        return parts;
    }

    long size() {
        return size;
    }

    /** Adds a user, unless the last one has gone. */
    boolean tryRetain() {
        int count = users.get();
        while (count > 0) {
            if (users.compareAndSet(count, count + 1)) {
                return true;
            }
            count = users.get();
        }
        return false;
    }

    void release() {
        if (users.decrementAndGet() == 0) {
            for (LiveSegment<S> part : parts) {
                part.holder().release();
            }
        }
    }

    static <S extends Segment> List<SegmentHolder<S>> holders(List<LiveSegment<S>> parts) {
        List<SegmentHolder<S>> holders = new ArrayList<>();
        parts.forEach(part -> holders.add(part.holder()));
        return holders;
    }

    /**
     * Puts a merged segment in the place of its parts, without rows that were removed while it was merged.
     *
     * @param now the segments now
     * @param parts what was merged, as it was then
     * @param merged all rows that were alive then
     */
    static <S extends Segment> List<LiveSegment<S>> replaced(
            List<LiveSegment<S>> now, List<LiveSegment<S>> parts, SegmentHolder<S> merged) {
        List<LiveSegment<S>> result = new ArrayList<>(now);
        Tombstones<S> tombstones = new Tombstones<>(
                List.of(new LiveSegment<>(merged, null, merged.segment().size())));
        for (LiveSegment<S> part : parts) {
            int at = holders(result).indexOf(part.holder());
            LiveSegment<S> since = at < 0 ? null : result.remove(at); // null if all its rows were removed
            if (since != null && since.dead() == part.dead()) {
                continue;
            }
            for (int row = 0; row < part.segment().size(); row++) {
                if (part.isLive(row) && (since == null || !since.isLive(row))) {
                    tombstones.kill(part.segment().id(row));
                }
            }
        }
        result.addAll(tombstones.result());
        return result;
    }

    /** Rows to be removed from segments; what is not touched is shared with the segments it started from. */
    static final class Tombstones<S extends Segment> {
        private final List<LiveSegment<S>> parts;
        private final long[] @Nullable [] changed;
        private final int[] killed;

        Tombstones(List<LiveSegment<S>> parts) {
            this.parts = parts;
            this.changed = new long[parts.size()][];
            this.killed = new int[parts.size()];
        }

        /** Removes the live row of an id; false if there is none. */
        boolean kill(long id) {
            for (int p = parts.size() - 1; p >= 0; p--) {
                int row = parts.get(p).segment().find(id);
                if (row >= 0 && kill(p, row)) {
                    return true;
                }
            }
            return false;
        }

        private boolean kill(int p, int row) {
            if (!parts.get(p).isLive(row)) {
                return false;
            }
            long[] bits = changed[p];
            if (bits == null) {
                long[] before = parts.get(p).dead();
                bits = before == null ? new long[(parts.get(p).segment().size() + 63) / 64] : before.clone();
                changed[p] = bits;
            }
            boolean alive = (bits[row >> 6] & 1L << row) == 0;
            if (alive) {
                bits[row >> 6] |= 1L << row;
                killed[p]++;
            }
            return alive;
        }

        /** The segments that still have live rows. */
        List<LiveSegment<S>> result() {
            List<LiveSegment<S>> result = new ArrayList<>();
            for (int p = 0; p < parts.size(); p++) {
                LiveSegment<S> part = parts.get(p);
                int live = part.liveCount() - killed[p];
                if (live > 0) {
                    long[] bits = changed[p];
                    result.add(bits == null ? part : new LiveSegment<>(part.holder(), bits, live));
                }
            }
            return result;
        }
    }
}
