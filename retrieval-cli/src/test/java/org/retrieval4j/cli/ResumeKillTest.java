package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills {@code experiment} and {@code evaluate run} at random moments and starts them again: what was whole before is not
 * computed again, and the end is that of a run that nobody killed.
 */
@Tag("soak")
class ResumeKillTest {
    private static final int KILLS = Integer.getInteger("resume.kills", 12);

    private final Path folder;
    private final Random random = new Random(Long.getLong("resume.seed", 3));

    ResumeKillTest(@TempDir Path folder) {
        this.folder = folder;
    }

    /** What is kept of a run and must stay as it is. */
    private interface Kept {
        Map<String, String> now() throws IOException;
    }

    @Test
    void experiment() throws Exception {
        Path grid = Files.writeString(
                folder.resolve("grid.yaml"),
                """
                datasets:
                  - landmarks: {seeds: [1, 2], landmarks: 3, views: 4, width: 200, height: 150}
                extractor: sift(max-keypoints=200)
                aggregator: [vlad(clusters=8), fisher(components=4)]
                rerank: [none, dqe(k=2), "diffusion(kd=3,kq=2)"]
                """);
        List<Path> outputs = List.of(folder.resolve("whole"), folder.resolve("killed"));
        Path cache = outputs.get(1).resolve("cache");
        int kills = killed(
                output -> List.of(
                        "experiment",
                        grid.toString(),
                        "--threads",
                        "2",
                        "--output",
                        outputs.get(output).toString()),
                () -> finished(cache));
        assertThat(quality(outputs.get(1))).hasSize(7).isEqualTo(quality(outputs.get(0)));
        System.out.println("experiment: killed " + kills + " times");
    }

    @Test
    void evaluateRun() throws Exception {
        Path pictures = folder.resolve("world");
        Path printed = folder.resolve("printed.txt");
        assertThat(KilledCommand.run(
                        printed,
                        () -> false,
                        List.of(
                                "landmarks",
                                "--seed",
                                "1",
                                "--output",
                                pictures.toString(),
                                "--landmarks",
                                "4",
                                "--views",
                                "6")))
                .isTrue();
        Path database = folder.resolve("database");
        assertThat(KilledCommand.run(
                        printed,
                        () -> false,
                        List.of(
                                "index",
                                "--database",
                                database.toString(),
                                "--aggregator",
                                "vlad(clusters=8)",
                                pictures.resolve("images").toString())))
                .isTrue();
        List<Path> outputs = List.of(folder.resolve("whole.csv"), folder.resolve("killed.csv"));
        int kills = killed(
                output -> List.of(
                        "evaluate",
                        "run",
                        "--database",
                        database.toString(),
                        "--protocol",
                        "ranking",
                        "--ground-truth",
                        pictures.resolve("relevant.csv").toString(),
                        "--queries",
                        pictures.toString(),
                        "--threads",
                        "1",
                        "--verify",
                        "24",
                        "--output",
                        outputs.get(output).toString()),
                () -> wholeRows(outputs.get(1)));
        assertThat(Files.readString(outputs.get(1))).isEqualTo(Files.readString(outputs.get(0)));
        System.out.println("evaluate run: killed " + kills + " times");
    }

    /** A command line for output 0 or 1. */
    private interface Command {
        List<String> line(int output);
    }

    /** Runs the command to its end for output 0, and with kills for output 1; returns how often it was killed. */
    private int killed(Command command, Kept kept) throws Exception {
        Path printed = folder.resolve("output.txt");
        assertThat(KilledCommand.run(printed, () -> false, command.line(0))).isTrue();
        int kills = 0;
        boolean done = false;
        while (!done) {
            Map<String, String> before = kept.now();
            // after something came whole, or a run that is always killed before would never end; then not at once
            AtomicInteger rest = new AtomicInteger(random.nextInt(60));
            boolean enough = kills >= KILLS;
            done = KilledCommand.run(
                    printed,
                    () -> !enough && kept.now().size() > before.size() && rest.decrementAndGet() < 0,
                    command.line(1));
            assertThat(kept.now()).as("kill " + kills).containsAllEntriesOf(before);
            kills += done ? 0 : 1;
        }
        assertThat(kills).isPositive();
        return kills;
    }

    /** Results of stages that are said to be whole, and when that was written. */
    private static Map<String, String> finished(Path cache) throws IOException {
        Map<String, String> kept = new TreeMap<>();
        if (Files.exists(cache)) {
            try (Stream<Path> files = Files.list(cache)) {
                for (Path file :
                        files.filter(one -> one.toString().endsWith(".txt")).toList()) {
                    FileTime time = Files.getLastModifiedTime(file);
                    kept.put(file.getFileName().toString(), time + " " + Files.readString(file));
                }
            }
        }
        return kept;
    }

    private static Map<String, String> wholeRows(Path rankings) throws IOException {
        Map<String, String> kept = new TreeMap<>();
        if (Files.exists(rankings)) {
            String text = Files.readString(rankings);
            text.substring(0, text.lastIndexOf('\n') + 1)
                    .lines()
                    .forEach(line -> kept.put(line.substring(0, line.indexOf(',')), line));
        }
        return kept;
    }

    /** The columns of quality of results.csv; those of cost differ from run to run. */
    private static List<String> quality(Path output) throws IOException {
        List<String> rows = new ArrayList<>();
        for (String line : Files.readAllLines(output.resolve("results.csv"))) {
            rows.add(line.replaceAll("(,[^,]*){5}$", ""));
        }
        rows.sort(null);
        return rows;
    }
}
