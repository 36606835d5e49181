package org.retrieval4j.eval;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Recognition by weighted k-nearest neighbors, as entries to Google Landmarks v2 begin with it (Weyand et al., CVPR 2020,
 * section 5.3): each landmark has the sum of the similarities of those of the k nearest training images that show it; the
 * largest sum wins, or nothing if it is below a threshold. Out-of-domain photographs, which are most of that test set, are
 * to be rejected so.
 *
 * @param neighbors how many nearest training images have a say, at least 1; more make frequent landmarks win
 * @param threshold the least sum that is an answer
 */
public record LandmarkVote(int neighbors, double threshold) {
    /** Checks the number. */
    public LandmarkVote {
        if (neighbors < 1) {
            throw new IllegalArgumentException("neighbors must be at least 1, got " + neighbors);
        }
        if (Double.isNaN(threshold)) {
            throw new IllegalArgumentException("threshold must be a number, got NaN");
        }
    }

    /**
     * An answer.
     *
     * @param landmark which
     * @param score the sum of similarities
     */
    public record Prediction(long landmark, double score) {}

    /**
     * Votes.
     *
     * @param landmarks what the training images show, nearest first
     * @param similarities how similar they are; one of 0 or less has no say
     * @return the landmark with the largest sum, the smaller number among equals; empty if that is below the threshold, or
     *     nobody has a say
     * @throws IllegalArgumentException if there are not as many landmarks as similarities, or one of these is not finite
     */
    public Optional<Prediction> of(long[] landmarks, float[] similarities) {
        if (landmarks.length != similarities.length) {
            throw new IllegalArgumentException("there must be as many landmarks as similarities, got "
                    + landmarks.length + " and " + similarities.length);
        }
        Map<Long, Double> sums = new TreeMap<>();
        for (int i = 0; i < Math.min(neighbors, landmarks.length); i++) {
            if (!Float.isFinite(similarities[i])) {
                throw new IllegalArgumentException("similarity " + i + " must be finite, got " + similarities[i]);
            }
            if (similarities[i] > 0) {
                sums.merge(landmarks[i], (double) similarities[i], Double::sum);
            }
        }
        Prediction best = null;
        for (Map.Entry<Long, Double> sum : sums.entrySet()) {
            if (best == null || sum.getValue() > best.score) {
                best = new Prediction(sum.getKey(), sum.getValue());
            }
        }
        return Optional.ofNullable(best).filter(found -> found.score >= threshold);
    }
}
