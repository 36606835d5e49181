package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.IndexContract;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.storage.CorruptFileException;
import org.retrieval4j.storage.Damage;
import org.retrieval4j.storage.UnsupportedVersionException;

/** What every approximate index of dense vectors must do beyond the contract of all indexes. */
abstract class VectorIndexContract extends IndexContract {
    static final int DIMENSION = 16;
    private static final Components COMPONENTS = Components.load();

    /** The index with a metric, as text; small enough for a sample of 200 descriptors. */
    abstract String spec(Metric metric);

    /** What recall at 10 it must reach on clustered vectors, for 40 candidates. */
    abstract double leastRecall();

    /** Whether it must learn. */
    boolean learns() {
        return true;
    }

    /** Whether its scores are those of the vectors, not of codes. */
    boolean scoresExactly() {
        return true;
    }

    static Index open(String spec, BuildContext context) {
        return COMPONENTS.create(Index.class, spec, context);
    }

    static String canonical(String spec) {
        return COMPONENTS.canonical(Index.class, ComponentSpec.parse(spec)).toString();
    }

    @Override
    protected Index open(BuildContext context) {
        return open(spec(Metric.L2), context);
    }

    @Override
    protected GlobalDescriptor descriptor(long seed) {
        Random random = new Random(seed);
        float[] values = new float[DIMENSION];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return new Dense(values);
    }

    @Override
    protected GlobalDescriptor otherDimension() {
        return new Dense(new float[DIMENSION - 1]);
    }

    private BuildContext context(List<Dense> sample) {
        return BuildContext.defaults().withDescriptors(sample);
    }

    private static Index flat(Metric metric) throws IOException {
        return FlatIndex.open(FlatIndex.Options.defaults().withMetric(metric), BuildContext.defaults());
    }

    @Test
    void findsMostOfWhatFlatFindsWithTheSameScores() throws IOException {
        for (Metric metric : Metric.values()) {
            Clustered clustered = new Clustered(DIMENSION, 40, 3);
            List<Dense> images = clustered.next(2000);
            List<Dense> queries = clustered.next(60);
            try (Index index = open(spec(metric), context(images.subList(0, 400)));
                    Index flat = flat(metric)) {
                Clustered.put(index, 0, images);
                Clustered.put(flat, 0, images);
                List<SearchResult> found =
                        index.searchAll(queries, SearchOptions.top(10).withCandidates(40));
                List<SearchResult> exact = flat.searchAll(queries, SearchOptions.top(10));
                assertThat(Clustered.recall(found, exact)).as(metric.name()).isGreaterThan(leastRecall());
                Map<Long, Float> scores = new HashMap<>();
                for (int q = 0; q < queries.size() && scoresExactly(); q++) {
                    scores.clear();
                    for (Hit hit :
                            flat.search(queries.get(q), SearchOptions.top(2000)).hits()) {
                        scores.put(hit.imageId(), hit.score());
                    }
                    assertThat(found.get(q).hits())
                            .allSatisfy(hit -> assertThat(hit.score()).isEqualTo(scores.get(hit.imageId())));
                }
            }
        }
    }

    @Test
    void findsWhatFewImagesPassTheFilter() throws IOException {
        Clustered clustered = new Clustered(DIMENSION, 40, 4);
        List<Dense> images = clustered.next(2000);
        try (Index index = open(spec(Metric.L2), context(images.subList(0, 400)));
                Index flat = flat(Metric.L2)) {
            Clustered.put(index, 0, images);
            Clustered.put(flat, 0, images);
            for (int step : new int[] {2, 10, 100, 400}) {
                SearchOptions options = SearchOptions.top(5).withCandidates(40).withFilter(id -> id % step == 1);
                List<SearchResult> found = index.searchAll(clustered.next(30), options);
                assertThat(found).allSatisfy(result -> {
                    assertThat(result.hits()).hasSize(5).allMatch(hit -> hit.imageId() % step == 1);
                });
            }
            SearchOptions few = SearchOptions.top(5).withFilter(id -> id == 3 || id == 1777 || id == 999_999);
            List<Dense> queries = clustered.next(10);
            if (scoresExactly()) {
                assertThat(index.searchAll(queries, few)).isEqualTo(flat.searchAll(queries, few));
            }
            assertThat(index.searchAll(queries, few))
                    .allSatisfy(result -> assertThat(result.hits()).hasSize(2));
        }
    }

    @Test
    void threadsAndBatchesChangeNothing() {
        Clustered clustered = new Clustered(DIMENSION, 40, 5);
        List<Dense> images = clustered.next(1500);
        List<Dense> queries = clustered.next(40);
        SearchOptions options = SearchOptions.top(10).withCandidates(30);
        List<List<SearchResult>> results = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            for (BuildContext context : List.of(
                    context(images.subList(0, 300)),
                    context(images.subList(0, 300)).withExecutor(threads))) {
                try (Index index = open(spec(Metric.COSINE), context)) {
                    Clustered.put(index, 0, images);
                    results.add(index.searchAll(queries, options));
                    List<SearchResult> single = new ArrayList<>();
                    queries.forEach(query -> single.add(index.search(query, options)));
                    results.add(single);
                }
            }
        } finally {
            threads.shutdown();
        }
        assertThat(results).allMatch(results.get(0)::equals);
    }

    @Test
    void zeroVectorsAndEqualVectorsAreFound() {
        for (Metric metric : Metric.values()) {
            Clustered clustered = new Clustered(DIMENSION, 10, 6);
            List<Dense> images = new ArrayList<>(clustered.next(50));
            Dense zero = new Dense(new float[DIMENSION]);
            for (int i = 0; i < 30; i++) {
                images.add(zero);
                images.add(images.get(7));
            }
            try (Index index = open(spec(metric), context(clustered.next(200)))) {
                Clustered.put(index, 0, images);
                for (Dense query : List.of(zero, images.get(7))) {
                    List<Hit> hits = index.search(query, SearchOptions.top(110)).hits();
                    assertThat(hits).hasSize(110).allMatch(hit -> Float.isFinite(hit.score()));
                    assertThat(hits.stream().map(Hit::imageId)).doesNotHaveDuplicates();
                }
                List<Hit> zeros = index.search(zero, SearchOptions.top(5).withCandidates(110))
                        .hits();
                if (metric == Metric.L2) {
                    assertThat(zeros).extracting(Hit::imageId).containsExactly(50L, 52L, 54L, 56L, 58L);
                } else {
                    assertThat(zeros).allMatch(hit -> hit.score() == 0);
                }
            }
        }
    }

    @Test
    void learnsOnceAndOpensWithoutASample() throws IOException {
        BuildContext here = BuildContext.defaults().withDirectory(folder.resolve("index"));
        if (learns()) {
            assertThatThrownBy(() -> open(spec(Metric.L2), here))
                    .isInstanceOf(org.retrieval4j.api.SampleRequiredException.class);
        }
        Clustered clustered = new Clustered(DIMENSION, 10, 7);
        List<Dense> images = clustered.next(300);
        List<SearchResult> before;
        SearchOptions options = SearchOptions.top(5).withCandidates(20);
        try (Index index = open(spec(Metric.L2), here.withDescriptors(images))) {
            Clustered.put(index, 0, images);
            index.flush();
            before = index.searchAll(images.subList(0, 20), options);
        }
        try (Index index = open(spec(Metric.L2), here)) {
            assertThat(index.searchAll(images.subList(0, 20), options)).isEqualTo(before);
            try (Index copy =
                    Components.load().open(Index.class, index.spec(), index.state(), BuildContext.defaults())) {
                assertThat(copy.fingerprint()).isEqualTo(index.fingerprint());
            }
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> open(spec(Metric.COSINE), here.withDescriptors(images)))
                .withMessageContaining("holds the index " + canonical(spec(Metric.L2)));
    }

    @Test
    void damageIsRefusedOrChangesNothing() throws IOException {
        Path directory = folder.resolve("index");
        BuildContext here = BuildContext.defaults().withDirectory(directory);
        List<Dense> images = new Clustered(DIMENSION, 4, 8).next(30);
        SearchOptions options = SearchOptions.top(5).withCandidates(20);
        SearchResult expected;
        try (Index index = open(spec(Metric.L2), here.withDescriptors(images))) {
            Clustered.put(index, 0, images.subList(0, 12));
            index.flush();
            expected = index.search(images.get(3), options);
        }
        Damage.Check check = () -> isRefused(here, index -> {
            index.verify();
            assertThat(index.search(images.get(3), options)).isEqualTo(expected);
        });
        Path file = directory.resolve("segment-00000001.r4j");
        int length = (int) Files.size(file);
        assertThat(Damage.flipBits(file, 97, check)).isGreaterThan(length / 20);
        // the container is cut at every byte in IndexFilesTest
        for (int cut = length - 1; cut >= 0; cut -= 41) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(cut);
            }
            assertThat(check.isRefused()).isTrue();
        }
    }

    /** Bits flipped where no checksum is looked at: never another exception, never an endless loop. */
    @Test
    void unverifiedDamageEndsInAnErrorOrInHits() throws IOException {
        Path directory = folder.resolve("index");
        BuildContext here = BuildContext.defaults().withDirectory(directory);
        List<Dense> images = new Clustered(DIMENSION, 4, 9).next(300);
        try (Index index = open(spec(Metric.L2), here.withDescriptors(images.subList(0, 100)))) {
            Clustered.put(index, 0, images);
            index.flush();
        }
        Path file = directory.resolve("segment-00000001.r4j");
        int step = (int) (8 * Files.size(file) / 150) | 1;
        Damage.Check check = () -> isRefused(
                here, index -> index.search(images.get(3), SearchOptions.top(5).withCandidates(20)));
        assertThat(Damage.flipBits(file, step, check)).isPositive();
    }

    private interface Use {
        void of(SegmentedIndex<?> index) throws IOException;
    }

    private boolean isRefused(BuildContext here, Use use) throws IOException {
        try (Index index = open(spec(Metric.L2), here)) {
            use.of((SegmentedIndex<?>) index);
            return false;
        } catch (CorruptFileException | UnsupportedVersionException e) {
            return true;
        } catch (UncheckedIOException e) {
            assertThat(e.getCause()).isInstanceOfAny(CorruptFileException.class, UnsupportedVersionException.class);
            return true;
        }
    }

    private void writeKept(Path directory) throws IOException {
        List<Dense> images = new ArrayList<>();
        for (int i = 0; i < keptImages(); i++) {
            float[] values = new float[4];
            for (int j = 0; j < 4; j++) {
                values[j] = (i * (7 + j) + i * i * j) % 11 - 5 + 0.25f * i;
            }
            images.add(new Dense(values));
        }
        BuildContext here = context(images).withDirectory(directory).withKernel("scalar");
        try (Index index = open(keptSpec(), here)) {
            Clustered.put(index, 100, images);
            index.flush();
            index.removeAll(new long[] {101, 103});
            index.putAll(new long[] {7}, List.of(new Dense(new float[] {1, 2, 3, 4})));
            index.flush();
        }
    }

    /** Number of images of the kept files. */
    int keptImages() {
        return 40;
    }

    /** The spec of the kept files: of 4 dimensions. */
    String keptSpec() {
        return spec(Metric.L2);
    }

    /** If this fails because the format was changed on purpose: see KeptFormatsTest. */
    @Test
    void writesWhatItAlwaysWrote() throws Exception {
        Path directory = Files.createDirectories(folder.resolve("written"));
        writeKept(directory);
        String name = "index-" + ComponentSpec.parse(keptSpec()).first().name() + "-v1";
        Path kept = Path.of(Objects.requireNonNull(getClass().getResource("/formats/" + name), name)
                .toURI());
        Path copy = Files.createDirectories(folder.resolve("copy"));
        try (var files = Files.list(kept)) {
            for (Path file : files.toList()) {
                String fileName = String.valueOf(file.getFileName());
                assertThat(directory.resolve(fileName)).hasSameBinaryContentAs(file);
                Files.copy(file, copy.resolve(fileName));
            }
        }
        Dense query = new Dense(new float[] {1, 2, 3, 4});
        try (Index index = open(keptSpec(), BuildContext.defaults().withDirectory(copy))) {
            List<Hit> hits =
                    index.search(query, SearchOptions.top(keptImages())).hits();
            assertThat(hits).hasSize(keptImages() - 1).extracting(Hit::imageId).doesNotContain(101L, 103L);
            assertThat(hits.get(0).imageId()).isEqualTo(7);
        }
    }

    @Test
    void takesTheMemoryThatWasEstimated() throws IOException {
        Clustered clustered = new Clustered(DIMENSION, 10, 12);
        List<Dense> images = clustered.next(1500);
        BuildContext here = context(images.subList(0, 400));
        try (Index index = open(spec(Metric.L2), here);
                Index onDisk = open(spec(Metric.L2), here.withDirectory(folder.resolve("index")))) {
            Clustered.put(index, 0, images);
            long learned = index.state().arrays().values().stream()
                    .mapToLong(array -> 4L * array.rows() * array.columns())
                    .sum();
            long estimated = IndexMemory.estimate(COMPONENTS, spec(Metric.L2), 1500, DIMENSION);
            long used = IndexMemory.used(index);
            assertThat(used).isGreaterThan(learned);
            assertThat((double) estimated).isBetween(0.9 * used, 1.1 * used);
            Clustered.put(onDisk, 0, images);
            onDisk.flush();
            assertThat(((SegmentedIndex<?>) onDisk).heapBytes()).isZero();
            double file = Files.size(folder.resolve("index").resolve("segment-00000001.r4j")) + learned;
            assertThat((double) estimated).isBetween(0.9 * file, 1.1 * file);
        }
    }

    @Test
    void staysAsGoodWhileHalfOfItIsReplaced() throws Exception {
        Clustered clustered = new Clustered(DIMENSION, 40, 10);
        BuildContext context = context(clustered.next(400));
        try (Index index = open(spec(Metric.L2), context);
                Index fresh = open(spec(Metric.L2), context);
                Index flat = flat(Metric.L2)) {
            Churn.run(index, fresh, flat, clustered, 2000, 50).assertAsGoodAsFresh();
        }
    }
}
