package org.retrieval4j.rerank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.index.FlatIndex;

class FusionTest {
    private static final Components COMPONENTS = Components.of(List.of(
            new ReciprocalRankFusion.Provider(),
            new ScoreFusion.Provider(),
            new QueryAdaptiveFusion.Provider(),
            new QueryExpansion.Provider(),
            new DiscriminativeExpansion.Provider(),
            new DatabaseAugmentation.Provider(),
            new Diffusion.Provider(),
            new KReciprocal.Provider(),
            new FlatIndex.Provider()));
    private static final double[] EVEN = {1, 1};

    private static SearchResult list(Object... idsAndScores) {
        List<Hit> hits = new ArrayList<>();
        for (int i = 0; i < idsAndScores.length; i += 2) {
            hits.add(new Hit((Integer) idsAndScores[i], ((Number) idsAndScores[i + 1]).floatValue()));
        }
        return new SearchResult(hits);
    }

    private static Fusion fusion(String spec) {
        return COMPONENTS.create(Fusion.class, spec);
    }

    private static void assertScores(SearchResult actual, Map<Long, Double> expected) {
        assertThat(actual.hits()).hasSize(expected.size());
        float before = Float.POSITIVE_INFINITY;
        for (Hit hit : actual.hits()) {
            assertThat((double) hit.score()).isEqualTo(expected.getOrDefault(hit.imageId(), Double.NaN), within(1e-6));
            assertThat(hit.score()).isLessThanOrEqualTo(before);
            before = hit.score();
        }
    }

    @Test
    void reciprocalRanksAreThoseOfThePaper() {
        SearchResult a = list(7, 0.9, 3, 0.5, 5, 0.1);
        SearchResult b = list(3, 12, 5, 11);
        assertScores(
                fusion("reciprocal-rank").fuse(List.of(a, b), EVEN),
                Map.of(7L, 1 / 61.0, 3L, 1 / 62.0 + 1 / 61.0, 5L, 1 / 63.0 + 1 / 62.0));
        assertScores(
                fusion("reciprocal-rank(k=0)").fuse(List.of(a, b), new double[] {2, 0.5}),
                Map.of(7L, 2.0, 3L, 1 + 0.5, 5L, 2 / 3.0 + 0.25));
    }

    @Test
    void minMaxGivesEachListOneToZero() {
        SearchResult a = list(7, 0.9, 3, 0.5, 5, 0.1);
        SearchResult b = list(3, -2, 9, -4, 5, -6);
        assertScores(
                fusion("score-sum").fuse(List.of(a, b), new double[] {1, 3}),
                // 9 is missing from a, 7 from b: as the last
                Map.of(7L, 1.0, 3L, 0.5 + 3, 5L, 0.0, 9L, 1.5));
    }

    @Test
    void zScoresAreStandardized() {
        SearchResult a = list(7, 3, 3, 2, 5, 1);
        SearchResult b = list(7, 5, 3, 1);
        double z = Math.sqrt(1.5);
        assertScores(
                fusion("score-sum(normalization=z-score)").fuse(List.of(a, b), EVEN),
                Map.of(7L, z + 1, 3L, -1.0, 5L, -z - 1));
    }

    @Test
    void aListThatTellsNothingChangesNothing() {
        SearchResult a = list(7, 0.9, 3, 0.5, 5, 0.1);
        SearchResult equal = list(3, 0.3, 5, 0.3, 7, 0.3);
        SearchResult empty = list();
        for (String spec : List.of("score-sum", "score-sum(normalization=z-score)", "query-adaptive")) {
            for (SearchResult other : List.of(equal, empty)) {
                assertThat(fusion(spec).fuse(List.of(a, other), EVEN).hits())
                        .as("%s and %s", spec, other)
                        .extracting(Hit::imageId)
                        .containsExactly(7L, 3L, 5L);
            }
            assertThat(fusion(spec).fuse(List.of(empty, empty), EVEN).hits()).isEmpty();
        }
    }

    @Test
    void adaptiveWeightsAreThoseOfTheAreas() {
        // curves 1, 0.2, 0 and 1, 0.8, 0: areas 0.4 and 0.6
        SearchResult sure = list(1, 10, 2, 2, 3, 0);
        SearchResult unsure = list(2, 1, 1, 0.8, 3, 0);
        double w = (1 / 0.4) / (1 / 0.4 + 1 / 0.6);
        assertScores(
                fusion("query-adaptive").fuse(List.of(sure, unsure), EVEN),
                Map.of(1L, (1 - w) * Math.log(0.8), 2L, w * Math.log(0.2), 3L, Math.log(1e-6)));
        // the sure list decides; alike ones would leave it to the sum
        assertThat(fusion("query-adaptive")
                        .fuse(List.of(sure, unsure), EVEN)
                        .hits()
                        .get(0)
                        .imageId())
                .isEqualTo(1);
    }

    @Test
    void refusesWhatIsNoWeight() {
        for (String spec : List.of("reciprocal-rank", "score-sum", "query-adaptive")) {
            assertThatThrownBy(() -> fusion(spec).fuse(List.of(list(1, 1)), EVEN))
                    .hasMessageContaining("one weight a list, got 2 for 1");
            assertThatThrownBy(() -> fusion(spec).fuse(List.of(list(1, 1)), new double[] {0}))
                    .hasMessageContaining("above 0");
            assertThatThrownBy(() -> fusion(spec + "(first=0)"))
                    .hasMessageContaining("first must be at least 1, got 0");
            assertThat(ComponentSpec.parse(fusion(spec).spec().toString()))
                    .isEqualTo(fusion(spec).spec());
        }
    }

    // ---- galleries

    private static final int IMAGES = 40;

    /** Images of eight groups; each descriptor confuses other groups. */
    private record World(List<GlobalDescriptor> a, List<GlobalDescriptor> b) {
        static World of(long seed) {
            Random random = new Random(seed);
            List<GlobalDescriptor> a = new ArrayList<>();
            List<GlobalDescriptor> b = new ArrayList<>();
            for (int i = 0; i < IMAGES; i++) {
                int group = i / 5;
                a.add(vector(group / 2, 6, random));
                b.add(vector(group % 4, 9, random));
            }
            return new World(a, b);
        }

        private static GlobalDescriptor vector(int axis, int dimension, Random random) {
            float[] values = new float[dimension];
            for (int j = 0; j < dimension; j++) {
                values[j] = (float) (0.25 * random.nextGaussian()) + (j == axis ? 1 : 0);
            }
            return new GlobalDescriptor.Dense(values);
        }
    }

    private static IndexGallery gallery(Index index, List<GlobalDescriptor> descriptors) {
        long[] ids = new long[descriptors.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = i;
        }
        index.putAll(ids, descriptors);
        return new IndexGallery(index, new FeatureSource() {
            @Override
            public Optional<ImageFeatures> features(long imageId) {
                return Optional.empty();
            }

            @Override
            public Optional<GlobalDescriptor> descriptor(long imageId) {
                return Optional.of(descriptors.get((int) imageId));
            }
        });
    }

    private static Extraction query(World world, int image) {
        return FusedGallery.query(List.of(
                new Extraction(Map.of(), Optional.of(world.a.get(image))),
                new Extraction(Map.of(), Optional.of(world.b.get(image)))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"reciprocal-rank(first=8)", "score-sum(first=8)", "query-adaptive(first=8)"})
    void moreHitsAskedForDoNotChangeTheFirst(String spec) throws Exception {
        World world = World.of(6);
        try (Index first = COMPONENTS.create(Index.class, "flat");
                Index second = COMPONENTS.create(Index.class, "flat")) {
            FusedGallery fused = new FusedGallery(
                    List.of(
                            new FusedGallery.Member("a", gallery(first, world.a), 1),
                            new FusedGallery.Member("b", gallery(second, world.b), 1)),
                    fusion(spec));
            for (int image = 0; image < 20; image++) {
                List<Extraction> query = List.of(query(world, image));
                List<Hit> few =
                        fused.searchAll(query, SearchOptions.top(8)).get(0).hits();
                List<Hit> all =
                        fused.searchAll(query, SearchOptions.top(IMAGES)).get(0).hits();
                assertThat(all).hasSize(IMAGES).doesNotHaveDuplicates();
                assertThat(all.subList(0, 8)).isEqualTo(few);
                assertThat(all).isSortedAccordingTo((x, y) -> Float.compare(y.score(), x.score()));
            }
        }
    }

    private static double rightAmongFirst(SearchResult result, int image) {
        return result.hits().stream()
                        .filter(hit -> hit.imageId() / 5 == image / 5)
                        .count()
                / 5.0;
    }

    @ParameterizedTest
    @ValueSource(strings = {"reciprocal-rank", "score-sum", "score-sum(normalization=z-score)", "query-adaptive"})
    void twoDescriptorsTogetherTellWhatNeitherTells(String spec) throws Exception {
        World world = World.of(3);
        try (Index first = COMPONENTS.create(Index.class, "flat");
                Index second = COMPONENTS.create(Index.class, "flat")) {
            FusedGallery fused = new FusedGallery(
                    List.of(
                            new FusedGallery.Member("a", gallery(first, world.a), 1),
                            new FusedGallery.Member("b", gallery(second, world.b), 1)),
                    fusion(spec));
            double[] right = new double[3];
            for (int image = 0; image < IMAGES; image++) {
                List<Extraction> query = List.of(query(world, image));
                SearchOptions top = SearchOptions.top(5);
                right[0] +=
                        rightAmongFirst(fused.member(0).searchAll(query, top).get(0), image) / IMAGES;
                right[1] +=
                        rightAmongFirst(fused.member(1).searchAll(query, top).get(0), image) / IMAGES;
                right[2] += rightAmongFirst(fused.searchAll(query, top).get(0), image) / IMAGES;
            }
            assertThat(right[2]).isGreaterThan(Math.max(right[0], right[1]) + 0.2);
            assertThat(right[2]).isGreaterThan(0.8);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "qe(k=4,alpha=1)",
                "dqe(k=3,negatives=10)",
                "dba(k=3)",
                "k-reciprocal(k1=5,k2=2)",
                "diffusion(kd=6,kq=3)",
                "dba(k=3) | qe(k=3)"
            })
    void stagesThatCompareVectorsStandBehindIt(String stages) throws Exception {
        World world = World.of(4);
        try (Index first = COMPONENTS.create(Index.class, "flat");
                Index second = COMPONENTS.create(Index.class, "flat");
                Reranking reranking = Reranking.open(
                        new FusedGallery(
                                List.of(
                                        new FusedGallery.Member("a", gallery(first, world.a), 1),
                                        new FusedGallery.Member("b", gallery(second, world.b), 1)),
                                fusion("score-sum")),
                        ComponentSpec.parse(stages),
                        COMPONENTS,
                        BuildContext.defaults())) {
            double right = 0;
            for (int image = 0; image < IMAGES; image++) {
                SearchResult found = reranking
                        .gallery()
                        .searchAll(List.of(query(world, image)), SearchOptions.top(5))
                        .get(0);
                right += rightAmongFirst(found, image) / IMAGES;
            }
            assertThat(right).isGreaterThan(0.7); // one descriptor alone cannot tell half of them
            assertThat(reranking.stages()).startsWith("a", "b", "score-sum");
            assertThat(reranking
                            .explain(query(world, 7), SearchOptions.top(1), List.of(new Hit(7, 1)))
                            .get(0))
                    .startsWith(1, 1, 1);
        }
    }

    @Test
    void filtersReachTheMembersAndScoresTheEnd() throws Exception {
        World world = World.of(5);
        try (Index first = COMPONENTS.create(Index.class, "flat");
                Index second = COMPONENTS.create(Index.class, "flat")) {
            FusedGallery fused = new FusedGallery(
                    List.of(
                            new FusedGallery.Member("a", gallery(first, world.a), 1),
                            new FusedGallery.Member("b", gallery(second, world.b), 1)),
                    fusion("reciprocal-rank"));
            List<Extraction> query = List.of(query(world, 7));
            assertThat(fused.searchAll(query, SearchOptions.top(50).withFilter(id -> id > 30))
                            .get(0)
                            .hits())
                    .hasSize(9)
                    .allSatisfy(hit -> assertThat(hit.imageId()).isGreaterThan(30));
            assertThat(fused.searchAll(query, SearchOptions.top(50).withLeastScore(2 / 61f - 1e-6f))
                            .get(0)
                            .hits())
                    .extracting(Hit::imageId)
                    .containsExactly(7L);
            assertThatThrownBy(() -> fused.searchAll(
                            List.of(new Extraction(Map.of(), Optional.of(world.a.get(0)))), SearchOptions.top(1)))
                    .hasMessageContaining("descriptors of 2 pipelines");
        }
    }

    @Test
    void refusesGalleriesOfDifferentImages() {
        World world = World.of(6);
        try (Index first = COMPONENTS.create(Index.class, "flat");
                Index second = COMPONENTS.create(Index.class, "flat")) {
            FusedGallery.Member a = new FusedGallery.Member("a", gallery(first, world.a), 1);
            FusedGallery.Member b = new FusedGallery.Member("b", gallery(second, world.b.subList(0, 30)), 1);
            assertThatThrownBy(() -> new FusedGallery(List.of(a, b), fusion("reciprocal-rank")))
                    .hasMessageContaining("image 30 is not in \"b\" and in \"a\"");
            assertThatThrownBy(() -> new FusedGallery(List.of(b, a), fusion("reciprocal-rank")))
                    .hasMessageContaining("image 30 is in \"a\" and not in \"b\"");
        }
    }
}
