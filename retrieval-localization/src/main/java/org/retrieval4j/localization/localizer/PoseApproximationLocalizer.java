package org.retrieval4j.localization.localizer;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.localization.map.PointMap;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseEstimate;
import org.retrieval4j.localization.pose.Status;
import org.retrieval4j.spi.ComponentProvider;

/**
 * A pose from those of the pictures that look like the query, without any matching: the baselines of Sattler, Zhou, Pollefeys
 * and Leal-Taixé, Understanding the limitations of CNN-based absolute camera pose regression, CVPR 2019, and of Humenberger et
 * al., Robust image retrieval-based visual localization using kapture, 2020. Camera centers are averaged (not translations),
 * and rotations as the eigenvector of Σ w q qᵀ (Markley et al., Averaging quaternions, 2007). Nothing checks such a pose: it
 * is refused where the averaged poses are far apart, and its covariance is their scatter.
 *
 * <p>Thread-safe.
 */
public final class PoseApproximationLocalizer implements Localizer {
    private static final String NAME = "pose-approximation";

    private final Options options;

    /** How much each picture counts. */
    public enum Weighting {
        /** The best one alone. */
        NEAREST,
        /** All alike. */
        EQUAL,
        /** By similarity to a power: w ∝ (d_q · d_i)^power, for normalized descriptors. */
        SIMILARITY,
        /** So that the weighted descriptors, weights summing to one, come nearest to the query's; weights may be negative. */
        BARYCENTRIC
    }

    /**
     * Parameters.
     *
     * @param weighting how much each picture counts
     * @param count pictures used, 1 to 1000. More: smoother, and wrong ones among them
     * @param power of the similarity, 0 to 100
     * @param ridge added to the barycentric system's diagonal, as a part of its mean, above 0. Larger: nearer to equal weights
     * @param maxSpread largest standard deviation of the used centers, in units of the map, above 0
     * @param maxDegrees largest angle between a used rotation and their mean, above 0 to 180
     */
    public record Options(
            Weighting weighting, int count, double power, double ridge, double maxSpread, double maxDegrees) {
        /** Checks the ranges. */
        public Options {
            requireNonNull(weighting, "weighting");
            if (count < 1 || count > 1000) {
                throw new IllegalArgumentException("count must be from 1 to 1000, got " + count);
            }
            if (!(power >= 0 && power <= 100)) {
                throw new IllegalArgumentException("power must be from 0 to 100, got " + power);
            }
            if (!(ridge > 0) || Double.isInfinite(ridge)) {
                throw new IllegalArgumentException("ridge must be above 0 and finite, got " + ridge);
            }
            if (!(maxSpread > 0) || Double.isInfinite(maxSpread)) {
                throw new IllegalArgumentException("maxSpread must be above 0 and finite, got " + maxSpread);
            }
            if (!(maxDegrees > 0 && maxDegrees <= 180)) {
                throw new IllegalArgumentException("maxDegrees must be above 0 and at most 180, got " + maxDegrees);
            }
        }

        /**
         * The paper's interpolation, for maps in meters.
         *
         * @return barycentric over 5 pictures, power 8, ridge 0.001, spread 10, 60 degrees
         */
        public static Options defaults() {
            return new Options(Weighting.BARYCENTRIC, 5, 8, 1e-3, 10, 60);
        }

        /**
         * With another weighting.
         *
         * @param value how much each counts
         * @param pictures how many
         * @return the changed options
         */
        public Options withWeighting(Weighting value, int pictures) {
            return new Options(value, pictures, power, ridge, maxSpread, maxDegrees);
        }

        /**
         * With other bounds.
         *
         * @param spread of centers
         * @param degrees of rotations
         * @return the changed options
         */
        public Options withBounds(double spread, double degrees) {
            return new Options(weighting, count, power, ridge, spread, degrees);
        }
    }

    /** Makes {@code pose-approximation(…)}. */
    public static final class Provider extends ComponentProvider<Localizer, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Localizer.class, NAME, Options.defaults());
        }

        @Override
        public Localizer create(Options options, BuildContext context) {
            return new PoseApproximationLocalizer(options);
        }
    }

    /**
     * Makes a localizer.
     *
     * @param options its parameters
     */
    public PoseApproximationLocalizer(Options options) {
        this.options = requireNonNull(options, "options");
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.of(OptionsText.format(NAME, options));
    }

    @Override
    public Localization localize(LocalizationMap map, Query query) throws IOException {
        Stages stages = new Stages();
        PointMap points = map.points();
        List<Integer> images = new ArrayList<>();
        List<Float> scores = new ArrayList<>();
        int most = options.weighting() == Weighting.NEAREST ? 1 : options.count();
        for (Hit hit : query.ranked()) {
            int image = points.indexOf(hit.imageId());
            if (image >= 0 && !images.contains(image) && images.size() < most) {
                images.add(image);
                scores.add(hit.score());
            }
        }
        if (images.isEmpty()) {
            return Localization.failed(Status.NOTHING_RETRIEVED, query.camera(), images, stages.seconds(), NAME);
        }
        Optional<double[]> weights = weights(map, query, images);
        Optional<PoseEstimate> mean = weights.flatMap(w -> mean(points, query, images, w));
        stages.end("interpolation");
        return mean.map(estimate ->
                        new Localization(estimate, new double[0], new double[0], images, stages.seconds(), NAME))
                .orElseGet(
                        () -> Localization.failed(Status.NO_CONSENSUS, query.camera(), images, stages.seconds(), NAME));
    }

    /** Weights that sum to one; none if the descriptors determine none. */
    private Optional<double[]> weights(LocalizationMap map, Query query, List<Integer> images) throws IOException {
        int n = images.size();
        double[] weights = new double[n];
        if (n == 1 || options.weighting() == Weighting.EQUAL) {
            Arrays.fill(weights, 1.0 / n);
            return Optional.of(weights);
        }
        float[] asked = dense(query.descriptor(), "the query");
        float[][] others = new float[n][];
        for (int i = 0; i < n; i++) {
            others[i] = dense(
                    map.features()
                            .descriptor(map.points().images().get(images.get(i)).id()),
                    map.points().images().get(images.get(i)).name());
            if (others[i].length != asked.length) {
                throw new IllegalArgumentException(
                        "descriptors must have the query's " + asked.length + " numbers, got " + others[i].length);
            }
        }
        if (options.weighting() == Weighting.SIMILARITY) {
            for (int i = 0; i < n; i++) {
                weights[i] = Math.pow(Math.max(0, dot(asked, others[i])), options.power());
            }
        } else {
            RealMatrix g = new Array2DRowRealMatrix(n, n);
            for (int i = 0; i < n; i++) {
                for (int j = 0; j <= i; j++) {
                    double sum = 0;
                    for (int k = 0; k < asked.length; k++) {
                        sum += ((double) asked[k] - others[i][k]) * ((double) asked[k] - others[j][k]);
                    }
                    g.setEntry(i, j, sum);
                    g.setEntry(j, i, sum);
                }
            }
            double ridge = options.ridge() * g.getTrace() / n;
            for (int i = 0; i < n; i++) {
                g.addToEntry(i, i, ridge > 0 ? ridge : 1);
            }
            weights = new LUDecomposition(g)
                    .getSolver()
                    .solve(new ArrayRealVector(n, 1))
                    .toArray();
        }
        double sum = Arrays.stream(weights).sum();
        if (!(Math.abs(sum) > 1e-12) || Double.isInfinite(sum)) {
            return Optional.empty();
        }
        for (int i = 0; i < n; i++) {
            weights[i] /= sum;
        }
        return Optional.of(weights);
    }

    private static float[] dense(Optional<GlobalDescriptor> descriptor, String whose) {
        if (descriptor.orElse(null) instanceof GlobalDescriptor.Dense dense) {
            return dense.values();
        }
        throw new IllegalArgumentException(NAME + " compares dense descriptors, " + whose + " has "
                + descriptor.map(d -> d.getClass().getSimpleName()).orElse("none"));
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    private Optional<PoseEstimate> mean(PointMap points, Query query, List<Integer> images, double[] weights) {
        double[] center = new double[3];
        RealMatrix sum = new Array2DRowRealMatrix(4, 4);
        for (int i = 0; i < weights.length; i++) {
            Pose pose = points.images().get(images.get(i)).pose();
            double[] c = pose.center();
            double[] q = {pose.qw(), pose.qx(), pose.qy(), pose.qz()};
            for (int a = 0; a < 4; a++) {
                for (int b = 0; b < 4; b++) {
                    sum.addToEntry(a, b, weights[i] * q[a] * q[b]);
                }
            }
            for (int a = 0; a < 3; a++) {
                center[a] += weights[i] * c[a];
            }
        }
        double[] q = new EigenDecomposition(sum).getEigenvector(0).toArray(); // of the largest eigenvalue
        Pose turned = new Pose(q[0], q[1], q[2], q[3], 0, 0, 0);
        double[] r = turned.rotation();
        Pose pose = new Pose(
                q[0],
                q[1],
                q[2],
                q[3],
                -(r[0] * center[0] + r[1] * center[1] + r[2] * center[2]),
                -(r[3] * center[0] + r[4] * center[1] + r[5] * center[2]),
                -(r[6] * center[0] + r[7] * center[1] + r[8] * center[2]));
        double scatter = 0;
        double turn = 0;
        double widest = 0;
        for (int image : images) {
            Pose used = points.images().get(image).pose();
            double distance = pose.positionError(used);
            double degrees = pose.rotationErrorDegrees(used);
            scatter += distance * distance / images.size();
            turn += degrees * degrees / images.size();
            widest = Math.max(widest, degrees);
        }
        if (Math.sqrt(scatter) > options.maxSpread() || widest > options.maxDegrees()) {
            return Optional.empty();
        }
        double[] covariance = new double[images.size() > 1 ? 36 : 0];
        for (int i = 0; i < 6 && covariance.length > 0; i++) {
            covariance[7 * i] = i < 3 ? turn * Math.pow(Math.PI / 180, 2) / 3 : scatter / 3;
        }
        return Optional.of(
                new PoseEstimate(Status.LOCALIZED, Optional.of(pose), query.camera(), new int[0], covariance, 0, 0));
    }
}
