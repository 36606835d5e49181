package org.retrieval4j.index;

import org.retrieval4j.api.GlobalDescriptor.Words;

/** How a {@link WordIndex} compares the entries of one visual word, and what it divides the sums by. Immutable. */
interface WordMatching {
    /** Refuses values that it cannot compare, with an IllegalArgumentException. */
    void require(Words.Values values);

    /** What the scores of an image are divided by, of a query's or a stored one; 0 if all its scores are 0. */
    double norm(Words image, WordWeights weights);

    /** Compares with one query, in one thread. */
    Scorer scorer(Words query);

    /** Adds up what the entries of a query have in common with images. */
    interface Scorer {
        /**
         * Goes through a list, or a part of it.
         *
         * @param entry an entry of the query
         * @param postings of the entry's word, as {@link WordSegment} keeps them; those of an image are neighbors, and none
         *     is in another part
         * @param count number of postings
         * @param weight of the word
         * @param sums one a row of the segment; added to
         */
        void add(int entry, int[] postings, int count, double weight, double[] sums);
    }
}
