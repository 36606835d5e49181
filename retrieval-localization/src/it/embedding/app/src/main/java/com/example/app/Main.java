package com.example.app;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.retrieval4j.api.*;
import org.retrieval4j.database.*;

/** Draws pictures, indexes, searches and removes them, and checks that nothing of it is left behind. Prints nothing. */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
        System.setProperty("java.awt.headless", "true");
        Path directory = Files.createTempDirectory(Path.of(args[0]), "embedding");
        List<ImageSource> sources = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Path file = directory.resolve("picture" + i + ".png");
            ImageIO.write(picture(i / 2, i % 2), "png", file.toFile()); // pairs: the second is the first, shifted
            sources.add(new ImageSource("picture" + i, file));
        }
        Set<Thread> before = new HashSet<>(Thread.getAllStackTraces().keySet());
        ExecutorService threads = Executors.newFixedThreadPool(2);
        Components components = Components.load();
        BuildContext context = BuildContext.defaults().withExecutor(threads);
        ImageReader reader = ImageReader.load(ImageLimits.defaults());
        for (String aggregator : List.of("mean(square-root=true)", "vlad(clusters=8)")) {
            DatabaseOptions options = DatabaseOptions.defaults()
                    .withExtractor(ComponentSpec.parse("patches"))
                    .withAggregator(Optional.of(ComponentSpec.parse(aggregator)));
            Path home = directory.resolve(aggregator.substring(0, 4));
            try (ImageDatabase database = ImageDatabase.create(home, options, components, context)) {
                IndexingReport report = database.addAll(sources, reader, IndexingOptions.defaults());
                check(report.indexed() == 6 && report.skipped().isEmpty(), "indexed " + report);
            }
            try (ImageDatabase database = ImageDatabase.open(home, components, context)) {
                Extraction query = database.extract(reader.read(sources.get(3).file()));
                Ranking ranking = database.search(query, SearchOptions.top(6), 6);
                List<RankedImage> images = ranking.images();
                check(images.size() == 6, "all six come back, got " + images.size());
                check(images.get(0).image().name().equals("picture3"), "itself first, got " + images.get(0));
                check(images.get(1).image().name().equals("picture2"), "its partner second, got " + images.get(1));
                check(images.get(1).inliers().orElse(0) >= 20, "verified, got " + images.get(1).inliers());
                check(database.remove("picture2"), "removed");
                database.compact();
                check(database.size() == 5, "five are left, got " + database.size());
            }
        }
        threads.shutdown();
        check(threads.awaitTermination(10, TimeUnit.SECONDS), "the application's threads end");
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (!before.contains(thread) && !thread.isDaemon()) {
                thread.join(10_000); // a pool counts as terminated a moment before its last thread ends
                check(!thread.isAlive(), "thread " + thread + " ends");
            }
            check(before.contains(thread) || !thread.getName().contains("retrieval"), "none of ours: " + thread);
        }
    }

    private static BufferedImage picture(int content, int shift) {
        Random random = new Random(content);
        BufferedImage picture = new BufferedImage(320, 240, BufferedImage.TYPE_3BYTE_BGR);
        int[] tones = random.ints(100 * 80, 0, 256).toArray();
        for (int y = 0; y < 240; y++) {
            for (int x = 0; x < 320; x++) {
                // squares of 4 pixels, shifted by three grid steps in the second picture
                int tone = tones[((y + 48 * shift) / 4 % 80) * 100 + (x + 48 * shift) / 4 % 100];
                picture.setRGB(x, y, tone << 16 | tone << 8 | tone);
            }
        }
        return picture;
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException("expected: " + what);
        }
    }
}
