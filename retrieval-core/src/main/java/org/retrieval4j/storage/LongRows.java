package org.retrieval4j.storage;

import java.io.IOException;
import java.nio.LongBuffer;

/**
 * Longs that are read block by block, on the heap or mapped from a section of any size. Immutable and thread-safe.
 */
public final class LongRows {
    private static final int PER_MAPPING = 1 << 27;

    private final long size;
    private final LongBuffer[] parts;

    private LongRows(long size, LongBuffer[] parts) {
        this.size = size;
        this.parts = parts;
    }

    /**
     * The values of an array.
     *
     * @param values the array, not copied
     * @return its values
     */
    public static LongRows of(long[] values) {
        LongBuffer[] parts = new LongBuffer[(int) ((values.length + (long) PER_MAPPING - 1) / PER_MAPPING)];
        for (int i = 0; i < parts.length; i++) {
            int from = i * PER_MAPPING;
            parts[i] = LongBuffer.wrap(values, from, Math.min(PER_MAPPING, values.length - from))
                    .slice();
        }
        return new LongRows(values.length, parts);
    }

    /**
     * Maps a section of longs; nothing of it is read.
     *
     * @param file an open file
     * @param name the section
     * @return its values; they stay readable when the file is closed
     * @throws IOException if it is missing or cannot be mapped
     */
    public static LongRows map(SectionFile file, String name) throws IOException {
        Section section = file.section(name, Section.Type.LONGS);
        long size = section.size();
        LongBuffer[] parts = new LongBuffer[(int) ((size + PER_MAPPING - 1) / PER_MAPPING)];
        for (int i = 0; i < parts.length; i++) {
            long from = (long) i * PER_MAPPING;
            long count = Math.min(PER_MAPPING, size - from);
            parts[i] = file.map(section, from * Long.BYTES, count * Long.BYTES).asLongBuffer();
        }
        return new LongRows(size, parts);
    }

    /**
     * Number of values.
     *
     * @return at least 0
     */
    public long size() {
        return size;
    }

    /**
     * What is kept on the heap.
     *
     * @return bytes; 0 if mapped
     */
    public long heapBytes() {
        return parts.length > 0 && !parts[0].isDirect() ? size * Long.BYTES : 0;
    }

    /**
     * Copies neighboring values.
     *
     * @param from first value
     * @param count number of values
     * @param target where to
     * @param at index of the first value in the target
     */
    public void copy(long from, int count, long[] target, int at) {
        if (from < 0 || count < 0 || count > size - from) {
            throw new IndexOutOfBoundsException("values " + from + " to " + (from + count) + " are outside " + size);
        }
        long next = from;
        int to = at;
        for (int left = count; left > 0; ) {
            int first = (int) (next % PER_MAPPING);
            int n = Math.min(left, PER_MAPPING - first);
            parts[(int) (next / PER_MAPPING)].get(first, target, to, n);
            next += n;
            to += n;
            left -= n;
        }
    }
}
