package org.retrieval4j.localization.pose;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.Optional;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Component;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.geometry.Ransac;
import org.retrieval4j.localization.geometry.RansacOptions;
import org.retrieval4j.localization.geometry.Scoring;
import org.retrieval4j.spi.ComponentProvider;

/**
 * Where a camera stood, from points in the world and the pixels where they were seen, among any number of wrong pairs: {@link
 * Ransac} over three-point poses, refined on its inliers, and accepted only if chance does not explain it and the inliers
 * determine it.
 *
 * <p>Thread-safe; the same correspondences and options give the same bits on any number of threads.
 */
public final class PoseEstimator implements Component {
    private static final String NAME = "ransac";

    private final Options options;

    /** What is known of the camera's focal length. */
    public enum FocalLength {
        /** The camera has it. */
        KNOWN,
        /** It is estimated with the pose. */
        UNKNOWN
    }

    /** What qualities of correspondences mean. */
    public enum Sampling {
        /** An order: the best are tried first, then more and more of the rest. */
        PROSAC,
        /** How likely each is right, in any unit: samples are drawn in these proportions, and counted as such. */
        WEIGHTED
    }

    /**
     * Parameters.
     *
     * @param maxError largest reprojection error of an inlier in pixels. Larger: more inliers, rougher ones and by chance;
     *     smaller: right ones are lost to noise
     * @param confidence probability, below 1, that a sample that leads to the pose was drawn when the search stops. Larger:
     *     slower, fewer misses
     * @param minIterations samples tried at least
     * @param maxIterations samples tried at most. Larger: poses are found among more outliers, hopeless queries take longer
     * @param minInliers inliers that an accepted pose has at least, 4 or more. Larger: fewer wrong poses, more right ones lost
     * @param minSignificance −log₁₀ of how many poses as good random correspondences would give. Larger: fewer wrong poses
     *     accepted, more right ones with few inliers lost
     * @param refine whether the pose is fitted to its inliers by least squares through the camera's model
     * @param focalLength whether the camera's focal length counts or is looked for too, between a tenth and ten times of it, for
     *     cameras without distortion; then four points make a sample, five agree at least, and the estimate is always refined
     * @param scoring what errors cost a pose and how inliers count in it. MSAC, all alike, is best where maxError fits the noise;
     *     MAGSAC, near ones more, bears one that is far too large: it wants about ten times a keypoint's noise, and loses a
     *     quarter of the exactness at four times
     * @param sampling what the qualities of correspondences mean, where there are any
     * @param seed of the samples
     */
    public record Options(
            double maxError,
            double confidence,
            int minIterations,
            int maxIterations,
            int minInliers,
            double minSignificance,
            boolean refine,
            FocalLength focalLength,
            Scoring scoring,
            Sampling sampling,
            long seed) {
        /** Checks the ranges. */
        public Options {
            requireNonNull(focalLength, "focalLength");
            requireNonNull(sampling, "sampling");
            new RansacOptions(maxError, confidence, minIterations, maxIterations, scoring, seed);
            if (minInliers < 4) {
                throw new IllegalArgumentException("minInliers must be at least 4, got " + minInliers);
            }
            if (!Double.isFinite(minSignificance)) {
                throw new IllegalArgumentException("minSignificance must be finite, got " + minSignificance);
            }
        }

        /**
         * Good for keypoints exact to a pixel or two.
         *
         * @return error 4 px, confidence 0.9999, 20 to 100,000 iterations, 4 inliers, significance 2, refined, MSAC,
         *     PROSAC, seed 42
         */
        public static Options defaults() {
            return new Options(
                    4, 0.9999, 20, 100_000, 4, 2, true, FocalLength.KNOWN, Scoring.MSAC, Sampling.PROSAC, 42);
        }

        /**
         * With another largest error.
         *
         * @param value pixels
         * @return the changed options
         */
        public Options withMaxError(double value) {
            return new Options(
                    value,
                    confidence,
                    minIterations,
                    maxIterations,
                    minInliers,
                    minSignificance,
                    refine,
                    focalLength,
                    scoring,
                    sampling,
                    seed);
        }

        /**
         * With another confidence.
         *
         * @param value the probability
         * @return the changed options
         */
        public Options withConfidence(double value) {
            return new Options(
                    maxError,
                    value,
                    minIterations,
                    maxIterations,
                    minInliers,
                    minSignificance,
                    refine,
                    focalLength,
                    scoring,
                    sampling,
                    seed);
        }

        /**
         * With other limits of iterations.
         *
         * @param min at least
         * @param max at most
         * @return the changed options
         */
        public Options withIterations(int min, int max) {
            return new Options(
                    maxError,
                    confidence,
                    min,
                    max,
                    minInliers,
                    minSignificance,
                    refine,
                    focalLength,
                    scoring,
                    sampling,
                    seed);
        }

        /**
         * With another rule of acceptance.
         *
         * @param inliers at least
         * @param significance at least
         * @return the changed options
         */
        public Options withAcceptance(int inliers, double significance) {
            return new Options(
                    maxError,
                    confidence,
                    minIterations,
                    maxIterations,
                    inliers,
                    significance,
                    refine,
                    focalLength,
                    scoring,
                    sampling,
                    seed);
        }

        /**
         * With refinement or without.
         *
         * @param value true to refine
         * @return the changed options
         */
        public Options withRefine(boolean value) {
            return new Options(
                    maxError,
                    confidence,
                    minIterations,
                    maxIterations,
                    minInliers,
                    minSignificance,
                    value,
                    focalLength,
                    scoring,
                    sampling,
                    seed);
        }

        /**
         * With a focal length that is known or not.
         *
         * @param value whether it is known
         * @return the changed options
         */
        public Options withFocalLength(FocalLength value) {
            return new Options(
                    maxError,
                    confidence,
                    minIterations,
                    maxIterations,
                    minInliers,
                    minSignificance,
                    refine,
                    value,
                    scoring,
                    sampling,
                    seed);
        }

        /**
         * With another scoring.
         *
         * @param value the scoring
         * @return the changed options
         */
        public Options withScoring(Scoring value) {
            return new Options(
                    maxError,
                    confidence,
                    minIterations,
                    maxIterations,
                    minInliers,
                    minSignificance,
                    refine,
                    focalLength,
                    value,
                    sampling,
                    seed);
        }

        /**
         * With another meaning of qualities.
         *
         * @param value what they mean
         * @return the changed options
         */
        public Options withSampling(Sampling value) {
            return new Options(
                    maxError,
                    confidence,
                    minIterations,
                    maxIterations,
                    minInliers,
                    minSignificance,
                    refine,
                    focalLength,
                    scoring,
                    value,
                    seed);
        }

        /**
         * With another seed.
         *
         * @param value the seed
         * @return the changed options
         */
        public Options withSeed(long value) {
            return new Options(
                    maxError,
                    confidence,
                    minIterations,
                    maxIterations,
                    minInliers,
                    minSignificance,
                    refine,
                    focalLength,
                    scoring,
                    sampling,
                    value);
        }

        RansacOptions ransac() {
            return new RansacOptions(maxError, confidence, minIterations, maxIterations, scoring, seed);
        }

        /** How a pose is fitted to inliers. */
        PoseRefinement.Options refinement() {
            PoseRefinement.Options squared = PoseRefinement.Options.defaults();
            return scoring == Scoring.MSAC ? squared : squared.withLoss(Loss.MAGSAC, maxError);
        }

        /** Rows by quality, best first; as they are without qualities. Those that are not a number come last. */
        int[] order(int n, Optional<double[]> qualities) {
            Integer[] order = new Integer[n];
            Arrays.setAll(order, i -> i);
            if (qualities.isPresent()) {
                double[] values = qualities.get();
                if (values.length != n) {
                    throw new IllegalArgumentException(
                            "qualities must be one for each of " + n + " correspondences, got " + values.length);
                }
                if (sampling == Sampling.WEIGHTED) {
                    requireWeights(values);
                }
                Arrays.sort(order, (a, b) -> Double.compare(rank(values[b]), rank(values[a])));
            }
            return Arrays.stream(order).mapToInt(i -> i).toArray();
        }

        private static void requireWeights(double[] values) {
            for (int i = 0; i < values.length; i++) {
                if (!(values[i] >= 0) || values[i] == Double.POSITIVE_INFINITY) {
                    throw new IllegalArgumentException(
                            "weights must be at least 0 and finite, got " + values[i] + " of correspondence " + i);
                }
            }
        }

        private static double rank(double quality) {
            return Double.isNaN(quality) ? Double.NEGATIVE_INFINITY : quality;
        }
    }

    /** Provides {@code ransac}. */
    public static final class Provider extends ComponentProvider<PoseEstimator, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(PoseEstimator.class, NAME, Options.defaults());
        }

        @Override
        public PoseEstimator create(Options options, BuildContext context) {
            return new PoseEstimator(options);
        }
    }

    /**
     * Makes an estimator.
     *
     * @param options its parameters
     */
    public PoseEstimator(Options options) {
        this.options = requireNonNull(options, "options");
    }

    /**
     * What it was made with.
     *
     * @return the parameters
     */
    public Options options() {
        return options;
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.of(OptionsText.format(NAME, options));
    }

    /**
     * Estimates a pose from correspondences of unknown quality.
     *
     * @param camera the camera
     * @param points n points in the world, three numbers each
     * @param pixels where they were seen, two numbers each. Rows that are not finite, or that no ray of the camera reaches,
     *     never agree with a pose
     * @return the pose, or why there is none
     * @throws IllegalArgumentException if the arrays' lengths do not fit, or the focal length is unknown of a camera with
     *     distortion
     */
    public PoseEstimate estimate(Camera camera, double[] points, double[] pixels) {
        return estimate(camera, points, pixels, Optional.empty());
    }

    /**
     * Estimates a pose, drawing its samples by qualities as {@link Options#sampling} says.
     *
     * @param camera the camera
     * @param points n points in the world, three numbers each
     * @param pixels where they were seen, two numbers each
     * @param qualities one each, larger for the better: a matcher's scores, or weights of at least 0
     * @return the pose, or why there is none
     * @throws IllegalArgumentException if the arrays' lengths do not fit, a weight is negative or not finite, or the focal length is unknown of a camera with
     *     distortion
     */
    public PoseEstimate estimate(Camera camera, double[] points, double[] pixels, double[] qualities) {
        requireNonNull(qualities, "qualities");
        return estimate(camera, points, pixels, Optional.of(qualities));
    }

    private PoseEstimate estimate(Camera camera, double[] points, double[] pixels, Optional<double[]> qualities) {
        requireNonNull(camera, "camera");
        return options.focalLength() == FocalLength.UNKNOWN
                ? FocalPoseSearch.run(options, camera, points, pixels, qualities)
                : new PoseSearch(options, camera, points, pixels, qualities).run();
    }

    /**
     * Fits a pose to correspondences that were chosen by a pose near the right one: no samples are drawn, errors count by
     * Cauchy's loss at the scale that they have, since what was chosen nearby agrees by and large even where it is wrong.
     * The score is that of as many independent correspondences, which these are not.
     *
     * @param camera the camera
     * @param points n points in the world, three numbers each
     * @param pixels where they were seen, two numbers each
     * @param start the pose
     * @return the fitted pose, or why there is none
     * @throws IllegalArgumentException if the arrays' lengths do not fit
     */
    public PoseEstimate refine(Camera camera, double[] points, double[] pixels, Pose start) {
        requireNonNull(start, "start");
        return new PoseSearch(options, requireNonNull(camera, "camera"), points, pixels, Optional.empty())
                .runFrom(start);
    }

    static int requireCorrespondences(double[] points, double[] pixels) {
        requireNonNull(points, "points");
        requireNonNull(pixels, "pixels");
        if (points.length % 3 != 0 || pixels.length % 2 != 0 || points.length / 3 != pixels.length / 2) {
            throw new IllegalArgumentException("points must have 3 and pixels 2 numbers for each correspondence, got "
                    + points.length + " and " + pixels.length);
        }
        return pixels.length / 2;
    }

    /** The numbers below n, shuffled (Durstenfeld's way, with SplitMix64). */
    static int[] randomOrder(int n, long seed) {
        int[] order = new int[n];
        long state = seed;
        for (int k = 0; k < n; k++) {
            state += 0x9E3779B97F4A7C15L;
            long mixed = (state ^ state >>> 30) * 0xBF58476D1CE4E5B9L;
            mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
            int other = (int) (((mixed ^ mixed >>> 31) >>> 32) * (k + 1) >>> 32);
            order[k] = order[other];
            order[other] = k;
        }
        return order;
    }
}
