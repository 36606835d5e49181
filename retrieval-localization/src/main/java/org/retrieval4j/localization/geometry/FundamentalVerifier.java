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
 * Accepts two pictures of one rigid scene of any depth: looks for a fundamental matrix by {@link Ransac}.
 *
 * <p>A line is a weak constraint: random matches agree with some epipolar geometry far more easily than with a map. So a
 * rough planar map is looked for first; its inliers are sampled first, and a pair is accepted if either the map or the
 * epipolar geometry is beyond chance. The score is the larger significance (see {@link HomographyVerifier}); the model and
 * the inliers are always the fundamental matrix and its own. Where most pairs lie on one plane, the matrix is taken from the
 * plane and what is beside it ({@link DominantPlane}). Takes several times as long as a homography.
 *
 * <p>Thread-safe; the same pictures, matches and spec give the same bits on any number of threads.
 */
public final class FundamentalVerifier implements Verifier {
    private static final String NAME = "fundamental";

    /** The rough map's error, in pixels as {@link VerifierOptions#maxError()}. */
    private static final double MAP_ERROR = VerifierOptions.defaults().maxError();

    /** A minimal sample and one that refinement bends the matrix to. */
    private static final int FREE_INLIERS = 8;

    private final VerifierOptions options;

    /**
     * Makes a verifier.
     *
     * @param options its options
     */
    public FundamentalVerifier(VerifierOptions options) {
        this.options = requireNonNull(options, "options");
    }

    /**
     * The defaults.
     *
     * @return those of planar maps, but an error of 3 and at least 8 inliers
     */
    public static VerifierOptions defaults() {
        VerifierOptions planar = VerifierOptions.defaults();
        return planar.withMaxError(3).withAcceptance(8, planar.minSignificance());
    }

    /** Provides {@code fundamental}. */
    public static final class Provider extends ComponentProvider<Verifier, VerifierOptions> {
        /** For ServiceLoader. */
        public Provider() {
            super(Verifier.class, NAME, FundamentalVerifier.defaults());
        }

        @Override
        public Verifier create(VerifierOptions options, BuildContext context) {
            return new FundamentalVerifier(options);
        }
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.of(OptionsText.format(NAME, options));
    }

    @Override
    public Optional<Verification> verify(ImageFeatures query, ImageFeatures candidate, Matches matches) {
        PairMatches pair = new PairMatches(query, candidate, matches);
        if (pair.size() < Math.max(FREE_INLIERS, options.minInliers())) {
            return Optional.empty();
        }
        Correspondences data = pair.data();
        RansacOptions ransac = options.ransac();
        PlanarSearch map =
                new PlanarSearch(pair, PlanarKind.HOMOGRAPHY, ransac.withMaxError(MAP_ERROR / Correspondences.UNIT));
        Correspondences ordered = data.select(firstOf(map.widest(), data.size()));
        Optional<Ransac.Consensus> found = Ransac.estimate(new FundamentalEstimator(ordered), ransac);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        double[] model = found.get().model();
        double[] errors = new double[data.size()];
        new FundamentalEstimator(data).squaredErrors(model, 0, data.size(), errors);
        int[] inliers = pair.oneToOne(errors, ransac.maxError() * ransac.maxError());
        // The Sampson error keeps both points within about √2 errors of their lines: a band across the picture.
        double chance = 2 * Math.sqrt(2) * ransac.maxError() / Math.sqrt(data.area());
        double significance = Math.max(
                map.significance(), new ChanceTest(data.size(), 7, 3, FREE_INLIERS).significance(inliers, chance));
        if (inliers.length < Math.max(FREE_INLIERS, options.minInliers())
                || significance < options.minSignificance()
                || pair.isThin(inliers, ransac.maxError())) {
            return Optional.empty();
        }
        return Optional.of(new Verification((float) significance, pair.matches(inliers), pair.epipolar(NAME, model)));
    }

    /** All numbers below n, the given ones first. */
    private static int[] firstOf(int[] first, int n) {
        boolean[] used = new boolean[n];
        int[] order = new int[n];
        int count = 0;
        for (int i : first) {
            used[i] = true;
            order[count++] = i;
        }
        for (int i = 0; i < n; i++) {
            if (!used[i]) {
                order[count++] = i;
            }
        }
        return order;
    }
}
