package org.retrieval4j.nd4j;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * NVIDIA's GPUs as the driver tells them. The driver's own program {@code nvidia-smi} is asked in a child process, since a
 * broken driver may hang or crash whoever talks to it. Immutable and thread-safe.
 *
 * @param devices what there is; empty if there is no GPU, no driver, or no answer
 * @param detail why there is none, or the driver's version
 */
public record Gpu(List<Device> devices, String detail) {
    private static final List<String> COMMAND =
            List.of("nvidia-smi", "--query-gpu=name,compute_cap,memory.total,driver_version", "--format=csv,noheader");

    private static final int TIMEOUT_SECONDS = 10;

    /** More than any machine's table takes, less than the pipe of any system holds. */
    private static final int LONGEST_ANSWER = 1 << 15;

    /** Takes a copy of the list. */
    public Gpu {
        devices = List.copyOf(devices);
    }

    /**
     * One GPU.
     *
     * @param name what the maker calls it
     * @param computeCapability as {@code 8.6}; anything else if an old driver does not tell it
     * @param memory as the driver tells it
     */
    public record Device(String name, String computeCapability, String memory) {
        /**
         * Why ND4J's CUDA backend cannot compute on this GPU. Its library holds machine code for compute capability 3.7,
         * 5.0, 5.2, 6.0, 6.1, 7.0, 7.5, 8.0 and 8.6 and no intermediate code that a driver could translate. Machine code
         * runs where the major number is the same and the minor is no smaller: 3.7 to 8.9, and on nothing newer.
         *
         * @return the reason; empty if it has code for it
         */
        public Optional<String> unsupported() {
            String[] parts = computeCapability.split("\\.", -1);
            try {
                int capability = 10 * Integer.parseInt(parts[0]) + Integer.parseInt(parts[1]);
                return capability >= 37 && capability < 90
                        ? Optional.empty()
                        : Optional.of("nd4j-cuda-11.6 has code for compute capability 3.7 to 8.9, " + name + " has "
                                + computeCapability);
            } catch (NumberFormatException | ArrayIndexOutOfBoundsException unknown) {
                return Optional.of("the driver does not tell the compute capability of " + name);
            }
        }
    }

    /**
     * Asks the driver; takes a second or so where there is one, and at most ten.
     *
     * @return its answer
     */
    public static Gpu ask() {
        return ask(COMMAND, TIMEOUT_SECONDS);
    }

    static Gpu ask(List<String> command, int timeoutSeconds) {
        String program = command.get(0);
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException missing) {
            return none("none: " + program + ", which comes with NVIDIA's driver, cannot be started");
        }
        try (InputStream answer = process.getInputStream()) {
            process.getOutputStream().close();
            if (!process.waitFor(timeoutSeconds, TimeUnit.SECONDS)) {
                return none("unknown: " + program + " did not answer within " + timeoutSeconds + " s");
            }
            if (process.exitValue() != 0) {
                return none("unknown: " + program + " ended with code " + process.exitValue());
            }
            return parsed(new String(answer.readNBytes(LONGEST_ANSWER), StandardCharsets.UTF_8));
        } catch (IOException broken) {
            return none("unknown: the answer of " + program + " cannot be read: " + broken.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return none("unknown: interrupted while " + program + " ran");
        } finally {
            process.destroyForcibly();
        }
    }

    /** Reads nvidia-smi's table: name, compute capability, memory and driver, a GPU a line. */
    static Gpu parsed(String table) {
        List<Device> devices = new ArrayList<>();
        String driver = "";
        for (String line : table.lines().toList()) {
            String[] fields = line.split(",", -1);
            if (fields.length == 4) {
                devices.add(new Device(fields[0].strip(), fields[1].strip(), fields[2].strip()));
                driver = "driver " + fields[3].strip();
            }
        }
        return devices.isEmpty() ? none("none: nvidia-smi lists no GPU") : new Gpu(devices, driver);
    }

    private static Gpu none(String why) {
        return new Gpu(List.of(), why);
    }
}
