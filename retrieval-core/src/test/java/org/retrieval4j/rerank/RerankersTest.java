package org.retrieval4j.rerank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Reranker;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;

/** What every stage of re-ranking does, whatever it computes. */
class RerankersTest {
    private static final int IMAGES = 300;
    private final Components components = Components.load();

    /** Chains of images that drift: the ends of a chain are unlike each other, but neighbors are alike. */
    private static FloatMatrix chains(long seed) {
        Random random = new Random(seed);
        float[][] rows = new float[IMAGES][];
        for (int i = 0; i < IMAGES; i++) {
            double[] row = new double[24];
            for (int j = 0; j < row.length; j++) {
                double before = i % 10 == 0 ? random.nextGaussian() : rows[i - 1][j];
                row[j] = before + (i % 10 == 0 ? 0 : 0.12 * random.nextGaussian());
            }
            rows[i] = UnitVectors.rounded(UnitVectors.normalize(row));
        }
        return FloatMatrix.ofRows(rows);
    }

    private static List<Extraction> queries(FloatMatrix vectors, int... rows) {
        List<Extraction> queries = new ArrayList<>();
        for (int row : rows) {
            queries.add(new Extraction(Map.of(), Optional.of(new GlobalDescriptor.Dense(vectors.row(row)))));
        }
        return queries;
    }

    private List<SearchResult> search(String spec, FloatMatrix vectors, SearchOptions options, BuildContext context)
            throws IOException {
        try (GalleryOfVectors gallery = new GalleryOfVectors(vectors);
                Reranking reranking = Reranking.open(gallery, ComponentSpec.parse(spec), components, context)) {
            return reranking.gallery().searchAll(queries(vectors, 0, 10, 25, 77), options);
        }
    }

    private List<SearchResult> search(String spec, FloatMatrix vectors, SearchOptions options) throws IOException {
        return search(spec, vectors, options, BuildContext.defaults());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "qe",
                "qe(k=5,alpha=0)",
                "dqe",
                "dba",
                "k-reciprocal",
                "k-reciprocal(first=50)",
                "k-reciprocal(first=0)",
                "diffusion",
                "diffusion(first=60)",
                "dba | qe | diffusion(kd=10) | k-reciprocal"
            })
    void givesWholeListsThatDescendWhateverTheThreadsAndTheFilter(String spec) throws IOException {
        FloatMatrix vectors = chains(1);
        List<SearchResult> all = search(spec, vectors, SearchOptions.top(IMAGES));
        assertThat(all).hasSize(4);
        for (SearchResult result : all) {
            assertThat(result.hits().stream().map(Hit::imageId))
                    .doesNotHaveDuplicates()
                    .hasSize(IMAGES);
            for (int r = 1; r < IMAGES; r++) {
                assertThat(result.hits().get(r).score())
                        .isLessThanOrEqualTo(result.hits().get(r - 1).score());
            }
        }
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            assertThat(search(
                            spec,
                            vectors,
                            SearchOptions.top(IMAGES),
                            BuildContext.defaults().withExecutor(threads)))
                    .isEqualTo(all);
        } finally {
            threads.shutdown();
        }
        List<SearchResult> even = search(spec, vectors, SearchOptions.top(40).withFilter(id -> id % 2 == 0));
        for (SearchResult result : even) {
            assertThat(result.hits()).hasSize(40).allMatch(hit -> hit.imageId() % 2 == 0);
        }
        float best = all.get(0).hits().get(0).score();
        assertThat(search(spec, vectors, SearchOptions.top(IMAGES).withLeastScore(best))
                        .get(0)
                        .hits())
                .allMatch(hit -> hit.score() >= best)
                .isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"qe", "dqe", "dba", "k-reciprocal", "k-reciprocal(first=0)", "diffusion"})
    void serveGalleriesOfOneImageAndOfNone(String spec) throws IOException {
        FloatMatrix one = chains(2).rows(0, 1);
        try (GalleryOfVectors gallery = new GalleryOfVectors(one);
                Reranker stage = components.create(Reranker.class, spec)) {
            assertThat(stage.over(gallery)
                            .searchAll(queries(one, 0), SearchOptions.top(5))
                            .get(0)
                            .hits())
                    .extracting(Hit::imageId)
                    .containsExactly(0L);
            assertThat(stage.over(gallery).searchAll(List.of(), SearchOptions.top(5)))
                    .isEmpty();
        }
        try (GalleryOfVectors gallery = new GalleryOfVectors(FloatMatrix.empty(24));
                Reranker stage = components.create(Reranker.class, spec)) {
            assertThat(stage.over(gallery)
                            .searchAll(queries(one, 0), SearchOptions.top(5))
                            .get(0)
                            .hits())
                    .isEmpty();
        }
    }

    private static double averagePrecision(SearchResult result, int query) {
        double sum = 0;
        int found = 0;
        for (int r = 0; r < result.hits().size(); r++) {
            if (result.hits().get(r).imageId() / 10 == query / 10) {
                found++;
                sum += (double) found / (r + 1);
            }
        }
        return sum / 10;
    }

    @ParameterizedTest
    @ValueSource(strings = {"qe(k=5)", "dba", "k-reciprocal(k1=10,k2=4)", "diffusion(kd=6,kq=3)"})
    void findTheEndsOfChainsThatThePlainSearchMisses(String spec) throws IOException {
        double plain = 0;
        double better = 0;
        for (int seed = 0; seed < 5; seed++) {
            FloatMatrix vectors = chains(seed);
            try (GalleryOfVectors gallery = new GalleryOfVectors(vectors);
                    Reranker stage = components.create(Reranker.class, spec)) {
                int[] rows = {0, 40, 110, 200, 290};
                List<Extraction> queries = queries(vectors, rows);
                List<SearchResult> before = gallery.searchAll(queries, SearchOptions.top(IMAGES));
                List<SearchResult> after = stage.over(gallery).searchAll(queries, SearchOptions.top(IMAGES));
                for (int i = 0; i < rows.length; i++) {
                    plain += averagePrecision(before.get(i), rows[i]);
                    better += averagePrecision(after.get(i), rows[i]);
                }
            }
        }
        assertThat(better).isGreaterThan(plain);
    }

    @Test
    void anExpandedQueryIsAsLongAsTheQuery() {
        Extraction query = new Extraction(Map.of(), Optional.of(new GlobalDescriptor.Dense(new float[] {30, 40})));
        GlobalDescriptor expanded =
                UnitVectors.query(query, new double[] {0.6, -0.8}).global().orElseThrow();
        assertThat(((GlobalDescriptor.Dense) expanded).values()).containsExactly(30f, -40f);
    }

    @Test
    void diffusionStartsFromTheSameImagesWhateverIsAskedFor() throws IOException {
        FloatMatrix vectors = chains(6);
        List<Hit> few = search("diffusion(kd=8,kq=3)", vectors, SearchOptions.top(5))
                .get(0)
                .hits();
        List<Hit> many = search("diffusion(kd=8,kq=3)", vectors, SearchOptions.top(IMAGES))
                .get(0)
                .hits();
        assertThat(many.subList(0, 5)).isEqualTo(few);
    }

    @Test
    void explainsWhichStageMovedAnImage() throws IOException {
        FloatMatrix vectors = chains(3);
        try (GalleryOfVectors gallery = new GalleryOfVectors(vectors);
                Reranking reranking = Reranking.open(
                        gallery,
                        ComponentSpec.parse("qe(k=3) | diffusion(kd=6,kq=3)"),
                        components,
                        BuildContext.defaults())) {
            assertThat(reranking.stages()).containsExactly("index", "qe", "diffusion");
            Extraction query = queries(vectors, 0).get(0);
            List<Hit> hits = reranking
                    .gallery()
                    .searchAll(List.of(query), SearchOptions.top(10))
                    .get(0)
                    .hits();
            List<int[]> ranks = reranking.explain(query, SearchOptions.top(10), hits);
            List<Hit> first = gallery.searchAll(List.of(query), SearchOptions.top(IMAGES))
                    .get(0)
                    .hits();
            for (int i = 0; i < hits.size(); i++) {
                assertThat(ranks.get(i)[2]).isEqualTo(i + 1);
                assertThat(first.get(ranks.get(i)[0] - 1).imageId())
                        .isEqualTo(hits.get(i).imageId());
            }
        }
    }

    @Test
    void specsSurviveAndStrangersAreRefused() throws IOException {
        String spec = "qe(k=7) | dba(k=3) | k-reciprocal(k1=10)";
        try (Reranker stages = components.create(Reranker.class, spec)) {
            assertThat(stages.spec()).isEqualTo(components.canonical(Reranker.class, ComponentSpec.parse(spec)));
            try (Reranker again =
                    components.open(Reranker.class, stages.spec(), stages.state(), BuildContext.defaults())) {
                assertThat(again.fingerprint()).isEqualTo(stages.fingerprint());
            }
        }
        assertThatThrownBy(() -> components.create(Reranker.class, "qe(k=0)"))
                .hasMessageContaining("k must be at least 1, got 0");
        assertThatThrownBy(() -> components.create(Reranker.class, "diffusion(alpha=1)"))
                .hasMessageContaining("alpha must be at least 0 and below 1, got 1");
        FloatMatrix vectors = chains(4);
        try (GalleryOfVectors gallery = new GalleryOfVectors(vectors);
                Reranker stage = components.create(Reranker.class, "qe")) {
            assertThatThrownBy(() -> stage.over(gallery)
                            .searchAll(List.of(new Extraction(Map.of(), Optional.empty())), SearchOptions.top(1)))
                    .hasMessageContaining("no global descriptor");
        }
    }
}
