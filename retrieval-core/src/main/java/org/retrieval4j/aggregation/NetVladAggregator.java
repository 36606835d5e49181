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
 * {@code netvlad}: VLAD with an assignment that is a softmax of linear functions, so that a network can learn it.
 *
 * <p>Each descriptor is scaled to length 1, a_k(x) = softmax_k(w_k·x + b_k), V_k = Σ a_k(x) (x − c_k), each V_k is
 * scaled to length 1 (intra-normalization), then the whole vector. All norms have a floor of 1e-12. Arandjelović,
 * Gronat, Torii, Pajdla, Sivic: NetVLAD: CNN architecture for weakly supervised place recognition. CVPR 2016.
 *
 * <p>Weights w, biases b and centers c come from files, of a trained network, or from k-means over the sample by one of
 * the {@linkplain NetVladInitialization published initializations}. Published layers differ: without bias (the released
 * networks of the paper), with a batch norm in its place (LOUPE, HF-Net), with ghost clusters, which take mass from the
 * others and are dropped (Zhong, Arandjelović, Zisserman: GhostVLAD for set-based face recognition. ACCV 2018), and, in
 * HF-Net, with {@code residual=c-minus-x} and {@code intra-axis=clusters}.
 *
 * <p>State: {@code assignment} (k + ghost) x d, {@code bias} 1 x (k + ghost) and {@code batch-norm} 4 x (k + ghost) where
 * there are such, {@code centers} k x d, positive.
 */
public final class NetVladAggregator extends SoftAggregator {
    private static final String NAME = "netvlad";
    private static final double FLOOR = 1e-12;

    private final Options options;
    private final float[] centers;

    private NetVladAggregator(Options options, ComponentState state, Kernels kernels) {
        super(
                new Provider().specOf(options),
                state,
                new SoftAssignment(NAME, state, options, options.ghost, false, kernels));
        FloatMatrix given = state.array(SoftArrays.CENTERS);
        SoftAssignment.requireShape(NAME, SoftArrays.CENTERS, given, options.clusters, width());
        this.options = options;
        this.centers = given.toArray();
    }

    /** The order of the values. */
    public enum Flatten {
        /** Value j of cluster k at k·d + j. */
        CLUSTER_MAJOR,
        /** Value j of cluster k at j·clusters + k, as in the networks of the paper: their whitening expects it. */
        CHANNEL_MAJOR
    }

    /** What a file of centers holds. */
    public enum CentersSign {
        /** The centers c. */
        POSITIVE,
        /** −c, as in the networks of the paper. */
        NEGATIVE
    }

    /** How matrices of clusters and channels lie in files. */
    public enum Layout {
        /** k x d. */
        CLUSTERS_FIRST,
        /** d x k, as LOUPE's variables. */
        CHANNELS_FIRST
    }

    /** How assignments follow from a codebook. */
    public enum Init {
        /** The paper's: weights 2αc, biases −α‖c‖². */
        V2,
        /** The released networks': weights αc/‖c‖, no bias. */
        V1
    }

    /** What intra-normalization scales to length 1. */
    public enum IntraAxis {
        /** Each cluster's vector: the paper's. */
        CHANNELS,
        /** Each channel's values over all clusters: HF-Net's. */
        CLUSTERS
    }

    /** What is summed. */
    public enum Residual {
        /** x − c. */
        X_MINUS_C,
        /** c − x, as in HF-Net. */
        C_MINUS_X
    }

    /**
     * Settings.
     *
     * @param clusters k; with given arrays the number of rows of the centers
     * @param ghost number of clusters without a center, whose mass is dropped: they take what belongs to nothing
     * @param assignment file of given weights, (k + ghost) x d; given together with centers, or both learned from the
     *     sample
     * @param bias file of given biases, k + ghost values; none if assignment and centers are given alone
     * @param batchNorm file of a batch norm behind weights and biases, 4 x (k + ghost): γ, β, mean, variance
     * @param batchNormEpsilon what is added to the variance
     * @param centers file of given centers, k x d
     * @param weights {@code .npz} file of all given arrays, each under its parameter's name
     * @param layout how given assignment and centers lie; the component keeps them clusters first
     * @param preL2 scale each descriptor to length 1 first
     * @param intra scale each cluster's sum to length 1
     * @param intraAxis what {@code intra} scales
     * @param l2 scale the whole vector to length 1
     * @param flatten order of the values
     * @param centersSign what the file of centers holds; the component keeps them positive
     * @param residual what is summed
     * @param init how weights and biases follow from the learned codebook
     */
    public record Options(
            int clusters,
            int ghost,
            Optional<String> assignment,
            Optional<String> bias,
            Optional<String> batchNorm,
            double batchNormEpsilon,
            Optional<String> centers,
            Optional<String> weights,
            Layout layout,
            boolean preL2,
            boolean intra,
            IntraAxis intraAxis,
            boolean l2,
            Flatten flatten,
            CentersSign centersSign,
            Residual residual,
            Init init)
            implements SoftOptions {
        /** Checks the range and what stands together. */
        public Options {
            requireNonNull(layout, "layout");
            requireNonNull(intraAxis, "intraAxis");
            requireNonNull(flatten, "flatten");
            requireNonNull(centersSign, "centersSign");
            requireNonNull(residual, "residual");
            requireNonNull(init, "init");
            if (weights.isEmpty() && assignment.isPresent() != centers.isPresent()) {
                throw new IllegalArgumentException("assignment and centers must be given together");
            }
            boolean given = assignment.isPresent() || weights.isPresent();
            SoftOptions.check(clusters, given, bias, batchNorm, batchNormEpsilon, preL2, init);
            if (ghost < 0) {
                throw new IllegalArgumentException("ghost must be at least 0, got " + ghost);
            }
        }

        /**
         * 64 clusters learned from the sample, with all normalizations.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(
                    SoftArrays.DEFAULT_CLUSTERS,
                    0,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    1e-3,
                    Optional.empty(),
                    Optional.empty(),
                    Layout.CLUSTERS_FIRST,
                    true,
                    true,
                    IntraAxis.CHANNELS,
                    true,
                    Flatten.CLUSTER_MAJOR,
                    CentersSign.POSITIVE,
                    Residual.X_MINUS_C,
                    Init.V2);
        }

        /**
         * With another number of clusters.
         *
         * @param value k
         * @return the changed options
         */
        public Options withClusters(int value) {
            return with(value, preL2);
        }

        /**
         * With or without scaling descriptors first.
         *
         * @param value true to scale each to length 1
         * @return the changed options
         */
        public Options withPreL2(boolean value) {
            return with(clusters, value);
        }

        private Options with(int k, boolean unit) {
            return new Options(
                    k,
                    ghost,
                    assignment,
                    bias,
                    batchNorm,
                    batchNormEpsilon,
                    centers,
                    weights,
                    layout,
                    unit,
                    intra,
                    intraAxis,
                    l2,
                    flatten,
                    centersSign,
                    residual,
                    init);
        }
    }

    /** Makes {@code netvlad}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        private static final List<String> ARRAYS =
                List.of(SoftArrays.ASSIGNMENT, SoftArrays.BIAS, SoftArrays.BATCH_NORM, SoftArrays.CENTERS);

        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, NAME, Options.defaults());
        }

        @Override
        public NetVladAggregator create(Options options, BuildContext context) throws IOException {
            return options.given() ? given(options, context) : learned(options, context);
        }

        @Override
        public NetVladAggregator open(Options options, ComponentState state, BuildContext context) {
            return new NetVladAggregator(options, state, KernelCatalog.of(context));
        }

        private NetVladAggregator learned(Options options, BuildContext context) throws IOException {
            SoftArrays.Learned learned = SoftArrays.learned(NAME, options, options.ghost, context);
            Map<String, FloatMatrix> arrays = learned.arrays();
            arrays.put(SoftArrays.CENTERS, learned.centers());
            return open(options, ComponentState.ofArrays(arrays), context);
        }

        private NetVladAggregator given(Options options, BuildContext context) throws IOException {
            GivenArrays files = GivenArrays.of(NAME, options.weights, ARRAYS, context);
            Map<String, FloatMatrix> arrays = SoftArrays.assignment(options, files);
            FloatMatrix centers = SoftArrays.matrix(options, files, SoftArrays.CENTERS, options.centers);
            if (options.centersSign == CentersSign.NEGATIVE) {
                centers = negated(centers);
            }
            arrays.put(SoftArrays.CENTERS, centers);
            Options kept = SoftArrays.kept(NAME, options, defaults(), arrays, centers.rows());
            return open(kept, ComponentState.ofArrays(arrays), context);
        }

        private static FloatMatrix negated(FloatMatrix matrix) {
            float[] values = matrix.toArray();
            for (int i = 0; i < values.length; i++) {
                values[i] = 0 - values[i]; // no −0
            }
            return FloatMatrix.of(matrix.rows(), matrix.columns(), values);
        }
    }

    @Override
    float[] finish(double[] sums, int at, double[] masses, int massesAt) {
        ClusterVectors vectors = new ClusterVectors(sums, at, options.clusters, width(), FLOOR);
        vectors.subtract(centers, masses, massesAt);
        if (options.residual == Residual.C_MINUS_X) {
            vectors.negate();
        }
        if (options.intra && options.intraAxis == IntraAxis.CLUSTERS) {
            vectors.normalizeAcross();
        } else if (options.intra) {
            vectors.normalizeEach();
        }
        float[] values = new float[options.clusters * width()];
        vectors.write(options.l2, options.flatten == Flatten.CHANNEL_MAJOR, values, 0);
        return values;
    }
}
