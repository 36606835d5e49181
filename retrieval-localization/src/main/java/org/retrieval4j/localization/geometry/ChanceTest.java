package org.retrieval4j.localization.geometry;

/**
 * Tells consensus from chance, a contrario (Moisan and Stival, A probabilistic criterion to detect rigid point matches
 * between two images, IJCV 2004): if all n matches were random, how many models would be expected to gather k inliers
 * among the best m of them?
 *
 * <p>NFA = r · n · C(m, k) · C(k, s) · p^(k − f): s matches are a sample, which gives up to r models; f inliers a model has
 * by its making; any other match is an inlier by chance with probability p. C(m, k) · C(k, s) counts the ways to choose
 * inliers and a sample among them, and n is the number of tests. Looking at every m gives inliers among the best matches
 * their due, whatever the matcher's scores mean; tests of one model with different m are so alike that they count once.
 *
 * <p>The significance is −log₁₀ NFA: at 2, at most about one pair of unrelated pictures in a hundred reaches it, if their
 * matches are indeed independent and evenly spread.
 */
public final class ChanceTest {
    private final int size;
    private final int sampleSize;
    private final int free;
    private final double start;

    /**
     * Prepares the test for one pair.
     *
     * @param size n, the number of matches
     * @param sampleSize s
     * @param models r, the most models that a sample gives
     * @param free f, at least s
     */
    public ChanceTest(int size, int sampleSize, int models, int free) {
        this.size = size;
        this.sampleSize = sampleSize;
        this.free = free;
        start = Math.log10(size) + Math.log10(models);
    }

    /**
     * Significance of inliers; O(n).
     *
     * @param inliers places of the inliers in the list of matches, ascending
     * @param chance p, above 0
     * @return −log₁₀ NFA; negative infinity if there are no more inliers than the model has by its making
     */
    public double significance(int[] inliers, double chance) {
        double best = Double.NEGATIVE_INFINITY;
        double digit = Math.log10(Math.min(1, chance));
        // C(m, k) · C(k, s) as mantissa and decimal exponent, from one match to the next
        double combinations = 1;
        double exponent = 0;
        int k = 0;
        for (int m = 1; m <= size && k < inliers.length; m++) {
            boolean inlier = inliers[k] == m - 1;
            if (inlier) {
                k++;
                combinations *= (double) m / (k > sampleSize ? k - sampleSize : k);
            } else {
                combinations *= (double) m / (m - k);
            }
            if (combinations > 1e200) {
                combinations *= 1e-200;
                exponent += 200;
            }
            if (inlier && k > free) {
                double significance = -(start + exponent + Math.log10(combinations) + (k - free) * digit);
                best = Math.max(best, significance);
            }
        }
        return best;
    }
}
