package org.retrieval4j.eval;

/**
 * A metric of Google Landmarks v2 over the test set and over its two parts.
 *
 * @param all over the public and the private part together, 0 to 1
 * @param publicPart over the public part, NaN if that has no test image with a right answer
 * @param privatePart over the private part, NaN if that has no test image with a right answer
 */
public record LandmarkScore(double all, double publicPart, double privatePart) {}
