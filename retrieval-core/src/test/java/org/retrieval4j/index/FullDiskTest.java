package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;

/**
 * A disk that takes no more bytes: the caller is told, and the index is as it was. The operating system refuses the bytes
 * of a child process beyond a limit on the length of a file, as it would on a full disk.
 */
class FullDiskTest {
    private static final int D = 32;

    private final Path folder;

    FullDiskTest(@TempDir Path folder) {
        this.folder = folder;
    }

    /** The child: adds more than may be written, flushes, compacts, and goes on searching. */
    static final class Writer {
        public static void main(String[] arguments) throws IOException {
            PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
            try (Index index = open(arguments[0], Path.of(arguments[1]))) {
                Clustered.put(index, 1000, new Clustered(D, 5, 2).next(3000));
                for (Step step : List.<Step>of(index::flush, index::compact)) {
                    try {
                        step.run();
                        out.println("written");
                    } catch (IOException | UncheckedIOException refused) {
                        out.println("refused");
                    }
                }
                out.println(index.search(new Clustered(D, 5, 3).next(1).get(0), SearchOptions.top(5))
                        .hits()
                        .size());
            }
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    private static Index open(String spec, Path directory) {
        return Components.load()
                .create(Index.class, spec, BuildContext.defaults().withDirectory(directory));
    }

    @ParameterizedTest
    @ValueSource(strings = {"flat(metric=l2)", "flat(metric=l2,storage=half)", "hnsw(metric=l2)"})
    void leavesTheOldState(String spec) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "no shell to limit the length of files with");
        Path directory = folder.resolve("index");
        List<Dense> vectors = new Clustered(D, 5, 1).next(100);
        List<SearchResult> before;
        try (Index index = open(spec, directory)) {
            Clustered.put(index, 0, vectors);
            index.flush();
            before = index.searchAll(vectors, SearchOptions.top(7));
        }
        // blocks of 512 bytes: more than the index has, less than it would need
        Process child = new ProcessBuilder(
                        "/bin/sh",
                        "-c",
                        "ulimit -f 400; exec \"$@\"",
                        "sh",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:-UsePerfData",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Writer.class.getName(),
                        spec,
                        directory.toString())
                .redirectErrorStream(true)
                .start();
        String said;
        try (var output = child.getInputStream()) {
            said = new String(output.readAllBytes(), StandardCharsets.UTF_8);
        }
        assertThat(child.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(said.lines()).as(said).containsExactly("refused", "refused", "5");
        try (Index index = open(spec, directory)) {
            ((SegmentedIndex<?>) index).verify();
            assertThat(index.size()).isEqualTo(100);
            assertThat(index.searchAll(vectors, SearchOptions.top(7))).isEqualTo(before);
            Clustered.put(index, 1000, vectors);
            index.flush(); // there is room again
            assertThat(index.size()).isEqualTo(200);
        }
        try (var files = Files.list(directory)) {
            assertThat(files).noneMatch(file -> file.toString().endsWith(".tmp"));
        }
    }
}
