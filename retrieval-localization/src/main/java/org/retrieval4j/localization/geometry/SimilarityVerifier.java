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
 * Accepts two pictures of which one is the other turned, zoomed and shifted, as copies, crops and scans are: as
 * {@link HomographyVerifier}, with four degrees of freedom.
 *
 * <p>Thread-safe; the same pictures, matches and spec give the same bits on any number of threads.
 */
public final class SimilarityVerifier implements Verifier {
    private static final String NAME = "similarity";

    private final VerifierOptions options;

    /**
     * Makes a verifier.
     *
     * @param options its options
     */
    public SimilarityVerifier(VerifierOptions options) {
        this.options = requireNonNull(options, "options");
    }

    /** Provides {@code similarity}. */
    public static final class Provider extends ComponentProvider<Verifier, VerifierOptions> {
        /** For ServiceLoader. */
        public Provider() {
            super(Verifier.class, NAME, VerifierOptions.defaults());
        }

        @Override
        public Verifier create(VerifierOptions options, BuildContext context) {
            return new SimilarityVerifier(options);
        }
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.of(OptionsText.format(NAME, options));
    }

    @Override
    public Optional<Verification> verify(ImageFeatures query, ImageFeatures candidate, Matches matches) {
        return PlanarSearch.verify(query, candidate, matches, NAME, PlanarKind.SIMILARITY, options);
    }
}
