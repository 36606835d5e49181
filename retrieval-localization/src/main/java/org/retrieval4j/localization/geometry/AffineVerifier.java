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
 * Accepts two pictures that show one surface, or a scene of little depth, without strong perspective: as
 * {@link HomographyVerifier}, with an affine map, which fewer inliers determine well.
 *
 * <p>Thread-safe; the same pictures, matches and spec give the same bits on any number of threads.
 */
public final class AffineVerifier implements Verifier {
    private static final String NAME = "affine";

    private final VerifierOptions options;

    /**
     * Makes a verifier.
     *
     * @param options its options
     */
    public AffineVerifier(VerifierOptions options) {
        this.options = requireNonNull(options, "options");
    }

    /** Provides {@code affine}. */
    public static final class Provider extends ComponentProvider<Verifier, VerifierOptions> {
        /** For ServiceLoader. */
        public Provider() {
            super(Verifier.class, NAME, VerifierOptions.defaults());
        }

        @Override
        public Verifier create(VerifierOptions options, BuildContext context) {
            return new AffineVerifier(options);
        }
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.of(OptionsText.format(NAME, options));
    }

    @Override
    public Optional<Verification> verify(ImageFeatures query, ImageFeatures candidate, Matches matches) {
        return PlanarSearch.verify(query, candidate, matches, NAME, PlanarKind.AFFINE, options);
    }
}
