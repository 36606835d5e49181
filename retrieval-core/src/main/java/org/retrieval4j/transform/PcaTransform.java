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
 * {@code pca}: the first principal components, for shorter vectors with nearly the same distances. Their length is left
 * as it is. {@link PcaWhitenTransform} usually ranks better.
 *
 * <p>Jégou, Chum: Negative evidences and co-occurences in image retrieval: the benefit of PCA and whitening. ECCV 2012.
 */
public final class PcaTransform extends ProjectionTransform {
    private static final String NAME = "pca";

    private PcaTransform(Options options, ComponentState state, BuildContext context) {
        super(new Provider().specOf(options), state, false, context);
    }

    /**
     * Settings.
     *
     * @param dimension number of components; must be given to learn, and is at most the size of the sample less 1
     * @param mean file of a given mean, d values; zeros if a projection is given alone
     * @param projection file of given directions, in rows, of which the first {@code dimension} are taken
     */
    public record Options(Optional<Integer> dimension, Optional<String> mean, Optional<String> projection) {
        /** Checks what stands together. */
        public Options {
            requirePositive(dimension);
            if (mean.isPresent() && projection.isEmpty()) {
                throw new IllegalArgumentException("mean is given, so projection must be, too");
            }
        }

        /**
         * To be learned from the sample.
         *
         * @param dimension number of components
         * @return the options
         */
        public static Options ofDimension(int dimension) {
            return new Options(Optional.of(dimension), Optional.empty(), Optional.empty());
        }
    }

    /** Makes {@code pca}. */
    public static final class Provider extends ComponentProvider<Transform, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Transform.class, NAME, new Options(Optional.empty(), Optional.empty(), Optional.empty()));
        }

        @Override
        public PcaTransform create(Options options, BuildContext context) throws IOException {
            if (options.projection.isPresent()) {
                ComponentState given = given(NAME, options.mean, options.projection.get(), options.dimension, context);
                return new PcaTransform(named(given), given, context);
            }
            FloatMatrix sample = sample(NAME, context.descriptors());
            PrincipalComponents components =
                    PrincipalComponents.learn(sample, required(NAME, options.dimension), context);
            return new PcaTransform(options, state(components.mean(), components.projection(0, 0)), context);
        }

        @Override
        public PcaTransform open(Options options, ComponentState state, BuildContext context) {
            return new PcaTransform(options, state, context);
        }

        private static Options named(ComponentState given) {
            return new Options(
                    Optional.of(given.array(PROJECTION).rows()),
                    Optional.of(GivenArray.nameOf(given.array(MEAN))),
                    Optional.of(GivenArray.nameOf(given.array(PROJECTION))));
        }
    }
}
