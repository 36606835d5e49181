package org.retrieval4j.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A writer that is killed leaves the last commit, or the one that was under way. */
class KillTest {
    private final Path folder;
    private final Numbers.Format format = new Numbers.Format();

    KillTest(@TempDir Path folder) {
        this.folder = folder.resolve("store");
    }

    /** The process that is killed: commits round after round, and says so. */
    static final class Writer {
        public static void main(String[] arguments) throws IOException {
            Numbers.Format format = new Numbers.Format();
            ExecutorService merges = Executors.newSingleThreadExecutor();
            PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
            MergePolicy policy = MergePolicy.defaults().withFactor(2).withHeapBytes(300);
            SegmentStore<Numbers> store = SegmentStore.open(Path.of(arguments[0]), format, policy, merges);
            for (int round = Integer.parseInt(store.header().getOrDefault("round", "0")) + 1; ; round++) {
                store.update(removed(round), format.of(Numbers.range(20L * round, 20, round)));
                store.update(new long[0], format.of(Map.of(5L, round)));
                if (round % 11 == 0) {
                    store.compact(Map.of("round", round + ""));
                } else {
                    store.commit(Map.of("round", round + ""));
                }
                out.println(round);
            }
        }
    }

    private static long[] removed(int round) {
        return new long[] {13L * round, 13L * round + 1};
    }

    private static Map<Long, Integer> expected(int rounds) {
        Map<Long, Integer> content = new TreeMap<>();
        for (int round = 1; round <= rounds; round++) {
            for (long id : removed(round)) {
                content.remove(id);
            }
            content.putAll(Numbers.range(20L * round, 20, round));
            content.put(5L, round);
        }
        return content;
    }

    @Test
    void opensAtACommitAfterEveryKill() throws Exception {
        kill(4, new Random(1));
    }

    @Test
    @Tag("soak")
    void opensAtACommitAfterManyKills() throws Exception {
        kill(300, new Random(2));
    }

    private void kill(int times, Random random) throws Exception {
        int last = 0;
        for (int i = 0; i < times; i++) {
            Process process = new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-Xmx64m",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Writer.class.getName(),
                            folder.toString()))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try (BufferedReader acknowledged = process.inputReader(StandardCharsets.UTF_8)) {
                last = Integer.parseInt(String.valueOf(acknowledged.readLine()));
                if (i == 0) {
                    assertLockedBy(process.pid());
                }
                for (int more = random.nextInt(30); more > 0; more--) {
                    last = Integer.parseInt(String.valueOf(acknowledged.readLine()));
                }
                Thread.sleep(random.nextInt(20)); // somewhere in the next rounds; any moment must do
                process.toHandle().destroyForcibly(); // leaves what it said readable
                for (String line = acknowledged.readLine(); line != null; line = acknowledged.readLine()) {
                    last = Integer.parseInt(line);
                }
            }
            process.waitFor();
            try (SegmentStore<Numbers> store =
                    SegmentStore.open(folder, format, MergePolicy.defaults(), Runnable::run)) {
                int round = Integer.parseInt(store.header().getOrDefault("round", "0"));
                assertThat(round).as("kill %d", i).isBetween(last, last + 1);
                store.verify();
                assertThat(Numbers.content(store)).as("kill %d", i).isEqualTo(expected(round));
                last = round;
            }
        }
    }

    private void assertLockedBy(long pid) throws IOException {
        try (SegmentStore<Numbers> reader = SegmentStore.open(folder, format, MergePolicy.defaults(), Runnable::run)) {
            assertThat(reader.size()).isPositive();
            assertThatThrownBy(() -> reader.update(new long[] {1}, Optional.empty()))
                    .isInstanceOf(DirectoryLockedException.class)
                    .hasMessageContaining("is being written by process " + pid + " on host ");
        }
    }
}
