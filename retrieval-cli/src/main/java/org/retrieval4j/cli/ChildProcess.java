package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a program that may hang or crash, and reads what it printed. */
final class ChildProcess {
    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    private ChildProcess() {}

    /**
     * How a program ended.
     *
     * @param code its exit code; −1 if it could not be started or took too long
     * @param output standard output
     * @param problem why there is no exit code; empty otherwise
     */
    record Result(int code, List<String> output, String problem) {}

    /** Runs a class of this program in a JVM of its own. */
    static Result java(long seconds, Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(javaCommand());
        command.add(main.getName());
        command.addAll(List.of(arguments));
        return run(seconds, command);
    }

    /** The start of a command line that runs a class of this program; the class's name follows. */
    static List<String> javaCommand() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        if (ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent()) {
            command.add("--add-modules=" + VECTOR_MODULE); // a child has the kernels that this process has
        }
        command.addAll(List.of(
                "-XX:+UseSerialGC",
                "-Djava.awt.headless=true",
                "-XX:ErrorFile=" + Path.of(System.getProperty("java.io.tmpdir"), "retrieval-child-%p.log"),
                "-cp",
                System.getProperty("java.class.path")));
        return command;
    }

    static Result run(long seconds, List<String> command) throws IOException {
        // a file, not a pipe: nobody needs to read while the program runs, and a hung one blocks nobody
        Path output = Files.createTempFile("retrieval", ".out");
        try {
            Process process;
            try {
                process = new ProcessBuilder(command)
                        .redirectInput(ProcessBuilder.Redirect.from(
                                Path.of(nullDevice()).toFile()))
                        .redirectOutput(output.toFile())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
            } catch (IOException cannotStart) {
                return new Result(-1, List.of(), "cannot be started");
            }
            try {
                if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    return new Result(-1, List.of(), "did not answer within " + seconds + " s");
                }
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
                return new Result(-1, List.of(), "interrupted");
            }
            String text = new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
            return new Result(process.exitValue(), text.lines().toList(), "");
        } finally {
            Files.deleteIfExists(output);
        }
    }

    private static String nullDevice() {
        return System.getProperty("os.name", "").startsWith("Windows") ? "NUL" : "/dev/null";
    }
}
