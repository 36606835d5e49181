package org.retrieval4j.localization.geometry;

import static java.util.Objects.requireNonNull;

/**
 * How {@link Ransac} searches.
 *
 * @param maxError largest error of an inlier, in the unit of the estimator. Larger: more inliers, of rougher models and
 *     by chance; smaller: true ones are lost to noise
 * @param confidence probability, below 1, that a sample without outliers was drawn when the search stops. Larger: more
 *     iterations, fewer misses
 * @param minIterations samples tried at least. Larger: slower on easy data, safer where the best of many good models
 *     counts
 * @param maxIterations samples tried at most. Larger: models are found among more outliers, hopeless data take longer
 * @param scoring what errors cost a model and how data count in its refinement. MSAC is best where maxError is three
 *     or four times the noise, MAGSAC where it is ten times, or not known
 * @param seed of the samples; no other effect
 */
public record RansacOptions(
        double maxError, double confidence, int minIterations, int maxIterations, Scoring scoring, long seed) {
    /** Checks the ranges. */
    public RansacOptions {
        requireNonNull(scoring, "scoring");
        if (!(maxError > 0) || Double.isInfinite(maxError)) {
            throw new IllegalArgumentException("maxError must be above 0 and finite, got " + maxError);
        }
        if (!(confidence > 0 && confidence < 1)) {
            throw new IllegalArgumentException("confidence must be between 0 and 1, got " + confidence);
        }
        if (minIterations < 0) {
            throw new IllegalArgumentException("minIterations must be at least 0, got " + minIterations);
        }
        if (maxIterations < 1 || maxIterations < minIterations) {
            throw new IllegalArgumentException(
                    "maxIterations must be at least 1 and minIterations, got " + maxIterations);
        }
    }

    /**
     * A good start for point matches in pixels.
     *
     * @return an error of 3, confidence 0.999, 10 to 2,000 iterations, MSAC, seed 42
     */
    public static RansacOptions defaults() {
        return new RansacOptions(3, 0.999, 10, 2000, Scoring.MSAC, 42);
    }

    /**
     * With another largest error.
     *
     * @param value the error
     * @return the changed options
     */
    public RansacOptions withMaxError(double value) {
        return new RansacOptions(value, confidence, minIterations, maxIterations, scoring, seed);
    }

    /**
     * With another confidence.
     *
     * @param value the probability
     * @return the changed options
     */
    public RansacOptions withConfidence(double value) {
        return new RansacOptions(maxError, value, minIterations, maxIterations, scoring, seed);
    }

    /**
     * With other limits of iterations.
     *
     * @param min at least
     * @param max at most
     * @return the changed options
     */
    public RansacOptions withIterations(int min, int max) {
        return new RansacOptions(maxError, confidence, min, max, scoring, seed);
    }

    /**
     * With another scoring.
     *
     * @param value the scoring
     * @return the changed options
     */
    public RansacOptions withScoring(Scoring value) {
        return new RansacOptions(maxError, confidence, minIterations, maxIterations, value, seed);
    }

    /**
     * With another seed.
     *
     * @param value the seed
     * @return the changed options
     */
    public RansacOptions withSeed(long value) {
        return new RansacOptions(maxError, confidence, minIterations, maxIterations, scoring, value);
    }
}
