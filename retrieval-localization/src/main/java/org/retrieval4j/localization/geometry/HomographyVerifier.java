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
 * Accepts two pictures that show one surface, or a scene of little depth: looks for a homography, from rough to fine, and
 * decides by how little chance explains it.
 *
 * <p>Where keypoints have scales and directions, each match alone is a hypothesis, so that a few right ones among hundreds
 * are found; otherwise three are sampled. The score is the significance: −log₁₀ of how many models as good would be
 * expected if all matches were random. It grows with the inliers, with their share among the best matches and with their
 * accuracy. Prefer it to the others as long as nothing is known of the scenes.
 *
 * <p>Thread-safe; the same pictures, matches and spec give the same bits on any number of threads.
 */
public final class HomographyVerifier implements Verifier {
    private static final String NAME = "homography";

    private final VerifierOptions options;

    /**
     * Makes a verifier.
     *
     * @param options its options
     */
    public HomographyVerifier(VerifierOptions options) {
        this.options = requireNonNull(options, "options");
    }

    /** Provides {@code homography}. */
    public static final class Provider extends ComponentProvider<Verifier, VerifierOptions> {
        /** For ServiceLoader. */
        public Provider() {
            super(Verifier.class, NAME, VerifierOptions.defaults());
        }

        @Override
        public Verifier create(VerifierOptions options, BuildContext context) {
            return new HomographyVerifier(options);
        }
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.of(OptionsText.format(NAME, options));
    }

    @Override
    public Optional<Verification> verify(ImageFeatures query, ImageFeatures candidate, Matches matches) {
        return PlanarSearch.verify(query, candidate, matches, NAME, PlanarKind.HOMOGRAPHY, options);
    }
}
