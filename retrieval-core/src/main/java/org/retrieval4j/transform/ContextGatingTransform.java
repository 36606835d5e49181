package org.retrieval4j.transform;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.SampleRequiredException;
import org.retrieval4j.api.Transform;
import org.retrieval4j.learning.GivenArrays;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code context-gating}: y = x ∘ sigmoid(BN(W x + b)): each value is let through as the whole vector says. Miech, Laptev,
 * Sivic: Learnable pooling with context gating for video classification. 2017, section 4.
 *
 * <p>Without given weights it starts as its authors train it, W normally distributed with mean 0 and deviation 1/√d (the
 * context's seed decides), b = 0: about half of each value, and of no use before it is trained.
 *
 * <p>State: {@code weights} d x d, output first, {@code bias} 1 x d and {@code batch-norm} 4 x d where there are such.
 */
public final class ContextGatingTransform extends VectorTransform {
    private static final String NAME = "context-gating";

    private final LinearLayer layer;

    private ContextGatingTransform(Options options, ComponentState state, LinearLayer layer) {
        super(new Provider().specOf(options), state, layer.outputs());
        FloatMatrix weights = state.array(LinearLayer.WEIGHTS);
        if (weights.rows() != weights.columns()) {
            throw new IllegalArgumentException(
                    "context-gating: weights must be d x d, got " + weights.rows() + " x " + weights.columns());
        }
        this.layer = layer;
    }

    /**
     * Settings.
     *
     * @param dimension d; that of the sample, or of given weights, if not given
     * @param weights file of given weights, d x d, or {@code .npz} of all arrays
     * @param bias file of given biases, d values; none if weights are given alone
     * @param batchNorm file of a batch norm behind weights and biases, 4 x d: γ, β, mean, variance
     * @param batchNormEpsilon what is added to the variance
     * @param layout how given weights lie; LOUPE's are input first; the component keeps them output first
     */
    public record Options(
            Optional<Integer> dimension,
            Optional<String> weights,
            Optional<String> bias,
            Optional<String> batchNorm,
            double batchNormEpsilon,
            FullyConnectedTransform.Layout layout) {
        /** Checks the ranges and what stands together. */
        public Options {
            ProjectionTransform.requirePositive(dimension);
            requireNonNull(layout, "layout");
            if ((bias.isPresent() || batchNorm.isPresent()) && weights.isEmpty()) {
                throw new IllegalArgumentException("bias or batch-norm is given, so weights must be, too");
            }
            if (!(batchNormEpsilon >= 0)) {
                throw new IllegalArgumentException("batch-norm-epsilon must be at least 0, got " + batchNormEpsilon);
            }
        }
    }

    /** Makes {@code context-gating}. */
    public static final class Provider extends ComponentProvider<Transform, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(
                    Transform.class,
                    NAME,
                    new Options(
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            1e-3,
                            FullyConnectedTransform.Layout.OUTPUT_FIRST));
        }

        @Override
        public ContextGatingTransform create(Options options, BuildContext context) throws IOException {
            return options.weights.isPresent() ? given(options, context) : initialized(options, context);
        }

        @Override
        public ContextGatingTransform open(Options options, ComponentState state, BuildContext context) {
            return new ContextGatingTransform(
                    options, state, new LinearLayer(NAME, state, options.batchNormEpsilon, context));
        }

        private ContextGatingTransform initialized(Options options, BuildContext context) {
            if (options.dimension.isEmpty() && context.descriptors().isEmpty()) {
                throw new SampleRequiredException(
                        "context-gating must know its dimension: give a sample, or dimension=…, or weights=FILE");
            }
            int d = options.dimension.orElseGet(
                    () -> context.descriptors().get(0).dimension());
            Random random = new Random(context.seed());
            float[] weights = new float[Math.multiplyExact(d, d)];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (float) (random.nextGaussian() / Math.sqrt(d));
            }
            Map<String, FloatMatrix> arrays = Map.of(
                    LinearLayer.WEIGHTS, FloatMatrix.of(d, d, weights),
                    LinearLayer.BIAS, FloatMatrix.of(1, d, new float[d]));
            return open(options, ComponentState.ofArrays(arrays), context);
        }

        private ContextGatingTransform given(Options options, BuildContext context) throws IOException {
            Map<String, FloatMatrix> arrays = LinearLayer.given(
                    NAME,
                    options.weights.orElseThrow(),
                    options.bias,
                    options.batchNorm,
                    options.layout,
                    List.of(LinearLayer.WEIGHTS, LinearLayer.BIAS, LinearLayer.BATCH_NORM),
                    context);
            ComponentState state = ComponentState.ofArrays(arrays);
            int d = state.array(LinearLayer.WEIGHTS).rows();
            if (options.dimension.orElse(d) != d) {
                throw new IllegalArgumentException("context-gating: dimension must be " + d
                        + ", the outputs of the weights, got " + options.dimension.orElseThrow());
            }
            return open(
                    GivenArrays.kept(options, defaults(), arrays, Map.of("dimension", d), List.of("layout")),
                    state,
                    context);
        }
    }

    @Override
    FloatMatrix apply(FloatMatrix vectors) {
        float[] values = layer.apply(vectors);
        for (int i = 0, at = vectors.offset(); i < values.length; i++, at++) {
            values[i] = (float) (vectors.array()[at] / (1 + Math.exp(-values[i])));
        }
        return FloatMatrix.of(vectors.rows(), vectors.columns(), values);
    }

    @Override
    void release() {
        layer.close();
    }
}
