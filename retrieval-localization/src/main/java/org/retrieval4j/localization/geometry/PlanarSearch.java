package org.retrieval4j.localization.geometry;

import java.util.Optional;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Verification;

/**
 * Looks for a planar map between two pictures, from rough to fine. The rough one, by {@link Ransac} with a wide error,
 * finds scenes with depth too; where the matches bear it out, the error is then narrowed. Of all errors the one counts
 * whose inliers chance explains least ({@link ChanceTest}).
 */
final class PlanarSearch {
    /** Errors tried, halves of each other. */
    private static final int LEVELS = 4;

    private static final int STEPS_A_LEVEL = 3;

    /** Inliers below which a narrower error would only pick those that happen to fit. */
    private static final int MIN_NARROW = 8;

    /** A narrower error is taken, for the sake of the model, if it keeps this part of the best significance. */
    private static final double PREFERENCE = 0.75;

    private static final int MIN_ITERATIONS_WITHIN = 20;

    private final PairMatches pair;
    private final Correspondences data;
    private final PlanarKind kind;
    private final RansacOptions options;
    private final PlanarEstimator estimator;
    private final ChanceTest test;
    private final double chance;
    private final double[] errors;
    private final double[] weights;
    private double significance = Double.NEGATIVE_INFINITY;
    private double[] model = new double[0];
    private int[] inliers = new int[0];
    private int[] widest = new int[0];

    /**
     * Searches.
     *
     * @param pair the matches, at least one
     * @param kind the map looked for
     * @param options with the widest error, in normalized units
     */
    PlanarSearch(PairMatches pair, PlanarKind kind, RansacOptions options) {
        this.pair = pair;
        this.kind = kind;
        this.options = options;
        data = pair.data();
        boolean framed = data.frames().isPresent();
        // Three points, not four: a surface that chance and depth leave visible is seldom more than affine.
        int sampleSize = framed ? 1 : Math.min(3, kind.sampleSize());
        estimator = new PlanarEstimator(kind, data, sampleSize, options.maxError());
        test = new ChanceTest(data.size(), sampleSize, 1, estimator.freeInliers());
        chance = Math.PI * (framed ? PlanarEstimator.FRAME_CHANCE : 1) / data.area();
        errors = new double[data.size()];
        weights = new double[data.size()];
        Ransac.estimate(estimator, options).ifPresent(rough -> {
            narrow(rough.model());
            separate();
        });
    }

    /** What the three planar verifiers do. */
    static Optional<Verification> verify(
            ImageFeatures query,
            ImageFeatures candidate,
            Matches matches,
            String name,
            PlanarKind kind,
            VerifierOptions options) {
        PairMatches pair = new PairMatches(query, candidate, matches);
        if (pair.size() < options.minInliers()) {
            return Optional.empty();
        }
        PlanarSearch search = new PlanarSearch(pair, kind, options.ransac());
        int[] inliers = search.inliers;
        if (inliers.length < options.minInliers()
                || search.significance < options.minSignificance()
                || pair.isThin(inliers, search.narrowest())) {
            return Optional.empty();
        }
        return Optional.of(
                new Verification((float) search.significance, pair.matches(inliers), pair.map(name, search.model)));
    }

    /** Significance of the most significant error; negative infinity if nothing was found. */
    double significance() {
        return significance;
    }

    /** Inliers of the widest error. */
    int[] widest() {
        return widest;
    }

    /** The narrowest error. */
    double narrowest() {
        return options.maxError() / (1 << LEVELS - 1);
    }

    private void consider(double[] candidate, double error) {
        estimator.squaredErrors(candidate, 0, data.size(), errors);
        int[] found = pair.oneToOne(errors, error * error);
        double digits = test.significance(found, chance * error * error);
        if (digits > significance || digits > PREFERENCE * significance) {
            model = candidate.clone();
            inliers = found;
            significance = Math.max(significance, digits);
        }
    }

    /** Halves the error level by level, refining the model each time. */
    private void narrow(double[] rough) {
        double[] refined = rough.clone();
        double error = options.maxError();
        consider(refined, error);
        widest = inliers;
        for (int level = 1; level < LEVELS; level++) {
            error /= 2;
            for (int step = 0; step < STEPS_A_LEVEL; step++) {
                if (!refine(refined, step == 0 ? 2 * error * error : error * error)) {
                    return;
                }
            }
            consider(refined, error);
        }
    }

    private boolean refine(double[] refined, double squaredError) {
        estimator.squaredErrors(refined, 0, data.size(), errors);
        int count = 0;
        for (int i = 0; i < data.size(); i++) {
            boolean inlier = errors[i] < squaredError;
            weights[i] = inlier ? 1 : 0;
            count += inlier ? 1 : 0;
        }
        return count >= MIN_NARROW && estimator.refine(refined, weights);
    }

    /** A wide error mixes surfaces that lie close to each other: looks for the best one alone among the inliers. */
    private void separate() {
        if (widest.length < 2 * MIN_NARROW) {
            return;
        }
        double error = narrowest();
        RansacOptions within = options.withMaxError(error)
                .withIterations(Math.min(MIN_ITERATIONS_WITHIN, options.maxIterations()), options.maxIterations());
        PlanarEstimator exact = new PlanarEstimator(kind, data.select(widest), kind.sampleSize(), error);
        Ransac.estimate(exact, within).ifPresent(found -> consider(found.model(), error));
    }
}
