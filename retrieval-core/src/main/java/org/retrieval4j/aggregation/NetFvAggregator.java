package org.retrieval4j.aggregation;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.GivenArrays;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code net-fv}: a Fisher vector whose parameters a network can learn, each by itself. With A = Σ a_k(x): u_k = (Σ a_k(x)
 * x − A c_k) / σ_k and v_k = (Σ a_k(x) x² − 2 c_k Σ a_k(x) x + A c_k²) / σ_k² − A. The vector is all u, each u_k scaled to
 * length 1 (intra-normalization) and then all together, followed by all v, scaled together only: 2·k·d values of length
 * √2. Norms have a floor of 1e-6. So does LOUPE, the code of Miech, Laptev, Sivic: Learnable pooling with context gating
 * for video classification. 2017; unlike {@link FisherAggregator}, a is not the posterior of c and σ.
 *
 * <p>State: {@code assignment} k x d, {@code bias} 1 x k and {@code batch-norm} 4 x k where there are such, {@code centers}
 * k x d, {@code deviations} k x d: σ, above 0.
 */
public final class NetFvAggregator extends SoftAggregator {
    private static final String NAME = "net-fv";
    private static final String DEVIATIONS = "deviations";
    private static final String COVARIANCE = "covariance";
    private static final double COVARIANCE_FLOOR = 1e-6;
    private static final double FLOOR = 1e-6;

    /** Descriptors that a cluster has beside its own when its spread is learned. */
    private static final double PRIOR = 10;

    private final Options options;
    private final SoftAssignment assignment;
    private final double[] centers;
    private final float[] deviations;

    NetFvAggregator(Options options, ComponentState state, Kernels kernels) {
        this(options, checked(options, state), new SoftAssignment(NAME, state, options, 0, true, kernels));
    }

    private NetFvAggregator(Options options, ComponentState state, SoftAssignment assignment) {
        super(new Provider().specOf(options), state, assignment);
        this.options = options;
        this.assignment = assignment;
        this.deviations = state.array(DEVIATIONS).toArray();
        float[] given = state.array(SoftArrays.CENTERS).toArray();
        this.centers = new double[given.length];
        for (int i = 0; i < given.length; i++) {
            centers[i] = (double) given[i] - assignment.origin()[i % width()];
        }
    }

    private static ComponentState checked(Options options, ComponentState state) {
        int d = state.array(SoftArrays.ASSIGNMENT).columns();
        FloatMatrix sigma = state.array(DEVIATIONS);
        SoftAssignment.requireShape(NAME, SoftArrays.CENTERS, state.array(SoftArrays.CENTERS), options.clusters, d);
        SoftAssignment.requireShape(NAME, DEVIATIONS, sigma, options.clusters, d);
        for (int i = 0; i < options.clusters; i++) {
            for (int j = 0; j < d; j++) {
                if (!(sigma.get(i, j) > 0)) {
                    throw new IllegalArgumentException("net-fv: deviations must be above 0, got " + sigma.get(i, j)
                            + " for cluster " + i + ", channel " + j);
                }
            }
        }
        return state;
    }

    /**
     * Settings.
     *
     * @param clusters k; with given arrays the number of rows of the assignment
     * @param assignment file of given weights, k x d; learned from the sample if not given
     * @param bias file of given biases, k values; none if the assignment is given alone
     * @param batchNorm file of a batch norm behind weights and biases, 4 x k: γ, β, mean, variance
     * @param batchNormEpsilon what is added to the variance
     * @param centers file of given centers c, k x d; given together with assignment, or all learned from the sample
     * @param deviations file of given σ, k x d, above 0; given together with centers
     * @param covariance file of LOUPE's parameter p in place of σ = p² + 1e-6; the component keeps σ
     * @param weights {@code .npz} file of all given arrays, each under its parameter's name
     * @param layout how given matrices lie; the component keeps them clusters first
     * @param preL2 scale each descriptor to length 1 first
     * @param intra scale each cluster's first-order part to length 1
     * @param l2 scale the first-order half and the second-order half to length 1
     * @param flatten order of the values of each half; LOUPE's is channel-major
     * @param init how weights and biases follow from a learned codebook
     */
    public record Options(
            int clusters,
            Optional<String> assignment,
            Optional<String> bias,
            Optional<String> batchNorm,
            double batchNormEpsilon,
            Optional<String> centers,
            Optional<String> deviations,
            Optional<String> covariance,
            Optional<String> weights,
            NetVladAggregator.Layout layout,
            boolean preL2,
            boolean intra,
            boolean l2,
            NetVladAggregator.Flatten flatten,
            NetVladAggregator.Init init)
            implements SoftOptions {
        /** Checks the range and what stands together. */
        public Options {
            requireNonNull(layout, "layout");
            requireNonNull(flatten, "flatten");
            requireNonNull(init, "init");
            boolean given = assignment.isPresent() || weights.isPresent();
            SoftOptions.check(clusters, given, bias, batchNorm, batchNormEpsilon, preL2, init);
            boolean spread = deviations.isPresent() || covariance.isPresent();
            if (weights.isEmpty() && (assignment.isPresent() != centers.isPresent() || centers.isPresent() != spread)) {
                throw new IllegalArgumentException(
                        "assignment, centers, and deviations or covariance must be given together");
            }
        }

        /**
         * 64 clusters learned from the sample, with both normalizations.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(
                    SoftArrays.DEFAULT_CLUSTERS,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    1e-3,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    NetVladAggregator.Layout.CLUSTERS_FIRST,
                    false,
                    true,
                    true,
                    NetVladAggregator.Flatten.CLUSTER_MAJOR,
                    NetVladAggregator.Init.V2);
        }
    }

    /** Makes {@code net-fv}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        private static final List<String> ARRAYS = List.of(
                SoftArrays.ASSIGNMENT,
                SoftArrays.BIAS,
                SoftArrays.BATCH_NORM,
                SoftArrays.CENTERS,
                DEVIATIONS,
                COVARIANCE);

        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, NAME, Options.defaults());
        }

        @Override
        public NetFvAggregator create(Options options, BuildContext context) throws IOException {
            return options.given() ? given(options, context) : learned(options, context);
        }

        @Override
        public NetFvAggregator open(Options options, ComponentState state, BuildContext context) {
            return new NetFvAggregator(options, state, KernelCatalog.of(context));
        }

        private NetFvAggregator learned(Options options, BuildContext context) throws IOException {
            SoftArrays.Learned learned = SoftArrays.learned(NAME, options, 0, context);
            Map<String, FloatMatrix> arrays = learned.arrays();
            arrays.put(SoftArrays.CENTERS, learned.centers());
            arrays.put(DEVIATIONS, deviations(learned));
            return open(options, ComponentState.ofArrays(arrays), context);
        }

        private NetFvAggregator given(Options options, BuildContext context) throws IOException {
            GivenArrays files = GivenArrays.of(NAME, options.weights, ARRAYS, context);
            Map<String, FloatMatrix> arrays = SoftArrays.assignment(options, files);
            arrays.put(SoftArrays.CENTERS, SoftArrays.matrix(options, files, SoftArrays.CENTERS, options.centers));
            Optional<FloatMatrix> covariance = files.matrix(COVARIANCE, options.covariance);
            Optional<FloatMatrix> deviations = files.matrix(DEVIATIONS, options.deviations);
            if (covariance.isPresent() == deviations.isPresent()) {
                throw new IllegalArgumentException(
                        "net-fv: one of deviations and covariance must be given with centers and assignment");
            }
            FloatMatrix sigma = covariance.map(Provider::positive).orElseGet(deviations::orElseThrow);
            arrays.put(
                    DEVIATIONS,
                    options.layout == NetVladAggregator.Layout.CHANNELS_FIRST ? GivenArrays.transposed(sigma) : sigma);
            ComponentState state = ComponentState.ofArrays(arrays);
            int rows = state.array(SoftArrays.ASSIGNMENT).rows();
            return open(SoftArrays.kept(NAME, options, defaults(), arrays, rows), state, context);
        }

        /** LOUPE's parameter p stands for p² + 1e-6. */
        private static FloatMatrix positive(FloatMatrix parameters) {
            float[] values = parameters.toArray();
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) ((double) values[i] * values[i] + COVARIANCE_FLOOR);
            }
            return FloatMatrix.of(parameters.rows(), parameters.columns(), values);
        }

        /**
         * The spread of each cluster's descriptors in each dimension, drawn to that of all clusters as if ten descriptors more
         * had it: a cluster of few descriptors has no spread of its own.
         */
        private static FloatMatrix deviations(SoftArrays.Learned learned) {
            FloatMatrix sample = learned.sample();
            FloatMatrix centers = learned.centers();
            int k = centers.rows();
            int d = centers.columns();
            double[] squares = new double[k * d];
            double[] all = new double[d];
            int[] counts = new int[k];
            for (int i = 0; i < sample.rows(); i++) {
                int c = learned.ids()[i];
                counts[c]++;
                for (int j = 0; j < d; j++) {
                    double difference = sample.get(i, j) - centers.get(c, j);
                    squares[c * d + j] += difference * difference;
                    all[j] += difference * difference / sample.rows();
                }
            }
            float[] deviations = new float[k * d];
            for (int i = 0; i < deviations.length; i++) {
                double variance = (squares[i] + PRIOR * all[i % d]) / (counts[i / d] + PRIOR);
                deviations[i] = (float) Math.sqrt(variance + COVARIANCE_FLOOR);
            }
            return FloatMatrix.of(k, d, deviations);
        }
    }

    @Override
    float[] finish(double[] sums, int at, double[] masses, int massesAt) {
        int half = options.clusters * width();
        int squaresAt = at + assignment.squaresAt();
        for (int i = 0; i < half; i++) {
            double mass = masses[massesAt + i / width()];
            double sum = sums[at + i];
            double center = centers[i];
            double sigma = deviations[i];
            sums[at + i] = (sum - mass * center) / sigma;
            double square = sums[squaresAt + i] - 2 * center * sum + mass * center * center;
            sums[squaresAt + i] = square / (sigma * sigma) - mass;
        }
        ClusterVectors first = new ClusterVectors(sums, at, options.clusters, width(), FLOOR);
        ClusterVectors second = new ClusterVectors(sums, squaresAt, options.clusters, width(), FLOOR);
        if (options.intra) {
            first.normalizeEach();
        }
        boolean channelMajor = options.flatten == NetVladAggregator.Flatten.CHANNEL_MAJOR;
        float[] values = new float[2 * half];
        first.write(options.l2, channelMajor, values, 0);
        second.write(options.l2, channelMajor, values, half);
        return values;
    }
}
