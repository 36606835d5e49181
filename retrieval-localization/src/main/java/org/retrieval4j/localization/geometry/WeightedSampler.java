package org.retrieval4j.localization.geometry;

import java.util.Arrays;

/**
 * Draws samples whose data are likely to be right: each in proportion to its weight, or, in one case of ten, all alike, so that
 * a search ends even where the weights are wrong. Samples in which a datum came twice are drawn anew as a whole. So the
 * probability of a sample without outliers is e_m(right)/e_m(all), with e_m the sum of the products of any m different
 * probabilities, which tells when to stop.
 */
final class WeightedSampler implements Sampler {
    /** How often data are drawn without regard to their weights. */
    private static final double ALIKE = 0.1;

    /** After so many samples with a datum twice, data are drawn alike: weights that differ so much say little. */
    private static final int MOST_DRAWN = 1000;

    private final double[] probabilities;
    private final AliasTable table;
    private final int sampleSize;
    private final long seed;
    private final double all;
    /** sums[k]: e_k of the data looked at so far. */
    private final double[] sums;

    /**
     * Prepares the samples of one search.
     *
     * @param weights one a datum, finite and at least 0
     */
    WeightedSampler(double[] weights, int sampleSize, long seed) {
        this.sampleSize = sampleSize;
        this.seed = seed;
        int n = weights.length;
        double largest = 0;
        for (double weight : weights) {
            largest = Math.max(largest, weight);
        }
        double sum = 0;
        for (double weight : weights) {
            sum += largest > 0 ? weight / largest : 1;
        }
        probabilities = new double[n];
        for (int i = 0; i < n; i++) {
            double share = largest > 0 ? weights[i] / largest / sum : 1.0 / n;
            probabilities[i] = (1 - ALIKE) * share + ALIKE / n;
        }
        table = new AliasTable(probabilities);
        sums = new double[sampleSize + 1];
        all = products(probabilities, n);
    }

    @Override
    public void draw(int iteration, int[] sample) {
        long state = Sampler.mix(seed + GOLDEN * (iteration + 1L));
        int drawn = 0;
        for (int tries = 0; drawn < sampleSize; ) {
            state += GOLDEN;
            long bits = Sampler.mix(state);
            int candidate = tries < MOST_DRAWN ? table.draw(bits) : Sampler.below(probabilities.length, bits);
            boolean fresh = true;
            for (int j = 0; j < drawn; j++) {
                fresh &= sample[j] != candidate;
            }
            if (fresh) {
                sample[drawn++] = candidate;
            } else if (tries < MOST_DRAWN) {
                drawn = 0;
                tries++;
            }
        }
    }

    @Override
    public double success(double[] errors, double limit) {
        Arrays.fill(sums, 0);
        sums[0] = 1;
        for (int i = 0; i < errors.length; i++) {
            if (errors[i] < limit) {
                add(probabilities[i]);
            }
        }
        return sums[sampleSize] / all;
    }

    /** The success if only those data are right, one more than a sample has, that are least often drawn. */
    double leastSuccess() {
        double[] ascending = probabilities.clone();
        Arrays.sort(ascending);
        return products(ascending, Math.min(ascending.length, sampleSize + 1)) / all;
    }

    private double products(double[] values, int count) {
        Arrays.fill(sums, 0);
        sums[0] = 1;
        for (int i = 0; i < count; i++) {
            add(values[i]);
        }
        return sums[sampleSize];
    }

    /** O(m): a product has the new datum, or has it not. */
    private void add(double probability) {
        for (int k = sampleSize; k > 0; k--) {
            sums[k] += sums[k - 1] * probability;
        }
    }
}
