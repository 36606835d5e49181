package org.retrieval4j.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.database.DatabaseOptions;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.database.ImageSource;
import org.retrieval4j.database.IndexingOptions;
import org.retrieval4j.database.IndexingReport;

/**
 * A new database from a folder of pictures, with the defaults of {@code retrieval index}: decoding, SIFT, learning the
 * codebook, VLAD, writing. Time for the whole folder.
 *
 * <pre>{@code
 * java -jar retrieval-bench/target/benchmarks.jar IndexingBenchmark -p images=FOLDER -p threads=2
 * }</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2)
@Measurement(iterations = 3)
@SuppressWarnings("NullAway.Init") // JMH sets the fields
public class IndexingBenchmark {
    private static final String RESOURCES = "/org/openimaj/image/";
    private static final List<String> PHOTOGRAPHS = List.of(
            "feature/validator/graf/img1.ppm",
            "feature/validator/graf/img2.ppm",
            "feature/validator/graf/img3.ppm",
            "feature/validator/graf/img4.ppm",
            "feature/validator/graf/img5.ppm",
            "feature/validator/graf/img6.ppm",
            "data/photo.JPG",
            "data/bird.png",
            "text/extraction/signtext.jpg",
            "contour/aestheticode/aestheticode.jpg");

    /** A folder of pictures; ten photographs from Maven if empty. */
    @Param("")
    public String images;

    /** Threads of the executor. */
    @Param("2")
    public int threads;

    private Components components;
    private ImageReader reader;
    private ExecutorService executor;
    private Path scratch;
    private List<ImageSource> sources;

    /**
     * Lists the pictures.
     *
     * @throws IOException if the folder cannot be read
     */
    @Setup
    public void prepare() throws IOException {
        components = Components.load();
        reader = ImageReader.load(ImageLimits.defaults().withUncommonFormats(true));
        executor = Executors.newFixedThreadPool(threads);
        scratch = Files.createTempDirectory("indexing");
        sources = new ArrayList<>();
        try (Stream<Path> files = Files.list(images.isEmpty() ? unpacked() : Path.of(images))) {
            files.filter(Files::isRegularFile)
                    .sorted()
                    .forEach(file -> sources.add(new ImageSource(file.toString(), file)));
        }
    }

    private Path unpacked() throws IOException {
        Path folder = Files.createDirectory(scratch.resolve("pictures"));
        for (String name : PHOTOGRAPHS) {
            try (InputStream in = IndexingBenchmark.class.getResourceAsStream(RESOURCES + name)) {
                Path file = folder.resolve(name.replace('/', '-'));
                Files.copy(Objects.requireNonNull(in, name), file);
            }
        }
        return folder;
    }

    /**
     * Removes the database of the run before.
     *
     * @throws IOException if it cannot be removed
     */
    @Setup(Level.Invocation)
    public void clear() throws IOException {
        delete(scratch.resolve("database"));
    }

    /**
     * Ends the threads and removes all files.
     *
     * @throws IOException if they cannot be removed
     */
    @TearDown
    public void close() throws IOException {
        executor.shutdownNow();
        delete(scratch);
    }

    /**
     * Indexes the folder.
     *
     * @return what was indexed
     * @throws IOException if the database cannot be written
     */
    @Benchmark
    public IndexingReport index() throws IOException {
        BuildContext context = BuildContext.defaults().withExecutor(executor);
        try (ImageDatabase database =
                ImageDatabase.create(scratch.resolve("database"), DatabaseOptions.defaults(), components, context)) {
            return database.addAll(sources, reader, IndexingOptions.defaults().withExecutor(executor));
        }
    }

    private static void delete(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (Stream<Path> all = Files.walk(path)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
