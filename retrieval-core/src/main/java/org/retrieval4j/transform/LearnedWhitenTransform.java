package org.retrieval4j.transform;

import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Transform;
import org.retrieval4j.learning.GivenArray;
import org.retrieval4j.learning.LearnedWhitening;
import org.retrieval4j.learning.PairFinder;
import org.retrieval4j.spi.ComponentProvider;

/**
 * {@code learned-whiten}: a projection learned from pairs of pictures that show the same, then L2.
 *
 * <p>See {@link LearnedWhitening}. The pairs are rows of the sample: {@code queries=Q.npy,positives=P.npy}, or all pairs
 * within the groups of {@code labels=L.npy}; or they are found by {@code pairs=verified}, which searches the sample by its
 * own descriptors and verifies by geometry: wherever a spec is learned, in a database, an experiment, or Java, and without
 * anything being labeled. Long descriptors are shortened before, since learning costs O(d³): {@code vlad |
 * pca(dimension=128) | learned-whiten(pairs=verified,shrinkage=0.1)}.
 */
public final class LearnedWhitenTransform extends ProjectionTransform {
    private static final String NAME = "learned-whiten";

    private LearnedWhitenTransform(Options options, ComponentState state, BuildContext context) {
        super(new Provider().specOf(options), state, true, context);
    }

    /**
     * Settings.
     *
     * @param dimension number of values kept; all of the sample's if not given
     * @param queries file of the first vector of each pair, rows of the sample
     * @param positives file of the second vector of each pair, rows of the sample
     * @param labels file of one group a sample vector, in place of pairs; vectors with a negative one match nothing
     * @param mean file of a given mean, d values; zeros if a projection is given alone
     * @param projection file of a given matrix, in rows, of which the first {@code dimension} are taken
     * @param pairs finds pairs in the sample, a {@link PairFinder}
     * @param shrinkage how little the pairs are trusted, 0 (if not given) to 1; needed where there are not many more
     *     pairs than dimensions
     */
    public record Options(
            Optional<Integer> dimension,
            Optional<String> queries,
            Optional<String> positives,
            Optional<String> labels,
            Optional<String> mean,
            Optional<String> projection,
            Optional<ComponentSpec> pairs,
            Optional<Double> shrinkage) {
        /** Checks ranges and what stands together. */
        public Options {
            requirePositive(dimension);
            if (queries.isPresent() != positives.isPresent()) {
                throw new IllegalArgumentException("queries and positives must be given together");
            }
            int ways = (queries.isPresent() ? 1 : 0)
                    + (labels.isPresent() ? 1 : 0)
                    + (projection.isPresent() ? 1 : 0)
                    + (pairs.isPresent() ? 1 : 0);
            if (ways > 1) {
                throw new IllegalArgumentException(
                        "one of queries and positives, labels, pairs, and projection must be given, got " + ways);
            }
            if (shrinkage.isPresent() && !(shrinkage.get() >= 0 && shrinkage.get() <= 1)) {
                throw new IllegalArgumentException("shrinkage must be 0 to 1, got " + shrinkage.get());
            }
            if (mean.isPresent() && projection.isEmpty()) {
                throw new IllegalArgumentException("mean is given, so projection must be, too");
            }
        }

        private Options named(int rows, Optional<String> m, Optional<String> p) {
            return new Options(Optional.of(rows), queries, positives, labels, m, p, pairs, shrinkage);
        }

        private Options withPairs(int rows, Optional<String> q, Optional<String> p, Optional<String> l) {
            return new Options(Optional.of(rows), q, p, l, mean, projection, pairs, shrinkage);
        }

        private Options withFinder(Optional<Integer> rows, ComponentSpec finder) {
            return new Options(rows, queries, positives, labels, mean, projection, Optional.of(finder), shrinkage);
        }
    }

    /** Makes {@code learned-whiten}. */
    public static final class Provider extends ComponentProvider<Transform, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(
                    Transform.class,
                    NAME,
                    new Options(
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty()));
        }

        @Override
        public LearnedWhitenTransform create(Options options, BuildContext context, Components components)
                throws IOException {
            if (options.pairs.isEmpty()) {
                return create(options, context);
            }
            try (PairFinder finder = components.create(PairFinder.class, options.pairs.get(), context)) {
                FloatMatrix sample = sample(NAME, context.descriptors());
                if (sample.rows() != context.descriptors().size()) {
                    throw new IllegalArgumentException(NAME + ": pairs are of pictures with one vector each");
                }
                PairFinder.Pairs found = finder.find(context);
                if (found.queries().length == 0) {
                    throw new IllegalArgumentException(NAME + ": none of " + sample.rows()
                            + " sample pictures are a pair by " + finder.spec() + "; there is nothing to learn from");
                }
                int dimension = options.dimension.orElse(sample.columns());
                return learned(
                        options.withFinder(options.dimension, finder.spec()),
                        LearnedWhitening.learn(
                                sample,
                                found.queries(),
                                found.positives(),
                                dimension,
                                options.shrinkage.orElse(0.0),
                                context),
                        context);
            }
        }

        @Override
        public Options canonical(Options options, Components components) {
            return options.pairs.isEmpty()
                    ? options
                    : options.withFinder(
                            options.dimension, components.canonical(PairFinder.class, options.pairs.get()));
        }

        @Override
        public LearnedWhitenTransform create(Options options, BuildContext context) throws IOException {
            if (options.pairs.isPresent()) {
                return create(options, context, Components.load());
            }
            if (options.projection.isPresent()) {
                ComponentState given = given(NAME, options.mean, options.projection.get(), options.dimension, context);
                Options named = options.named(
                        given.array(PROJECTION).rows(),
                        Optional.of(GivenArray.nameOf(given.array(MEAN))),
                        Optional.of(GivenArray.nameOf(given.array(PROJECTION))));
                return new LearnedWhitenTransform(named, given, context);
            }
            FloatMatrix sample = sample(NAME, context.descriptors());
            int dimension = options.dimension.orElse(sample.columns());
            if (options.labels.isPresent()) {
                int[] labels = GivenArray.integers(NAME + ": labels", options.labels.get(), context);
                int[][] pairs = pairs(labels, sample.rows());
                Options named = options.withPairs(
                        dimension, Optional.empty(), Optional.empty(), Optional.of(GivenArray.nameOf(labels)));
                return learned(
                        named,
                        LearnedWhitening.learn(
                                sample, pairs[0], pairs[1], dimension, options.shrinkage.orElse(0.0), context),
                        context);
            }
            if (options.queries.isEmpty()) {
                throw new IllegalArgumentException(NAME
                        + " needs pairs to learn from: pairs=verified, or queries=FILE and positives=FILE, or labels=FILE; or"
                        + " projection=FILE and mean=FILE");
            }
            int[] queries = GivenArray.integers(NAME + ": queries", options.queries.get(), context);
            int[] positives = GivenArray.integers(NAME + ": positives", options.positives.orElseThrow(), context);
            Options named = options.withPairs(
                    dimension,
                    Optional.of(GivenArray.nameOf(queries)),
                    Optional.of(GivenArray.nameOf(positives)),
                    Optional.empty());
            return learned(
                    named,
                    LearnedWhitening.learn(
                            sample, queries, positives, dimension, options.shrinkage.orElse(0.0), context),
                    context);
        }

        @Override
        public LearnedWhitenTransform open(Options options, ComponentState state, BuildContext context) {
            return new LearnedWhitenTransform(options, state, context);
        }

        private static LearnedWhitenTransform learned(Options named, LearnedWhitening whitening, BuildContext context) {
            return new LearnedWhitenTransform(named, state(whitening.mean(), whitening.projection()), context);
        }
    }

    // every vector with every later one of its group
    private static int[][] pairs(int[] labels, int rows) {
        if (labels.length != rows) {
            throw new IllegalArgumentException(
                    NAME + ": there must be one label a sample vector, got " + labels.length + " for " + rows);
        }
        IntStream.Builder queries = IntStream.builder();
        IntStream.Builder positives = IntStream.builder();
        int[] order = IntStream.range(0, rows).filter(i -> labels[i] >= 0).toArray();
        Integer[] sorted = Arrays.stream(order).boxed().toArray(Integer[]::new);
        Arrays.sort(sorted, java.util.Comparator.comparingInt(i -> labels[i])); // stable: rows ascend in a group
        for (int i = 0; i < sorted.length; i++) {
            for (int j = i + 1; j < sorted.length && labels[sorted[j]] == labels[sorted[i]]; j++) {
                queries.add(sorted[i]);
                positives.add(sorted[j]);
            }
        }
        return new int[][] {queries.build().toArray(), positives.build().toArray()};
    }
}
