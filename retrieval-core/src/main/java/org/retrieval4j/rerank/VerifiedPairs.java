package org.retrieval4j.rerank;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Component;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Verification;
import org.retrieval4j.api.Verifier;
import org.retrieval4j.learning.PairFinder;
import org.retrieval4j.learning.ParallelChunks;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code verified}: pairs that verification finds by itself. Each sample picture is searched for by its own descriptor, and
 * the first of its list are verified by geometry: two pictures are a pair if they have enough inliers. So nobody says what
 * shows the same, as with pairs of structure from motion (Radenović, Tolias, Chum: Fine-tuning CNN image retrieval with no
 * human annotation, TPAMI 2018, section 4), and no reconstruction is made.
 *
 * <p>Costs, once, for n sample pictures: n · {@code first} verifications at most, half of them where lists agree (5 to
 * 20 ms each with 500 to 2,000 SIFT features on one thread), and the vectors once more in memory (4 bytes a value).
 */
public final class VerifiedPairs implements PairFinder {
    private static final String NAME = "verified";
    private static final int BLOCK = 64;

    private final Options options;
    private final Matcher matcher;
    private final Verifier verifier;
    private final Components components;

    private VerifiedPairs(Options options, Matcher matcher, Verifier verifier, Components components) {
        this.options = options;
        this.matcher = matcher;
        this.verifier = verifier;
        this.components = components;
    }

    /**
     * Settings.
     *
     * @param first images of each list that are verified, at least 1; more find pairs farther apart
     * @param minInliers a pair has at least so many, 1 or more; more leave out look-alikes, and pairs far apart
     * @param matcher pairs local features
     * @param verifier checks the pairs
     */
    public record Options(int first, int minInliers, ComponentSpec matcher, ComponentSpec verifier) {
        /** Checks ranges. */
        public Options {
            requireNonNull(matcher, "matcher");
            requireNonNull(verifier, "verifier");
            if (first < 1) {
                throw new IllegalArgumentException("first must be at least 1, got " + first);
            }
            if (minInliers < 1) {
                throw new IllegalArgumentException("min-inliers must be at least 1, got " + minInliers);
            }
        }

        /**
         * The first 20, 20 inliers, mutual nearest neighbors, a homography.
         *
         * @return the defaults
         */
        public static Options defaults() {
            return new Options(
                    20, 20, ComponentSpec.parse("mutual-nearest-neighbor"), ComponentSpec.parse("homography"));
        }
    }

    /** Makes {@code verified}. */
    public static final class Provider extends ComponentProvider<PairFinder, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(PairFinder.class, NAME, Options.defaults());
        }

        @Override
        public VerifiedPairs create(Options options, BuildContext context) {
            return create(options, context, Components.load());
        }

        @Override
        public VerifiedPairs create(Options options, BuildContext context, Components components) {
            Matcher matcher = components.create(Matcher.class, options.matcher, context);
            try {
                Verifier verifier = components.create(Verifier.class, options.verifier, context);
                Options canonical = new Options(options.first, options.minInliers, matcher.spec(), verifier.spec());
                return new VerifiedPairs(canonical, matcher, verifier, components);
            } catch (RuntimeException | Error e) {
                matcher.close();
                throw e;
            }
        }

        @Override
        public Options canonical(Options options, Components components) {
            return new Options(
                    options.first,
                    options.minInliers,
                    components.canonical(Matcher.class, options.matcher),
                    components.canonical(Verifier.class, options.verifier));
        }
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
    public Pairs find(BuildContext sample) throws IOException {
        List<int[]> candidates = candidates(sample);
        boolean[][] same = new boolean[candidates.size()][];
        for (int from = 0; from < same.length; from += BLOCK) {
            sample.checkInterrupted();
            int start = from;
            int end = Math.min(same.length, from + BLOCK);
            try {
                ParallelChunks.run(sample, end - start, 1, (a, b) -> {
                    for (int i = start + a; i < start + b; i++) {
                        same[i] = verified(i, candidates.get(i), sample);
                    }
                });
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
            sample.progress().progress("verify pairs", end, same.length);
        }
        List<int[]> pairs = new ArrayList<>();
        for (int i = 0; i < same.length; i++) {
            for (int j = 0; j < same[i].length; j++) {
                if (same[i][j]) {
                    pairs.add(new int[] {i, candidates.get(i)[j]});
                    pairs.add(new int[] {candidates.get(i)[j], i});
                }
            }
        }
        return new Pairs(
                pairs.stream().mapToInt(pair -> pair[0]).toArray(),
                pairs.stream().mapToInt(pair -> pair[1]).toArray());
    }

    /** For each row the later rows that are in its list, or have it in theirs. */
    private List<int[]> candidates(BuildContext sample) {
        float[][] rows = new float[sample.descriptors().size()][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = unit(sample.descriptors().get(i));
        }
        List<TreeSet<Integer>> later = new ArrayList<>();
        for (int i = 0; i < rows.length; i++) {
            later.add(new TreeSet<>());
        }
        if (rows.length > 0) {
            FloatMatrix vectors = FloatMatrix.ofRows(rows);
            ComponentSpec flat = ComponentSpec.parse("flat");
            Neighbors neighbors = Neighbors.find(vectors, options.first + 1, flat, components, sample);
            for (int i = 0; i < rows.length; i++) {
                for (int neighbor : neighbors.of()[i]) {
                    if (neighbor != i) {
                        later.get(Math.min(i, neighbor)).add(Math.max(i, neighbor));
                    }
                }
            }
        }
        return later.stream()
                .map(others -> others.stream().mapToInt(Integer::intValue).toArray())
                .toList();
    }

    private static float[] unit(GlobalDescriptor descriptor) {
        if (!(descriptor instanceof GlobalDescriptor.Dense dense)) {
            throw new IllegalArgumentException("pairs=" + NAME + " takes dense descriptors, got " + descriptor);
        }
        double[] vector = new double[dense.dimension()];
        for (int j = 0; j < vector.length; j++) {
            vector[j] = dense.values()[j];
        }
        return UnitVectors.rounded(UnitVectors.normalize(vector));
    }

    private boolean[] verified(int row, int[] others, BuildContext sample) {
        boolean[] same = new boolean[others.length];
        if (others.length == 0) {
            return same;
        }
        ImageFeatures query = features(row, sample);
        List<ImageFeatures> images = new ArrayList<>();
        for (int other : others) {
            images.add(features(other, sample));
        }
        List<Matches> matches = matcher.matchAll(query, images);
        for (int j = 0; j < same.length; j++) {
            Optional<Verification> found = verifier.verify(query, images.get(j), matches.get(j));
            same[j] = found.isPresent() && found.get().inliers().size() >= options.minInliers;
        }
        return same;
    }

    private static ImageFeatures features(int row, BuildContext sample) {
        try {
            return sample.featuresOf(row)
                    .orElseThrow(() -> new IllegalArgumentException("pairs=" + NAME
                            + " needs the local features of the sample pictures, and none are kept of picture " + row));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
