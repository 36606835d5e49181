package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
     * @param errors standard error
     * @param problem why there is no exit code; empty otherwise
     */
    record Result(int code, List<String> output, List<String> errors, String problem) {
        Result(String problem) {
            this(-1, List.of(), List.of(), problem);
        }
    }

    /** Runs a class of this program in a JVM of its own, with more in its environment. */
    static Result java(long seconds, Map<String, String> environment, Class<?> main, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(javaCommand());
        command.add(main.getName());
        command.addAll(List.of(arguments));
        return run(seconds, environment, command);
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

    static Result run(long seconds, Map<String, String> environment, List<String> command) throws IOException {
        // files, not pipes: nobody needs to read while the program runs, and a hung one blocks nobody
        Path output = Files.createTempFile("retrieval", ".out");
        Path errors = Files.createTempFile("retrieval", ".err");
        try {
            Process process;
            try {
                ProcessBuilder builder = new ProcessBuilder(command);
                builder.environment().putAll(environment);
                process = builder.redirectInput(ProcessBuilder.Redirect.from(
                                Path.of(nullDevice()).toFile()))
                        .redirectOutput(output.toFile())
                        .redirectError(errors.toFile())
                        .start();
            } catch (IOException cannotStart) {
                return new Result("cannot be started");
            }
            try {
                if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    return new Result("did not answer within " + seconds + " s");
                }
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
                return new Result("interrupted");
            }
            return new Result(process.exitValue(), lines(output), lines(errors), "");
        } finally {
            Files.deleteIfExists(output);
            Files.deleteIfExists(errors);
        }
    }

    private static List<String> lines(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                .lines()
                .toList();
    }

    private static String nullDevice() {
        return System.getProperty("os.name", "").startsWith("Windows") ? "NUL" : "/dev/null";
    }
}
