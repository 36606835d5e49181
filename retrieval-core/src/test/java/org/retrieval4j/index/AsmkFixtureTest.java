package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.fixtures.Fixture;
import org.retrieval4j.index.HammingEmbeddingIndex.Burstiness;

/** Aggregators and indexes of words against the numbers of jenicek/asmk, and of the formulas of Hamming embedding. */
class AsmkFixtureTest {
    private static final int IMAGES = 12;
    private static final double FLOAT32 = 5e-6;

    private final Fixture fixture = Fixture.of("asmk");

    private List<ImageFeatures> images(String descriptors, String numbers) {
        int[] image = fixture.array(numbers).toInts();
        int count = Arrays.stream(image).max().orElseThrow() + 1;
        List<ImageFeatures> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int which = i;
            int[] rows = java.util.stream.IntStream.range(0, image.length)
                    .filter(row -> image[row] == which)
                    .toArray();
            images.add(ImageFeatures.ofDescriptors(fixture.matrix(descriptors).select(rows)));
        }
        return images;
    }

    private Aggregator aggregator(boolean binary, int queryAssignments) {
        return Components.load()
                .create(
                        Aggregator.class,
                        "asmk(codebook=centroids.npy,binary=" + binary + ",query-assignments=" + queryAssignments + ")",
                        fixture.context());
    }

    private void assertSimilarities(boolean binary, int assignments, AsmkIndex.Options options, String expected)
            throws IOException {
        try (Aggregator aggregator = aggregator(binary, assignments)) {
            List<GlobalDescriptor> stored = aggregator.aggregateAll(images("db", "db_image"));
            List<GlobalDescriptor> queries = aggregator.aggregateQueries(images("q", "q_image"));
            try (Index index = AsmkIndex.open(options, BuildContext.defaults().withDescriptors(stored))) {
                long[] ids = new long[IMAGES];
                Arrays.setAll(ids, i -> i);
                index.putAll(ids, stored);
                for (int q = 0; q < queries.size(); q++) {
                    double[] row = fixture.row(expected, q);
                    for (Hit hit :
                            index.search(queries.get(q), SearchOptions.top(12)).hits()) {
                        assertThat((double) hit.score())
                                .isCloseTo(row[(int) hit.imageId()], within(binary ? 1e-7 : FLOAT32));
                    }
                }
            }
            if (binary && !options.idf()) {
                assertInDouble(options, stored, queries, expected);
            }
        }
    }

    /** What the index computes before scores are rounded. */
    private void assertInDouble(
            AsmkIndex.Options options, List<GlobalDescriptor> stored, List<GlobalDescriptor> queries, String expected) {
        WordWeights weights = WordWeights.of(false, ComponentState.EMPTY);
        WordMatching matching = AsmkIndex.matching(options);
        for (int q = 0; q < queries.size(); q++) {
            Words query = (Words) queries.get(q);
            double[] similarities = new double[IMAGES];
            for (int i = 0; i < IMAGES; i++) {
                Words image = (Words) stored.get(i);
                WordMatching.Scorer scorer = matching.scorer(query);
                double[] sum = new double[1];
                int[] posting = new int[WordSegment.Shape.of(image).columns()];
                for (int entry = 0; entry < query.words().length; entry++) {
                    int there = Arrays.binarySearch(image.words(), query.words()[entry]);
                    if (there >= 0) {
                        WordSegment.put(image, there, 0, posting, 0);
                        scorer.add(entry, posting, 1, 1, sum);
                    }
                }
                similarities[i] = sum[0] / (matching.norm(query, weights) * matching.norm(image, weights));
            }
            Fixture.assertClose(similarities, fixture.row(expected, q), 1e-12);
        }
    }

    @Test
    void similaritiesOfResiduals() throws IOException {
        AsmkIndex.Options options = AsmkIndex.Options.defaults();
        assertSimilarities(false, 1, options, "asmk_ma1");
        assertSimilarities(false, 5, options, "asmk_ma5");
        assertSimilarities(false, 1, options.withIdf(true), "asmk_idf_ma1");
        assertSimilarities(false, 5, options.withIdf(true), "asmk_idf_ma5");
        assertSimilarities(false, 1, options.withAlpha(2).withThreshold(0.25), "asmk_alpha2_tau025");
    }

    @Test
    void similaritiesOfSignatures() throws IOException {
        AsmkIndex.Options options = AsmkIndex.Options.defaults();
        assertSimilarities(true, 1, options, "asmkstar_ma1");
        assertSimilarities(true, 5, options, "asmkstar_ma5");
        assertSimilarities(true, 1, options.withIdf(true), "asmkstar_idf_ma1");
        assertSimilarities(true, 5, options.withIdf(true), "asmkstar_idf_ma5");
    }

    @Test
    void wordsResidualsAndSignsOfAnImage() {
        ImageFeatures image = images("db", "db_image").get(0);
        int[] expected = fixture.array("agg0_words").toInts();
        try (Aggregator real = aggregator(false, 1);
                Aggregator binary = aggregator(true, 1)) {
            Words residuals = (Words) real.aggregate(image);
            assertThat(residuals.words()).isEqualTo(expected);
            Fixture.assertClose(
                    ((Words.Residuals) residuals.values()).vectors().toArray(), fixture.doubles("agg0_real"), 1e-7);
            Words signatures = (Words) binary.aggregate(image);
            assertThat(signatures.words()).isEqualTo(expected);
            int[] signs = fixture.array("agg0_sign").toInts();
            for (int i = 0; i < signs.length; i++) {
                long bit = ((Words.Signatures) signatures.values()).packed()[i / 32] >>> i % 32 & 1;
                assertThat(2 * bit - 1).as("bit %d", i).isEqualTo(signs[i]);
            }
        }
    }

    @Test
    void anImageHasSimilarityOneWithItself() throws IOException {
        for (boolean binary : new boolean[] {true, false}) {
            try (Aggregator aggregator = aggregator(binary, 1);
                    Index index = AsmkIndex.open(AsmkIndex.Options.defaults(), BuildContext.defaults())) {
                List<ImageFeatures> images = images("db", "db_image");
                for (int id = 0; id < IMAGES; id++) {
                    index.putAll(new long[] {id}, List.of(aggregator.aggregate(images.get(id))));
                    Hit first = index.search(aggregator.aggregateQuery(images.get(id)), SearchOptions.top(1))
                            .hits()
                            .get(0);
                    assertThat(first.imageId()).isEqualTo(id);
                    assertThat(first.score()).isCloseTo(1, within(binary ? 0f : 2e-5f));
                }
            }
        }
    }

    private Aggregator embedding(String parameters, BuildContext context) {
        return Components.load()
                .create(
                        Aggregator.class,
                        "hamming-embedding(codebook=he_centres.npy,projection=he_projection.npy," + parameters + ")",
                        context);
    }

    private Words embedded(Aggregator aggregator, String image) {
        return (Words) aggregator.aggregate(ImageFeatures.ofDescriptors(fixture.matrix(image)));
    }

    @Test
    void thresholdsAreMedians() {
        ImageFeatures sample = ImageFeatures.ofDescriptors(fixture.matrix("he_train"));
        try (Aggregator learned = embedding("bits=64", fixture.context().withImages(List.of(sample)));
                Aggregator given = embedding("thresholds=he_thresholds.npy", fixture.context())) {
            Fixture.assertClose(
                    learned.state().array("thresholds").toArray(), fixture.doubles("he_thresholds"), FLOAT32);
            assertThat(embedded(given, "he_b").words())
                    .isEqualTo(embedded(learned, "he_b").words());
        }
    }

    @Test
    void wordsAndSignaturesOfDescriptors() {
        try (Aggregator aggregator = embedding("thresholds=he_thresholds.npy", fixture.context())) {
            for (String image : List.of("a", "b")) {
                int[] words = fixture.array("he_words_" + image).toInts();
                int[] bits = fixture.array("he_sig_" + image).toInts();
                List<String> expected = new ArrayList<>();
                List<String> found = new ArrayList<>();
                Words embedded = embedded(aggregator, "he_" + image);
                for (int i = 0; i < words.length; i++) {
                    long signature = 0;
                    for (int bit = 0; bit < 64; bit++) {
                        signature |= (long) bits[i * 64 + bit] << bit;
                    }
                    expected.add(words[i] + " " + signature);
                    found.add(embedded.words()[i] + " " + ((Words.Signatures) embedded.values()).packed()[i]);
                }
                assertThat(found).containsExactlyInAnyOrderElementsOf(expected);
            }
        }
    }

    @Test
    void matchesAndTheirWeights() {
        try (Aggregator aggregator = embedding("thresholds=he_thresholds.npy", fixture.context())) {
            Words a = embedded(aggregator, "he_a");
            Words b = embedded(aggregator, "he_b");
            WordMatching.Scorer scorer = HammingEmbeddingIndex.matching(
                            HammingEmbeddingIndex.Options.defaults().withBurstiness(Burstiness.NONE))
                    .scorer(a);
            int[] posting = new int[WordSegment.Shape.of(b).columns()];
            List<Double> weights = new ArrayList<>();
            List<Integer> distances = new ArrayList<>();
            for (int i = 0; i < a.words().length; i++) {
                for (int j = 0; j < b.words().length; j++) {
                    double[] weight = new double[1];
                    WordSegment.put(b, j, 0, posting, 0);
                    scorer.add(i, posting, 1, 1, weight);
                    if (a.words()[i] == b.words()[j] && weight[0] > 0) {
                        weights.add(weight[0]);
                        distances.add(RandomWords.distance(a, i, b, j));
                    }
                }
            }
            double[] expected = fixture.doubles("he_weights");
            Arrays.sort(expected);
            Fixture.assertClose(
                    weights.stream().sorted().mapToDouble(weight -> weight).toArray(), expected, 1e-12);
            int[] matches = fixture.array("he_matches").toInts();
            List<Integer> matched = new ArrayList<>();
            for (int m = 2; m < matches.length; m += 3) {
                matched.add(matches[m]);
            }
            assertThat(distances).containsExactlyInAnyOrderElementsOf(matched);
        }
    }

    @Test
    void scoresByBurstiness() throws IOException {
        double[] expected = fixture.doubles("he_scores");
        try (Aggregator aggregator = embedding("thresholds=he_thresholds.npy", fixture.context())) {
            for (Burstiness burstiness : Burstiness.values()) {
                HammingEmbeddingIndex.Options options = HammingEmbeddingIndex.Options.defaults()
                        .withBurstiness(burstiness)
                        .withIdf(false)
                        .withNormalize(false);
                try (Index index = HammingEmbeddingIndex.open(options, BuildContext.defaults())) {
                    index.putAll(new long[] {1}, List.of(embedded(aggregator, "he_b")));
                    Hit hit = index.search(embedded(aggregator, "he_a"), SearchOptions.top(1))
                            .hits()
                            .get(0);
                    assertThat((double) hit.score()).isCloseTo(expected[burstiness.ordinal()], within(1e-6));
                }
            }
        }
    }
}
