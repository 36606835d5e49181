package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Sparse;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.IndexContract;
import org.retrieval4j.api.SearchOptions;

class InvertedIndexTest extends IndexContract {
    @Override
    protected Index open(BuildContext context) throws IOException {
        return InvertedIndex.open(InvertedIndex.Options.defaults().withMetric(Metric.COSINE), context);
    }

    @Override
    protected GlobalDescriptor descriptor(long seed) {
        return random(new Random(seed), 40, 12);
    }

    @Override
    protected GlobalDescriptor otherDimension() {
        return new Sparse(41, new int[] {40}, new float[] {1});
    }

    private static Sparse random(Random random, int dimension, int words) {
        Map<Integer, Float> weights = new TreeMap<>();
        for (int i = 0; i < words; i++) {
            weights.put(random.nextInt(dimension), (float) random.nextGaussian());
        }
        return sparse(dimension, weights);
    }

    private static Sparse sparse(int dimension, Map<Integer, Float> unordered) {
        Map<Integer, Float> weights = new TreeMap<>(unordered);
        int[] words = weights.keySet().stream().mapToInt(word -> word).toArray();
        float[] values = new float[words.length];
        int i = 0;
        for (float weight : weights.values()) {
            values[i++] = weight;
        }
        return new Sparse(dimension, words, values);
    }

    private static Index inverted() throws IOException {
        return InvertedIndex.open(InvertedIndex.Options.defaults(), BuildContext.defaults());
    }

    @Test
    void imagesWithoutASharedWordHaveScoreZero() throws IOException {
        try (Index index = inverted()) {
            index.putAll(
                    new long[] {5, 1, 9, 3},
                    List.of(
                            sparse(10, Map.of(2, 1f)),
                            sparse(10, Map.of(3, 1f)),
                            sparse(10, Map.of()),
                            sparse(10, Map.of(2, -1f, 4, 9f))));
            assertThat(index.search(sparse(10, Map.of(2, 2f)), SearchOptions.top(4))
                            .hits())
                    .containsExactly(new Hit(5, 2), new Hit(1, 0), new Hit(9, 0), new Hit(3, -2));
            assertThat(index.search(sparse(10, Map.of(7, 2f)), SearchOptions.top(3))
                            .hits())
                    .containsExactly(new Hit(1, 0), new Hit(3, 0), new Hit(5, 0));
            assertThat(index.search(sparse(10, Map.of()), SearchOptions.top(9)).hits())
                    .extracting(Hit::imageId)
                    .containsExactly(1L, 3L, 5L, 9L);
        }
    }

    @Test
    void cosineDividesByTheNorms() throws IOException {
        try (Index index = open(BuildContext.defaults())) {
            index.putAll(
                    new long[] {0, 1, 2},
                    List.of(sparse(5, Map.of(0, 3f, 1, 4f)), sparse(5, Map.of(0, 100f)), sparse(5, Map.of())));
            assertThat(index.search(sparse(5, Map.of(0, 7f)), SearchOptions.top(3))
                            .hits())
                    .containsExactly(new Hit(1, 1), new Hit(0, 0.6f), new Hit(2, 0));
        }
    }

    @Test
    void theSpecNamesTheMetricAndTheServiceLoaderFindsIt() {
        try (Index index = Components.load().create(Index.class, "inverted")) {
            assertThat(index.spec()).hasToString("inverted(metric=ip)");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Components.load().create(Index.class, "inverted(metric=l2)"))
                .withMessage("inverted: metric must be ip or cosine, got l2");
    }

    @Test
    void agreesWithPlainSumsInMemoryAndInFiles(@TempDir Path directory) throws IOException {
        Random random = new Random(4);
        for (Metric metric : new Metric[] {Metric.IP, Metric.COSINE}) {
            BuildContext context = BuildContext.defaults().withDirectory(directory.resolve(metric.name()));
            InvertedIndex.Options options = new InvertedIndex.Options(metric);
            List<Sparse> images = new ArrayList<>();
            try (Index memory = InvertedIndex.open(options, BuildContext.defaults());
                    Index files = InvertedIndex.open(options, context)) {
                for (int id = 0; id < 400; id++) {
                    images.add(random(random, 200, random.nextInt(30)));
                    for (Index index : List.of(memory, files)) {
                        index.putAll(new long[] {id}, List.of(images.get(id)));
                    }
                    if (id % 50 == 0) {
                        files.flush();
                    }
                }
                for (int id = 0; id < 400; id += 7) {
                    memory.removeAll(new long[] {id});
                    files.removeAll(new long[] {id});
                }
                for (int q = 0; q < 20; q++) {
                    Sparse query = random(random, 200, 25);
                    TopK expected = new TopK(15);
                    for (int id = 0; id < 400; id++) {
                        if (id % 7 != 0) {
                            expected.offer(id, oracle(metric, query, images.get(id)));
                        }
                    }
                    assertThat(memory.search(query, SearchOptions.top(15))).isEqualTo(expected.toResult());
                    assertThat(files.search(query, SearchOptions.top(15))).isEqualTo(expected.toResult());
                }
                files.compact();
                Sparse query = random(random, 200, 25);
                assertThat(files.search(query, SearchOptions.top(400)))
                        .isEqualTo(memory.search(query, SearchOptions.top(400)));
            }
        }
    }

    private static float oracle(Metric metric, Sparse a, Sparse b) {
        double sum = 0;
        for (int i = 0; i < a.words().length; i++) {
            for (int j = 0; j < b.words().length; j++) {
                if (a.words()[i] == b.words()[j]) {
                    sum += (double) a.weights()[i] * b.weights()[j];
                }
            }
        }
        double norms = InvertedSegment.norm(a) * InvertedSegment.norm(b);
        return metric == Metric.IP ? (float) sum : norms == 0 ? 0 : (float) (sum / norms);
    }
}
