package org.retrieval4j.rerank;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Component;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Reranker;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.api.Verification;
import org.retrieval4j.api.Verifier;
import org.retrieval4j.index.TopK;
import org.retrieval4j.learning.ParallelChunks;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code verify}: the first images of the list are checked by geometry, and those with an accepted model come first, by
 * number of inliers, equal ones in their old order (Philbin et al., CVPR 2007, section 4). Their score is the number of
 * inliers above the best score of the list. A query costs {@code first} matchings of local features and as many verifications.
 *
 * <p>At the end of a search the same is had from {@code ImageDatabase.search}, which also gives the models; as a stage
 * it serves those behind it: {@code verify(first=50) | qe(k=5)} expands the query by images that were proved.
 */
public final class SpatialVerification implements Reranker {
    /** Its name in specs. */
    public static final String NAME = "verify";

    private static final int CHUNK = 4;
    private static final double LARGE = 1000;

    private final Options options;
    private final Matcher matcher;
    private final Verifier verifier;
    private final BuildContext context;
    private final Optional<Proofs> known;

    private SpatialVerification(
            Options options, Matcher matcher, Verifier verifier, BuildContext context, Optional<Proofs> known) {
        this.options = options;
        this.matcher = matcher;
        this.verifier = verifier;
        this.context = context;
        this.known = known;
    }

    /**
     * Settings.
     *
     * @param first images that are checked, at least 1
     * @param matcher pairs local features
     * @param verifier checks the pairs
     */
    public record Options(int first, ComponentSpec matcher, ComponentSpec verifier) {
        /** Checks the range. */
        public Options {
            requireNonNull(matcher, "matcher");
            requireNonNull(verifier, "verifier");
            if (first < 1) {
                throw new IllegalArgumentException("first must be at least 1, got " + first);
            }
        }

        /**
         * A hundred images, mutual nearest neighbors, a homography.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(100, ComponentSpec.parse("mutual-nearest-neighbor"), ComponentSpec.parse("homography"));
        }
    }

    /** Makes {@code verify}. */
    public static final class Provider extends ComponentProvider<Reranker, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Reranker.class, NAME, Options.defaults());
        }

        @Override
        public SpatialVerification create(Options options, BuildContext context) {
            return create(options, context, Components.load());
        }

        @Override
        public SpatialVerification create(Options options, BuildContext context, Components components) {
            Matcher matcher = components.create(Matcher.class, options.matcher, context);
            try {
                Verifier verifier = components.create(Verifier.class, options.verifier, context);
                Options canonical = new Options(options.first, matcher.spec(), verifier.spec());
                return new SpatialVerification(canonical, matcher, verifier, context, Optional.empty());
            } catch (RuntimeException | Error e) {
                matcher.close();
                throw e;
            }
        }
    }

    /**
     * The same stage, which verifies a pair only if it is not known yet.
     *
     * @param proofs of this matcher and verifier; asked by the thread that searches, so by one at a time
     * @return a stage that is closed instead of this one
     */
    public SpatialVerification knowing(Proofs proofs) {
        return new SpatialVerification(options, matcher, verifier, context, Optional.of(proofs));
    }

    /**
     * Its settings.
     *
     * @return matcher and verifier with all their parameters
     */
    public Options options() {
        return options;
    }

    @Override
    public ComponentSpec spec() {
        return new Provider().specOf(options);
    }

    @Override
    public void close() {
        List.<Component>of(matcher, verifier).forEach(Component::close);
    }

    @Override
    public Gallery over(Gallery below) {
        return new GalleryStage(below) {
            @Override
            public List<SearchResult> searchAll(List<Extraction> queries, SearchOptions search) throws IOException {
                SearchOptions wider = Reordered.atLeast(search.withLeastScore(Float.NEGATIVE_INFINITY), options.first);
                List<SearchResult> found = below.searchAll(queries, wider);
                List<SearchResult> results = new ArrayList<>();
                for (int i = 0; i < queries.size(); i++) {
                    ImageFeatures query = queries.get(i)
                            .local()
                            .orElseThrow(
                                    () -> new IllegalArgumentException("the query has no local features to verify"));
                    List<Hit> hits = found.get(i).hits();
                    List<Hit> proved = proved(query, hits.subList(0, Math.min(options.first, hits.size())), below);
                    results.add(Reordered.reaching(Reordered.of(proved, hits, search), search));
                }
                return results;
            }
        };
    }

    private List<Hit> proved(ImageFeatures query, List<Hit> hits, Gallery gallery) throws IOException {
        int[] inliers = inliers(query, hits, gallery);
        List<Hit> proved = new ArrayList<>();
        for (int i = 0; i < inliers.length; i++) {
            if (inliers[i] > 0) {
                // equal ones by their old place; a best score too large to add to counts as none
                double best =
                        Math.abs(hits.get(0).score()) < LARGE ? hits.get(0).score() : 0;
                double place = (hits.size() - i) / (hits.size() + 1.0);
                proved.add(new Hit(hits.get(i).imageId(), TopK.rounded(best + inliers[i] + place)));
            }
        }
        return proved;
    }

    /** Inliers of each hit's accepted model, 0 where none was accepted. */
    private int[] inliers(ImageFeatures query, List<Hit> hits, Gallery gallery) throws IOException {
        long[] images = hits.stream().mapToLong(Hit::imageId).toArray();
        if (known.isEmpty()) {
            return verified(query, images, gallery);
        }
        Proofs proofs = known.get();
        int[] inliers = new int[images.length];
        int[] open = new int[images.length];
        int count = 0;
        for (int i = 0; i < images.length; i++) {
            OptionalInt proof = proofs.inliers(query, images[i]);
            inliers[i] = proof.orElse(0);
            if (proof.isEmpty()) {
                open[count++] = i;
            }
        }
        if (count > 0) {
            long[] unknown = new long[count];
            for (int i = 0; i < count; i++) {
                unknown[i] = images[open[i]];
            }
            long start = System.nanoTime();
            int[] found = verified(query, unknown, gallery);
            proofs.put(query, unknown, found, (System.nanoTime() - start) / 1e6);
            for (int i = 0; i < count; i++) {
                inliers[open[i]] = found[i];
            }
        }
        return inliers;
    }

    private int[] verified(ImageFeatures query, long[] ids, Gallery gallery) throws IOException {
        int[] inliers = new int[ids.length];
        try {
            ParallelChunks.run(context, inliers.length, CHUNK, (from, to) -> {
                List<ImageFeatures> images = new ArrayList<>();
                for (int i = from; i < to; i++) {
                    images.add(features(gallery, ids[i]));
                }
                List<Matches> matches = matcher.matchAll(query, images);
                for (int i = from; i < to; i++) {
                    Optional<Verification> verification =
                            verifier.verify(query, images.get(i - from), matches.get(i - from));
                    inliers[i] = verification.map(v -> v.inliers().size()).orElse(0);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return inliers;
    }

    private static ImageFeatures features(Gallery gallery, long id) {
        try {
            return gallery.features(id)
                    .orElseThrow(() -> new IllegalArgumentException(
                            "verify needs local features, and none are kept of image " + id));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
