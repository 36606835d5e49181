package org.retrieval4j.localization.geometry;

/**
 * Draws samples in the order of PROSAC (Chum and Matas, Matching with PROSAC, CVPR 2005): first from the best data, from
 * a set that grows until after all iterations it holds everything.
 */
final class ProsacSampler implements Sampler {
    private final int size;
    private final int sampleSize;
    private final long seed;
    private final boolean ordered;
    /** {@code growth[n]}: the iteration (from 0) at which the set of the n best data ends; index n from sampleSize. */
    private final int[] growth;

    /** Number of best data that the last sample was drawn from. */
    private int subset;

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
        subset = ordered ? sampleSize : size;
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

    /** Draws the last of the subset and others before it; any, once the growth is over. */
    @Override
    public void draw(int iteration, int[] sample) {
        while (subset < size && iteration >= growth[subset]) {
            subset++;
        }
        boolean growing = ordered && iteration < growth[size];
        int drawn = growing ? sampleSize - 1 : sampleSize;
        int bound = growing ? subset - 1 : size;
        long state = Sampler.mix(seed + GOLDEN * (iteration + 1L));
        for (int i = 0; i < drawn; ) {
            state += GOLDEN;
            int candidate = Sampler.below(bound, Sampler.mix(state));
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

    @Override
    public double success(double[] errors, double limit) {
        int right = 0;
        for (int i = 0; i < size; i++) {
            right += errors[i] < limit ? 1 : 0;
        }
        return success(right, size, sampleSize);
    }

    /** C(right, m) / C(n, m). */
    static double success(int right, int size, int sampleSize) {
        double probability = 1;
        for (int i = 0; i < sampleSize; i++) {
            probability *= (double) (right - i) / (size - i);
        }
        return probability;
    }
}
