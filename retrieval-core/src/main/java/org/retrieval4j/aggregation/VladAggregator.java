package org.retrieval4j.aggregation;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.GivenArray;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code vlad}: for each cluster of a codebook the sum of the residuals of its descriptors.
 *
 * <p>v_k = Σ (x − c_k) over the descriptors x whose nearest centroid is c_k; the vector is cluster-major, value j of
 * cluster k at {@code k * d + j}. Then, in this order: residual normalization, local coordinate systems, mass, power
 * law, intra-normalization, L2. All norms have a floor of 1e-12; an empty cluster gives zeros.
 *
 * <p>Jégou, Douze, Schmid, Pérez: Aggregating local descriptors into a compact image representation. CVPR 2010.
 * Arandjelović, Zisserman: All about VLAD. CVPR 2013 (intra-normalization, adaptation). Delhumeau, Gosselin, Jégou,
 * Pérez: Revisiting the VLAD image representation. ACM MM 2013 (residual normalization, local coordinate systems; with
 * power=0.2). The steps mass, power, intra, L2 are those of VLFeat's {@code vl_vlad_encode}.
 *
 * <p>For very many clusters prefer {@code bow}, whose vectors are sparse; for the feature map of a network
 * {@code netvlad} or a pooling.
 */
public final class VladAggregator extends DescriptorAggregator<VladEncoder.Scratch> implements AssignableAggregator {
    private static final String NAME = "vlad";
    private static final String CODEBOOK = "codebook";
    private static final String ADAPTED = "adapted-codebook";
    private static final String LCS = "lcs";

    private final VladEncoder encoder;

    private VladAggregator(Options options, ComponentState state, Kernels kernels) {
        super(new Provider().specOf(options), state, state.array(CODEBOOK).columns());
        FloatMatrix codebook = state.array(CODEBOOK);
        FloatMatrix centers = options.adaptedCodebook.isPresent() ? state.array(ADAPTED) : codebook;
        FloatMatrix bases = options.lcs.equals("false") ? FloatMatrix.empty(codebook.columns()) : state.array(LCS);
        requireShape(CODEBOOK, codebook, options.clusters, codebook.columns());
        requireShape(ADAPTED, centers, options.clusters, codebook.columns());
        if (bases.rows() > 0) {
            requireShape(LCS, bases, options.clusters * codebook.columns(), codebook.columns());
        }
        this.encoder = new VladEncoder(codebook, centers, bases, options, kernels);
    }

    /** Shorthand for the usual ways to normalize, each with the final L2. */
    public enum Normalization {
        /** The sums as they are: power=1. */
        NONE,
        /** Signed square root: power=0.5. */
        POWER,
        /** Each cluster to length 1: intra=true. */
        INTRA
    }

    /**
     * Settings.
     *
     * @param clusters k; more give longer vectors that tell more apart; with a given codebook its number of rows
     * @param codebook file of a given codebook, k x d; learned from the sample by k-means if empty
     * @param residualNormalization divide each residual by its length, so that every descriptor weighs the same
     * @param lcs {@code true}: turn each cluster's sum into the principal directions of the cluster's residuals in the
     *     sample; {@code false}: do not; otherwise file of given directions, k x d x d, in columns
     * @param adaptedCodebook file of centers that residuals are taken to, k x d, while {@code codebook} still decides
     *     the cluster
     * @param mass divide each cluster's sum by its number of descriptors
     * @param power exponent of the signed power law, above 0; 1 does nothing, smaller weakens bursts
     * @param intra scale each cluster's sum to length 1
     * @param l2 scale the whole vector to length 1
     * @param normalization shorthand that sets power, intra and l2, which must then not be given themselves
     */
    public record Options(
            int clusters,
            Optional<String> codebook,
            boolean residualNormalization,
            String lcs,
            Optional<String> adaptedCodebook,
            boolean mass,
            double power,
            boolean intra,
            boolean l2,
            Optional<Normalization> normalization) {
        static final int DEFAULT_CLUSTERS = 64;

        /** Checks the ranges and writes the shorthand out. */
        public Options {
            requireNonNull(codebook, "codebook");
            requireNonNull(lcs, "lcs");
            requireNonNull(adaptedCodebook, "adaptedCodebook");
            if (clusters < 1) {
                throw new IllegalArgumentException("clusters must be at least 1, got " + clusters);
            }
            if (!(power > 0)) {
                throw new IllegalArgumentException("power must be above 0, got " + power);
            }
            if (adaptedCodebook.isPresent() && codebook.isEmpty()) {
                throw new IllegalArgumentException("adapted-codebook needs the codebook that it was adapted from");
            }
            if (normalization.isPresent()) {
                if (power != 1 || intra || !l2) {
                    throw new IllegalArgumentException(
                            "normalization is shorthand for power, intra and l2: give it or them, not both");
                }
                power = normalization.get() == Normalization.POWER ? 0.5 : 1;
                intra = normalization.get() == Normalization.INTRA;
                normalization = Optional.empty();
            }
        }

        /**
         * 64 clusters learned from the sample, L2 only.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(
                    DEFAULT_CLUSTERS,
                    Optional.empty(),
                    false,
                    "false",
                    Optional.empty(),
                    false,
                    1,
                    false,
                    true,
                    Optional.empty());
        }

        /**
         * With another number of clusters.
         *
         * @param value k
         * @return the changed options
         */
        public Options withClusters(int value) {
            return new Options(
                    value,
                    codebook,
                    residualNormalization,
                    lcs,
                    adaptedCodebook,
                    mass,
                    power,
                    intra,
                    l2,
                    normalization);
        }

        /**
         * With one of the usual normalizations, in place of power, intra and l2.
         *
         * @param value which
         * @return the changed options
         */
        public Options withNormalization(Normalization value) {
            return new Options(
                    clusters,
                    codebook,
                    residualNormalization,
                    lcs,
                    adaptedCodebook,
                    mass,
                    1,
                    false,
                    true,
                    Optional.of(value));
        }

        private Options withArrays(int rows, Optional<String> given, String bases, Optional<String> adapted) {
            return new Options(
                    rows, given, residualNormalization, bases, adapted, mass, power, intra, l2, normalization);
        }
    }

    /** Makes {@code vlad}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, NAME, Options.defaults());
        }

        @Override
        public VladAggregator create(Options options, BuildContext context) throws IOException {
            return VladAggregator.create(options, context);
        }

        @Override
        public VladAggregator open(Options options, ComponentState state, BuildContext context) {
            return new VladAggregator(options, state, KernelCatalog.of(context));
        }
    }

    private static VladAggregator create(Options options, BuildContext context) throws IOException {
        Kernels kernels = KernelCatalog.of(context);
        Optional<FloatMatrix> given = Optional.empty();
        int clusters = options.clusters;
        if (options.codebook.isPresent()) {
            given = Optional.of(Codebooks.given(
                    NAME, "clusters", options.codebook.get(), clusters, Options.DEFAULT_CLUSTERS, context));
            clusters = given.get().rows();
        }
        boolean learnsBases = options.lcs.equals("true");
        FloatMatrix sample =
                given.isEmpty() || learnsBases ? Codebooks.sample(NAME, clusters, context) : FloatMatrix.empty(0);
        FloatMatrix codebook = given.isPresent() ? given.get() : Codebooks.learned(sample, clusters, kernels, context);
        FloatMatrix centers = codebook;
        Map<String, FloatMatrix> arrays = new TreeMap<>();
        arrays.put(CODEBOOK, codebook);
        Optional<String> adapted = options.adaptedCodebook;
        if (adapted.isPresent()) {
            centers = GivenArray.matrix("vlad: adapted-codebook", adapted.get(), context);
            requireShape(ADAPTED, centers, codebook.rows(), codebook.columns());
            arrays.put(ADAPTED, centers);
            adapted = Optional.of(GivenArray.nameOf(centers));
        }
        String lcs = options.lcs;
        if (learnsBases) {
            arrays.put(
                    LCS,
                    LocalCoordinates.learn(sample, codebook, centers, options.residualNormalization, kernels, context));
        } else if (!lcs.equals("false")) {
            FloatMatrix bases = GivenArray.stack("vlad: lcs", lcs, context);
            arrays.put(LCS, bases);
            lcs = GivenArray.nameOf(bases);
        }
        Options made = options.withArrays(codebook.rows(), given.map(GivenArray::nameOf), lcs, adapted);
        return new VladAggregator(made, ComponentState.ofArrays(arrays), kernels);
    }

    /** Options of a {@code vlad} that stands inside another spec. */
    static Options nested(String component, ComponentSpec spec) {
        if (spec.parts().size() != 1 || !spec.first().name().equals(NAME)) {
            throw new IllegalArgumentException(component + ": vlad must be vlad(…), got \"" + spec + "\"");
        }
        return OptionsText.parse(spec.first(), Options.defaults());
    }

    VladEncoder encoder() {
        return encoder;
    }

    private static void requireShape(String name, FloatMatrix array, int rows, int columns) {
        if (array.rows() != rows || array.columns() != columns) {
            throw new IllegalArgumentException("vlad: " + name + " must be " + rows + " x " + columns + ", got "
                    + array.rows() + " x " + array.columns());
        }
    }

    @Override
    VladEncoder.Scratch scratch() {
        return encoder.scratch();
    }

    @Override
    GlobalDescriptor encode(ImageFeatures image, VladEncoder.Scratch scratch) {
        return new GlobalDescriptor.Dense(encoder.encode(image.descriptors(), scratch));
    }

    @Override
    int rowsAtOnce() {
        return encoder.rowsAtOnce();
    }

    @Override
    List<GlobalDescriptor> encodeAll(List<ImageFeatures> images, VladEncoder.Scratch scratch) {
        return dense(encoder.encodeAll(descriptors(images), scratch));
    }

    @Override
    public int clusters() {
        return encoder.clusters();
    }

    @Override
    public GlobalDescriptor aggregate(FloatMatrix descriptors, int[] assignments) {
        Assignments.check(descriptors, width(), assignments, clusters());
        return new GlobalDescriptor.Dense(encoder.encode(descriptors, assignments, 0, encoder.scratch()));
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
