package org.retrieval4j.aggregation;

import org.retrieval4j.api.FloatMatrix;

/** Finds the r nearest words of descriptors, nearest first, equally near ones by number. For one thread. */
interface WordFinder {
    /** Receives the words of one descriptor. */
    interface Target {
        /** The arrays hold r values, and other ones at the next call. */
        void accept(int[] words, double[] squaredDistances);
    }

    /** Tells the words of each descriptor, in their order. */
    void forEach(FloatMatrix x, Target target);
}
