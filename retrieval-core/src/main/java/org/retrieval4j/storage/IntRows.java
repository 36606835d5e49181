package org.retrieval4j.storage;

import java.io.IOException;
import java.nio.IntBuffer;
import org.jspecify.annotations.Nullable;

/** Rows of ints that are read block by block, on the heap or mapped from a section of any size. Immutable, thread-safe. */
public final class IntRows {
    private static final int MAX_MAPPING = 1 << 30;

    private final long rows;
    private final int columns;
    private final int @Nullable [] heap;
    private final IntBuffer[] mapped;
    private final int rowsPerMapping;

    private IntRows(long rows, int columns, int @Nullable [] heap, IntBuffer[] mapped, int rowsPerMapping) {
        this.rows = rows;
        this.columns = columns;
        this.heap = heap;
        this.mapped = mapped;
        this.rowsPerMapping = rowsPerMapping;
    }

    /**
     * The rows of an array.
     *
     * @param rows number of rows
     * @param columns values a row
     * @param array row after row, not copied
     * @return its rows
     * @throws IllegalArgumentException if the array has another length
     */
    public static IntRows of(int rows, int columns, int[] array) {
        if ((long) rows * columns != array.length) {
            throw new IllegalArgumentException(
                    "the array must have " + rows + " x " + columns + " values, got " + array.length);
        }
        return new IntRows(rows, columns, array, new IntBuffer[0], 1);
    }

    /**
     * Maps a section of ints; nothing of it is read.
     *
     * @param file an open file
     * @param name the section
     * @return its rows; they stay readable when the file is closed
     * @throws IOException if it is missing, has too long rows, or cannot be mapped
     */
    public static IntRows map(SectionFile file, String name) throws IOException {
        Section section = file.section(name, Section.Type.INTS);
        if (section.rowBytes() > MAX_MAPPING) {
            throw new CorruptFileException(
                    file.path(),
                    section.offset(),
                    "rows of a possible size",
                    section.rows() + " x " + section.columns());
        }
        long rows = section.rows();
        int perMapping = (int) (MAX_MAPPING / Math.max(1, section.rowBytes()));
        IntBuffer[] mapped = new IntBuffer[(int) ((rows + perMapping - 1) / perMapping)];
        for (int i = 0; i < mapped.length; i++) {
            long from = (long) i * perMapping;
            long count = Math.min(perMapping, rows - from);
            mapped[i] = file.map(section, from * section.rowBytes(), count * section.rowBytes())
                    .asIntBuffer();
        }
        return new IntRows(rows, section.columns(), null, mapped, perMapping);
    }

    /**
     * Number of rows.
     *
     * @return at least 0
     */
    public long rows() {
        return rows;
    }

    /**
     * Values a row.
     *
     * @return at least 0
     */
    public int columns() {
        return columns;
    }

    /**
     * What is kept on the heap.
     *
     * @return bytes; 0 if mapped
     */
    public long heapBytes() {
        return heap == null ? 0 : (long) heap.length * Integer.BYTES;
    }

    /**
     * Copies neighboring rows.
     *
     * @param from first row
     * @param count number of rows
     * @param target where to
     * @param at index of the first value in the target
     */
    public void copy(long from, int count, int[] target, int at) {
        if (from < 0 || count < 0 || count > rows - from) {
            throw new IndexOutOfBoundsException("rows " + from + " to " + (from + count) + " are outside " + rows);
        }
        if (heap != null) {
            System.arraycopy(heap, (int) from * columns, target, at, count * columns);
            return;
        }
        long row = from;
        int to = at;
        for (int left = count; left > 0; ) {
            int first = (int) (row % rowsPerMapping);
            int n = Math.min(left, rowsPerMapping - first);
            mapped[(int) (row / rowsPerMapping)].get(first * columns, target, to, n * columns);
            row += n;
            to += n * columns;
            left -= n;
        }
    }
}
