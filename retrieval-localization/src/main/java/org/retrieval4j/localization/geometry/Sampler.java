package org.retrieval4j.localization.geometry;

/**
 * Chooses the data of the samples of one search. A sample depends on the seed and the number of the iteration alone, never
 * on what was drawn before.
 */
interface Sampler {
    /** What a state of the random numbers grows by. */
    long GOLDEN = 0x9E3779B97F4A7C15L;

    /**
     * Draws different data.
     *
     * @param iteration from 0, not below that of an earlier call
     * @param sample receives the data
     */
    void draw(int iteration, int[] sample);

    /**
     * How probable it is, once samples are drawn from all data, that one has right data only.
     *
     * @param errors squared errors of the data
     * @param limit those of right data are below it
     * @return a probability
     */
    double success(double[] errors, double limit);

    /** The finalizer of SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014). */
    static long mix(long state) {
        long z = (state ^ state >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    /** A number from 0 to below a bound, of random bits. */
    static int below(int bound, long bits) {
        return (int) ((bits >>> 32) * bound >>> 32);
    }
}
