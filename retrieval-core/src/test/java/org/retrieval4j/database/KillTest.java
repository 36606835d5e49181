package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.SearchOptions;

/** Kills a process that indexes, removes, flushes and compacts, and looks at what it leaves. */
class KillTest {
    // flushes many times in a run
    private static final Store.Limits LIMITS = new Store.Limits(0, 1, 1, 100_000);

    private final Path folder;

    KillTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void keepsEveryAcknowledgedImage() throws Exception {
        killAndLook(3, 77);
    }

    @Test
    @Tag("soak")
    void keepsEveryAcknowledgedImageHoweverOftenItIsKilled() throws Exception {
        for (int round = 0; round < 15; round++) {
            DatabaseDirectory.deleteRecursively(folder.resolve("database"));
            killAndLook(12, 1000 + round);
        }
    }

    private void killAndLook(int kills, long seed) throws Exception {
        Random random = new Random(seed);
        List<ImageSource> sources = Photos.write(folder.resolve("photos"), 12, 6);
        Set<String> acknowledged = new HashSet<>();
        Set<String> removed = new HashSet<>();
        for (int kill = 0; kill <= kills; kill++) {
            boolean last = kill == kills;
            // sometimes at once, while it learns or opens; sometimes late, while it flushes, removes or compacts
            int lines = last ? Integer.MAX_VALUE : random.nextInt(1 + 25 * (kill + 1));
            run(acknowledged, removed, lines, random.nextInt(25), seed + kill);
            look(acknowledged, removed, "seed " + seed + ", kill " + kill);
        }
        // the last child was left alone
        try (ImageDatabase database = ImageDatabase.openForReading(
                folder.resolve("database"), TestComponents.all(), BuildContext.defaults())) {
            assertThat(database.images())
                    .extracting(ImageRecord::name)
                    .containsExactlyInAnyOrderElementsOf(
                            sources.stream().map(ImageSource::name).toList());
        }
    }

    /** Runs a child until it has printed some lines, and a little longer. */
    private void run(Set<String> acknowledged, Set<String> removed, int lines, int millis, long seed) throws Exception {
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        folder.toString(),
                        Long.toString(seed))
                .redirectError(folder.resolve("errors.txt").toFile())
                .start();
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
            int read = 0;
            String line = output.readLine();
            while (line != null) {
                note(line, acknowledged, removed);
                if (++read == lines) {
                    Thread.sleep(millis);
                    child.toHandle().destroyForcibly(); // the process's own method would close its output as well
                }
                line = output.readLine(); // what was printed before the end counts
            }
        } finally {
            child.destroyForcibly();
            child.waitFor();
        }
        assertThat(Files.readString(folder.resolve("errors.txt"))).isEmpty();
    }

    private static void note(String line, Set<String> acknowledged, Set<String> removed) {
        String name = line.substring(2);
        if (line.startsWith("+ ")) {
            acknowledged.add(name);
            removed.remove(name);
        } else if (line.startsWith("? ")) {
            removed.add(name); // about to be removed: either is right
            acknowledged.remove(name);
        }
    }

    private void look(Set<String> acknowledged, Set<String> removed, String when) throws IOException {
        Path directory = folder.resolve("database");
        if (!ImageDatabase.exists(directory)) {
            assertThat(acknowledged).as(when).isEmpty();
            return;
        }
        try (ImageDatabase database =
                ImageDatabase.openForReading(directory, TestComponents.all(), BuildContext.defaults())) {
            requireWhole(database, acknowledged, removed, when + ", reading");
        }
        try (ImageDatabase database =
                ImageDatabase.open(directory, TestComponents.all(), BuildContext.defaults(), LIMITS)) {
            requireWhole(database, acknowledged, removed, when + ", writing");
        }
    }

    private static void requireWhole(ImageDatabase database, Set<String> acknowledged, Set<String> removed, String when)
            throws IOException {
        Set<String> there = database.images().stream().map(ImageRecord::name).collect(Collectors.toSet());
        assertThat(there).as(when).containsAll(acknowledged);
        for (ImageRecord image : database.images()) {
            assertThat(database.features(image.id()).orElseThrow().size())
                    .as(when)
                    .isEqualTo(144);
        }
        DatabaseInfo info = database.info();
        if (info.pending() == 0 && info.images() > 0) {
            Ranking ranking = database.search(database.extract(Photos.view(0, 0)), SearchOptions.top(1000), 4);
            assertThat(ranking.images()).as(when).hasSize((int) info.images());
            assertThat(ranking.images().stream().map(image -> image.image().name()))
                    .as(when)
                    .containsExactlyInAnyOrderElementsOf(there);
        }
        assertThat(removed).as(when).doesNotContainAnyElementsOf(acknowledged);
    }

    /** The process that is killed. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws IOException {
            Path folder = Path.of(args[0]);
            Random random = new Random(Long.parseLong(args[1]));
            Path directory = folder.resolve("database");
            List<ImageSource> sources = new ArrayList<>();
            for (int scene = 0; scene < 12; scene++) {
                for (int view = 0; view < 6; view++) {
                    String name = scene + "-" + view + ".png";
                    sources.add(new ImageSource(name, folder.resolve("photos").resolve(name)));
                }
            }
            DatabaseOptions options = TestComponents.options().withSampleImages(20);
            try (ImageDatabase database = ImageDatabase.exists(directory)
                    ? ImageDatabase.open(directory, TestComponents.all(), BuildContext.defaults(), LIMITS)
                    : ImageDatabase.create(directory, options, TestComponents.all(), BuildContext.defaults(), LIMITS)) {
                IndexingOptions indexing = IndexingOptions.defaults()
                        .withWindow(1 + random.nextInt(6))
                        .withAcknowledged(image -> print("+ " + image.name()));
                database.addAll(sources, Photos.reader(), indexing);
                List<String> few = new ArrayList<>();
                for (int i = 0; i < 5; i++) {
                    few.add(sources.get(random.nextInt(sources.size())).name());
                }
                few.forEach(name -> print("? " + name));
                database.removeAll(few);
                if (random.nextBoolean()) {
                    database.compact();
                }
                database.addAll(sources, Photos.reader(), indexing);
                database.compact();
            }
        }

        private static void print(String line) {
            System.out.println(line);
            System.out.flush();
        }
    }
}
