package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;

/**
 * The geometric relation that a {@link Verifier} found, in stored pixels of both pictures.
 *
 * @param kind the field's word: {@code homography}, {@code affine}, {@code similarity} (all three map a query point to
 *     the reference), {@code fundamental} (x_referenceᵀ F x_query = 0)
 * @param matrix 3 x 3, row after row
 */
public record Model(String kind, double[] matrix) {
    /** Checks size and finiteness. */
    public Model {
        requireNonNull(kind, "kind");
        requireNonNull(matrix, "matrix");
        if (matrix.length != 9) {
            throw new IllegalArgumentException("matrix must have 9 values, got " + matrix.length);
        }
        for (double value : matrix) {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException("matrix must be finite, got " + Arrays.toString(matrix));
            }
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Model that && kind.equals(that.kind) && Arrays.equals(matrix, that.matrix);
    }

    @Override
    public int hashCode() {
        return 31 * kind.hashCode() + Arrays.hashCode(matrix);
    }
}
