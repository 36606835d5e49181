package org.retrieval4j.rerank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.retrieval4j.fixtures.Fixture.assertClose;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Reranker;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.fixtures.Fixture;

/** The stages' numbers beside those of the papers' code. */
class RerankFixtureTest {
    private static final int IMAGES = 200;
    private static final int QUERIES = 8;

    private final Fixture fixture = Fixture.of("rerank");
    private final double[][] x = rows("x");
    private final double[][] q = rows("q");

    private double[][] rows(String name) {
        double[][] rows = new double[fixture.array(name).shape()[0]][];
        Arrays.setAll(rows, i -> fixture.row(name, i));
        return rows;
    }

    private int[] ranking(double[] query) {
        return ranking(
                Arrays.stream(x).mapToDouble(v -> UnitVectors.dot(query, v)).toArray(), x.length);
    }

    private static int[] ranking(double[] scores, int k) {
        return IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -scores[i]).thenComparing(i -> i))
                .limit(k)
                .mapToInt(i -> i)
                .toArray();
    }

    private double[][] nearest(double[] query, int k) {
        return Arrays.stream(ranking(query)).limit(k).mapToObj(i -> x[i]).toArray(double[][]::new);
    }

    @ParameterizedTest
    @CsvSource({"aqe_k5,5,0", "aqe_k10,10,0", "alphaqe_k10_a3,10,3", "alphaqe_k50_a3,50,3", "alphaqe_k5_a0,5,0"})
    void expandsQueries(String name, int k, double alpha) {
        for (int i = 0; i < QUERIES; i++) {
            assertClose(QueryExpansion.expand(q[i], nearest(q[i], k), alpha), fixture.row(name, i), 1e-12);
        }
    }

    @Test
    void augmentsTheDatabase() {
        for (int i = 0; i < IMAGES; i++) {
            assertClose(DatabaseAugmentation.combine(nearest(x[i], 5), 5), fixture.row("dba_k5", i), 1e-12);
        }
    }

    @Test
    void learnsTheExactMachine() {
        for (int i = 0; i < QUERIES; i++) {
            int[] ranked = ranking(q[i]);
            double[][] positives = new double[6][];
            positives[0] = q[i];
            System.arraycopy(nearest(q[i], 5), 0, positives, 1, 5);
            double[][] negatives =
                    Arrays.stream(ranked).skip(IMAGES - 50).mapToObj(j -> x[j]).toArray(double[][]::new);
            assertClose(LinearSvm.train(positives, negatives, 1), fixture.row("dqe_w", i), 1e-9);
        }
    }

    private final class Joint implements ReciprocalEncoding.Distances {
        @Override
        public int size() {
            return QUERIES + IMAGES;
        }

        private double[] item(int i) {
            return i < QUERIES ? q[i] : x[i - QUERIES];
        }

        @Override
        public void rows(int from, int to, double[] target) {
            for (int i = from; i < to; i++) {
                for (int j = 0; j < size(); j++) {
                    target[(i - from) * size() + j] = of(i, j);
                }
            }
        }

        @Override
        public double of(int i, int j) {
            double sum = 0;
            for (int d = 0; d < item(i).length; d++) {
                double difference = item(i)[d] - item(j)[d];
                sum += difference * difference;
            }
            return sum;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "kreciprocal_k1_20_k2_6_l03,20,6,0.3",
        "kreciprocal_k1_7_k2_3_l05,7,3,0.5",
        "kreciprocal_k1_20_k2_1_l00,20,1,0"
    })
    void encodesReciprocalNeighbors(String name, int k1, int k2, double lambda) {
        double[][] distances =
                new ReciprocalEncoding(k1, k2, lambda).distances(new Joint(), QUERIES, BuildContext.defaults());
        for (int i = 0; i < QUERIES; i++) {
            assertClose(distances[i], fixture.row(name, i), 1e-10);
        }
    }

    private AffinityGraph graph() {
        int[][] neighbors = new int[IMAGES][];
        double[][] similarities = new double[IMAGES][];
        for (int i = 0; i < IMAGES; i++) {
            double[] row = x[i];
            neighbors[i] = Arrays.copyOf(ranking(row), 15);
            similarities[i] = Arrays.stream(neighbors[i])
                    .mapToDouble(j -> UnitVectors.dot(row, x[j]))
                    .toArray();
        }
        return AffinityGraph.of(neighbors, similarities, 3);
    }

    @Test
    void buildsTheReciprocalGraph() {
        int[] pairs = Arrays.stream(fixture.doubles("diffusion_affinity_ij"))
                .mapToInt(v -> (int) v)
                .toArray();
        double[] affinity = fixture.doubles("diffusion_affinity_val");
        double[] degree = new double[IMAGES];
        Arrays.fill(degree, 1e-12);
        for (int e = 0; e < affinity.length; e++) {
            degree[pairs[2 * e]] += affinity[e];
        }
        AffinityGraph graph = graph();
        assertThat(graph.size()).isEqualTo(affinity.length);
        for (int e = 0; e < affinity.length; e++) {
            int i = pairs[2 * e];
            int j = pairs[2 * e + 1];
            double normalized = affinity[e] / Math.sqrt(degree[i] * degree[j]);
            assertThat(graph.get(i, j)).isCloseTo(normalized, within(1e-12));
        }
    }

    @Test
    void diffuses() {
        for (int i = 0; i < QUERIES; i++) {
            double[] y = fixture.row("diffusion_y", i);
            double[] expected = fixture.row("diffusion_f", i);
            double[] f = graph().diffuse(y, 0.99, 1e-13, null);
            assertClose(f, expected, 1e-9 * Fixture.norm(expected));
        }
    }

    // ---- the stages, which keep vectors in float32, by the rankings

    private List<SearchResult> searched(String spec, int k) {
        GalleryOfVectors gallery = new GalleryOfVectors(fixture.matrix("x"));
        List<Extraction> queries = new ArrayList<>();
        for (int i = 0; i < QUERIES; i++) {
            queries.add(new Extraction(
                    Map.of(),
                    Optional.of(new GlobalDescriptor.Dense(fixture.matrix("q").row(i)))));
        }
        try (gallery;
                Reranker stages = Components.load().create(Reranker.class, spec)) {
            return stages.over(gallery).searchAll(queries, SearchOptions.top(k));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** The order of images whose reference scores differ by more than float32 tells. */
    private static void assertOrder(SearchResult result, double[] scores, int k) {
        List<Long> ids = result.hits().stream().map(Hit::imageId).toList();
        assertThat(ids).doesNotHaveDuplicates().hasSize(k);
        for (int r = 1; r < ids.size(); r++) {
            double before = scores[ids.get(r - 1).intValue()];
            assertThat(before - scores[ids.get(r).intValue()]).isGreaterThan(-1e-6);
            assertThat(result.hits().get(r).score())
                    .isLessThanOrEqualTo(result.hits().get(r - 1).score());
        }
        int[] expected = ranking(scores, k);
        double last = scores[expected[k - 1]];
        for (long id : ids) {
            assertThat(scores[(int) id]).isGreaterThan(last - 1e-6);
        }
    }

    @Test
    void stagesRankAsTheReference() {
        List<SearchResult> expansion = searched("qe(k=10,alpha=0)", IMAGES);
        List<SearchResult> discriminative = searched("dqe(k=5,negatives=50)", IMAGES);
        List<SearchResult> reciprocal = searched("k-reciprocal(first=0)", IMAGES);
        List<SearchResult> diffused = searched("diffusion(kd=15,kq=10,tolerance=1e-10)", IMAGES);
        for (int i = 0; i < QUERIES; i++) {
            double[] expanded = fixture.row("aqe_k10", i);
            assertOrder(
                    expansion.get(i),
                    Arrays.stream(x)
                            .mapToDouble(v -> UnitVectors.dot(expanded, v))
                            .toArray(),
                    IMAGES);
            double[] w = fixture.row("dqe_w", i);
            assertOrder(
                    discriminative.get(i),
                    Arrays.stream(x).mapToDouble(v -> UnitVectors.dot(w, v)).toArray(),
                    IMAGES);
            double[] distances = fixture.row("kreciprocal_k1_20_k2_6_l03", i);
            assertOrder(reciprocal.get(i), Arrays.stream(distances).map(d -> -d).toArray(), IMAGES);
            assertOrder(diffused.get(i), fixture.row("diffusion_f", i), IMAGES);
        }
    }
}
