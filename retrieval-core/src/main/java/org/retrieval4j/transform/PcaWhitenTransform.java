package org.retrieval4j.transform;

import java.io.IOException;
import java.util.Optional;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Transform;
import org.retrieval4j.learning.GivenArray;
import org.retrieval4j.learning.PrincipalComponents;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code pca-whiten}: the first principal components, each divided by the square root of its variance, then L2: what
 * occurs together everywhere counts no longer twice.
 *
 * <p>y = diag(1/√(λ + 10⁻⁹)) Uᵀ (x − m), y / ‖y‖. Jégou, Chum: Negative evidences and co-occurences in image retrieval:
 * the benefit of PCA and whitening. ECCV 2012. Where matching pairs are known, {@link LearnedWhitenTransform} is better.
 *
 * <p>The sample should have many times more vectors than components are kept: whitening with as many components as
 * vectors makes all vectors of the sample equally far from each other, whatever they show. With small samples take few
 * components, or less strength, or {@link PcaTransform}.
 */
public final class PcaWhitenTransform extends ProjectionTransform {
    private static final String NAME = "pca-whiten";
    private static final double EPSILON = 1e-9;

    private PcaWhitenTransform(Options options, ComponentState state, BuildContext context) {
        super(new Provider().specOf(options), state, true, context);
    }

    /**
     * Settings.
     *
     * @param dimension number of components; must be given to learn, and is at most the size of the sample less 1
     * @param strength 1 divides by the standard deviation, 0.5 by its root, 0 not at all; less is safer with small
     *     samples
     * @param mean file of a given mean, d values; zeros if a projection is given alone
     * @param projection file of a given matrix, in rows, already divided, of which the first {@code dimension} are taken
     */
    public record Options(
            Optional<Integer> dimension, double strength, Optional<String> mean, Optional<String> projection) {
        /** Checks ranges and what stands together. */
        public Options {
            requirePositive(dimension);
            if (!(strength >= 0 && strength <= 1)) {
                throw new IllegalArgumentException("strength must be 0 to 1, got " + strength);
            }
            if (mean.isPresent() && projection.isEmpty()) {
                throw new IllegalArgumentException("mean is given, so projection must be, too");
            }
            if (strength != 1 && projection.isPresent()) {
                throw new IllegalArgumentException("strength must not be given with a projection, which has its own");
            }
        }

        /**
         * To be learned from the sample.
         *
         * @param dimension number of components
         * @return the options
         */
        public static Options ofDimension(int dimension) {
            return new Options(Optional.of(dimension), 1, Optional.empty(), Optional.empty());
        }
    }

    /** Makes {@code pca-whiten}. */
    public static final class Provider extends ComponentProvider<Transform, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Transform.class, NAME, new Options(Optional.empty(), 1, Optional.empty(), Optional.empty()));
        }

        @Override
        public PcaWhitenTransform create(Options options, BuildContext context) throws IOException {
            if (options.projection.isPresent()) {
                ComponentState given = given(NAME, options.mean, options.projection.get(), options.dimension, context);
                return new PcaWhitenTransform(named(given), given, context);
            }
            FloatMatrix sample = sample(NAME, context.descriptors());
            PrincipalComponents components =
                    PrincipalComponents.learn(sample, required(NAME, options.dimension), context);
            return new PcaWhitenTransform(
                    options, state(components.mean(), components.projection(options.strength, EPSILON)), context);
        }

        @Override
        public PcaWhitenTransform open(Options options, ComponentState state, BuildContext context) {
            return new PcaWhitenTransform(options, state, context);
        }

        private static Options named(ComponentState given) {
            return new Options(
                    Optional.of(given.array(PROJECTION).rows()),
                    1,
                    Optional.of(GivenArray.nameOf(given.array(MEAN))),
                    Optional.of(GivenArray.nameOf(given.array(PROJECTION))));
        }
    }
}
