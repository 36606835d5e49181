package org.retrieval4j.localization.geometry;

/**
 * Draws numbers with given probabilities in constant time (Walker, An efficient method for generating discrete random variables
 * with general distributions, 1977; built in linear time as Vose, 1991, does): n columns of equal probability, each shared by
 * at most two numbers. Immutable and thread-safe.
 */
final class AliasTable {
    private final double[] own;
    private final int[] alias;

    /** Of probabilities that add up to 1. */
    AliasTable(double[] probabilities) {
        int n = probabilities.length;
        own = new double[n];
        alias = new int[n];
        int[] work = new int[n]; // numbers that fill less than a column from the front, the others from the back
        int small = 0;
        int large = n;
        for (int i = 0; i < n; i++) {
            own[i] = probabilities[i] * n;
            alias[i] = i;
            if (own[i] < 1) {
                work[small++] = i;
            } else {
                work[--large] = i;
            }
        }
        while (small > 0 && large < n) {
            int less = work[--small];
            int more = work[large];
            alias[less] = more;
            own[more] -= 1 - own[less];
            if (own[more] < 1) {
                large++;
                work[small++] = more;
            }
        }
        // what is left differs from a full column by rounding
        while (small > 0) {
            own[work[--small]] = 1;
        }
        while (large < n) {
            own[work[large++]] = 1;
        }
    }

    /** A number, of 64 random bits: one half chooses the column, the other who of the two in it. */
    int draw(long bits) {
        int column = Sampler.below(own.length, bits);
        return (bits & 0xFFFFFFFFL) < own[column] * 0x1p32 ? column : alias[column];
    }
}
