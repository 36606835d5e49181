package org.retrieval4j.storage;

import java.util.ArrayList;
import java.util.List;

/**
 * When segments are merged: tiers by size, as in Lucene and other log-structured stores. With n rows there are at most
 * {@code (factor - 1) * (1 + log_factor n)} segments once merges have caught up, and each row is copied at most
 * {@code log_factor n} times.
 *
 * @param factor how many segments of one tier are merged; larger copies less and leaves more segments, at least 2
 * @param smallRows merges of at most so many rows run in the writing thread, larger ones on the executor
 * @param heapBytes what additions may hold on the heap before they go to a file, where there is a directory
 * @param maxSegments with more, the writing thread merges itself instead of running ahead of the executor
 */
public record MergePolicy(int factor, int smallRows, long heapBytes, int maxSegments) {
    /** Checks the bounds. */
    public MergePolicy {
        if (factor < 2) {
            throw new IllegalArgumentException("factor must be at least 2, got " + factor);
        }
        if (smallRows < 0 || heapBytes < 0) {
            throw new IllegalArgumentException(
                    "smallRows and heapBytes must be at least 0, got " + smallRows + " and " + heapBytes);
        }
        if (maxSegments < factor) {
            throw new IllegalArgumentException(
                    "maxSegments must be at least factor = " + factor + ", got " + maxSegments);
        }
    }

    /**
     * Factor 8, small merges up to 1024 rows, 64 MiB on the heap, at most 128 segments.
     *
     * @return the defaults
     */
    public static MergePolicy defaults() {
        return new MergePolicy(8, 1024, 64L << 20, 128);
    }

    /**
     * With another factor.
     *
     * @param value at least 2
     * @return the changed policy
     */
    public MergePolicy withFactor(int value) {
        return new MergePolicy(value, smallRows, heapBytes, maxSegments);
    }

    /**
     * With another bound on small merges.
     *
     * @param value rows
     * @return the changed policy
     */
    public MergePolicy withSmallRows(int value) {
        return new MergePolicy(factor, value, heapBytes, maxSegments);
    }

    /**
     * With another bound on the heap.
     *
     * @param value bytes
     * @return the changed policy
     */
    public MergePolicy withHeapBytes(long value) {
        return new MergePolicy(factor, smallRows, value, maxSegments);
    }

    /**
     * With another bound on the number of segments.
     *
     * @param value segments, at least the factor
     * @return the changed policy
     */
    public MergePolicy withMaxSegments(int value) {
        return new MergePolicy(factor, smallRows, heapBytes, value);
    }

    /**
     * Chooses what to merge next.
     *
     * @param parts all segments that are not being merged
     * @return segments to merge into one; one alone if most of its rows are dead; none if all is well
     */
    <S extends Segment> List<LiveSegment<S>> select(List<LiveSegment<S>> parts) {
        for (LiveSegment<S> part : parts) {
            if (part.liveCount() < part.segment().size() / 2) {
                return List.of(part);
            }
        }
        int[] count = new int[Integer.SIZE];
        for (LiveSegment<S> part : parts) {
            count[tier(part.liveCount())]++;
        }
        int full = 0;
        int below = 0; // the smaller segments go along: they cost little and leave fewer
        while (full < count.length && count[full] < factor) {
            below += count[full++];
        }
        List<LiveSegment<S>> selected = new ArrayList<>();
        if (full < count.length && below + count[full] > 1) {
            for (LiveSegment<S> part : parts) {
                if (tier(part.liveCount()) <= full) {
                    selected.add(part);
                }
            }
        }
        return selected;
    }

    private int tier(int rows) {
        int tier = 0;
        for (int left = rows; left >= factor; left /= factor) {
            tier++;
        }
        return tier;
    }
}
