package org.retrieval4j.storage;

import org.retrieval4j.api.FloatMatrix;

/** Vectors that are read block by block as floats, however they are kept. Immutable and thread-safe. */
public interface VectorRows {
    /**
     * Number of vectors.
     *
     * @return at least 0
     */
    int rows();

    /**
     * Values a vector.
     *
     * @return at least 0
     */
    int columns();

    /**
     * What is kept on the heap.
     *
     * @return bytes; 0 if mapped
     */
    long heapBytes();

    /**
     * Tells whether {@link #block} gives views, for which it needs no scratch.
     *
     * @return false if it copies or decodes
     */
    boolean isMatrix();

    /**
     * Neighboring vectors as a matrix: a view if they are floats on the heap, else a copy in the caller's array.
     *
     * @param from first row
     * @param to row after the last
     * @param scratch an array of at least {@code (to - from) * columns} values, which may be overwritten
     * @return the vectors; if copied, valid until the array is written to again
     */
    default FloatMatrix block(int from, int to, float[] scratch) {
        copy(from, to - from, scratch, 0);
        return FloatMatrix.of(to - from, columns(), scratch);
    }

    /**
     * Copies neighboring vectors.
     *
     * @param from first row
     * @param count number of rows
     * @param target where to
     * @param at index of the first value in the target
     */
    void copy(int from, int count, float[] target, int at);
}
