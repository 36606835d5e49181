package org.retrieval4j.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.database.DatabaseOptions;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.database.ImageSource;
import org.retrieval4j.database.IndexingOptions;
import org.retrieval4j.database.Keep;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.map.MapImage;
import org.retrieval4j.localization.map.PointMap;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.spi.ComponentProvider;

/**
 * How long it takes until a large map for localization is open, and how much heap it keeps: a map with made-up points and
 * features, as the command line lays it out. Features are stretches of one pool of random numbers.
 *
 * <pre>{@code
 * alias opening='java -Xmx1g -cp retrieval-bench/target/benchmarks.jar org.retrieval4j.bench.MapOpening'
 * opening images MAP 10000 1000
 * opening points MAP 750 10000
 * opening open MAP
 * }</pre>
 *
 * <p>{@code images MAP n keypoints} makes features and index of n pictures. {@code points MAP observations n …} makes points that
 * five pictures each observe, so many in a picture, of the first n pictures; then it adds more pictures, as a segment of
 * their own each time. {@code open MAP} opens both and searches once, as a program that starts does.
 */
public final class MapOpening {
    private static final int TRACK = 5;
    private static final int WIDTH = 128;
    private static final int GROUP = 500;
    private static final Camera CAMERA = Camera.parse("SIMPLE_RADIAL 1600 1200 1400 800 600 0.01");

    private MapOpening() {}

    /**
     * Makes or opens a map.
     *
     * @param arguments see the class
     * @throws IOException if files cannot be read or written
     */
    public static void main(String[] arguments) throws IOException {
        Path map = Path.of(arguments[1]);
        int[] numbers = Stream.of(arguments).skip(2).mapToInt(Integer::parseInt).toArray();
        switch (arguments[0]) {
            case "images" -> makeImages(map, numbers[0], numbers[1]);
            case "points" ->
                makePoints(map.resolve("points"), numbers[0], Arrays.copyOfRange(numbers, 1, numbers.length));
            default -> open(map);
        }
    }

    private static void open(Path map) throws IOException {
        long start = System.nanoTime();
        try (PointMap points = PointMap.open(map.resolve("points"))) {
            double seconds = since(start);
            say("%d images, %d points, %d observations", points.images().size(), points.size(), points.observations());
            say("points: open in %.2f s, %d MB of heap", seconds, used());
            start = System.nanoTime();
            try (ImageDatabase database =
                    ImageDatabase.openForReading(map.resolve("images"), components(), BuildContext.defaults())) {
                double opened = since(start);
                start = System.nanoTime();
                Extraction query = database.extract(new Image(2, 1, new byte[6], Orientation.ofExif(1)));
                database.search(query, SearchOptions.top(20), 0);
                double searched = since(start);
                say("images: open in %.2f s, first search in %.2f s, %d MB of heap", opened, searched, used());
                say("in all %.2f s", seconds + opened + searched);
            }
        }
    }

    private static double since(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory() >> 20;
    }

    private static void say(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }

    private static void makeImages(Path map, int images, int keypoints) throws IOException {
        DatabaseOptions options = DatabaseOptions.defaults()
                .withExtractor(ComponentSpec.parse("made-up(keypoints=" + keypoints + ")"))
                .withKeep(Keep.FLOAT);
        ImageReader reader = ImageReader.load(ImageLimits.defaults().withUncommonFormats(true));
        ExecutorService threads = Executors.newFixedThreadPool(2);
        Path pictures = Files.createDirectories(map.resolve("pictures"));
        try (ImageDatabase database =
                ImageDatabase.create(map.resolve("images"), options, components(), BuildContext.defaults())) {
            for (int from = 0; from < images; from += GROUP) {
                List<ImageSource> sources = pictures(pictures, from, Math.min(from + GROUP, images));
                database.addAll(sources, reader, IndexingOptions.defaults().withExecutor(threads));
            }
        } finally {
            threads.shutdown();
        }
    }

    private static void makePoints(Path folder, int observations, int... steps) throws IOException {
        List<MapImage> images = new ArrayList<>();
        List<PointMap.Point> points = new ArrayList<>();
        for (int step : steps) {
            int from = images.size();
            for (int i = from; i < from + step; i++) {
                images.add(new MapImage(i, name(i), CAMERA, new Pose(1, 0, 0, 0, 0.1 * i, 0, 0)));
            }
            points(from, images.size(), observations, points);
            try (PointMap now = PointMap.of(images, points)) {
                now.write(folder);
            }
        }
    }

    private static String name(int image) {
        return "sequence/image-" + image + ".jpg";
    }

    /** Neighbors see the same points. */
    private static void points(int from, int to, int observations, List<PointMap.Point> points) {
        SplittableRandom random = new SplittableRandom(from);
        int groups = (to - from) / TRACK;
        for (int g = 0; g < groups; g++) {
            for (int k = 0; k < observations; k++) {
                int[] track = new int[2 * TRACK];
                for (int i = 0; i < TRACK; i++) {
                    // 1 to 4 pictures apart, so that each picture sees one point for each k
                    track[2 * i] = from + (g * TRACK + i * (1 + k % (TRACK - 1))) % (groups * TRACK);
                    track[2 * i + 1] = k;
                }
                points.add(new PointMap.Point(random.nextDouble(), random.nextDouble(), random.nextDouble(), track));
            }
        }
    }

    private static List<ImageSource> pictures(Path folder, int from, int to) throws IOException {
        List<ImageSource> sources = new ArrayList<>();
        for (int i = from; i < to; i++) {
            byte[] picture = String.format(Locale.ROOT, "P6 2 1 255\n%06d", i).getBytes(StandardCharsets.US_ASCII);
            Path file = folder.resolve(i - from + ".ppm");
            Files.write(file, picture);
            sources.add(new ImageSource(name(i), file));
        }
        return sources;
    }

    private static Components components() {
        List<ComponentProvider<?, ?>> providers =
                new ArrayList<>(Components.load().providers());
        providers.add(new MadeUpProvider());
        return Components.of(providers);
    }

    private static ImageFeatures features(long seed, int keypoints) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] places = new float[Keypoints.COLUMNS * keypoints];
        for (int k = 0; k < keypoints; k++) {
            places[Keypoints.COLUMNS * k] = (float) (random.nextDouble() * CAMERA.width());
            places[Keypoints.COLUMNS * k + 1] = (float) (random.nextDouble() * CAMERA.height());
            places[Keypoints.COLUMNS * k + 2] = 2;
        }
        float[] descriptors = new float[WIDTH * keypoints];
        System.arraycopy(Pool.VALUES, random.nextInt(Pool.SPARE), descriptors, 0, descriptors.length);
        return new ImageFeatures(
                CAMERA.width(),
                CAMERA.height(),
                new Keypoints(FloatMatrix.of(keypoints, Keypoints.COLUMNS, places)),
                FloatMatrix.of(keypoints, WIDTH, descriptors));
    }

    /** Random numbers, made once. */
    private static final class Pool {
        static final int SPARE = 1 << 20;
        static final float[] VALUES = new float[SPARE + 4096 * WIDTH];

        static {
            SplittableRandom random = new SplittableRandom(1);
            for (int i = 0; i < VALUES.length; i++) {
                VALUES[i] = random.nextInt(256);
            }
        }
    }

    /**
     * Of the extractor {@code made-up}.
     *
     * @param keypoints a picture
     */
    public record Options(int keypoints) {}

    /** Provides {@code made-up}: features whose seed is the pixels of a picture. */
    private static final class MadeUpProvider extends ComponentProvider<Extractor, Options> {
        MadeUpProvider() {
            super(Extractor.class, "made-up", new Options(1000));
        }

        @Override
        public Extractor create(Options options, BuildContext context) {
            return new MadeUp(specOf(options), options.keypoints());
        }
    }

    private record MadeUp(ComponentSpec spec, int keypoints) implements Extractor {
        @Override
        public Set<String> outputs() {
            return Set.of(Extraction.LOCAL);
        }

        @Override
        public List<Extraction> extractAll(List<Image> images) {
            List<Extraction> all = new ArrayList<>();
            for (Image image : images) {
                long seed = 0;
                for (byte value : image.rgb()) {
                    seed = seed << 8 | value & 0xff;
                }
                all.add(new Extraction(Map.of(Extraction.LOCAL, features(seed, keypoints)), Optional.empty()));
            }
            return all;
        }
    }
}
