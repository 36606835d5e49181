package org.retrieval4j.storage;

import java.io.IOException;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.FloatMatrix;

/**
 * Rows of floats that are read block by block, on the heap or mapped from a section of any size. Immutable and
 * thread-safe.
 */
public final class FloatRows implements VectorRows {
    private static final long MAX_MAPPING = 1L << 30;

    private final int rows;
    private final int columns;
    private final @Nullable FloatMatrix heap;
    private final FloatBuffer[] mapped;
    private final int rowsPerMapping;

    private FloatRows(int rows, int columns, @Nullable FloatMatrix heap, FloatBuffer[] mapped, int rowsPerMapping) {
        this.rows = rows;
        this.columns = columns;
        this.heap = heap;
        this.mapped = mapped;
        this.rowsPerMapping = rowsPerMapping;
    }

    /**
     * The rows of a matrix.
     *
     * @param matrix the matrix, not copied
     * @return its rows
     */
    public static FloatRows of(FloatMatrix matrix) {
        return new FloatRows(matrix.rows(), matrix.columns(), matrix, new FloatBuffer[0], 1);
    }

    /**
     * Maps a section of floats; nothing of it is read.
     *
     * @param file an open file
     * @param name the section
     * @return its rows; they stay readable when the file is closed
     * @throws IOException if it is missing, has too many rows or too long ones, or cannot be mapped
     */
    public static FloatRows map(SectionFile file, String name) throws IOException {
        Section section = file.section(name, Section.Type.FLOATS);
        if (section.rows() > Integer.MAX_VALUE || section.rowBytes() > MAX_MAPPING) {
            throw new CorruptFileException(
                    file.path(),
                    section.offset(),
                    "rows of a possible number and size",
                    section.rows() + " x " + section.columns());
        }
        int rows = (int) section.rows();
        int perMapping = (int) Math.min(Integer.MAX_VALUE, MAX_MAPPING / Math.max(1, section.rowBytes()));
        FloatBuffer[] mapped = new FloatBuffer[(int) ((rows + (long) perMapping - 1) / perMapping)];
        for (int i = 0; i < mapped.length; i++) {
            long from = (long) i * perMapping;
            long count = Math.min(perMapping, rows - from);
            mapped[i] = file.map(section, from * section.rowBytes(), count * section.rowBytes())
                    .asFloatBuffer();
        }
        return new FloatRows(rows, section.columns(), null, mapped, perMapping);
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int columns() {
        return columns;
    }

    @Override
    public long heapBytes() {
        return heap == null ? 0 : (long) rows * columns * Float.BYTES;
    }

    @Override
    public boolean isMatrix() {
        return heap != null;
    }

    @Override
    public FloatMatrix block(int from, int to, float[] scratch) {
        if (heap != null) {
            return heap.rows(from, to);
        }
        return VectorRows.super.block(from, to, scratch);
    }

    @Override
    public void copy(int from, int count, float[] target, int at) {
        if (from < 0 || count < 0 || count > rows - from) {
            throw new IndexOutOfBoundsException(
                    "rows " + from + " to " + ((long) from + count) + " are outside " + rows);
        }
        if (heap != null) {
            System.arraycopy(heap.array(), heap.offset() + from * columns, target, at, count * columns);
            return;
        }
        int row = from;
        int to = at;
        for (int left = count; left > 0; ) {
            int first = row % rowsPerMapping;
            int n = Math.min(left, rowsPerMapping - first);
            mapped[row / rowsPerMapping].get(first * columns, target, to, n * columns);
            row += n;
            to += n * columns;
            left -= n;
        }
    }
}
