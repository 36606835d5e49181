package org.retrieval4j.localization.geometry;

/**
 * Draws samples in the order of PROSAC (Chum and Matas, Matching with PROSAC, CVPR 2005): first from the best data, from
 * a set that grows until after all iterations it holds everything.
 *
 * <p>The sample of an iteration depends on the seed and the number of the iteration alone, never on what was drawn
 * before: iterations may run on any number of threads.
 */
final class ProsacSampler {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private final int size;
    private final int sampleSize;
    private final long seed;
    private final boolean ordered;
    /** {@code growth[n]}: the iteration (from 0) at which the set of the n best data ends; index n from sampleSize. */
    private final int[] growth;

    /**
     * Prepares the samples of one search.
     *
     * @param ordered whether data come best first; otherwise every sample is drawn from all
     */
    ProsacSampler(int size, int sampleSize, int iterations, long seed, boolean ordered) {
        this.size = size;
        this.sampleSize = sampleSize;
        this.seed = seed;
        this.ordered = ordered;
        growth = new int[ordered ? size + 1 : 0];
        if (!ordered) {
            return;
        }
        // T_n: how many of all iterations' uniform samples would lie in the n best (equation 3 of the paper).
        double samples = iterations;
        for (int i = 0; i < sampleSize; i++) {
            samples *= (double) (sampleSize - i) / (size - i);
        }
        double end = 1;
        growth[sampleSize] = 1;
        for (int n = sampleSize + 1; n <= size; n++) {
            double next = samples * n / (n - sampleSize);
            end += Math.ceil(next - samples);
            growth[n] = (int) Math.min(end, Integer.MAX_VALUE);
            samples = next;
        }
    }

    /**
     * The set that an iteration draws from.
     *
     * @param iteration iteration, from 0
     * @param from a set of an earlier iteration, at least sampleSize
     * @return number of best data in it
     */
    int subset(int iteration, int from) {
        int n = ordered ? from : size;
        while (n < size && iteration >= growth[n]) {
            n++;
        }
        return n;
    }

    /** Draws different data: the last of the subset and others before it; any, once the growth is over. */
    void draw(int iteration, int subset, int[] sample) {
        boolean growing = ordered && iteration < growth[size];
        int drawn = growing ? sampleSize - 1 : sampleSize;
        int bound = growing ? subset - 1 : size;
        long state = mix(seed + GOLDEN * (iteration + 1L));
        for (int i = 0; i < drawn; ) {
            state += GOLDEN;
            int candidate = (int) ((mix(state) >>> 32) * bound >>> 32);
            boolean fresh = true;
            for (int j = 0; j < i; j++) {
                fresh &= sample[j] != candidate;
            }
            if (fresh) {
                sample[i++] = candidate;
            }
        }
        if (growing) {
            sample[sampleSize - 1] = subset - 1;
        }
    }

    // The finalizer of SplitMix64 (Steele, Lea, Flood, Fast splittable pseudorandom number generators, 2014).
    private static long mix(long state) {
        long z = (state ^ state >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
