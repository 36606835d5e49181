package org.retrieval4j.localization.localizer;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.SingularMatrixException;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.geometry.ChanceTest;
import org.retrieval4j.localization.geometry.EssentialSolver;
import org.retrieval4j.localization.geometry.NumericLeastSquares;
import org.retrieval4j.localization.geometry.Ransac;
import org.retrieval4j.localization.geometry.RansacOptions;
import org.retrieval4j.localization.geometry.RelativePoseEstimator;
import org.retrieval4j.localization.geometry.Rotations;
import org.retrieval4j.localization.map.MapImage;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseEstimate;
import org.retrieval4j.localization.pose.Status;
import org.retrieval4j.spi.ComponentProvider;

/**
 * Localization without points (Zhang and Kosecka, Image based localization in urban environments, 3DPVT 2006; Zhou, Sattler,
 * Pollefeys and Leal-Taixé, To learn or not to learn: visual localization from essential matrices, ICRA 2020): essential
 * matrices to several posed pictures give rotations and directions; two directions meet in a center, the one that most pictures
 * agree with counts, and all its matches together refine the pose.
 *
 * <p>Thread-safe; the same query gives the same bits on any number of threads unless it has a deadline.
 */
public final class RelativePoseLocalizer implements Localizer {
    private static final String NAME = "relative-pose";

    /** By how much rotations and directions of pictures that agree may differ. */
    private static final double AGREEING_DEGREES = 5;

    private static final double AGREEING_COSINE = Math.cos(Math.toRadians(AGREEING_DEGREES));

    /** After the deadline, only rotations of so many pictures, best ranked first, are still tried, which takes milliseconds. */
    private static final int TRIED_LATE = 10;

    /** Of the angle at which directions must meet; below, where is a matter of rounding. */
    private static final double LEAST_ANGLE_DEGREES = 0.1;

    private static final int REFINING_STEPS = 30;
    private static final double MOST_POSITION_SIGMA = 0.5;

    private final Options options;

    /**
     * Parameters.
     *
     * @param images pictures tried at most, best ranked first, 2 to 1000. More: exacter, slower
     * @param maxError largest distance in pixels of a match from its epipolar line, above 0
     * @param minInliers matches of a picture that agree, at least 8
     * @param minSignificance −log₁₀ of how many relative poses as good random matches would give
     * @param minAngleDegrees least angle at which two directions must meet, at least 0.1 and below 90. Smaller: more
     *     queries, rougher distances
     * @param seed of the samples
     */
    public record Options(
            int images, double maxError, int minInliers, double minSignificance, double minAngleDegrees, long seed) {
        /** Checks the ranges. */
        public Options {
            if (images < 2 || images > 1000) {
                throw new IllegalArgumentException("images must be from 2 to 1000, got " + images);
            }
            if (!(maxError > 0) || Double.isInfinite(maxError)) {
                throw new IllegalArgumentException("maxError must be above 0 and finite, got " + maxError);
            }
            if (minInliers < 8) {
                throw new IllegalArgumentException("minInliers must be at least 8, got " + minInliers);
            }
            if (!Double.isFinite(minSignificance)) {
                throw new IllegalArgumentException("minSignificance must be finite, got " + minSignificance);
            }
            if (!(minAngleDegrees >= LEAST_ANGLE_DEGREES && minAngleDegrees < 90)) {
                throw new IllegalArgumentException("minAngleDegrees must be at least " + LEAST_ANGLE_DEGREES
                        + " and below 90, got " + minAngleDegrees);
            }
        }

        /**
         * Good for photographs of 1 to 3 megapixels.
         *
         * @return 10 images, 2 px, 20 inliers, significance 6, 3 degrees, seed 42
         */
        public static Options defaults() {
            return new Options(10, 2, 20, 6, 3, 42);
        }

        /**
         * With another number of pictures.
         *
         * @param value at most
         * @return the changed options
         */
        public Options withImages(int value) {
            return new Options(value, maxError, minInliers, minSignificance, minAngleDegrees, seed);
        }

        /**
         * With another largest error.
         *
         * @param pixels from the epipolar line
         * @return the changed options
         */
        public Options withMaxError(double pixels) {
            return new Options(images, pixels, minInliers, minSignificance, minAngleDegrees, seed);
        }
    }

    /** Makes {@code relative-pose(…)}. */
    public static final class Provider extends ComponentProvider<Localizer, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Localizer.class, NAME, Options.defaults());
        }

        @Override
        public Localizer create(Options options, BuildContext context) {
            return new RelativePoseLocalizer(options);
        }
    }

    /**
     * Makes a localizer.
     *
     * @param options its parameters
     */
    public RelativePoseLocalizer(Options options) {
        this.options = requireNonNull(options, "options");
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.of(OptionsText.format(NAME, options));
    }

    /**
     * A picture with the query's relative pose.
     *
     * @param image number in the map
     * @param posed the picture
     * @param first unit rays of its matched keypoints, in the world's axes
     * @param second unit rays of the query's, in its camera's axes
     * @param keypoints of the query
     * @param inliers matches that agree
     * @param rotation of the query: world to camera
     * @param direction from the picture's center to the query's, in the world
     * @param significance of the relative pose
     */
    private record Relative(
            int image,
            MapImage posed,
            double[] first,
            double[] second,
            int[] keypoints,
            int[] inliers,
            double[] rotation,
            double[] direction,
            double significance) {}

    @Override
    public Localization localize(LocalizationMap map, Query query) throws IOException {
        Stages stages = new Stages();
        List<Integer> retrieved = map.images(query.ranked());
        List<Relative> relatives = new ArrayList<>();
        int matched = 0;
        for (int image : retrieved.subList(0, Math.min(options.images(), retrieved.size()))) {
            if (query.deadline().isOver()) {
                break;
            }
            MapImage posed = map.points().images().get(image);
            ImageFeatures features = map.featuresOf(image);
            Matches matches = map.matcher().match(query.features(), features);
            stages.end("matching");
            matched += matches.size() >= options.minInliers() ? 1 : 0;
            relative(image, posed, features, query, matches).ifPresent(relatives::add);
            stages.end("relative");
        }
        List<Relative> agreeing = agreeing(relatives, query.deadline());
        boolean late = query.deadline().isOver();
        Optional<Localization> answer = agreeing.size() < 2 ? Optional.empty() : refine(query, agreeing, stages);
        stages.end("refinement");
        Status reason = retrieved.isEmpty()
                ? Status.NOTHING_RETRIEVED
                : late
                        ? Status.OUT_OF_TIME
                        : matched < 2
                                ? Status.TOO_FEW_CORRESPONDENCES
                                : relatives.size() < 2 || agreeing.size() < 2 && meetSomewhere(relatives)
                                        ? Status.NO_CONSENSUS
                                        : Status.DEGENERATE;
        List<Integer> used = relatives.stream().map(Relative::image).toList();
        return answer.map(found -> new Localization(
                        found.estimate(), found.points(), found.pixels(), found.images(), stages.seconds(), NAME))
                .orElseGet(() -> Localization.failed(reason, query.camera(), used, stages.seconds(), NAME));
    }

    private Optional<Relative> relative(
            int image, MapImage posed, ImageFeatures features, Query query, Matches matches) {
        FloatMatrix there = features.keypoints().values();
        FloatMatrix here = query.features().keypoints().values();
        double[] r = posed.pose().rotation();
        double[] first = new double[3 * matches.size()];
        double[] second = new double[3 * matches.size()];
        int[] keypoints = new int[matches.size()];
        double[] ray = new double[3];
        double[] other = new double[3];
        int n = 0;
        for (int k = 0; k < matches.size(); k++) {
            int q = matches.queryIndices()[k];
            int p = matches.referenceIndices()[k];
            if (posed.camera().unproject(there.get(p, 0), there.get(p, 1), ray)
                    && query.camera().unproject(here.get(q, 0), here.get(q, 1), other)) {
                for (int i = 0; i < 3; i++) { // into the world's axes
                    first[3 * n + i] = r[i] * ray[0] + r[3 + i] * ray[1] + r[6 + i] * ray[2];
                    second[3 * n + i] = other[i];
                }
                keypoints[n++] = q;
            }
        }
        if (n < options.minInliers()) {
            return Optional.empty();
        }
        first = Arrays.copyOf(first, 3 * n);
        second = Arrays.copyOf(second, 3 * n);
        double focal = (posed.camera().focalLength() + query.camera().focalLength()) / 2;
        RansacOptions search =
                RansacOptions.defaults().withMaxError(options.maxError()).withSeed(options.seed());
        Optional<Ransac.Consensus> found = Ransac.estimate(new RelativePoseEstimator(first, second, focal), search);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        double[] model = found.get().model();
        double[] world = first;
        double[] camera = second;
        int[] inliers = Arrays.stream(found.get().inliers())
                .filter(i -> RelativePoseEstimator.isBefore(model, world, camera, i))
                .toArray();
        Camera seen = query.camera();
        double chance = Math.min(
                1,
                2
                        * options.maxError()
                        * Math.hypot(seen.width(), seen.height())
                        / ((double) seen.width() * seen.height()));
        double significance = inliers.length < options.minInliers()
                ? Double.NEGATIVE_INFINITY
                : new ChanceTest(n, 5, EssentialSolver.MOST, 5).significance(inliers, chance);
        if (!(significance >= options.minSignificance())) {
            return Optional.empty();
        }
        double[] direction = new double[3];
        for (int i = 0; i < 3; i++) { // the query's center is −Rᵀ t
            direction[i] = -(model[i] * model[9] + model[3 + i] * model[10] + model[6 + i] * model[11]);
        }
        return Optional.of(new Relative(
                image,
                posed,
                first,
                second,
                Arrays.copyOf(keypoints, n),
                inliers,
                Arrays.copyOf(model, 9),
                direction,
                significance));
    }

    private boolean meetSomewhere(List<Relative> relatives) {
        for (Relative a : relatives) {
            for (Relative b : relatives) {
                if (a != b && meet(a, b).isPresent()) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Where the lines from two pictures come nearest to each other, before both. */
    private Optional<double[]> meet(Relative a, Relative b) {
        double cosine = dot(a.direction, b.direction);
        if (Math.abs(cosine) > Math.cos(Math.toRadians(options.minAngleDegrees()))) {
            return Optional.empty();
        }
        double[] from = a.posed.pose().center();
        double[] to = b.posed.pose().center();
        double[] base = {to[0] - from[0], to[1] - from[1], to[2] - from[2]};
        double s = (dot(base, a.direction) - cosine * dot(base, b.direction)) / (1 - cosine * cosine);
        double t = (cosine * dot(base, a.direction) - dot(base, b.direction)) / (1 - cosine * cosine);
        if (s <= 0 || t <= 0) {
            return Optional.empty();
        }
        double[] middle = new double[3];
        for (int i = 0; i < 3; i++) {
            middle[i] = (from[i] + s * a.direction[i] + to[i] + t * b.direction[i]) / 2;
        }
        return Optional.of(middle);
    }

    /** The pictures that agree with the center of two of them and the rotation of one, as many matches as can be. */
    private List<Relative> agreeing(List<Relative> relatives, Deadline deadline) {
        List<Relative> best = List.of();
        long most = 0;
        for (int i = 0; i < relatives.size() && (i < TRIED_LATE || !deadline.isOver()); i++) {
            Relative a = relatives.get(i);
            List<Relative> alike =
                    relatives.stream().filter(c -> turnAlike(a, c)).toList();
            for (Relative b : alike) {
                Optional<double[]> center = a == b ? Optional.empty() : meet(a, b);
                if (center.isEmpty() || !leadsTo(a, center.get()) || !leadsTo(b, center.get())) {
                    continue;
                }
                long matches = 0;
                for (Relative c : alike) {
                    matches += leadsTo(c, center.get()) ? c.inliers.length : 0;
                }
                if (matches > most) {
                    best = new ArrayList<>();
                    best.add(a); // the surest first: its rotation is the start
                    alike.stream()
                            .filter(c -> c != a && leadsTo(c, center.get()))
                            .forEach(best::add);
                    most = matches;
                }
            }
        }
        return best;
    }

    /** Whether two pictures give the query like rotations; the trace of the turn between is 1 + 2 cos of its angle. */
    private static boolean turnAlike(Relative a, Relative b) {
        double trace = 0;
        for (int i = 0; i < 9; i++) {
            trace += a.rotation[i] * b.rotation[i];
        }
        return trace > 1 + 2 * AGREEING_COSINE;
    }

    /** Whether a picture's direction leads to a center, about. */
    private static boolean leadsTo(Relative relative, double[] center) {
        double[] from = relative.posed.pose().center();
        double x = center[0] - from[0];
        double y = center[1] - from[1];
        double z = center[2] - from[2];
        double along = x * relative.direction[0] + y * relative.direction[1] + z * relative.direction[2];
        return along > AGREEING_COSINE * Math.sqrt(x * x + y * y + z * z);
    }

    private static double dot(double[] a, double[] b) {
        return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    }

    /** One pose from all matches of all pictures that agree. */
    private Optional<Localization> refine(Query query, List<Relative> agreeing, Stages stages) {
        double[] center = nearest(agreeing);
        double[] rotation = agreeing.get(0).rotation;
        double unit = agreeing.stream()
                .mapToDouble(relative -> Math.sqrt(squared(relative.posed.pose().center(), center)))
                .average()
                .orElse(1);
        int n = agreeing.stream().mapToInt(relative -> relative.inliers.length).sum();
        double focal = query.camera().focalLength();
        NumericLeastSquares.Residuals residuals = (change, values) -> {
            double[] r = rotation.clone();
            Rotations.turn(r, change[0], change[1], change[2]);
            double[] c = new double[3];
            for (int i = 0; i < 3; i++) {
                c[i] = center[i] + unit * change[3 + i];
            }
            int at = 0;
            for (Relative relative : agreeing) {
                double[] from = relative.posed.pose().center();
                double[] e = essential(r, from, c);
                for (int i : relative.inliers) {
                    double error = focal
                            * RelativePoseEstimator.error(e, relative.first, relative.second, i)
                            / options.maxError();
                    values[at++] = error / Math.sqrt(1 + error * error); // Geman and McClure's loss
                }
            }
        };
        Optional<double[]> change = NumericLeastSquares.minimize(6, n, residuals, REFINING_STEPS);
        if (change.isEmpty()) {
            return Optional.empty();
        }
        double[] r = rotation.clone();
        Rotations.turn(r, change.get()[0], change.get()[1], change.get()[2]);
        double[] c = new double[3];
        for (int i = 0; i < 3; i++) {
            c[i] = center[i] + unit * change.get()[3 + i];
        }
        Pose pose = Pose.ofRotation(
                r,
                -(r[0] * c[0] + r[1] * c[1] + r[2] * c[2]),
                -(r[3] * c[0] + r[4] * c[1] + r[5] * c[2]),
                -(r[6] * c[0] + r[7] * c[1] + r[8] * c[2]));
        Optional<double[]> covariance = covariance(residuals, change.get(), n, unit);
        if (covariance.isEmpty()) {
            return Optional.empty();
        }
        double sigma = Math.sqrt(
                covariance.get()[21] + covariance.get()[28] + covariance.get()[35]);
        if (!(sigma < MOST_POSITION_SIGMA * unit)) {
            return Optional.empty();
        }
        double[] pixels = new double[2 * n];
        double[] points = new double[3 * n];
        int kept = met(query, agreeing, r, c, pixels, points);
        PoseEstimate estimate = new PoseEstimate(
                Status.LOCALIZED,
                Optional.of(pose),
                query.camera(),
                IntStream.range(0, kept).toArray(),
                covariance.get(),
                agreeing.stream().mapToDouble(Relative::significance).max().orElse(0),
                0);
        return Optional.of(new Localization(
                estimate,
                Arrays.copyOf(points, 3 * kept),
                Arrays.copyOf(pixels, 2 * kept),
                agreeing.stream().map(Relative::image).toList(),
                stages.seconds(),
                NAME));
    }

    /** Points where matched rays meet, and the query's keypoints of them: those before both cameras and near their pixels. */
    private int met(Query query, List<Relative> agreeing, double[] r, double[] c, double[] pixels, double[] points) {
        FloatMatrix keypoints = query.features().keypoints().values();
        double[] pixel = new double[2];
        int kept = 0;
        for (Relative relative : agreeing) {
            double[] from = relative.posed.pose().center();
            double[] base = {c[0] - from[0], c[1] - from[1], c[2] - from[2]};
            for (int i : relative.inliers) {
                double[] p = Arrays.copyOfRange(relative.first, 3 * i, 3 * i + 3);
                double[] q = new double[3];
                for (int k = 0; k < 3; k++) {
                    q[k] = r[k] * relative.second[3 * i]
                            + r[3 + k] * relative.second[3 * i + 1]
                            + r[6 + k] * relative.second[3 * i + 2];
                }
                double cosine = dot(p, q);
                double along = (dot(base, p) - cosine * dot(base, q)) / (1 - cosine * cosine);
                double[] x = new double[3];
                for (int k = 0; k < 3; k++) {
                    x[k] = from[k] + along * p[k];
                }
                double[] d = {x[0] - c[0], x[1] - c[1], x[2] - c[2]};
                boolean seen = along > 0
                        && query.camera()
                                .project(
                                        r[0] * d[0] + r[1] * d[1] + r[2] * d[2],
                                        r[3] * d[0] + r[4] * d[1] + r[5] * d[2],
                                        r[6] * d[0] + r[7] * d[1] + r[8] * d[2],
                                        pixel);
                double u = keypoints.get(relative.keypoints[i], 0);
                double v = keypoints.get(relative.keypoints[i], 1);
                if (seen && Math.hypot(pixel[0] - u, pixel[1] - v) < 2 * options.maxError()) {
                    System.arraycopy(x, 0, points, 3 * kept, 3);
                    pixels[2 * kept] = u;
                    pixels[2 * kept + 1] = v;
                    kept++;
                }
            }
        }
        return kept;
    }

    /** From rays in the world's axes at one center to the query's camera: t = R (from − c). */
    private static double[] essential(double[] r, double[] from, double[] c) {
        double x = from[0] - c[0];
        double y = from[1] - c[1];
        double z = from[2] - c[2];
        double tx = r[0] * x + r[1] * y + r[2] * z;
        double ty = r[3] * x + r[4] * y + r[5] * z;
        double tz = r[6] * x + r[7] * y + r[8] * z;
        double[] e = new double[9];
        for (int j = 0; j < 3; j++) {
            e[j] = ty * r[6 + j] - tz * r[3 + j];
            e[3 + j] = tz * r[j] - tx * r[6 + j];
            e[6 + j] = tx * r[3 + j] - ty * r[j];
        }
        return e;
    }

    private static double squared(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < 3; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }

    /** The point nearest to all lines: Σ (I − d dᵀ) x = Σ (I − d dᵀ) c. */
    private static double[] nearest(List<Relative> relatives) {
        RealMatrix a = new Array2DRowRealMatrix(3, 3);
        double[] b = new double[3];
        for (Relative relative : relatives) {
            double[] c = relative.posed.pose().center();
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 3; j++) {
                    double m = (i == j ? 1 : 0) - relative.direction[i] * relative.direction[j];
                    a.addToEntry(i, j, m);
                    b[i] += m * c[j];
                }
            }
        }
        return new LUDecomposition(a)
                .getSolver()
                .solve(new Array2DRowRealMatrix(b))
                .getColumn(0);
    }

    /** Of turn and center, from the residuals' differences and scatter. */
    private static Optional<double[]> covariance(
            NumericLeastSquares.Residuals residuals, double[] at, int n, double unit) {
        double[] here = new double[n];
        residuals.at(at, here);
        double[][] jacobian = NumericLeastSquares.jacobian(at, here, residuals);
        RealMatrix normal = new Array2DRowRealMatrix(6, 6);
        for (int i = 0; i < 6; i++) {
            for (int j = 0; j < 6; j++) {
                double sum = 0;
                for (int k = 0; k < n; k++) {
                    sum += jacobian[k][i] * jacobian[k][j];
                }
                normal.setEntry(i, j, sum);
            }
        }
        double variance = Arrays.stream(here).map(v -> v * v).sum() / Math.max(1, n - 6);
        try {
            RealMatrix inverse = new LUDecomposition(normal).getSolver().getInverse();
            double[] covariance = new double[36];
            for (int i = 0; i < 6; i++) {
                for (int j = 0; j < 6; j++) {
                    covariance[6 * i + j] = variance * inverse.getEntry(i, j) * (i < 3 ? 1 : unit) * (j < 3 ? 1 : unit);
                }
            }
            return Optional.of(covariance);
        } catch (SingularMatrixException undetermined) {
            return Optional.empty();
        }
    }
}
