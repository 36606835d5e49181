package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;

/**
 * What represents a whole picture in an {@link Index}. The kinds are few and closed, so that every index and every file
 * knows how to keep them; an {@link Index} says which it {@linkplain Index#accepts accepts}.
 */
public sealed interface GlobalDescriptor {
    /**
     * Size of the space the descriptor lives in.
     *
     * @return length of a vector, or number of visual words
     */
    int dimension();

    /**
     * One vector: VLAD, Fisher vector, NetVLAD, GeM, …
     *
     * @param values finite values, not copied; read-only by contract
     */
    record Dense(float[] values) implements GlobalDescriptor {
        /** Checks that there is at least one value and all are finite. */
        public Dense {
            requireNonNull(values, "values");
            if (values.length == 0) {
                throw new IllegalArgumentException("a dense descriptor must have at least 1 value, got 0");
            }
            for (int i = 0; i < values.length; i++) {
                if (!Float.isFinite(values[i])) {
                    throw new IllegalArgumentException("value " + i + " must be finite, got " + values[i]);
                }
            }
        }

        @Override
        public int dimension() {
            return values.length;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Dense that && Arrays.equals(values, that.values);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(values);
        }

        @Override
        public String toString() {
            return "Dense[" + values.length + "]";
        }
    }

    /**
     * A sparse vector over visual words: bag of words. An image without words is a value with no entries.
     *
     * @param dimension number of visual words in the codebook
     * @param words ascending word numbers, each once, in 0 to dimension − 1
     * @param weights one finite weight a word
     */
    record Sparse(int dimension, int[] words, float[] weights) implements GlobalDescriptor {
        /** Checks order, range and finiteness. */
        public Sparse {
            requireNonNull(words, "words");
            requireNonNull(weights, "weights");
            if (dimension < 1) {
                throw new IllegalArgumentException("dimension must be at least 1, got " + dimension);
            }
            if (words.length != weights.length) {
                throw new IllegalArgumentException(
                        "there must be one weight a word, got " + weights.length + " for " + words.length);
            }
            int previous = -1;
            for (int i = 0; i < words.length; i++) {
                if (words[i] <= previous || words[i] >= dimension) {
                    throw new IllegalArgumentException("words must ascend from 0 to " + (dimension - 1) + ", got "
                            + words[i] + " after " + previous);
                }
                if (!Float.isFinite(weights[i])) {
                    throw new IllegalArgumentException("weight " + i + " must be finite, got " + weights[i]);
                }
                previous = words[i];
            }
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Sparse that
                    && dimension == that.dimension
                    && Arrays.equals(words, that.words)
                    && Arrays.equals(weights, that.weights);
        }

        @Override
        public int hashCode() {
            return 31 * Arrays.hashCode(words) + Arrays.hashCode(weights);
        }

        @Override
        public String toString() {
            return "Sparse[" + words.length + " of " + dimension + "]";
        }
    }

    /**
     * Several vectors for one picture: tiles of MultiVLAD, regions of R-MAC. Two pictures are as similar as their most
     * similar pair of regions.
     *
     * @param vectors at least one row, finite
     */
    record Regions(FloatMatrix vectors) implements GlobalDescriptor {
        /** Checks that there is at least one vector and all values are finite. */
        public Regions {
            requireNonNull(vectors, "vectors");
            if (vectors.rows() < 1 || vectors.columns() < 1) {
                throw new IllegalArgumentException("regions must have at least 1 vector of at least 1 value, got "
                        + vectors.rows() + " x " + vectors.columns());
            }
            if (!vectors.isFinite()) {
                throw new IllegalArgumentException("regions must be finite");
            }
        }

        @Override
        public int dimension() {
            return vectors.columns();
        }
    }
}
