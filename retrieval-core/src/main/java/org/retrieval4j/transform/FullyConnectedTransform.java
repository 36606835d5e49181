package org.retrieval4j.transform;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Transform;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.GivenArrays;
import org.retrieval4j.learning.PrincipalComponents;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code fully-connected}: y = W x + b, then y / ‖y‖: the last layer of a network, and the whitening of NetVLAD, GeM and
 * SOLAR, which keep it as such a layer to train it.
 *
 * <p>W and b come from files, or start as the PCA whitening of the sample, W = diag(1/√(λ + 10⁻⁹)) Uᵀ and b = −W m: then the
 * output is that of {@link PcaWhitenTransform}, which is a little more exact because it subtracts the mean first.
 *
 * <p>State: {@code weights} m x d, {@code bias} 1 x m where there is one.
 */
public final class FullyConnectedTransform extends VectorTransform {
    private static final String NAME = "fully-connected";
    private static final double EPSILON = 1e-9;

    private final LinearLayer layer;
    private final boolean l2;

    private FullyConnectedTransform(Options options, ComponentState state, LinearLayer layer) {
        super(
                new Provider().specOf(options),
                state,
                state.array(LinearLayer.WEIGHTS).columns());
        this.layer = layer;
        this.l2 = options.l2;
    }

    /** How given weights lie in their file. */
    public enum Layout {
        /** m x d, as PyTorch's. */
        OUTPUT_FIRST,
        /** d x m, as TensorFlow's. */
        INPUT_FIRST
    }

    /**
     * Settings.
     *
     * @param dimension m; must be given to learn, and is at most the size of the sample less 1; with given weights their
     *     number of outputs
     * @param weights file of given weights, or {@code .npz} of both arrays; learned from the sample if not given
     * @param bias file of given biases, m values; none if weights are given alone
     * @param layout how given weights lie; the component keeps them output first
     * @param l2 scale the vector to length 1
     */
    public record Options(
            Optional<Integer> dimension, Optional<String> weights, Optional<String> bias, Layout layout, boolean l2) {
        /** Checks the range and what stands together. */
        public Options {
            ProjectionTransform.requirePositive(dimension);
            requireNonNull(layout, "layout");
            if (bias.isPresent() && weights.isEmpty()) {
                throw new IllegalArgumentException("bias is given, so weights must be, too");
            }
        }

        /**
         * To be learned from the sample.
         *
         * @param dimension number of outputs
         * @return the options
         */
        public static Options ofDimension(int dimension) {
            return new Options(Optional.of(dimension), Optional.empty(), Optional.empty(), Layout.OUTPUT_FIRST, true);
        }
    }

    /** Makes {@code fully-connected}. */
    public static final class Provider extends ComponentProvider<Transform, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(
                    Transform.class,
                    NAME,
                    new Options(Optional.empty(), Optional.empty(), Optional.empty(), Layout.OUTPUT_FIRST, true));
        }

        @Override
        public FullyConnectedTransform create(Options options, BuildContext context) throws IOException {
            return options.weights.isPresent() ? given(options, context) : learned(options, context);
        }

        @Override
        public FullyConnectedTransform open(Options options, ComponentState state, BuildContext context) {
            return new FullyConnectedTransform(options, state, new LinearLayer(NAME, state, 0, context));
        }

        private FullyConnectedTransform learned(Options options, BuildContext context) {
            FloatMatrix sample = ProjectionTransform.sample(NAME, context.descriptors());
            PrincipalComponents components =
                    PrincipalComponents.learn(sample, ProjectionTransform.required(NAME, options.dimension), context);
            FloatMatrix weights = components.projection(1, EPSILON);
            FloatMatrix mean = components.mean();
            float[] bias = new float[weights.rows()];
            for (int i = 0; i < bias.length; i++) {
                int at = weights.offset() + i * weights.columns();
                bias[i] = (float)
                        -Kernels.fixedOrderDot(weights.array(), at, mean.array(), mean.offset(), mean.columns());
            }
            Map<String, FloatMatrix> arrays =
                    Map.of(LinearLayer.WEIGHTS, weights, LinearLayer.BIAS, FloatMatrix.of(1, bias.length, bias));
            return open(options, ComponentState.ofArrays(arrays), context);
        }

        private FullyConnectedTransform given(Options options, BuildContext context) throws IOException {
            Map<String, FloatMatrix> arrays = LinearLayer.given(
                    NAME,
                    options.weights.orElseThrow(),
                    options.bias,
                    Optional.empty(),
                    options.layout,
                    List.of(LinearLayer.WEIGHTS, LinearLayer.BIAS),
                    context);
            ComponentState state = ComponentState.ofArrays(arrays);
            int outputs = state.array(LinearLayer.WEIGHTS).rows();
            if (options.dimension.orElse(outputs) != outputs) {
                throw new IllegalArgumentException("fully-connected: dimension must be " + outputs
                        + ", the outputs of the weights, got " + options.dimension.orElseThrow());
            }
            Options kept =
                    GivenArrays.kept(options, defaults(), arrays, Map.of("dimension", outputs), List.of("layout"));
            return open(kept, state, context);
        }
    }

    @Override
    FloatMatrix apply(FloatMatrix vectors) {
        float[] outputs = layer.apply(vectors);
        for (int i = 0; l2 && i < vectors.rows(); i++) {
            L2Transform.normalize(outputs, i * layer.outputs(), layer.outputs());
        }
        return FloatMatrix.of(vectors.rows(), layer.outputs(), outputs);
    }

    @Override
    void release() {
        layer.close();
    }
}
