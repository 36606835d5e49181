package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;

/**
 * A mapped index of many long vectors, removed from and compacted while another thread searches. Prints how long it took;
 * nothing depends on that. 100,000 x 2048 (0.8 GB) unless {@code -Dscale.images=1000000} says otherwise, which needs some
 * 20 GB of disk.
 */
@Tag("soak")
class ScaleSoakTest {
    private static final int D = 2048;
    private static final int BATCH = 10_000;
    private static final int IMAGES = Integer.getInteger("scale.images", 100_000);

    private static Dense vector(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[D];
        for (int j = 0; j < D; j++) {
            values[j] = (float) (random.nextDouble() - 0.5);
        }
        return new Dense(values);
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    private static void say(String format, Object... arguments) {
        System.out.println(String.format(Locale.ROOT, format, arguments));
    }

    @Test
    void opensSearchesRemovesAndCompacts(@TempDir Path folder) throws Exception {
        BuildContext here = BuildContext.defaults().withDirectory(folder.resolve("index"));
        String spec = "flat(metric=l2)";
        long start = System.nanoTime();
        try (Index index = Components.load().create(Index.class, spec, here)) {
            for (int from = 0; from < IMAGES; from += BATCH) {
                List<Dense> batch = new ArrayList<>();
                for (int i = from; i < from + BATCH; i++) {
                    batch.add(vector(i));
                }
                Clustered.put(index, from, batch);
                index.flush();
            }
        }
        say("%d x %d: made in %.1f s", IMAGES, D, seconds(start));
        start = System.nanoTime();
        try (Index index = Components.load().create(Index.class, spec, here)) {
            say(
                    "opened in %.3f s, heap at most %d MB",
                    seconds(start), Runtime.getRuntime().maxMemory() >> 20);
            assertThat(index.size()).isEqualTo(IMAGES);
            AtomicBoolean done = new AtomicBoolean();
            ExecutorService thread = Executors.newSingleThreadExecutor();
            try {
                say("median query %.3f s", median(index, () -> false, 11));
                Future<Double> underLoad = thread.submit(() -> median(index, done::get, Integer.MAX_VALUE));
                start = System.nanoTime();
                long[] removed = new long[IMAGES / 2];
                Arrays.setAll(removed, i -> 2L * i + 1);
                assertThat(index.removeAll(removed)).isEqualTo(IMAGES / 2);
                index.flush();
                say("removed %d in %.2f s", removed.length, seconds(start));
                start = System.nanoTime();
                index.compact();
                say("compacted in %.1f s", seconds(start));
                done.set(true);
                say("median query meanwhile %.3f s", underLoad.get());
            } finally {
                done.set(true);
                thread.shutdown();
            }
            for (long id : new long[] {0, 1, IMAGES / 2, IMAGES - 1}) {
                Hit first =
                        index.search(vector(id), SearchOptions.top(1)).hits().get(0);
                assertThat(first.score() == 0).isEqualTo(id % 2 == 0);
                assertThat(first.imageId() == id).isEqualTo(id % 2 == 0);
            }
            ((SegmentedIndex<?>) index).verify();
        }
    }

    private interface Until {
        boolean isReached();
    }

    /** Searches for images of even ids, which stay. */
    private static double median(Index index, Until until, int most) throws IOException {
        List<Double> times = new ArrayList<>();
        for (int q = 0; times.isEmpty() || q < most && !until.isReached(); q++) {
            long id = q * 7919L % (IMAGES / 2) * 2;
            Dense query = vector(id);
            long start = System.nanoTime();
            List<Hit> hits = index.search(query, SearchOptions.top(10)).hits();
            times.add(seconds(start));
            assertThat(hits.get(0)).isEqualTo(new Hit(id, 0));
        }
        times.sort(null);
        return times.get(times.size() / 2);
    }
}
