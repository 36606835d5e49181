package org.retrieval4j.aggregation;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.GaussianMixture;
import org.retrieval4j.learning.GivenArray;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code fisher}: how the descriptors of a picture would change the means and variances of a mixture of Gaussians.
 *
 * <p>With γ the posteriors: u_k = Σ γ (x − μ)/σ / (N √π_k) and v_k = Σ γ ((x − μ)²/σ² − 1) / (N √(2 π_k)). The vector is
 * all u, then all v, 2·k·d values. A component with a weight below 10⁻⁶ takes no part, posteriors below 10⁻⁶ are left
 * out, as in VLFeat's {@code vl_fisher_encode}. Perronnin, Dance: Fisher kernels on visual vocabularies for image
 * categorization. CVPR 2007. Perronnin, Sánchez, Mensink: Improving the Fisher kernel for large-scale image
 * classification. ECCV 2010 (square root and L2).
 *
 * <p>Tells more than {@link VladAggregator} with as few components, for vectors twice as long and much more time.
 */
public final class FisherAggregator extends DescriptorAggregator<FisherEncoder.Scratch>
        implements AssignableAggregator {
    private static final String NAME = "fisher";
    private static final String WEIGHTS = "weights";
    private static final String MEANS = "means";
    private static final String VARIANCES = "variances";
    private static final double FLOOR = 1e-12;

    private final Options options;
    private final FisherEncoder encoder;
    private final float[] weights;

    private FisherAggregator(Options options, ComponentState state, Kernels kernels) {
        super(new Provider().specOf(options), state, state.array(MEANS).columns());
        GaussianMixture mixture = new GaussianMixture(state.array(WEIGHTS), state.array(MEANS), state.array(VARIANCES));
        if (mixture.means().rows() != options.components) {
            throw new IllegalArgumentException("fisher: means must have " + options.components + " rows, got "
                    + mixture.means().rows());
        }
        this.options = options;
        this.weights = mixture.weights().toArray();
        this.encoder = new FisherEncoder(mixture, options.fast, kernels);
    }

    /**
     * Settings.
     *
     * @param components k; more give longer vectors that tell more apart; with given arrays their number of rows
     * @param weights file of given prior probabilities, k values; weights, means and variances are given together, or
     *     learned from the sample
     * @param means file of given means, k x d
     * @param variances file of given variances, k x d
     * @param fast a descriptor belongs to its most likely component alone
     * @param squareRoot take the signed square root of each value
     * @param l2 scale the vector to length 1
     * @param improved shorthand: {@code true} sets squareRoot and l2, {@code false} neither; they must then not be given
     */
    public record Options(
            int components,
            Optional<String> weights,
            Optional<String> means,
            Optional<String> variances,
            boolean fast,
            boolean squareRoot,
            boolean l2,
            Optional<Boolean> improved) {
        static final int DEFAULT_COMPONENTS = 64;

        /** Checks the range and what stands together, and writes the shorthand out. */
        public Options {
            requireNonNull(weights, "weights");
            requireNonNull(means, "means");
            requireNonNull(variances, "variances");
            if (components < 1) {
                throw new IllegalArgumentException("components must be at least 1, got " + components);
            }
            if (weights.isPresent() != means.isPresent() || means.isPresent() != variances.isPresent()) {
                throw new IllegalArgumentException("weights, means and variances must be given together");
            }
            if (improved.isPresent()) {
                if (squareRoot || l2) {
                    throw new IllegalArgumentException(
                            "improved is shorthand for square-root and l2: give it or them, not both");
                }
                squareRoot = improved.get();
                l2 = improved.get();
                improved = Optional.empty();
            }
        }

        /**
         * 64 components learned from the sample, not normalized.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(
                    DEFAULT_COMPONENTS,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    false,
                    false,
                    false,
                    Optional.empty());
        }

        /**
         * With another number of components.
         *
         * @param value k
         * @return the changed options
         */
        public Options withComponents(int value) {
            return new Options(value, weights, means, variances, fast, squareRoot, l2, improved);
        }

        /**
         * With or without square root and L2.
         *
         * @param value true for both, false for neither
         * @return the changed options
         */
        public Options withImproved(boolean value) {
            return new Options(components, weights, means, variances, fast, false, false, Optional.of(value));
        }
    }

    /** Makes {@code fisher}. */
    public static final class Provider extends ComponentProvider<Aggregator, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Aggregator.class, NAME, Options.defaults());
        }

        @Override
        public FisherAggregator create(Options options, BuildContext context) throws IOException {
            if (options.weights.isPresent()) {
                return given(options, context);
            }
            FloatMatrix sample = Codebooks.sample(NAME, options.components, context);
            GaussianMixture mixture = GaussianMixture.train(
                            sample,
                            GaussianMixture.Options.of(options.components, context.seed()),
                            KernelCatalog.of(context),
                            context)
                    .mixture();
            return new FisherAggregator(
                    options, state(mixture.weights(), mixture.means(), mixture.variances()), KernelCatalog.of(context));
        }

        @Override
        public FisherAggregator open(Options options, ComponentState state, BuildContext context) {
            return new FisherAggregator(options, state, KernelCatalog.of(context));
        }

        private static FisherAggregator given(Options options, BuildContext context) throws IOException {
            FloatMatrix weights = GivenArray.row("fisher: weights", options.weights.orElseThrow(), context);
            FloatMatrix means = GivenArray.matrix("fisher: means", options.means.orElseThrow(), context);
            FloatMatrix variances = GivenArray.matrix("fisher: variances", options.variances.orElseThrow(), context);
            if (options.components != means.rows() && options.components != Options.DEFAULT_COMPONENTS) {
                throw new IllegalArgumentException("fisher: components must be " + means.rows()
                        + " like the rows of the means, got " + options.components);
            }
            Options named = new Options(
                    means.rows(),
                    Optional.of(GivenArray.nameOf(weights)),
                    Optional.of(GivenArray.nameOf(means)),
                    Optional.of(GivenArray.nameOf(variances)),
                    options.fast,
                    options.squareRoot,
                    options.l2,
                    Optional.empty());
            return new FisherAggregator(named, state(weights, means, variances), KernelCatalog.of(context));
        }

        private static ComponentState state(FloatMatrix weights, FloatMatrix means, FloatMatrix variances) {
            return ComponentState.ofArrays(Map.of(WEIGHTS, weights, MEANS, means, VARIANCES, variances));
        }
    }

    @Override
    FisherEncoder.Scratch scratch() {
        return encoder.scratch();
    }

    @Override
    GlobalDescriptor encode(ImageFeatures image, FisherEncoder.Scratch scratch) {
        FloatMatrix x = image.descriptors();
        return finish(x.rows(), encoder.encode(x, scratch));
    }

    private GlobalDescriptor finish(int n, double[] sums) {
        int half = sums.length / 2;
        int d = half / weights.length;
        for (int c = 0; c < weights.length && n > 0; c++) {
            if (weights[c] < GaussianMixture.SMALLEST_WEIGHT) {
                continue; // its sums are zeros
            }
            double firstScale = 1 / (n * Math.sqrt(weights[c]));
            double secondScale = 1 / (n * Math.sqrt(2 * weights[c]));
            for (int j = c * d; j < (c + 1) * d; j++) {
                sums[j] *= firstScale;
                sums[half + j] *= secondScale;
            }
        }
        SignedPower.apply(sums, 0, sums.length, options.squareRoot ? 0.5 : 1);
        double square = 0;
        for (double value : sums) {
            square += value * value;
        }
        double scale = options.l2 ? 1 / Math.max(FLOOR, Math.sqrt(square)) : 1;
        float[] values = new float[sums.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (sums[i] * scale);
        }
        return new GlobalDescriptor.Dense(values);
    }

    @Override
    public int clusters() {
        return encoder.clusters();
    }

    @Override
    public GlobalDescriptor aggregate(FloatMatrix descriptors, int[] assignments) {
        Assignments.check(descriptors, width(), assignments, clusters());
        return finish(descriptors.rows(), encoder.encode(descriptors, assignments, scratch()));
    }

    @Override
    public GlobalDescriptor aggregate(FloatMatrix descriptors, FloatMatrix posteriors) {
        Assignments.check(descriptors, width(), posteriors, clusters());
        return finish(descriptors.rows(), encoder.encode(descriptors, posteriors, scratch()));
    }
}
