package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.kernel.ScalarKernels;

class HnswIndexTest extends VectorIndexContract {
    @Override
    String spec(Metric metric) {
        return "hnsw(m=8,ef-construction=40,ef-search=20,metric="
                + metric.name().toLowerCase(Locale.ROOT) + ")";
    }

    @Override
    double leastRecall() {
        return 0.9;
    }

    @Override
    boolean learns() {
        return false;
    }

    @Override
    int keptImages() {
        return 300; // enough for a graph
    }

    private static VectorLists lists(List<Dense> vectors) {
        FloatMatrix matrix = QueryVector.matrix(vectors);
        long[] ids = new long[vectors.size()];
        Arrays.setAll(ids, i -> i);
        return VectorLists.build(
                ids, new int[ids.length], 1, new VectorLists.Content(matrix.columns(), matrix, null, null));
    }

    private static HnswGraph graph(List<Dense> vectors, int m, long seed) {
        return HnswBuilder.build(
                lists(vectors),
                m,
                60,
                Metric.L2,
                new ScalarKernels(),
                BuildContext.defaults().withSeed(seed));
    }

    @Test
    void linksAreFewDistinctAndApart() {
        List<Dense> vectors = new Clustered(8, 20, 1).next(1500);
        int m = 6;
        HnswGraph graph = graph(vectors, m, 3);
        int[] links = new int[1 + 2 * m];
        int levels = 0;
        for (int node = 0; node < 1500; node++) {
            levels += graph.level(node);
            assertThat(graph.level(node)).isLessThanOrEqualTo(graph.level(graph.entry()));
            for (int level = 0; level <= graph.level(node); level++) {
                int count = graph.links(node, level, links);
                assertThat(count).isBetween(level == 0 ? 1 : 0, level == 0 ? 2 * m : m);
                int[] neighbors = Arrays.copyOfRange(links, 1, 1 + count);
                assertThat(neighbors).doesNotHaveDuplicates().doesNotContain(node);
                for (int neighbor : neighbors) {
                    assertThat(graph.level(neighbor)).isGreaterThanOrEqualTo(level);
                }
            }
        }
        // each level holds 1 of m nodes of the one below: the mean is 1 / (m - 1)
        assertThat(levels / 1500.0).isBetween(0.15, 0.25);
    }

    @Test
    void aWalkWithManyCandidatesFindsTheNearestInOrder() {
        List<Dense> vectors = new Clustered(8, 20, 2).next(1000);
        VectorLists lists = lists(vectors);
        HnswGraph graph = graph(vectors, 8, 4);
        Kernels kernels = new ScalarKernels();
        HnswWalk walk = new HnswWalk();
        for (Dense query : new Clustered(8, 20, 5).next(20)) {
            NodeDistances distances = new NodeDistances(Metric.L2, kernels, lists).from(query.values());
            int found = walk.search(graph, distances, walk.descend(graph, distances, 0), 0, 300, row -> row % 2 == 0);
            List<Integer> rows = IntStream.range(0, found)
                    .mapToObj(i -> NodeDistances.node(walk.results()[i]))
                    .toList();
            List<Integer> expected = IntStream.range(0, 500)
                    .mapToObj(i -> 2 * i)
                    .sorted(Comparator.comparingDouble(row -> Kernels.fixedOrderSquaredDistance(
                            query.values(), 0, vectors.get(row).values(), 0, 8)))
                    .limit(20)
                    .toList();
            assertThat(rows.subList(0, 20)).isEqualTo(expected);
        }
    }

    @Test
    void keysOrderAsDistancesAndNodesDo() {
        List<Long> keys = new ArrayList<>();
        float[] distances = {
            Float.NEGATIVE_INFINITY,
            -1e30f,
            -2,
            -1,
            -1e-44f,
            -0f,
            1e-44f,
            1,
            2,
            1e30f,
            Float.POSITIVE_INFINITY,
            Float.NaN
        };
        for (float distance : distances) {
            for (int node : new int[] {0, 1, Integer.MAX_VALUE}) {
                long key = NodeDistances.key(distance, node);
                assertThat(NodeDistances.node(key)).isEqualTo(node);
                assertThat(Float.compare(NodeDistances.distance(key), distance + 0f))
                        .isZero();
                keys.add(key);
            }
        }
        assertThat(keys).isSorted().doesNotHaveDuplicates();
        assertThat(NodeDistances.key(0f, 1)).isEqualTo(NodeDistances.key(-0f, 1));
    }

    @Test
    void aHeapGivesBackInOrder() {
        Random random = new Random(1);
        LongHeap heap = new LongHeap();
        long[] values = random.longs(500).toArray();
        for (long value : values) {
            heap.push(value);
        }
        Arrays.sort(values);
        assertThat(heap.top()).isEqualTo(values[0]);
        heap.replaceTop(values[250]);
        values[0] = values[250];
        Arrays.sort(values);
        for (long value : values) {
            assertThat(heap.pop()).isEqualTo(value);
        }
        assertThat(heap.size()).isZero();
    }

    @Test
    void theShareThatPassesIsToldWhateverTheFilterRepeats() {
        for (int size : new int[] {300, 20_000, 99_999}) {
            for (int step : new int[] {1, 2, 4, 10, size / 256}) {
                for (int first : new int[] {0, step / 2}) {
                    double share = HnswIndex.share(size, row -> row % step == first);
                    assertThat(share).as("1 of %s of %s", step, size).isBetween(0.5 / step - 0.01, 1.5 / step + 0.01);
                }
            }
        }
    }

    @Test
    void mappedAndOnTheHeapGiveTheSame() throws IOException {
        List<Dense> vectors = new Clustered(DIMENSION, 20, 3).next(1500);
        SearchOptions options = SearchOptions.top(10).withCandidates(20);
        BuildContext directory = BuildContext.defaults().withDirectory(folder.resolve("hnsw"));
        try (Index memory = open(spec(Metric.COSINE), BuildContext.defaults());
                Index mapped = open(spec(Metric.COSINE), directory)) {
            for (Index index : List.of(memory, mapped)) {
                Clustered.put(index, 0, vectors);
                index.removeAll(new long[] {3, 4, 5});
                index.flush();
                index.compact();
            }
            assertThat(mapped.searchAll(vectors.subList(0, 100), options))
                    .isEqualTo(memory.searchAll(vectors.subList(0, 100), options));
        }
    }

    @Test
    void saysWhatIsWrongWithItsOptions() {
        assertThat(canonical("hnsw")).isEqualTo("hnsw(m=16,ef-construction=200,ef-search=64,metric=cosine)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> open("hnsw(m=1)", BuildContext.defaults()))
                .withMessage("hnsw: m must be from 2 to 1024, got 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> open("hnsw(ef-construction=0)", BuildContext.defaults()))
                .withMessage("hnsw: ef-construction must be at least 1, got 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> open("hnsw(ef-search=0)", BuildContext.defaults()))
                .withMessage("hnsw: ef-search must be at least 1, got 0");
    }
}
