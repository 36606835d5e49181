package org.retrieval4j.localization.geometry;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.Optional;

/**
 * Finds the model that most data agree with, among any number of outliers: LO-RANSAC (Chum, Matas and Kittler, Locally
 * optimized RANSAC, DAGM 2003) with the cost of MSAC or MAGSAC++ ({@link Scoring}), samples in PROSAC order or by weights,
 * the sequential probability ratio test that gives up bad models early (Chum and Matas, Optimal
 * randomized RANSAC, PAMI 2008), and the adaptive stop on the exact probability of a sample without outliers.
 *
 * <p>Works for every {@link ModelEstimator}. The same estimator and options give the same bits. The search allocates
 * its scratch space once and nothing in an iteration.
 */
public final class Ransac {
    /** Data scored between two looks at the limit. */
    private static final int BLOCK = 256;

    /** Steps of the local optimization; the inlier threshold narrows to the largest error in all but the last. */
    private static final int LOCAL_STEPS = 4;

    /** Its first threshold, in largest errors, if samples do not ask for a wider one. */
    private static final double LOCAL_WIDTH = 2;

    /** Inliers that a step of it uses at most: more make it slower, hardly better (Lebeda, Matas and Chum, BMVC 2012). */
    private static final int LOCAL_DATA = 150;

    private static final int MAX_FINAL_STEPS = 8;

    /** Data between two looks at the ratio of probabilities. */
    private static final int TESTED = 64;

    /** A model is given up where its data are this often likelier under a wrong model (logarithm): few good ones are. */
    private static final double GIVEN_UP = Math.log(1000);

    /** A model of a minimal sample is expected to have this part of the inliers of the best one so far. */
    private static final double EXPECTED_PART = 0.5;

    /** Inliers of all data that are looked for at least. */
    private static final double LEAST_INLIERS = 0.1;

    private final ModelEstimator estimator;
    private final RansacOptions options;
    private final Scoring scoring;
    private final int size;
    private final double squaredMaxError;
    private final double[] errors;
    private final double[] weights;
    private final double[] trial;
    private final double[] local;
    private final double chance;
    /** Change of the test's logarithm by an inlier and by an outlier; both 0 where there is no test. */
    private double ofInlier;

    private double ofOutlier;

    private Ransac(ModelEstimator estimator, RansacOptions options) {
        this.estimator = estimator;
        this.options = options;
        scoring = options.scoring();
        size = estimator.size();
        squaredMaxError = options.maxError() * options.maxError();
        errors = new double[size];
        weights = new double[size];
        trial = new double[estimator.modelSize()];
        local = new double[estimator.modelSize()];
        chance = estimator.chance();
        expect(LEAST_INLIERS);
    }

    /**
     * The model found and the data that agree with it.
     *
     * @param model values of the model
     * @param inliers indices of the data within the largest error, ascending
     * @param cost sum over all data of {@link Scoring#cost}
     * @param iterations samples tried
     */
    public record Consensus(double[] model, int[] inliers, double cost, int iterations) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Consensus that
                    && Arrays.equals(model, that.model)
                    && Arrays.equals(inliers, that.inliers)
                    && Double.compare(cost, that.cost) == 0
                    && iterations == that.iterations;
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(model) * 31 + Arrays.hashCode(inliers);
        }
    }

    /**
     * Searches.
     *
     * @param estimator data and model; data best first
     * @param options how to search
     * @return the best model with more inliers than a sample has; empty if there is none
     */
    public static Optional<Consensus> estimate(ModelEstimator estimator, RansacOptions options) {
        requireNonNull(estimator, "estimator");
        requireNonNull(options, "options");
        if (estimator.size() < estimator.sampleSize()) {
            return Optional.empty();
        }
        return new Ransac(estimator, options).search();
    }

    private Optional<Consensus> search() {
        int sampleSize = estimator.sampleSize();
        int modelSize = estimator.modelSize();
        int mostIterations;
        Sampler sampler;
        double[] likelihoods = estimator.weights();
        if (likelihoods.length > 0) {
            WeightedSampler weighted = new WeightedSampler(likelihoods, sampleSize, options.seed());
            mostIterations = iterations(weighted.leastSuccess());
            sampler = weighted;
        } else {
            // single data are tried once each, in their order
            mostIterations = sampleSize == 1
                    ? Math.min(size, options.maxIterations())
                    : iterations(ProsacSampler.success(Math.min(size, sampleSize + 1), size, sampleSize));
            sampler = new ProsacSampler(size, sampleSize, mostIterations, options.seed(), estimator.ordered());
        }
        int[] sample = new int[sampleSize];
        double[] models = new double[modelSize * estimator.maxModels()];
        double[] model = new double[modelSize];
        double[] best = new double[modelSize];
        double bestCost = size;
        double bestMinimalCost = size;
        double width = estimator.sampleErrorFactor();
        int stop = mostIterations;
        int iteration = 0;
        for (; iteration < stop; iteration++) {
            sampler.draw(iteration, sample);
            int count = estimator.generate(sample, models);
            for (int i = 0; i < count; i++) {
                System.arraycopy(models, i * modelSize, model, 0, modelSize);
                double minimalCost = cost(model, width, bestMinimalCost, ofOutlier != 0);
                if (!(minimalCost < bestMinimalCost)) {
                    continue;
                }
                if (estimator.mend(sample, model, squaredMaxError)) {
                    minimalCost = cost(model, width, size);
                }
                bestMinimalCost = Math.min(minimalCost, bestMinimalCost);
                double cost = optimize(model, width == 1 ? minimalCost : cost(model, 1, size));
                if (cost < bestCost) {
                    bestCost = cost;
                    System.arraycopy(model, 0, best, 0, modelSize);
                    int inliers = countInliers(model);
                    stop = Math.min(mostIterations, iterations(sampler.success(errors, squaredMaxError)));
                    expect((double) inliers / size);
                }
            }
        }
        if (bestCost >= size) {
            return Optional.empty();
        }
        bestCost = converge(best, bestCost);
        int inlierCount = countInliers(best);
        if (inlierCount <= sampleSize) {
            return Optional.empty();
        }
        int[] inliers = new int[inlierCount];
        for (int i = 0, at = 0; i < size; i++) {
            if (errors[i] < squaredMaxError) {
                inliers[at++] = i;
            }
        }
        return Optional.of(new Consensus(best, inliers, bestCost, iteration));
    }

    /** Samples needed for the confidence: log(1 - c) / log(1 - P), P = probability of right data x reliability. */
    private int iterations(double success) {
        double probability = success * estimator.sampleReliability();
        double needed =
                probability <= 0 ? Double.MAX_VALUE : Math.log(1 - options.confidence()) / Math.log1p(-probability);
        return (int) Math.max(options.minIterations(), Math.min(options.maxIterations(), Math.ceil(needed)));
    }

    /** Prepares the test for models of a part of inliers. */
    private void expect(double part) {
        double expected = EXPECTED_PART * Math.max(part, LEAST_INLIERS);
        boolean tested = chance > 0 && chance < expected;
        ofInlier = tested ? Math.log(chance / expected) : 0;
        ofOutlier = tested ? Math.log((1 - chance) / (1 - expected)) : 0;
    }

    private double cost(double[] model, double width, double limit) {
        return cost(model, width, limit, false);
    }

    /** The cost at a multiple of the largest error; from the limit on, or given up, any value not below it. */
    private double cost(double[] model, double width, double limit, boolean tested) {
        double cost = 0;
        double odds = 0;
        double scale = 1 / (width * width * squaredMaxError);
        int block = tested ? TESTED : BLOCK;
        for (int from = 0; from < size && cost < limit; from += block) {
            int to = Math.min(from + block, size);
            estimator.squaredErrors(model, from, to, errors);
            cost += scoring.cost(errors, from, to, scale);
            if (tested) {
                int inliers = 0;
                for (int i = from; i < to; i++) {
                    inliers += errors[i] * scale < 1 ? 1 : 0;
                }
                odds += inliers * ofInlier + (to - from - inliers) * ofOutlier;
                if (odds > GIVEN_UP) {
                    return Double.POSITIVE_INFINITY;
                }
            }
        }
        return cost;
    }

    private int countInliers(double[] model) {
        estimator.squaredErrors(model, 0, size, errors);
        int count = 0;
        for (int i = 0; i < size; i++) {
            if (errors[i] < squaredMaxError) {
                count++;
            }
        }
        return count;
    }

    /** Replaces a minimal model by the best of its refinements, if one is better; returns the cost. */
    private double optimize(double[] model, double minimalCost) {
        double best = minimalCost;
        System.arraycopy(model, 0, local, 0, local.length);
        double start = Math.max(LOCAL_WIDTH, estimator.sampleErrorFactor());
        for (int step = 0; step < LOCAL_STEPS; step++) {
            if (!refine(local, Math.max(1, Math.pow(start, 1 - step / (LOCAL_STEPS - 2.0))), LOCAL_DATA)) {
                break;
            }
            double cost = cost(local, 1, best);
            if (cost < best) {
                best = cost;
                System.arraycopy(local, 0, model, 0, local.length);
            }
        }
        return best;
    }

    /** Refines the final model until its cost no longer falls; returns the cost. */
    private double converge(double[] model, double cost) {
        double best = cost;
        for (int step = 0; step < MAX_FINAL_STEPS; step++) {
            System.arraycopy(model, 0, local, 0, local.length);
            if (!refine(local, 1, size)) {
                break;
            }
            double refined = cost(local, 1, best);
            if (!(refined < best)) {
                break;
            }
            boolean settled = best - refined < 1e-6 * best;
            best = refined;
            System.arraycopy(local, 0, model, 0, local.length);
            if (settled) {
                break;
            }
        }
        return best;
    }

    private boolean refine(double[] model, double width, int most) {
        estimator.squaredErrors(model, 0, size, errors);
        double limit = width * width * squaredMaxError;
        int count = 0;
        for (int i = 0; i < size; i++) {
            boolean inlier = errors[i] < limit && count < most;
            weights[i] = inlier ? scoring.weight(errors[i] / limit) : 0;
            count += inlier ? 1 : 0;
        }
        if (count <= estimator.sampleSize()) {
            return false;
        }
        System.arraycopy(model, 0, trial, 0, trial.length);
        if (!estimator.refine(trial, weights)) {
            return false;
        }
        System.arraycopy(trial, 0, model, 0, trial.length);
        return true;
    }
}
