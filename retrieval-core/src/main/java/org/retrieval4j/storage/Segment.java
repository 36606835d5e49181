package org.retrieval4j.storage;

/**
 * An immutable part of something that grows: rows with ascending ids, in memory or in a file. Removal never touches a
 * segment; {@link LiveSegment} tells which of its rows are still alive. Thread-safe.
 */
public interface Segment extends AutoCloseable {
    /**
     * Number of rows, removed ones included.
     *
     * @return at least 1
     */
    int size();

    /**
     * The id of a row.
     *
     * @param row from 0
     * @return its id; ids ascend from row to row
     */
    long id(int row);

    /**
     * What the segment keeps on the heap.
     *
     * @return bytes, roughly; 0 if its data are mapped
     */
    long heapBytes();

    /**
     * The row of an id.
     *
     * @param id any id
     * @return the row, or −1 if the segment has no such id
     */
    default int find(long id) {
        int from = 0;
        int to = size() - 1;
        while (from <= to) {
            int middle = (from + to) >>> 1;
            long found = id(middle);
            if (found < id) {
                from = middle + 1;
            } else if (found > id) {
                to = middle - 1;
            } else {
                return middle;
            }
        }
        return -1;
    }

    /** Closes the segment's file. Called once, when nobody reads the segment any more. */
    @Override
    void close();
}
