package org.retrieval4j.localization.pose;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.Optional;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Component;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.geometry.ChanceTest;
import org.retrieval4j.localization.geometry.P3pSolver;
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

    /** Rounds of refining on the inliers and looking for the inliers of the refined pose. */
    private static final int ROUNDS = 5;

    /** Keypoints' noise that is assumed where few inliers tell it, as a part of the largest error. */
    private static final double ASSUMED_NOISE = 0.25;

    /** How many measured coordinates the assumption is worth. */
    private static final double ASSUMED_FREEDOM = 4;

    /** A pose is determined if its standard deviations are below these: degrees, and part of the points' median distance. */
    private static final double LARGEST_ROTATION_SIGMA = 10;

    private static final double LARGEST_POSITION_SIGMA = 0.5;

    /** Points are tried for a second pose if they are this flat: third to second standard deviation. */
    private static final double FLAT = 0.1;

    /** Another pose is as good if it raises the squared error by less than this many variances. */
    private static final double AS_GOOD = 9;

    /** Of Cauchy's loss, in standard deviations: 95 % of the efficiency of least squares. */
    private static final double CAUCHY_TUNING = 2.385;

    /** Median length of an error of two coordinates, in standard deviations of one. */
    private static final double RAYLEIGH_MEDIAN = 1.1774;

    private static final double LEAST_NOISE = 0.05;

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
                : new Search(options, camera, points, pixels, qualities).run();
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
        return new Search(options, requireNonNull(camera, "camera"), points, pixels, Optional.empty()).runFrom(start);
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

    /** One estimation. */
    private static final class Search {
        private final Options options;
        private final Camera camera;
        private final double[] points;
        private final double[] pixels;
        private final boolean ordered;
        private final double[] weights;
        private final DistinctCorrespondences distinct;
        private final double[] middle = new double[3];
        private final double[] errors;
        private int iterations;
        private boolean robust;

        Search(Options options, Camera camera, double[] points, double[] pixels, Optional<double[]> qualities) {
            this.options = options;
            this.camera = camera;
            this.points = points;
            this.pixels = pixels;
            int n = requireCorrespondences(points, pixels);
            boolean weighted = qualities.isPresent() && options.sampling() == Sampling.WEIGHTED;
            ordered = qualities.isPresent() && !weighted;
            weights = weighted ? qualities.get() : new double[0];
            int[] order = qualities.isPresent() ? options.order(n, qualities) : new int[0];
            distinct = new DistinctCorrespondences(camera, points, pixels, order, options.maxError());
            errors = new double[distinct.count()];
        }

        PoseEstimate runFrom(Pose start) {
            robust = true;
            return distinct.count() < Math.max(4, options.minInliers())
                    ? PoseEstimate.failed(Status.TOO_FEW_CORRESPONDENCES, camera, 0)
                    : judge(start);
        }

        PoseEstimate run() {
            if (distinct.count() < Math.max(4, options.minInliers())) {
                return PoseEstimate.failed(Status.TOO_FEW_CORRESPONDENCES, camera, 0);
            }
            PoseModel model = new PoseModel(correspondences(), options.maxError());
            Optional<Ransac.Consensus> found = Ransac.estimate(model, options.ransac());
            iterations = model.samples();
            if (found.isEmpty()) {
                return PoseEstimate.failed(Status.NO_CONSENSUS, camera, iterations);
            }
            return judge(pose(found.get().model()));
        }

        /** In random order, the middle of the points subtracted. */
        private PoseModel.Correspondences correspondences() {
            int n = distinct.count();
            int[] places = randomOrder(n, options.seed());
            for (int k = 0; k < n; k++) {
                for (int i = 0; i < 3; i++) {
                    middle[i] += points[3 * distinct.row(k) + i] / n;
                }
            }
            double[] x = new double[n];
            double[] y = new double[n];
            double[] z = new double[n];
            double[] u = new double[n];
            double[] v = new double[n];
            double[] rays = new double[3 * n];
            boolean pinhole = PoseModel.Correspondences.isPinhole(camera);
            double[][] byPoint = pinhole ? new double[0][] : new double[6][n];
            int[] order = new int[ordered ? n : 0];
            double[] likelihoods = new double[weights.length > 0 ? n : 0];
            double[] parameters = camera.parameters();
            int center = camera.model().focalLengths();
            double[] pixel = new double[2];
            double[] derivative = new double[6];
            for (int place = 0; place < n; place++) {
                int k = places[place];
                int row = distinct.row(k);
                x[place] = points[3 * row] - middle[0];
                y[place] = points[3 * row + 1] - middle[1];
                z[place] = points[3 * row + 2] - middle[2];
                u[place] = pixels[2 * row] - parameters[center];
                v[place] = pixels[2 * row + 1] - parameters[center + 1 < parameters.length ? center + 1 : center];
                System.arraycopy(distinct.rays(), 3 * k, rays, 3 * place, 3);
                if (!pinhole) {
                    camera.project(rays[3 * place], rays[3 * place + 1], rays[3 * place + 2], pixel, derivative, null);
                    for (int i = 0; i < 6; i++) {
                        byPoint[i][place] = derivative[i];
                    }
                }
                if (ordered) {
                    order[k] = place;
                }
                if (likelihoods.length > 0) {
                    likelihoods[place] = weights[row];
                }
            }
            return new PoseModel.Correspondences(camera, x, y, z, u, v, rays, byPoint, order, likelihoods);
        }

        private Pose pose(double[] model) {
            double[] t = new double[3];
            for (int i = 0; i < 3; i++) {
                t[i] = model[9 + i]
                        - (model[3 * i] * middle[0] + model[3 * i + 1] * middle[1] + model[3 * i + 2] * middle[2]);
            }
            return Pose.ofRotation(Arrays.copyOf(model, 9), t[0], t[1], t[2]);
        }

        private PoseEstimate judge(Pose rough) {
            Fit fit = fit(rough);
            if (fit.places.length < options.minInliers()) {
                return PoseEstimate.failed(Status.NO_CONSENSUS, camera, iterations);
            }
            int n = distinct.count();
            int[] ranks = fit.places;
            if (!ordered) { // only their number counts
                ranks = new int[fit.places.length];
                for (int i = 0; i < ranks.length; i++) {
                    ranks[i] = n - ranks.length + i;
                }
            }
            double chance =
                    Math.PI * options.maxError() * options.maxError() / ((double) camera.width() * camera.height());
            double significance = new ChanceTest(n, 3, P3pSolver.MOST, 3).significance(ranks, chance);
            if (!(significance >= options.minSignificance())) {
                return PoseEstimate.failed(Status.NO_CONSENSUS, camera, iterations);
            }
            double variance = fit.variance(options);
            double[] covariance = fit.refined.covariance().clone();
            for (int i = 0; i < covariance.length; i++) {
                covariance[i] *= variance;
            }
            int[] inliers = rows(fit.places);
            Arrays.sort(inliers);
            PoseEstimate estimate = new PoseEstimate(
                    Status.LOCALIZED,
                    Optional.of(fit.refined.pose()),
                    fit.refined.camera(),
                    inliers,
                    covariance,
                    significance,
                    iterations);
            boolean determined = estimate.rotationSigmaDegrees() < LARGEST_ROTATION_SIGMA
                    && estimate.positionSigma() < LARGEST_POSITION_SIGMA * medianDistance(fit)
                    && !hasRival(fit, variance);
            return determined ? estimate : PoseEstimate.failed(Status.DEGENERATE, camera, iterations);
        }

        /** A pose fitted to inliers, which are places among the distinct correspondences. */
        private record Fit(PoseRefinement.Result refined, int[] places) {
            /** Of a keypoint's coordinate, from the residuals, and from an assumption where they are few. */
            double variance(Options options) {
                double assumed = ASSUMED_NOISE * options.maxError();
                double squares = options.scoring() == Scoring.MSAC
                        ? refined.cost()
                        : places.length * refined.rms() * refined.rms();
                return (squares + ASSUMED_FREEDOM * assumed * assumed) / (2.0 * places.length - 6 + ASSUMED_FREEDOM);
            }
        }

        /** Refines on the inliers until they stay the same. */
        private Fit fit(Pose rough) {
            int[] places = inliers(rough);
            PoseRefinement.Options refinement = options.refinement();
            PoseRefinement.Result refined = refine(places, rough, refinement);
            for (int round = 1; round < ROUNDS && options.refine(); round++) {
                int[] next = inliers(refined.pose());
                if (Arrays.equals(next, places) || next.length < 4) {
                    break;
                }
                places = next;
                refined = refine(places, refined.pose(), refinement);
            }
            if (robust) {
                refined = refine(
                        places,
                        refined.pose(),
                        refinement.withLoss(Loss.CAUCHY, CAUCHY_TUNING * noise(refined, places)));
            }
            if (!options.refine()) {
                refined = new PoseRefinement.Result(
                        rough,
                        refined.camera(),
                        refined.covariance(),
                        refined.cost(),
                        refined.rms(),
                        refined.iterations(),
                        refined.converged());
            }
            return new Fit(refined, places);
        }

        private PoseRefinement.Result refine(int[] places, Pose start, PoseRefinement.Options refinement) {
            return PoseRefinement.refine(camera, points, pixels, rows(places), start, PosePrior.NONE, refinement);
        }

        /** Standard deviation of a coordinate as the median error tells it. */
        private double noise(PoseRefinement.Result refined, int[] places) {
            inliers(refined.pose());
            double[] sorted = new double[places.length];
            for (int i = 0; i < sorted.length; i++) {
                sorted[i] = errors[places[i]];
            }
            Arrays.sort(sorted);
            return Math.max(LEAST_NOISE, Math.sqrt(sorted[sorted.length / 2]) / RAYLEIGH_MEDIAN);
        }

        private int[] rows(int[] places) {
            int[] rows = new int[places.length];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = distinct.row(places[i]);
            }
            return rows;
        }

        private int[] inliers(Pose pose) {
            double[] r = pose.rotation();
            double[] pixel = new double[2];
            for (int k = 0; k < errors.length; k++) {
                int row = distinct.row(k);
                double x = points[3 * row];
                double y = points[3 * row + 1];
                double z = points[3 * row + 2];
                boolean seen = camera.project(
                        r[0] * x + r[1] * y + r[2] * z + pose.tx(),
                        r[3] * x + r[4] * y + r[5] * z + pose.ty(),
                        r[6] * x + r[7] * y + r[8] * z + pose.tz(),
                        pixel);
                double du = pixel[0] - pixels[2 * row];
                double dv = pixel[1] - pixels[2 * row + 1];
                errors[k] = seen ? du * du + dv * dv : Double.POSITIVE_INFINITY;
            }
            return distinct.oneToOne(errors, options.maxError() * options.maxError());
        }

        private double medianDistance(Fit fit) {
            double[] c = fit.refined.pose().center();
            double[] distances = new double[fit.places.length];
            for (int i = 0; i < distances.length; i++) {
                int row = distinct.row(fit.places[i]);
                double x = points[3 * row] - c[0];
                double y = points[3 * row + 1] - c[1];
                double z = points[3 * row + 2] - c[2];
                distances[i] = Math.sqrt(x * x + y * y + z * z);
            }
            Arrays.sort(distances);
            return distances[distances.length / 2];
        }

        /**
         * Whether another pose fits as well. A flat set of points seen from afar may as well be its mirror image in depth,
         * turned: R′ = (I − 2 v vᵀ) R (I − 2 n nᵀ), with v the direction to its middle and n its normal (Schweighofer and
         * Pinz, Robust pose estimation from a planar target, PAMI 2006).
         */
        private boolean hasRival(Fit fit, double variance) {
            Pose pose = fit.refined.pose();
            double[] center = new double[3];
            double[] normal = new double[3];
            if (!Flatness.of(points, rows(fit.places), center, normal, FLAT)) {
                return false;
            }
            double[] r = pose.rotation();
            double[] v = new double[3];
            double length = 0;
            for (int i = 0; i < 3; i++) {
                v[i] = r[3 * i] * center[0] + r[3 * i + 1] * center[1] + r[3 * i + 2] * center[2];
            }
            v[0] += pose.tx();
            v[1] += pose.ty();
            v[2] += pose.tz();
            double[] seen = v.clone();
            for (double value : v) {
                length += value * value;
            }
            length = Math.sqrt(length);
            double[] turned = new double[9];
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 3; j++) {
                    double sum = 0;
                    for (int a = 0; a < 3; a++) {
                        for (int b = 0; b < 3; b++) {
                            double left = (i == a ? 1 : 0) - 2 * v[i] * v[a] / (length * length);
                            double right = (b == j ? 1 : 0) - 2 * normal[b] * normal[j];
                            sum += left * r[3 * a + b] * right;
                        }
                    }
                    turned[3 * i + j] = sum;
                }
            }
            double[] t = new double[3];
            for (int i = 0; i < 3; i++) {
                t[i] = seen[i]
                        - (turned[3 * i] * center[0] + turned[3 * i + 1] * center[1] + turned[3 * i + 2] * center[2]);
            }
            Pose mirrored = Pose.ofRotation(turned, t[0], t[1], t[2]);
            PoseRefinement.Result other = refine(fit.places, mirrored, options.refinement());
            boolean same = other.pose().rotationErrorDegrees(pose) < 1;
            return !same && other.cost() - fit.refined.cost() < AS_GOOD * variance;
        }
    }
}
