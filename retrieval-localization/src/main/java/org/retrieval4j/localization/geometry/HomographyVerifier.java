package org.retrieval4j.localization.geometry;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.api.Verification;
import org.retrieval4j.api.Verifier;
import org.retrieval4j.spi.ComponentProvider;

/**
 * Accepts two pictures that show one surface: looks for a homography by {@link Ransac}.
 *
 * <p>Thread-safe; the same pictures, matches and spec give the same bits on any number of threads.
 */
public final class HomographyVerifier implements Verifier {
    static final String NAME = "homography";

    private final Options options;
    private final PairVerification verification;

    /**
     * Makes a verifier.
     *
     * @param options its options
     */
    public HomographyVerifier(Options options) {
        this.options = requireNonNull(options, "options");
        verification = new PairVerification(
                NAME,
                PlanarKind.HOMOGRAPHY,
                options.maxError(),
                options.confidence(),
                options.maxIterations(),
                options.minInliers(),
                options.seed());
    }

    /**
     * Parameters of the verifier.
     *
     * @param maxError largest symmetric transfer error of an inlier, in pixels of a picture shrunk to a longer side of
     *     1024. Larger: scenes with depth are found too, and more matches agree by chance
     * @param confidence probability that the model is found if it is there. Larger: slower, fewer misses
     * @param maxIterations samples tried at most. Larger: models are found among more outliers, wrong pairs take longer
     * @param minInliers inliers of an accepted model, at least 4. Larger: fewer wrong pairs accepted, more right ones
     *     lost
     * @param seed of the samples
     */
    public record Options(double maxError, double confidence, int maxIterations, int minInliers, long seed) {
        /** Checks the ranges. */
        public Options {
            new RansacOptions(maxError, confidence, 1, maxIterations, seed);
            if (minInliers < 4) {
                throw new IllegalArgumentException("minInliers must be at least 4, got " + minInliers);
            }
        }

        /**
         * The defaults.
         *
         * @return error 3, confidence 0.999, 2,000 iterations, 8 inliers, seed 42
         */
        public static Options defaults() {
            return new Options(3, 0.999, 2000, 8, 42);
        }
    }

    /** Provides {@code homography}. */
    public static final class Provider extends ComponentProvider<Verifier, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Verifier.class, NAME, Options.defaults());
        }

        @Override
        public Verifier create(Options options, BuildContext context) {
            return new HomographyVerifier(options);
        }
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.of(OptionsText.format(NAME, options));
    }

    @Override
    public Optional<Verification> verify(ImageFeatures query, ImageFeatures candidate, Matches matches) {
        return verification.verify(query, candidate, matches);
    }
}
