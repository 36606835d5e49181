package org.retrieval4j.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.HierarchicalKMeans;
import org.retrieval4j.learning.KMeans;
import org.retrieval4j.storage.NpyFile;

/**
 * ASMK* with very many words: a query over many images, and the aggregation of a query's 1,000 descriptors, of which
 * nearly all is the search for their nearest words. One thread.
 *
 * <pre>{@code
 * java -jar retrieval-bench/target/benchmarks.jar AsmkBenchmark
 * }</pre>
 *
 * <p>How many of the nearest words the aggregator finds depends on what the descriptors are; its program tells it for SIFT
 * of a folder of photographs, a third of which the words are learned without:
 *
 * <pre>{@code
 * java -Xmx4g --add-modules jdk.incubator.vector -cp retrieval-bench/target/benchmarks.jar \
 *     org.retrieval4j.bench.AsmkBenchmark IMAGES 65536
 * }</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-Xmx4g"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // JMH sets the fields
public class AsmkBenchmark {
    private static final int FEATURES = 1000;
    private static final int DIMENSION = 128;
    private static final int QUERY_ASSIGNMENTS = 5;

    /** An index of made-up images. */
    @State(Scope.Benchmark)
    public static class Stored {
        /** Words of the codebook. */
        @Param("65536")
        public int words;

        /** Images in the index, of 1,000 features each. */
        @Param("10000")
        public int images;

        private Index index;
        private GlobalDescriptor query;

        /** Fills the index. */
        @Setup
        public void prepare() throws IOException {
            index = Components.load().create(Index.class, "asmk");
            Random random = new Random(1);
            int batch = 500;
            for (int from = 0; from < images; from += batch) {
                long[] ids = new long[Math.min(batch, images - from)];
                List<GlobalDescriptor> descriptors = new ArrayList<>();
                for (int i = 0; i < ids.length; i++) {
                    ids[i] = from + i;
                    descriptors.add(image(random, FEATURES));
                }
                index.putAll(ids, descriptors);
            }
            index.compact();
            query = image(random, QUERY_ASSIGNMENTS * FEATURES);
        }

        // words as unequal as u²: one in 256 is chosen by a 16th of the features
        private Words image(Random random, int features) {
            int[] numbers = random.doubles(features)
                    .mapToInt(u -> (int) (u * u * words))
                    .sorted()
                    .distinct()
                    .toArray();
            long[] packed =
                    random.longs((long) numbers.length * DIMENSION / Long.SIZE).toArray();
            return new Words(words, numbers, new Words.Signatures(DIMENSION, packed));
        }

        /** Closes the index. */
        @TearDown
        public void close() {
            index.close();
        }
    }

    /** An aggregator over made-up words. */
    @State(Scope.Benchmark)
    public static class Codebook {
        /** Which kernels. */
        @Param({"scalar", "vector", "blas"})
        public String kernel;

        /** Words of the codebook. */
        @Param("65536")
        public int words;

        /** Groups of words that are looked into. */
        @Param({"16"})
        public int probes;

        /** Words a descriptor. */
        @Param({"1", "5"})
        public int assignments;

        private Path folder;
        private Aggregator aggregator;
        private ImageFeatures query;

        /** Makes the aggregator. */
        @Setup
        public void prepare() throws IOException {
            folder = Files.createTempDirectory("asmk");
            NpyFile.write(folder.resolve("codebook.npy"), Vectors.clustered(1, words, DIMENSION));
            aggregator = aggregator(folder, kernel, assignments, probes);
            query = ImageFeatures.ofDescriptors(Vectors.clustered(2, FEATURES, DIMENSION));
        }

        /** Frees the aggregator, and deletes its file. */
        @TearDown
        public void close() throws IOException {
            aggregator.close();
            Files.delete(folder.resolve("codebook.npy"));
            Files.delete(folder);
        }
    }

    private static Aggregator aggregator(Path folder, String kernel, int assignments, int probes) {
        BuildContext context = BuildContext.defaults().withBaseDirectory(folder).withKernel(kernel);
        return Components.load()
                .create(
                        Aggregator.class,
                        "asmk(codebook=codebook.npy,query-assignments=" + assignments + ",probes=" + probes + ")",
                        context);
    }

    /**
     * A query of 1,000 features in 5 words each.
     *
     * @param stored the index
     * @return the 100 best
     */
    @Benchmark
    public SearchResult search(Stored stored) {
        return stored.index.search(stored.query, SearchOptions.top(100));
    }

    /**
     * The aggregation of a query.
     *
     * @param codebook the aggregator
     * @return its words
     */
    @Benchmark
    public GlobalDescriptor aggregate(Codebook codebook) {
        return codebook.aggregator.aggregateQuery(codebook.query);
    }

    /**
     * Prints how many of the 1 and 5 nearest words are found in so many groups.
     *
     * @param arguments a folder of photographs, and the number of words
     * @throws IOException if a photograph cannot be read
     */
    public static void main(String[] arguments) throws IOException {
        int words = Integer.parseInt(arguments[1]);
        Kernels kernels = KernelCatalog.load().auto();
        List<FloatMatrix> learn = new ArrayList<>();
        List<FloatMatrix> ask = new ArrayList<>();
        List<ImageFeatures> all = features(Path.of(arguments[0]));
        for (int i = 0; i < all.size(); i++) {
            (i % 3 == 0 ? ask : learn).add(all.get(i).descriptors());
        }
        FloatMatrix sample = FloatMatrix.concat(learn);
        FloatMatrix codebook =
                HierarchicalKMeans.train(sample, new KMeans.Options(words, 10, 1), kernels, BuildContext.defaults());
        FloatMatrix x = FloatMatrix.concat(ask);
        int[] chosen = new Random(1).ints(0, x.rows()).distinct().limit(2000).toArray();
        List<ImageFeatures> queries = new ArrayList<>();
        for (int row : chosen) {
            queries.add(ImageFeatures.ofDescriptors(x.rows(row, row + 1)));
        }
        System.out.printf(
                Locale.ROOT, "%d words of %d descriptors, %d queries%n", words, sample.rows(), queries.size());
        Path folder = Files.createTempDirectory("asmk");
        NpyFile.write(folder.resolve("codebook.npy"), codebook);
        int groups = (int) Math.ceil(Math.sqrt(words));
        Map<Integer, List<Set<Integer>>> exact = new HashMap<>();
        for (int probes : new int[] {groups, 4, 8, 16, 24, 32, 64}) {
            for (int r : new int[] {1, QUERY_ASSIGNMENTS}) {
                try (Aggregator aggregator = aggregator(folder, kernels.name(), r, probes)) {
                    List<Set<Integer>> found = new ArrayList<>();
                    for (GlobalDescriptor descriptor : aggregator.aggregateQueries(queries)) {
                        Set<Integer> set = new HashSet<>();
                        Arrays.stream(((Words) descriptor).words()).forEach(set::add);
                        found.add(set);
                    }
                    List<Set<Integer>> nearest = exact.computeIfAbsent(r, any -> found);
                    long right = 0;
                    for (int q = 0; q < found.size(); q++) {
                        found.get(q).retainAll(nearest.get(q));
                        right += found.get(q).size();
                    }
                    System.out.printf(
                            Locale.ROOT,
                            "%d of %d groups: %.4f of the %d nearest words%n",
                            probes,
                            groups,
                            (double) right / queries.size() / r,
                            r);
                }
            }
        }
        Files.delete(folder.resolve("codebook.npy"));
        Files.delete(folder);
    }

    private static List<ImageFeatures> features(Path folder) throws IOException {
        ImageReader reader = ImageReader.load(ImageLimits.defaults());
        List<ImageFeatures> features = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder);
                Extractor extractor = Components.load().create(Extractor.class, "sift(max-keypoints=2000)")) {
            for (Path file : files.filter(
                            file -> file.toString().toLowerCase(Locale.ROOT).matches(".*\\.(jpe?g|png)"))
                    .sorted()
                    .toList()) {
                features.add(extractor.extract(reader.read(file)).local().orElseThrow());
            }
        }
        return features;
    }
}
