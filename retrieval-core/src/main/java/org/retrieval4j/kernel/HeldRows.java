package org.retrieval4j.kernel;

import static java.util.Objects.requireNonNull;

import org.retrieval4j.api.FloatMatrix;

/** Vectors that stay where they are, on the heap. */
record HeldRows(Kernels kernels, FloatMatrix matrix) implements Kernels.Held {
    HeldRows {
        requireNonNull(matrix, "matrix");
    }

    @Override
    public void assign(int from, int to, Kernels.Operand centroids, int[] ids) {
        int[] part = new int[to - from];
        kernels.assign(matrix.rows(from, to), centroids, part);
        System.arraycopy(part, 0, ids, from, part.length);
    }
}
