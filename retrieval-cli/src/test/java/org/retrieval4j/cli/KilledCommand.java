package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** A command of the program in a process of its own, which is killed at a moment that the test chooses. */
final class KilledCommand {
    private KilledCommand() {}

    /** The moment that lies some milliseconds ahead. */
    static Callable<Boolean> in(long millis) {
        long start = System.nanoTime();
        return () -> System.nanoTime() - start > TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /**
     * True if it came to its end, without an error, before it was killed.
     *
     * @param output what it printed, errors too
     * @param moment asked every few milliseconds, whether it is killed now
     */
    static boolean run(Path output, Callable<Boolean> moment, List<String> command) throws Exception {
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        line.addAll(command);
        Process child = new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean done = false;
        while (!done && !moment.call()) {
            done = child.waitFor(10, TimeUnit.MILLISECONDS);
        }
        child.destroyForcibly();
        child.waitFor();
        if (done) {
            assertThat(child.exitValue())
                    .as(command + ": " + Files.readString(output))
                    .isZero();
        }
        return done;
    }
}
