package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.List;

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

    /**
     * What several pipelines made of one picture: what late fusion searches for, each part in the gallery of its own
     * pipeline. No index and no file takes it.
     *
     * @param parts one a pipeline, at least one, none of this kind itself
     */
    record Several(List<GlobalDescriptor> parts) implements GlobalDescriptor {
        /** Checks that there is a part. */
        public Several {
            parts = List.copyOf(parts);
            if (parts.isEmpty()) {
                throw new IllegalArgumentException("there must be at least 1 part, got 0");
            }
            for (GlobalDescriptor part : parts) {
                if (part instanceof Several) {
                    throw new IllegalArgumentException("a part must be the descriptor of one pipeline, got " + part);
                }
            }
        }

        /** The sum over the parts. */
        @Override
        public int dimension() {
            int sum = 0;
            for (GlobalDescriptor part : parts) {
                sum = Math.addExact(sum, part.dimension());
            }
            return sum;
        }

        @Override
        public String toString() {
            return "Several" + parts;
        }
    }

    /**
     * Visual words, each with what tells its descriptors apart from others of the same word: one entry a word with the
     * residual of all its descriptors (ASMK) or the signs of it (ASMK*), or one entry a descriptor with its signature
     * (Hamming embedding). An image without words is a value with no entries.
     *
     * @param dimension number of visual words in the codebook
     * @param words word numbers that do not descend, in 0 to dimension − 1, one an entry
     * @param values what each entry carries
     */
    record Words(int dimension, int[] words, Values values) implements GlobalDescriptor {
        /** Checks order and range, and that there is a value an entry. */
        public Words {
            requireNonNull(words, "words");
            requireNonNull(values, "values");
            if (dimension < 1) {
                throw new IllegalArgumentException("dimension must be at least 1, got " + dimension);
            }
            if (words.length != values.count()) {
                throw new IllegalArgumentException(
                        "there must be one value a word, got " + values.count() + " for " + words.length);
            }
            int previous = 0;
            for (int word : words) {
                if (word < previous || word >= dimension) {
                    throw new IllegalArgumentException("words must not descend, from 0 to " + (dimension - 1) + ", got "
                            + word + " after " + previous);
                }
                previous = word;
            }
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Words that
                    && dimension == that.dimension
                    && Arrays.equals(words, that.words)
                    && values.equals(that.values);
        }

        @Override
        public int hashCode() {
            return 31 * Arrays.hashCode(words) + values.hashCode();
        }

        @Override
        public String toString() {
            return "Words[" + words.length + " of " + dimension + ", " + values + "]";
        }

        /** What the entries carry, in their order. */
        public sealed interface Values {
            /**
             * Number of entries.
             *
             * @return how many there are
             */
            int count();

            /**
             * Size of one value.
             *
             * @return length of a residual, or bits of a signature
             */
            int width();
        }

        /**
         * Vectors.
         *
         * @param vectors a row an entry, finite
         */
        public record Residuals(FloatMatrix vectors) implements Values {
            /** Checks that there is at least one column and all values are finite. */
            public Residuals {
                requireNonNull(vectors, "vectors");
                if (vectors.columns() < 1) {
                    throw new IllegalArgumentException("residuals must have at least 1 value, got 0");
                }
                if (!vectors.isFinite()) {
                    throw new IllegalArgumentException("residuals must be finite");
                }
            }

            @Override
            public int count() {
                return vectors.rows();
            }

            @Override
            public int width() {
                return vectors.columns();
            }

            @Override
            public String toString() {
                return "residuals of " + width() + " values";
            }
        }

        /**
         * Bits.
         *
         * @param width bits of a signature, at least 1
         * @param packed entry after entry, each ⌈width / 64⌉ longs: bit b of a signature is bit b mod 64 of its long
         *     b / 64, and the bits after the last are 0; not copied, read-only by contract
         */
        public record Signatures(int width, long[] packed) implements Values {
            /** Checks that signatures are whole. */
            public Signatures {
                requireNonNull(packed, "packed");
                if (width < 1) {
                    throw new IllegalArgumentException("width must be at least 1 bit, got " + width);
                }
                int longs = longs(width);
                if (packed.length % longs != 0) {
                    throw new IllegalArgumentException("signatures of " + width + " bits must have " + longs
                            + " longs each, got " + packed.length + " longs");
                }
                for (int i = longs - 1; width % Long.SIZE != 0 && i < packed.length; i += longs) {
                    if (packed[i] >>> width != 0) { // the shift counts modulo 64
                        throw new IllegalArgumentException("bits after the " + width + " of signature " + i / longs
                                + " must be 0, got " + Long.toHexString(packed[i]));
                    }
                }
            }

            /**
             * Size of a signature.
             *
             * @param width its bits
             * @return its longs
             */
            public static int longs(int width) {
                return (width - 1) / Long.SIZE + 1;
            }

            @Override
            public int count() {
                return packed.length / longs(width);
            }

            @Override
            public boolean equals(Object other) {
                return other instanceof Signatures that && width == that.width && Arrays.equals(packed, that.packed);
            }

            @Override
            public int hashCode() {
                return 31 * Arrays.hashCode(packed) + width;
            }

            @Override
            public String toString() {
                return "signatures of " + width + " bits";
            }
        }
    }
}
