package org.retrieval4j.storage;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A segment and which of its rows are alive at one moment. Immutable.
 *
 * @param <S> the segments
 */
public final class LiveSegment<S extends Segment> {
    private final SegmentHolder<S> holder;
    private final long @Nullable [] dead;
    private final int liveCount;

    LiveSegment(SegmentHolder<S> holder, long @Nullable [] dead, int liveCount) {
        this.holder = holder;
        this.dead = dead;
        this.liveCount = liveCount;
    }

    /**
     * A segment that nobody removed anything from.
     *
     * @param <S> the segments
     * @param segment the segment
     * @return all its rows
     */
    public static <S extends Segment> LiveSegment<S> of(S segment) {
        return new LiveSegment<>(new SegmentHolder<>(segment, null), null, segment.size());
    }

    /**
     * The segment.
     *
     * @return the segment, removed rows included
     */
    public S segment() {
        return holder.segment();
    }

    /**
     * Tells whether a row is alive.
     *
     * @param row from 0
     * @return false if it was removed or replaced
     */
    public boolean isLive(int row) {
        return dead == null || (dead[row >> 6] & 1L << row) == 0;
    }

    /**
     * Number of live rows.
     *
     * @return at most the segment's size
     */
    public int liveCount() {
        return liveCount;
    }

    /**
     * Tells whether nothing was removed.
     *
     * @return true if all rows are alive
     */
    public boolean isWhole() {
        return dead == null;
    }

    /**
     * Goes through the live rows of several segments by ascending id: the order of a merged segment.
     *
     * @param <S> the segments
     * @param parts segments, no id alive in two of them
     * @param visitor is given part and row
     * @throws IOException if the visitor throws it
     */
    public static <S extends Segment> void forEachLive(List<LiveSegment<S>> parts, RowVisitor visitor)
            throws IOException {
        int[] row = new int[parts.size()];
        long[] id = new long[parts.size()];
        for (int p = 0; p < row.length; p++) {
            row[p] = parts.get(p).nextLive(0);
            id[p] = parts.get(p).idOr(row[p], Long.MAX_VALUE);
        }
        while (true) {
            int least = -1; // O(parts) a row; parts are few
            for (int p = 0; p < row.length; p++) {
                if (row[p] >= 0 && (least < 0 || id[p] < id[least])) {
                    least = p;
                }
            }
            if (least < 0) {
                return;
            }
            visitor.accept(least, row[least]);
            row[least] = parts.get(least).nextLive(row[least] + 1);
            id[least] = parts.get(least).idOr(row[least], Long.MAX_VALUE);
        }
    }

    /** What is done with each row. */
    @FunctionalInterface
    public interface RowVisitor {
        /**
         * Takes a row.
         *
         * @param part index of the segment among the parts
         * @param row row in that segment
         * @throws IOException if what is done with it fails
         */
        void accept(int part, int row) throws IOException;
    }

    /** The first live row from a row on, −1 if there is none. */
    private int nextLive(int from) {
        int size = segment().size();
        for (int row = from; row < size; row++) {
            if (isLive(row)) {
                return row;
            }
        }
        return -1;
    }

    private long idOr(int row, long other) {
        return row < 0 ? other : segment().id(row);
    }

    SegmentHolder<S> holder() {
        return holder;
    }

    /** Bit r is set if row r was removed. */
    long @Nullable [] dead() {
        return dead;
    }
}
