package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;

/**
 * A row-major float32 matrix on the heap: n vectors of size d.
 *
 * <p>Immutable by contract: {@link #array()} hands out the backing array without a copy, so that hot loops run over
 * plain {@code float[]}; nobody writes to it after construction. Thread-safe under that contract. Equality compares
 * shape and bits of every value.
 */
public final class FloatMatrix {
    private static final FloatMatrix EMPTY = new FloatMatrix(0, 0, new float[0], 0);

    private final int rows;
    private final int columns;
    private final float[] array;
    private final int offset;

    private FloatMatrix(int rows, int columns, float[] array, int offset) {
        this.rows = rows;
        this.columns = columns;
        this.array = array;
        this.offset = offset;
    }

    /**
     * Wraps an array without copying it; the caller gives it away.
     *
     * @param rows number of vectors, at least 0
     * @param columns size of each vector, at least 0
     * @param array at least {@code rows * columns} values, row after row from index 0
     * @return the matrix
     * @throws IllegalArgumentException if a size is negative or the array is too short
     */
    public static FloatMatrix of(int rows, int columns, float[] array) {
        return of(rows, columns, array, 0);
    }

    /**
     * Wraps a part of an array without copying it.
     *
     * @param rows number of vectors, at least 0
     * @param columns size of each vector, at least 0
     * @param array the values, row after row from {@code offset}
     * @param offset index of the first value
     * @return the matrix
     * @throws IllegalArgumentException if a size is negative or the array is too short
     */
    public static FloatMatrix of(int rows, int columns, float[] array, int offset) {
        requireNonNull(array, "array");
        if (rows < 0 || columns < 0) {
            throw new IllegalArgumentException("rows and columns must be at least 0, got " + rows + " x " + columns);
        }
        if (offset < 0 || (long) rows * columns > (long) array.length - offset) {
            throw new IllegalArgumentException("a matrix of " + rows + " x " + columns + " from offset " + offset
                    + " does not fit an array of " + array.length);
        }
        return new FloatMatrix(rows, columns, array, offset);
    }

    /**
     * Copies rows of equal length.
     *
     * @param rows the vectors; may be none
     * @return the matrix
     * @throws IllegalArgumentException if lengths differ
     */
    public static FloatMatrix ofRows(float[]... rows) {
        if (rows.length == 0) {
            return EMPTY;
        }
        int columns = rows[0].length;
        float[] array = new float[Math.multiplyExact(rows.length, columns)];
        for (int i = 0; i < rows.length; i++) {
            if (rows[i].length != columns) {
                throw new IllegalArgumentException(
                        "row " + i + " must have " + columns + " values like row 0, got " + rows[i].length);
            }
            System.arraycopy(rows[i], 0, array, i * columns, columns);
        }
        return new FloatMatrix(rows.length, columns, array, 0);
    }

    /**
     * A matrix without rows.
     *
     * @param columns size of the vectors it does not have
     * @return the empty matrix
     */
    public static FloatMatrix empty(int columns) {
        return of(0, columns, new float[0]);
    }

    /**
     * Number of vectors.
     *
     * @return the number of rows
     */
    public int rows() {
        return rows;
    }

    /**
     * Size of each vector.
     *
     * @return the number of columns
     */
    public int columns() {
        return columns;
    }

    /**
     * The backing array; read-only by contract.
     *
     * @return the array, not a copy
     */
    public float[] array() {
        return array;
    }

    /**
     * Where the first value stands in {@link #array()}.
     *
     * @return index of element (0, 0)
     */
    public int offset() {
        return offset;
    }

    /**
     * One value.
     *
     * @param row row, from 0
     * @param column column, from 0
     * @return the value
     * @throws IndexOutOfBoundsException if either is outside the matrix
     */
    public float get(int row, int column) {
        if (row < 0 || row >= rows || column < 0 || column >= columns) {
            throw new IndexOutOfBoundsException(
                    "(" + row + ", " + column + ") is outside a matrix of " + rows + " x " + columns);
        }
        return array[offset + row * columns + column];
    }

    /**
     * A copy of one row.
     *
     * @param row row, from 0
     * @return its values
     */
    public float[] row(int row) {
        if (row < 0 || row >= rows) {
            throw new IndexOutOfBoundsException("row " + row + " is outside a matrix of " + rows + " rows");
        }
        int from = offset + row * columns;
        return Arrays.copyOfRange(array, from, from + columns);
    }

    /**
     * A view of neighboring rows, without copying.
     *
     * @param from first row
     * @param to row after the last
     * @return the view
     */
    public FloatMatrix rows(int from, int to) {
        if (from < 0 || to < from || to > rows) {
            throw new IndexOutOfBoundsException("rows " + from + " to " + to + " are outside a matrix of " + rows);
        }
        return new FloatMatrix(to - from, columns, array, offset + from * columns);
    }

    /**
     * A copy of chosen rows, in the order given.
     *
     * @param indices rows, from 0; may repeat
     * @return the copy
     */
    public FloatMatrix select(int[] indices) {
        float[] selected = new float[Math.multiplyExact(indices.length, columns)];
        for (int i = 0; i < indices.length; i++) {
            if (indices[i] < 0 || indices[i] >= rows) {
                throw new IndexOutOfBoundsException("row " + indices[i] + " is outside a matrix of " + rows + " rows");
            }
            System.arraycopy(array, offset + indices[i] * columns, selected, i * columns, columns);
        }
        return new FloatMatrix(indices.length, columns, selected, 0);
    }

    /**
     * Matrices of equal width stacked on each other.
     *
     * @param parts the matrices, at least one
     * @return a copy of their rows, in order
     */
    public static FloatMatrix concat(java.util.List<FloatMatrix> parts) {
        if (parts.isEmpty()) {
            return EMPTY;
        }
        int columns = parts.get(0).columns;
        long rows = 0;
        for (FloatMatrix part : parts) {
            if (part.columns != columns) {
                throw new IllegalArgumentException(
                        "all parts must have " + columns + " columns like the first, got " + part.columns);
            }
            rows += part.rows;
        }
        float[] all = new float[Math.toIntExact(rows * columns)];
        int at = 0;
        for (FloatMatrix part : parts) {
            System.arraycopy(part.array, part.offset, all, at, part.rows * columns);
            at += part.rows * columns;
        }
        return new FloatMatrix((int) rows, columns, all, 0);
    }

    /**
     * Tells whether no value is NaN or infinite.
     *
     * @return true if all values are finite
     */
    public boolean isFinite() {
        // four sums of zeros, which only values that are not finite make anything else
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        int end = offset + rows * columns;
        int i = offset;
        for (; i + 3 < end; i += 4) {
            a += array[i] * 0;
            b += array[i + 1] * 0;
            c += array[i + 2] * 0;
            d += array[i + 3] * 0;
        }
        for (; i < end; i++) {
            a += array[i] * 0;
        }
        return a + b + (c + d) == 0;
    }

    /**
     * A copy of all values, row after row.
     *
     * @return an array of {@code rows * columns} values
     */
    public float[] toArray() {
        return Arrays.copyOfRange(array, offset, offset + rows * columns);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FloatMatrix that
                && rows == that.rows
                && columns == that.columns
                && Arrays.equals(
                        array, offset, offset + rows * columns, that.array, that.offset, that.offset + rows * columns);
    }

    @Override
    public int hashCode() {
        int hash = 31 * rows + columns;
        for (int i = offset, end = offset + rows * columns; i < end; i++) {
            hash = 31 * hash + Float.floatToIntBits(array[i]);
        }
        return hash;
    }

    @Override
    public String toString() {
        return "FloatMatrix[" + rows + " x " + columns + "]";
    }
}
