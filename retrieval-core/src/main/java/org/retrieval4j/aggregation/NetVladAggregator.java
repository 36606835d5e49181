package org.retrieval4j.aggregation;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.GivenArray;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code netvlad}: VLAD with an assignment that is a softmax of linear functions, so that a network can learn it.
 *
 * <p>Each descriptor is scaled to length 1, a_k(x) = softmax_k(w_k·x + b_k), V_k = Σ a_k(x) (x − c_k), each V_k is
 * scaled to length 1 (intra-normalization), then the whole vector. All norms have a floor of 1e-12. Arandjelović,
 * Gronat, Torii, Pajdla, Sivic: NetVLAD: CNN architecture for weakly supervised place recognition. CVPR 2016.
 *
 * <p>Weights w, biases b and centers c come from files, of a trained network, or from k-means over the sample by one of
 * the {@linkplain NetVladInitialization published initializations}.
 */
public final class NetVladAggregator extends DescriptorAggregator<NetVladEncoder.Scratch>
        implements AssignableAggregator {
    private static final String NAME = "netvlad";
    private static final String ASSIGNMENT = "assignment";
    private static final String BIAS = "bias";
    private static final String CENTERS = "centers";

    private final NetVladEncoder encoder;

    private NetVladAggregator(Options options, ComponentState state, Kernels kernels) {
        super(new Provider().specOf(options), state, state.array(CENTERS).columns());
        FloatMatrix centers = state.array(CENTERS);
        FloatMatrix assignment = state.array(ASSIGNMENT);
        FloatMatrix bias = state.arrays().containsKey(BIAS)
                ? state.array(BIAS)
                : FloatMatrix.of(1, centers.rows(), new float[centers.rows()]);
        requireShape(CENTERS, centers, options.clusters, centers.columns());
        requireShape(ASSIGNMENT, assignment, options.clusters, centers.columns());
        requireShape(BIAS, bias, 1, options.clusters);
        this.encoder = new NetVladEncoder(assignment, bias, centers, options, kernels);
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

    /** How assignments follow from a codebook. */
    public enum Init {
        /** The paper's: weights 2αc, biases −α‖c‖². */
        V2,
        /** The released networks': weights αc/‖c‖, no bias. */
        V1
    }

    /**
     * Settings.
     *
     * @param clusters k; with given arrays their number of rows
     * @param assignment file of given weights, k x d; given together with centers, or both learned from the sample
     * @param bias file of given biases, k values; zeros if assignment and centers are given alone
     * @param centers file of given centers, k x d
     * @param preL2 scale each descriptor to length 1 first
     * @param intra scale each cluster's sum to length 1
     * @param l2 scale the whole vector to length 1
     * @param flatten order of the values
     * @param centersSign what the file of centers holds; the component keeps them positive
     * @param init how weights and biases follow from the learned codebook
     */
    public record Options(
            int clusters,
            Optional<String> assignment,
            Optional<String> bias,
            Optional<String> centers,
            boolean preL2,
            boolean intra,
            boolean l2,
            Flatten flatten,
            CentersSign centersSign,
            Init init) {
        static final int DEFAULT_CLUSTERS = 64;

        /** Checks the range and what stands together. */
        public Options {
            requireNonNull(flatten, "flatten");
            requireNonNull(centersSign, "centersSign");
            requireNonNull(init, "init");
            if (clusters < 1) {
                throw new IllegalArgumentException("clusters must be at least 1, got " + clusters);
            }
            if (assignment.isPresent() != centers.isPresent()) {
                throw new IllegalArgumentException("assignment and centers must be given together");
            }
            if (bias.isPresent() && assignment.isEmpty()) {
                throw new IllegalArgumentException("bias is given, so assignment and centers must be, too");
            }
            if (init == Init.V1 && !preL2 && assignment.isEmpty()) {
                throw new IllegalArgumentException("init=v1 compares directions: it needs pre-l2=true");
            }
        }

        /**
         * 64 clusters learned from the sample, with all normalizations.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(
                    DEFAULT_CLUSTERS,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    true,
                    true,
                    true,
                    Flatten.CLUSTER_MAJOR,
                    CentersSign.POSITIVE,
                    Init.V2);
        }

        /**
         * With another number of clusters.
         *
         * @param value k
         * @return the changed options
         */
        public Options withClusters(int value) {
            return new Options(value, assignment, bias, centers, preL2, intra, l2, flatten, centersSign, init);
        }

        /**
         * With or without scaling descriptors first.
         *
         * @param value true to scale each to length 1
         * @return the changed options
         */
        public Options withPreL2(boolean value) {
            return new Options(clusters, assignment, bias, centers, value, intra, l2, flatten, centersSign, init);
        }

        private Options withArrays(int rows, Optional<String> w, Optional<String> b, Optional<String> c) {
            return new Options(rows, w, b, c, preL2, intra, l2, flatten, CentersSign.POSITIVE, init);
        }
    }

    /** Makes {@code netvlad}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, NAME, Options.defaults());
        }

        @Override
        public NetVladAggregator create(Options options, BuildContext context) throws IOException {
            return options.assignment.isPresent() ? given(options, context) : learned(options, context);
        }

        @Override
        public NetVladAggregator open(Options options, ComponentState state, BuildContext context) {
            return new NetVladAggregator(options, state, KernelCatalog.of(context));
        }

        private static NetVladAggregator learned(Options options, BuildContext context) throws IOException {
            Kernels kernels = KernelCatalog.of(context);
            FloatMatrix sample = Codebooks.sample(NAME, options.clusters, context);
            if (options.preL2) {
                sample = NetVladEncoder.normalized(sample);
            }
            FloatMatrix centers = Codebooks.learned(sample, options.clusters, kernels, context);
            NetVladInitialization init = options.init == Init.V1
                    ? NetVladInitialization.v1(centers, sample)
                    : NetVladInitialization.v2(centers, sample);
            Map<String, FloatMatrix> arrays =
                    Map.of(ASSIGNMENT, init.assignment(), BIAS, init.bias(), CENTERS, centers);
            return new NetVladAggregator(options, ComponentState.ofArrays(arrays), kernels);
        }

        private static NetVladAggregator given(Options options, BuildContext context) throws IOException {
            FloatMatrix assignment =
                    GivenArray.matrix("netvlad: assignment", options.assignment.orElseThrow(), context);
            FloatMatrix centers = GivenArray.matrix("netvlad: centers", options.centers.orElseThrow(), context);
            if (options.clusters != centers.rows() && options.clusters != Options.DEFAULT_CLUSTERS) {
                throw new IllegalArgumentException("netvlad: clusters must be " + centers.rows()
                        + " like the rows of the centers, got " + options.clusters);
            }
            if (options.centersSign == CentersSign.NEGATIVE) {
                centers = negated(centers);
            }
            Map<String, FloatMatrix> arrays = new TreeMap<>(Map.of(ASSIGNMENT, assignment, CENTERS, centers));
            Optional<String> bias = options.bias;
            if (bias.isPresent()) {
                FloatMatrix values = GivenArray.row("netvlad: bias", bias.get(), context);
                arrays.put(BIAS, values);
                bias = Optional.of(GivenArray.nameOf(values));
            }
            Options named = options.withArrays(
                    centers.rows(),
                    Optional.of(GivenArray.nameOf(assignment)),
                    bias,
                    Optional.of(GivenArray.nameOf(centers)));
            return new NetVladAggregator(named, ComponentState.ofArrays(arrays), KernelCatalog.of(context));
        }

        private static FloatMatrix negated(FloatMatrix matrix) {
            float[] values = matrix.toArray();
            for (int i = 0; i < values.length; i++) {
                values[i] = 0 - values[i]; // no −0
            }
            return FloatMatrix.of(matrix.rows(), matrix.columns(), values);
        }
    }

    private static void requireShape(String name, FloatMatrix array, int rows, int columns) {
        if (array.rows() != rows || array.columns() != columns) {
            throw new IllegalArgumentException("netvlad: " + name + " must be " + rows + " x " + columns + ", got "
                    + array.rows() + " x " + array.columns());
        }
    }

    @Override
    NetVladEncoder.Scratch scratch() {
        return encoder.scratch();
    }

    @Override
    GlobalDescriptor encode(ImageFeatures image, NetVladEncoder.Scratch scratch) {
        return encodeAll(List.of(image), scratch).get(0);
    }

    @Override
    int rowsAtOnce() {
        return encoder.rowsAtOnce();
    }

    @Override
    List<GlobalDescriptor> encodeAll(List<ImageFeatures> images, NetVladEncoder.Scratch scratch) {
        return dense(encoder.encodeAll(descriptors(images), scratch));
    }

    @Override
    public int clusters() {
        return encoder.clusters();
    }

    @Override
    public GlobalDescriptor aggregate(FloatMatrix descriptors, int[] assignments) {
        Assignments.check(descriptors, width(), assignments, clusters());
        float[] weights = new float[Math.multiplyExact(assignments.length, clusters())];
        for (int i = 0; i < assignments.length; i++) {
            weights[i * clusters() + assignments[i]] = 1;
        }
        return new GlobalDescriptor.Dense(encoder.encode(
                descriptors, FloatMatrix.of(assignments.length, clusters(), weights), encoder.scratch()));
    }

    @Override
    public GlobalDescriptor aggregate(FloatMatrix descriptors, FloatMatrix weights) {
        Assignments.check(descriptors, width(), weights, clusters());
        return new GlobalDescriptor.Dense(encoder.encode(descriptors, weights, encoder.scratch()));
    }

    @Override
    void release() {
        encoder.close();
    }
}
