package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.index.FlatIndex;
import org.retrieval4j.spi.ComponentProvider;

/**
 * An image database of many long vectors, opened anew, removed from and compacted while another thread searches. Prints how
 * long it took; nothing depends on that. 20,000 images x 2048 unless {@code -Dscale.images=1000000} says otherwise, which
 * needs some 30 GB of disk. The pictures have two pixels, which are the seed of the vector.
 */
@Tag("soak")
class ScaleSoakTest {
    private static final int D = 2048;
    private static final int BATCH = 10_000;
    private static final int IMAGES = Integer.getInteger("scale.images", 20_000);

    private final Path folder;
    private final Components components = Components.of(List.of(
            new SeededProvider(),
            new FlatIndex.Provider(),
            new TestComponents.NearestProvider(),
            new TestComponents.ShiftProvider()));

    ScaleSoakTest(@TempDir Path folder) {
        this.folder = folder;
    }

    /** Provides {@code seeded}: a made-up vector of a picture's pixels. */
    static final class SeededProvider extends ComponentProvider<Extractor, TestComponents.NoOptions> {
        SeededProvider() {
            super(Extractor.class, "seeded", new TestComponents.NoOptions());
        }

        @Override
        public Extractor create(TestComponents.NoOptions options, BuildContext context) {
            return new Seeded(specOf(options));
        }
    }

    private record Seeded(ComponentSpec spec) implements Extractor {
        @Override
        public Set<String> outputs() {
            return Set.of(Extraction.GLOBAL);
        }

        @Override
        public List<Extraction> extractAll(List<Image> images) {
            List<Extraction> all = new ArrayList<>();
            for (Image image : images) {
                long seed = 0;
                for (byte value : image.rgb()) {
                    seed = seed << 8 | value & 0xff;
                }
                all.add(query(seed));
            }
            return all;
        }
    }

    private static Extraction query(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[D];
        for (int j = 0; j < D; j++) {
            values[j] = (float) (random.nextDouble() - 0.5);
        }
        return new Extraction(Map.of(), Optional.of(new Dense(values)));
    }

    private List<ImageSource> pictures(int from, int to) throws IOException {
        List<ImageSource> sources = new ArrayList<>();
        byte[] picture = "P6 2 1 255\n000000".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        for (int i = from; i < to; i++) {
            for (int b = 0; b < 6; b++) {
                picture[picture.length - 1 - b] = (byte) ((long) i >> 8 * b);
            }
            Path file = folder.resolve((i - from) + ".ppm");
            Files.write(file, picture);
            sources.add(new ImageSource("image-" + i, file));
        }
        return sources;
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    private static void say(String format, Object... arguments) {
        System.out.println(String.format(Locale.ROOT, format, arguments));
    }

    @Test
    void opensSearchesRemovesAndCompacts() throws Exception {
        DatabaseOptions options = DatabaseOptions.defaults()
                .withExtractor(ComponentSpec.parse("seeded"))
                .withAggregator(Optional.empty())
                .withIndex(ComponentSpec.parse("flat(metric=l2)"))
                .withMatcher(ComponentSpec.parse("nearest"))
                .withVerifier(ComponentSpec.parse("shift"));
        Path directory = folder.resolve("database");
        ImageReader reader = ImageReader.load(ImageLimits.defaults().withUncommonFormats(true));
        ExecutorService threads = Executors.newFixedThreadPool(2);
        long start = System.nanoTime();
        try (ImageDatabase database = ImageDatabase.create(directory, options, components, BuildContext.defaults())) {
            for (int from = 0; from < IMAGES; from += BATCH) {
                IndexingReport report = database.addAll(
                        pictures(from, Math.min(IMAGES, from + BATCH)),
                        reader,
                        IndexingOptions.defaults().withExecutor(threads));
                assertThat(report.skipped()).isEmpty();
            }
        } finally {
            threads.shutdown();
        }
        say("%d images x %d: made in %.1f s", IMAGES, D, seconds(start));
        start = System.nanoTime();
        try (ImageDatabase database = ImageDatabase.open(directory, components, BuildContext.defaults())) {
            say(
                    "opened in %.3f s, heap at most %d MB",
                    seconds(start), Runtime.getRuntime().maxMemory() >> 20);
            assertThat(database.size()).isEqualTo(IMAGES);
            changeUnderSearch(database);
            for (int i : new int[] {0, 1, IMAGES / 2, IMAGES - 1}) {
                assertThat(database.image("image-" + i).isPresent()).isEqualTo(i % 2 == 0);
                RankedImage first = database.search(query(i), SearchOptions.top(1), 0)
                        .images()
                        .get(0);
                assertThat(first.image().name().equals("image-" + i)).isEqualTo(i % 2 == 0);
            }
            start = System.nanoTime();
            database.verify();
            say("verified in %.1f s", seconds(start));
        }
        start = System.nanoTime();
        try (ImageDatabase database = ImageDatabase.openForReading(directory, components, BuildContext.defaults())) {
            say("opened again in %.3f s", seconds(start));
            assertThat(database.size()).isEqualTo(IMAGES / 2);
        }
    }

    private static void changeUnderSearch(ImageDatabase database) throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            say("median query %.3f s", median(database, () -> false, 11));
            Future<Double> underLoad = thread.submit(() -> median(database, done::get, Integer.MAX_VALUE));
            List<String> odd = new ArrayList<>();
            for (int i = 1; i < IMAGES; i += 2) {
                odd.add("image-" + i);
            }
            long start = System.nanoTime();
            assertThat(database.removeAll(odd)).isEqualTo(odd.size());
            say("removed %d in %.2f s", odd.size(), seconds(start));
            start = System.nanoTime();
            database.compact();
            say("compacted in %.1f s", seconds(start));
            done.set(true);
            say("median query meanwhile %.3f s", underLoad.get());
        } finally {
            done.set(true);
            thread.shutdown();
        }
    }

    private interface Until {
        boolean isReached();
    }

    /** Searches for images of even numbers, which stay. */
    private static double median(ImageDatabase database, Until until, int most) throws IOException {
        List<Double> times = new ArrayList<>();
        for (int q = 0; times.isEmpty() || q < most && !until.isReached(); q++) {
            int image = (int) (q * 7919L % (IMAGES / 2) * 2);
            Extraction query = query(image);
            long start = System.nanoTime();
            List<RankedImage> hits =
                    database.search(query, SearchOptions.top(10), 0).images();
            times.add(seconds(start));
            assertThat(hits.get(0).image().name()).isEqualTo("image-" + image);
        }
        times.sort(null);
        return times.get(times.size() / 2);
    }
}
