package org.retrieval4j.aggregation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.AggregatorContract;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.fixtures.Fixture;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;

class AsmkAggregatorTest extends AggregatorContract {
    private static final Kernels SCALAR = KernelCatalog.load().get("scalar");

    @Override
    protected String spec() {
        return "asmk(words=30)";
    }

    @Nested
    class Residuals extends AggregatorContract {
        @Override
        protected String spec() {
            return "asmk(words=100,binary=false,assignments=2,query-assignments=3,probes=4)";
        }
    }

    @Nested
    class Embedding extends AggregatorContract {
        @Override
        protected String spec() {
            return "hamming-embedding(words=50,bits=12,probes=3)";
        }
    }

    @Test
    void aQueryCountsToSeveralWords() {
        Fixture fixture = Fixture.of("asmk");
        ImageFeatures query = ImageFeatures.ofDescriptors(fixture.matrix("q").rows(0, 1));
        int[] nearest = Arrays.copyOf(fixture.array("query_assign5").toInts(), 5);
        try (Aggregator aggregator =
                Components.load().create(Aggregator.class, "asmk(codebook=centroids.npy)", fixture.context())) {
            assertThat(((Words) aggregator.aggregate(query)).words()).containsExactly(nearest[0]);
            Arrays.sort(nearest);
            assertThat(((Words) aggregator.aggregateQuery(query)).words()).isEqualTo(nearest);
        }
    }

    @Test
    void aDescriptorOnItsWordHasNoBits() {
        FloatMatrix words = Fixture.of("asmk").matrix("centroids");
        try (Aggregator aggregator = Components.load()
                .create(
                        Aggregator.class,
                        "asmk(codebook=centroids.npy)",
                        Fixture.of("asmk").context())) {
            Words image = (Words) aggregator.aggregate(ImageFeatures.ofDescriptors(words.rows(3, 4)));
            assertThat(image).isEqualTo(new Words(20, new int[] {3}, new Words.Signatures(32, new long[] {0})));
        }
    }

    @Test
    void severalWordsOfEveryDescriptorComeInOrder() {
        Fixture fixture = Fixture.of("asmk");
        FloatMatrix queries = fixture.matrix("q");
        int[] expected = fixture.array("query_assign5").toInts();
        List<Integer> found = new ArrayList<>();
        try (WordGroups groups = new WordGroups(fixture.matrix("centroids"), ComponentState.EMPTY, 5, SCALAR)) {
            groups.finder(5).forEach(queries, (words, distances) -> {
                assertThat(distances).isSorted();
                Arrays.stream(words).forEach(found::add);
            });
        }
        assertThat(found.stream().mapToInt(word -> word).toArray()).isEqualTo(expected);
    }

    private static FloatMatrix random(long seed, int rows, int columns) {
        Random random = new Random(seed);
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return FloatMatrix.of(rows, columns, values);
    }

    private static List<int[]> words(FloatMatrix x, FloatMatrix codebook, int probes, int r, Kernels kernels) {
        Map<String, FloatMatrix> arrays =
                new TreeMap<>(WordGroups.learn(codebook, probes, kernels, BuildContext.defaults()));
        List<int[]> all = new ArrayList<>();
        try (WordGroups groups = new WordGroups(codebook, ComponentState.ofArrays(arrays), probes, kernels)) {
            groups.finder(r).forEach(x, (words, distances) -> all.add(words.clone()));
            if (r == 1) {
                int[] ids = groups.assign(x, BuildContext.defaults());
                assertThat(ids)
                        .isEqualTo(all.stream().mapToInt(words -> words[0]).toArray());
            }
        }
        return all;
    }

    @Test
    void moreProbesFindMoreOfTheNearestWords() {
        FloatMatrix codebook = random(1, 900, 8);
        FloatMatrix x = random(2, 1500, 8);
        List<int[]> exact = words(x, codebook, 30, 3, SCALAR);
        for (int i = 0; i < 50; i++) {
            assertThat(exact.get(i)).isEqualTo(nearest(x, i, codebook));
        }
        double before = 0;
        for (int probes : new int[] {1, 4, 29}) {
            List<int[]> found = words(x, codebook, probes, 3, SCALAR);
            double recall = 0;
            for (int i = 0; i < 1500; i++) {
                recall += found.get(i)[0] == exact.get(i)[0] ? 1 / 1500.0 : 0;
            }
            assertThat(recall).isGreaterThan(before);
            before = recall;
        }
        assertThat(before).isGreaterThan(0.999);
    }

    private static int[] nearest(FloatMatrix x, int row, FloatMatrix codebook) {
        return java.util.stream.IntStream.range(0, codebook.rows())
                .boxed()
                .sorted(java.util.Comparator.comparingDouble(
                        word -> Kernels.fixedOrderSquaredDistance(x.array(), row * 8, codebook.array(), word * 8, 8)))
                .limit(3)
                .mapToInt(word -> word)
                .toArray();
    }

    @Test
    void wordsDoNotDependOnKernels() {
        FloatMatrix codebook = random(1, 400, 8);
        FloatMatrix x = random(2, 300, 8);
        for (Kernels kernels : KernelCatalog.load().kernels()) {
            if (kernels.unavailable().isPresent()) {
                continue;
            }
            for (int r : new int[] {1, 5}) {
                assertThat(words(x, codebook, 3, r, kernels))
                        .usingRecursiveComparison()
                        .isEqualTo(words(x, codebook, 3, r, SCALAR));
            }
        }
    }

    @Test
    void groupsOfFewWordsAreNotAllThatIsLookedInto() {
        // 16 groups of a word each and one of all others: a probe of the former finds one word
        float[] values = new float[300 * 2];
        for (int i = 0; i < 300; i++) {
            values[2 * i] = i < 17 ? 1000 * (i + 1) : i * 1e-3f;
        }
        FloatMatrix codebook = FloatMatrix.of(300, 2, values);
        FloatMatrix x = FloatMatrix.of(1, 2, new float[] {17_000, 0});
        assertThat(words(x, codebook, 1, 3, SCALAR).get(0)).containsExactly(16, 15, 14);
    }

    @Test
    void refusesGroupsThatAreNone() {
        FloatMatrix codebook = random(1, 9, 2);
        FloatMatrix centers = random(2, 2, 2);
        for (float[] groups : List.of(
                new float[] {0, 0, 0, 0, 0, 0, 0, 0, 0},
                new float[] {0, 1, 0, 2, 0, 0, 0, 0, 0},
                new float[] {0, 1, 0, 0.5f, 0, 0, 0, 0, 0},
                new float[] {0, 1, 0, Float.NaN, 0, 0, 0, 0, 0},
                new float[] {0, 1})) {
            ComponentState state = ComponentState.ofArrays(
                    Map.of("group-centers", centers, "word-groups", FloatMatrix.of(1, groups.length, groups)));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new WordGroups(codebook, state, 1, SCALAR))
                    .withMessageContaining("word-groups must");
        }
    }

    @Test
    void refusesWhatItCannotMake() {
        BuildContext given = Fixture.of("asmk").context();
        assertRefused("asmk(words=0)", given, "words must be at least 1, got 0");
        assertRefused("asmk(probes=0)", given, "probes must be at least 1, got 0");
        assertRefused("asmk(assignments=0)", given, "assignments must be at least 1, got 0");
        assertRefused("asmk(codebook=centroids.npy,words=21)", given, "must be 20", "got 21");
        assertRefused("asmk(codebook=centroids.npy,query-assignments=21)", given, "at most 20", "got 21");
        assertRefused("asmk(words=100)", given, "give sample pictures");
        assertRefused("hamming-embedding(bits=0)", given, "bits must be at least 1, got 0");
        assertRefused("hamming-embedding(thresholds=he_thresholds.npy)", given, "given too");
        assertRefused(
                "hamming-embedding(codebook=he_centres.npy,bits=65)",
                given.withImages(List.of(picture(new Random(1), 9))),
                "at most 64",
                "got 65");
        assertRefused(
                "hamming-embedding(codebook=he_centres.npy,projection=he_centres.npy,thresholds=he_thresholds.npy)",
                given,
                "projection must be 64 x 64, got 6 x 64");
    }

    private static void assertRefused(String spec, BuildContext context, String... parts) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Components.load().create(Aggregator.class, spec, context))
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }
}
