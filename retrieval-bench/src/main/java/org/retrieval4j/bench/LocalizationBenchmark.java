package org.retrieval4j.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
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
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.localization.localizer.Deadline;
import org.retrieval4j.localization.localizer.Localization;
import org.retrieval4j.localization.localizer.LocalizationMap;
import org.retrieval4j.localization.localizer.Localizer;
import org.retrieval4j.localization.localizer.Query;
import org.retrieval4j.localization.map.PointMap;
import org.retrieval4j.localization.pose.Pose;

/**
 * A query against a map, on one thread, without the extraction of its features: ranking the map's pictures, and finding the
 * pose among the first 20. The means of the localizer's own stages are printed at the end.
 *
 * <pre>{@code
 * java -jar retrieval-bench/target/benchmarks.jar LocalizationBenchmark -p kernel=vector
 * }</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-Xmx3g"})
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@SuppressWarnings("NullAway.Init") // JMH sets the fields
public class LocalizationBenchmark {
    private static final int RETRIEVED = 20;

    /** Which kernels. */
    @Param({"vector", "blas"})
    public String kernel;

    /** How poses are found. */
    @Param("sfm")
    public String localizer;

    /** Pictures of the map. */
    @Param("1000")
    public int images;

    /** Keypoints of a picture, and about how many of them observe points. */
    @Param("4000,1500")
    public String keypoints;

    /** Keypoints of the query. */
    @Param("2000")
    public int queryKeypoints;

    private Path folder;
    private MadeUpMap made;
    private ImageDatabase database;
    private Matcher matcher;
    private Localizer localizing;
    private LocalizationMap map;
    private Extraction asked;
    private List<Hit> ranked;
    private final Map<String, Double> stages = new TreeMap<>();
    private int localized;

    /**
     * Makes the map.
     *
     * @throws IOException if it cannot be written
     */
    @Setup
    public void prepare() throws IOException {
        folder = Files.createTempDirectory("localization-benchmark");
        String[] sizes = keypoints.split(",");
        made = new MadeUpMap(images, Integer.parseInt(sizes[0]), Integer.parseInt(sizes[1]), queryKeypoints);
        BuildContext context = BuildContext.defaults().withKernel(kernel);
        ComponentSpec pairing = ComponentSpec.parse("mutual-nearest-neighbor(ratio=0.85)");
        database = made.database(folder, pairing, context);
        Components components = Components.load();
        matcher = components.create(Matcher.class, pairing, context);
        localizing = components.create(Localizer.class, localizer, context);
        PointMap points = made.points(database);
        points.write(folder.resolve("points"));
        points = PointMap.open(folder.resolve("points"));
        map = new LocalizationMap(points, points.checked(database), matcher);
        asked = database.extract(made.query());
        ranked = search();
    }

    /**
     * Removes the map, and tells the stages.
     *
     * @throws IOException if it cannot be removed
     */
    @TearDown
    public void close() throws IOException {
        stages.forEach((stage, seconds) -> System.out.printf(
                Locale.ROOT, "%n%s: %.2f ms a query (with warm-up)", stage, 1000 * seconds / localized));
        map.points().close();
        localizing.close();
        matcher.close();
        database.close();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Where the query was taken. */
    Pose truth() {
        return made.queryPose();
    }

    /**
     * Ranks the map's pictures by the query's descriptor.
     *
     * @return the first 20
     * @throws IOException if the database cannot be read
     */
    @Benchmark
    public List<Hit> search() throws IOException {
        return database.search(asked, SearchOptions.top(RETRIEVED), 0).images().stream()
                .map(hit -> new Hit(hit.image().id(), hit.score()))
                .toList();
    }

    /**
     * Reads the features of the first 20.
     *
     * @return the features
     * @throws IOException if the database cannot be read
     */
    @Benchmark
    public List<ImageFeatures> read() throws IOException {
        List<ImageFeatures> read = new ArrayList<>();
        for (Hit hit : ranked) {
            read.add(map.features().features(hit.imageId()).orElseThrow());
        }
        return read;
    }

    /**
     * Finds the pose among the first 20.
     *
     * @return the answer
     * @throws IOException if the map cannot be read
     */
    @Benchmark
    public Localization localize() throws IOException {
        Localization found = localizing.localize(
                map, new Query(asked.local().orElseThrow(), MadeUpMap.CAMERA, ranked, asked.global(), Deadline.NONE));
        found.stageSeconds().forEach((stage, seconds) -> stages.merge(stage, seconds, Double::sum));
        localized++;
        return found;
    }

    /**
     * All that a query takes once its features are there.
     *
     * @return the answer
     * @throws IOException if the map cannot be read
     */
    @Benchmark
    public Localization query() throws IOException {
        ranked = search();
        return localize();
    }
}
