package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.GlobalDescriptor.Regions;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.IndexContract;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.fixtures.Fixture;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.kernel.ScalarKernels;

class FlatIndexTest extends IndexContract {
    private static final Fixture KNN = Fixture.of("knn");

    @Override
    protected Index open(BuildContext context) throws IOException {
        return FlatIndex.open(FlatIndex.Options.defaults(), context);
    }

    @Override
    protected GlobalDescriptor descriptor(long seed) {
        return new Dense(random(new Random(seed), 16));
    }

    @Override
    protected GlobalDescriptor otherDimension() {
        return new Dense(new float[15]);
    }

    private static float[] random(Random random, int size) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static Index flat(Metric metric) throws IOException {
        return FlatIndex.open(FlatIndex.Options.defaults().withMetric(metric), BuildContext.defaults());
    }

    private static List<Dense> rows(FloatMatrix matrix) {
        List<Dense> rows = new ArrayList<>();
        for (int i = 0; i < matrix.rows(); i++) {
            rows.add(new Dense(matrix.row(i)));
        }
        return rows;
    }

    private static void put(Index index, long first, List<? extends GlobalDescriptor> descriptors) {
        long[] ids = new long[descriptors.size()];
        Arrays.setAll(ids, i -> first + i);
        index.putAll(ids, descriptors);
    }

    private static void assertFixture(Metric metric, String database, String queries, String name, int k, int rows)
            throws IOException {
        int[] ids = KNN.array(name + "_idx").toInts();
        double[] values = KNN.doubles(name + "_val");
        int columns = KNN.array(name + "_idx").shape()[1];
        try (Index index = flat(metric)) {
            put(index, 0, rows(KNN.matrix(database)).subList(0, rows));
            List<SearchResult> results = index.searchAll(rows(KNN.matrix(queries)), SearchOptions.top(k));
            for (int q = 0; q < results.size(); q++) {
                List<Hit> hits = results.get(q).hits();
                assertThat(hits).hasSize(columns);
                for (int i = 0; i < columns; i++) {
                    double value = values[q * columns + i];
                    assertThat(hits.get(i).imageId())
                            .as("%s query %d rank %d", name, q, i)
                            .isEqualTo(ids[q * columns + i]);
                    assertThat((double) hits.get(i).score())
                            .isEqualTo((double) (float) (metric == Metric.L2 ? -value : value));
                }
            }
        }
    }

    @Test
    void agreesWithTheReference() throws IOException {
        assertFixture(Metric.L2, "x", "q", "knn_l2sq", 10, 300);
        assertFixture(Metric.IP, "x", "q", "knn_ip", 10, 300);
        assertFixture(Metric.COSINE, "x", "q", "knn_cosine", 10, 300);
    }

    @Test
    void agreesWithTheReferenceOnTies() throws IOException {
        assertFixture(Metric.L2, "tie_x", "tie_q", "tie_l2", 20, 60);
        assertFixture(Metric.IP, "tie_x", "tie_q", "tie_ip", 20, 60);
        assertFixture(Metric.L2, "tie_x", "tie_q", "small_l2", 10, 4);
    }

    @Test
    void theSpecNamesTheMetricAndTheServiceLoaderFindsIt() {
        for (Metric metric : Metric.values()) {
            String name = metric.name().toLowerCase(Locale.ROOT);
            try (Index index = Components.load().create(Index.class, "flat(metric=" + name + ")")) {
                assertThat(index.spec()).hasToString("flat(metric=" + name + ")");
            }
        }
        try (Index index = Components.load().create(Index.class, "flat")) {
            assertThat(index.spec()).hasToString("flat(metric=cosine)");
        }
    }

    @Test
    void aZeroVectorHasCosineZeroWithEverything() throws IOException {
        try (Index index = flat(Metric.COSINE)) {
            put(index, 0, List.of(new Dense(new float[] {-1, 0}), new Dense(new float[2]), new Dense(new float[] {1, 1
            })));
            assertThat(index.search(new Dense(new float[] {2, 0}), SearchOptions.top(3))
                            .hits())
                    .containsExactly(new Hit(2, (float) Math.sqrt(0.5)), new Hit(1, 0), new Hit(0, -1));
            assertThat(index.search(new Dense(new float[2]), SearchOptions.top(3))
                            .hits())
                    .containsExactly(new Hit(0, 0), new Hit(1, 0), new Hit(2, 0));
        }
    }

    @Test
    void anEqualVectorHasTheBestScoreThereIs() throws IOException {
        Random random = new Random(3);
        try (Index cosine = flat(Metric.COSINE);
                Index l2 = flat(Metric.L2)) {
            for (int id = 0; id < 100; id++) {
                float[] vector = random(random, 100);
                put(cosine, id, List.of(new Dense(vector)));
                put(l2, id, List.of(new Dense(vector)));
                assertThat(cosine.search(new Dense(vector), SearchOptions.top(1))
                                .hits())
                        .containsExactly(new Hit(id, 1));
                Hit nearest = l2.search(new Dense(vector), SearchOptions.top(1))
                        .hits()
                        .get(0);
                assertThat(nearest).isEqualTo(new Hit(id, 0));
                assertThat(1 / nearest.score()).isPositive(); // no negative zero
            }
        }
    }

    @Test
    void hugeAndTinyValuesAreComparedToo() throws IOException {
        for (Metric metric : Metric.values()) {
            try (Index index = flat(metric)) {
                List<Dense> vectors = new ArrayList<>();
                for (float scale : new float[] {1e38f, 1e30f, 1, 1e-30f, 1e-44f}) {
                    for (float sign : new float[] {1, -1}) {
                        vectors.add(new Dense(new float[] {sign * scale, scale, sign * 0.5f * scale}));
                    }
                }
                put(index, 0, vectors);
                List<SearchResult> all = index.searchAll(vectors, SearchOptions.top(10));
                for (SearchResult result : all) {
                    assertThat(result.hits()).hasSize(10).allMatch(hit -> Float.isFinite(hit.score()));
                }
                // with a full list, what float32 cannot tell must still be found
                for (int k = 1; k < 10; k++) {
                    List<SearchResult> best = index.searchAll(vectors, SearchOptions.top(k));
                    for (int q = 0; q < vectors.size(); q++) {
                        assertThat(best.get(q).hits())
                                .isEqualTo(all.get(q).hits().subList(0, k));
                        assertThat(index.search(vectors.get(q), SearchOptions.top(k)))
                                .isEqualTo(best.get(q));
                    }
                }
            }
        }
    }

    @Test
    void aProductThatOverflowsOnTheWayIsFound() throws IOException {
        try (Index index = flat(Metric.IP)) {
            // with (2e19, 1.8e19): -2e38, and -4e38 + 3.3e38, whose first term alone is infinite in float32
            put(index, 0, List.of(new Dense(new float[] {-1e19f, 0}), new Dense(new float[] {-2e19f, 1.83e19f})));
            List<Dense> queries = Collections.nCopies(4, new Dense(new float[] {2e19f, 1.8e19f}));
            for (SearchResult result : index.searchAll(queries, SearchOptions.top(1))) {
                assertThat(result.hits().get(0).imageId()).isEqualTo(1);
            }
        }
    }

    /** Kernels whose products are as wrong as they may be, each time in another way. */
    private static final class WrongKernels implements Kernels {
        private final Random random = new Random(9);

        @Override
        public String name() {
            return "wrong";
        }

        @Override
        public int priority() {
            return 0;
        }

        @Override
        public Operand prepare(FloatMatrix matrix) {
            return new ScalarKernels().prepare(matrix);
        }

        @Override
        public void products(FloatMatrix x, Operand y, float[] products) {
            int n = y.matrix().rows();
            int d = x.columns();
            for (int i = 0; i < x.rows(); i++) {
                for (int j = 0; j < n; j++) {
                    float[] other = y.matrix().row(j);
                    double dot = Kernels.fixedOrderDot(x.row(i), 0, other, 0, d);
                    double norms = Math.sqrt(Kernels.fixedOrderDot(x.row(i), 0, x.row(i), 0, d)
                            * Kernels.fixedOrderDot(other, 0, other, 0, d));
                    double error = 0.9 * Kernels.errorBound(d) * norms;
                    products[i * n + j] = (float) (dot + (random.nextBoolean() ? error : -error));
                }
            }
        }
    }

    @Test
    void idsDoNotDependOnTheKernels() throws IOException {
        Random random = new Random(2);
        List<Dense> images = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            // all near each other: the kernels' errors are larger than most differences
            float[] vector = random(random, 64);
            for (int d = 0; d < 64; d++) {
                vector[d] = 1 + 1e-5f * vector[d];
            }
            images.add(new Dense(vector));
        }
        for (Metric metric : Metric.values()) {
            FlatIndex.Options options = FlatIndex.Options.defaults().withMetric(metric);
            BuildContext context = BuildContext.defaults();
            try (Index right = flat(metric);
                    Index wrong = SegmentedIndex.open(new FlatIndex(options, new WrongKernels(), context), context)) {
                put(right, 0, images);
                put(wrong, 0, images);
                for (int count : new int[] {1, 3, 130}) {
                    List<Dense> queries = images.subList(0, count);
                    assertThat(wrong.searchAll(queries, SearchOptions.top(10)))
                            .isEqualTo(right.searchAll(queries, SearchOptions.top(10)));
                }
            }
        }
    }

    @Test
    void regionsScoreLikeTheirMostSimilarPair() throws IOException {
        Random random = new Random(5);
        for (Metric metric : Metric.values()) {
            try (Index index = flat(metric)) {
                List<GlobalDescriptor> images = new ArrayList<>();
                for (int i = 0; i < 300; i++) {
                    images.add(i % 3 == 0 ? new Dense(random(random, 8)) : regions(random, 1 + random.nextInt(5)));
                }
                for (int from = 0; from < 300; from += 60) {
                    put(index, from, images.subList(from, from + 60));
                }
                index.removeAll(new long[] {4, 5, 6});
                for (GlobalDescriptor query : List.of(new Dense(random(random, 8)), regions(random, 4))) {
                    TopK expected = new TopK(20);
                    for (int i = 0; i < 300; i++) {
                        if (i < 4 || i > 6) {
                            expected.offer(i, oracle(metric, query, images.get(i)));
                        }
                    }
                    SearchOptions top = SearchOptions.top(20);
                    assertThat(index.search(query, top)).isEqualTo(expected.toResult());
                    assertThat(index.search(query, top.withFilter(id -> id < 200))
                                    .hits())
                            .allMatch(hit -> hit.imageId() < 200)
                            .hasSize(20);
                }
            }
        }
    }

    private static Regions regions(Random random, int count) {
        return new Regions(FloatMatrix.of(count, 8, random(random, 8 * count)));
    }

    private static float oracle(Metric metric, GlobalDescriptor a, GlobalDescriptor b) {
        float best = Float.NEGATIVE_INFINITY;
        FloatMatrix x = FlatSegment.rowsOf(a);
        FloatMatrix y = FlatSegment.rowsOf(b);
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < y.rows(); j++) {
                double dot = 0;
                double xx = 0;
                double yy = 0;
                double distance = 0;
                for (int d = 0; d < x.columns(); d++) {
                    dot += (double) x.get(i, d) * y.get(j, d);
                    xx += (double) x.get(i, d) * x.get(i, d);
                    yy += (double) y.get(j, d) * y.get(j, d);
                    distance += Math.pow((double) x.get(i, d) - y.get(j, d), 2);
                }
                double score = metric == Metric.IP
                        ? dot
                        : metric == Metric.L2 ? -distance : dot / Math.sqrt(xx) / Math.sqrt(yy);
                best = Math.max(best, (float) score);
            }
        }
        return best;
    }

    @Test
    void takesDenseAndRegionsOfOneDimension() throws IOException {
        try (Index index = flat(Metric.COSINE)) {
            put(index, 0, List.of(new Dense(new float[4]), new Regions(FloatMatrix.of(2, 4, new float[8]))));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> put(index, 5, List.of(new Regions(FloatMatrix.of(4, 2, new float[8])))))
                    .withMessageContaining("dimension 4")
                    .withMessageContaining("got 2");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> put(index, 5, List.of(new GlobalDescriptor.Sparse(4, new int[0], new float[0]))))
                    .withMessage("flat(metric=cosine) takes dense or regions descriptors, got a sparse one");
            index.removeAll(new long[] {0, 1});
            put(index, 7, List.of(new Dense(new float[9]))); // an empty index takes any dimension
            assertThat(index.size()).isEqualTo(1);
        }
    }

    @Test
    void manyBlocksAndManyQueriesGiveWhatPlainLoopsGive() throws IOException {
        Random random = new Random(11);
        List<Dense> images = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            // clustered, with copies: many near and equal scores
            float[] vector = i % 5 == 4 ? images.get(i - 3).values().clone() : random(random, 64);
            if (i > 0 && i % 3 == 0) {
                float[] center = images.get(i / 100).values();
                for (int d = 0; d < 64; d++) {
                    vector[d] = center[d] + 1e-6f * vector[d];
                }
            }
            images.add(new Dense(vector));
        }
        for (Metric metric : Metric.values()) {
            try (Index index = flat(metric)) {
                put(index, 0, images.subList(0, 2000));
                put(index, 2000, images.subList(2000, 3000));
                List<Dense> queries = images.subList(0, 40);
                List<SearchResult> results = index.searchAll(queries, SearchOptions.top(25));
                for (int q = 0; q < queries.size(); q++) {
                    TopK expected = new TopK(25);
                    for (int i = 0; i < images.size(); i++) {
                        expected.offer(i, oracle(metric, queries.get(q), images.get(i)));
                    }
                    List<Hit> hits = results.get(q).hits();
                    List<Hit> wanted = expected.toResult().hits();
                    for (int i = 0; i < 25; i++) {
                        // the oracle sums in another order: scores agree to the rounding of double, then of float
                        assertThat((double) hits.get(i).score())
                                .isCloseTo(wanted.get(i).score(), org.assertj.core.data.Offset.offset(1e-5));
                    }
                    assertThat(index.search(queries.get(q), SearchOptions.top(25)))
                            .isEqualTo(results.get(q));
                }
            }
        }
    }
}
