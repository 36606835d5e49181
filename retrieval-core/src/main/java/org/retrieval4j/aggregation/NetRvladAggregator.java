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
 * {@code net-rvlad}: {@link NetVladAggregator} without centers. The sums V_k = Σ a_k(x) x of softly assigned descriptors
 * themselves, each scaled to length 1, then the whole vector; norms have a floor of 1e-6. Half the parameters, and with
 * normalized sums nearly as good. Miech, Laptev, Sivic: Learnable pooling with context gating for video classification.
 * 2017, and its code LOUPE, where a(x) = softmax(BN(w·x)).
 *
 * <p>State: {@code assignment} k x d, {@code bias} 1 x k and {@code batch-norm} 4 x k where there are such.
 */
public final class NetRvladAggregator extends SoftAggregator {
    private static final String NAME = "net-rvlad";
    private static final double FLOOR = 1e-6;

    private final Options options;

    private NetRvladAggregator(Options options, ComponentState state, Kernels kernels) {
        super(new Provider().specOf(options), state, new SoftAssignment(NAME, state, options, 0, false, kernels));
        this.options = options;
    }

    /**
     * Settings.
     *
     * @param clusters k; with given arrays the number of rows of the assignment
     * @param assignment file of given weights, k x d; learned from the sample if not given
     * @param bias file of given biases, k values; none if the assignment is given alone
     * @param batchNorm file of a batch norm behind weights and biases, 4 x k: γ, β, mean, variance
     * @param batchNormEpsilon what is added to the variance
     * @param weights {@code .npz} file of all given arrays, each under its parameter's name
     * @param layout how a given assignment lies; the component keeps them clusters first
     * @param preL2 scale each descriptor to length 1 first
     * @param intra scale each cluster's sum to length 1
     * @param l2 scale the whole vector to length 1
     * @param flatten order of the values; LOUPE's is channel-major
     * @param init how weights and biases follow from a learned codebook
     */
    public record Options(
            int clusters,
            Optional<String> assignment,
            Optional<String> bias,
            Optional<String> batchNorm,
            double batchNormEpsilon,
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
                    NetVladAggregator.Layout.CLUSTERS_FIRST,
                    false,
                    true,
                    true,
                    NetVladAggregator.Flatten.CLUSTER_MAJOR,
                    NetVladAggregator.Init.V2);
        }
    }

    /** Makes {@code net-rvlad}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        private static final List<String> ARRAYS =
                List.of(SoftArrays.ASSIGNMENT, SoftArrays.BIAS, SoftArrays.BATCH_NORM);

        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, NAME, Options.defaults());
        }

        @Override
        public NetRvladAggregator create(Options options, BuildContext context) throws IOException {
            return options.given() ? given(options, context) : learned(options, context);
        }

        @Override
        public NetRvladAggregator open(Options options, ComponentState state, BuildContext context) {
            return new NetRvladAggregator(options, state, KernelCatalog.of(context));
        }

        private NetRvladAggregator learned(Options options, BuildContext context) throws IOException {
            Map<String, FloatMatrix> arrays =
                    SoftArrays.learned(NAME, options, 0, context).arrays();
            return open(options, ComponentState.ofArrays(arrays), context);
        }

        private NetRvladAggregator given(Options options, BuildContext context) throws IOException {
            GivenArrays files = GivenArrays.of(NAME, options.weights, ARRAYS, context);
            Map<String, FloatMatrix> arrays = SoftArrays.assignment(options, files);
            ComponentState state = ComponentState.ofArrays(arrays);
            int rows = state.array(SoftArrays.ASSIGNMENT).rows();
            return open(SoftArrays.kept(NAME, options, defaults(), arrays, rows), state, context);
        }
    }

    @Override
    float[] finish(double[] sums, int at, double[] masses, int massesAt) {
        ClusterVectors vectors = new ClusterVectors(sums, at, options.clusters, width(), FLOOR);
        if (options.intra) {
            vectors.normalizeEach();
        }
        float[] values = new float[options.clusters * width()];
        vectors.write(options.l2, options.flatten == NetVladAggregator.Flatten.CHANNEL_MAJOR, values, 0);
        return values;
    }
}
