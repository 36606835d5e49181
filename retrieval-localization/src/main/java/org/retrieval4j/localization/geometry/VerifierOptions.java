package org.retrieval4j.localization.geometry;

/**
 * Parameters of the pair verifiers.
 *
 * @param maxError largest error of an inlier, in pixels of a picture shrunk to a longer side of 1024 (smaller pictures
 *     are taken as they are). Of planar maps: the symmetric transfer error of the roughest fit that is tried; finer ones,
 *     down to an eighth, are tried as well, and the finest that the matches bear out is taken. Of epipolar geometry: the
 *     Sampson error. Larger: scenes with more depth are found, and more matches agree by chance
 * @param confidence probability that a model is found if it is there. Larger: slower, fewer misses
 * @param maxIterations samples tried at most. Larger: models are found among more outliers, wrong pairs take longer
 * @param minInliers inliers that an accepted model has at least. Larger: fewer wrong pairs accepted, more right ones with
 *     little in common lost
 * @param minSignificance −log₁₀ of how many models as good chance would give in one pair of unrelated pictures. Larger:
 *     fewer wrong pairs accepted, more right ones lost; a large negative number leaves the decision to minInliers
 * @param seed of the samples
 */
public record VerifierOptions(
        double maxError, double confidence, int maxIterations, int minInliers, double minSignificance, long seed) {
    /** Checks the ranges. */
    public VerifierOptions {
        new RansacOptions(maxError, confidence, 0, maxIterations, Scoring.MSAC, seed);
        if (minInliers < 4) {
            throw new IllegalArgumentException("minInliers must be at least 4, got " + minInliers);
        }
        if (!Double.isFinite(minSignificance)) {
            throw new IllegalArgumentException("minSignificance must be finite, got " + minSignificance);
        }
    }

    /**
     * The defaults for planar maps.
     *
     * @return error 24, confidence 0.999, 1,000 iterations, 5 inliers, significance 1, seed 42
     */
    public static VerifierOptions defaults() {
        return new VerifierOptions(24, 0.999, 1000, 5, 1, 42);
    }

    /**
     * With another largest error.
     *
     * @param value pixels
     * @return the changed options
     */
    public VerifierOptions withMaxError(double value) {
        return new VerifierOptions(value, confidence, maxIterations, minInliers, minSignificance, seed);
    }

    /**
     * With another limit of iterations.
     *
     * @param value at most
     * @return the changed options
     */
    public VerifierOptions withMaxIterations(int value) {
        return new VerifierOptions(maxError, confidence, value, minInliers, minSignificance, seed);
    }

    /**
     * With another rule of acceptance.
     *
     * @param inliers at least
     * @param significance at least
     * @return the changed options
     */
    public VerifierOptions withAcceptance(int inliers, double significance) {
        return new VerifierOptions(maxError, confidence, maxIterations, inliers, significance, seed);
    }

    /**
     * With another seed.
     *
     * @param value the seed
     * @return the changed options
     */
    public VerifierOptions withSeed(long value) {
        return new VerifierOptions(maxError, confidence, maxIterations, minInliers, minSignificance, value);
    }

    /** How RANSAC searches with these options, in normalized units. */
    RansacOptions ransac() {
        return new RansacOptions(
                maxError / Correspondences.UNIT,
                confidence,
                Math.min(10, maxIterations),
                maxIterations,
                Scoring.MSAC,
                seed);
    }
}
