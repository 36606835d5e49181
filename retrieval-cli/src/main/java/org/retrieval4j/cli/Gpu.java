package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * NVIDIA GPUs as the driver tells them, asked in a child process since a broken driver may hang.
 *
 * @param devices what there is
 * @param detail why there is none, or the driver's version
 */
record Gpu(List<Device> devices, String detail) {
    private static final long TIMEOUT_SECONDS = 10;

    /**
     * One GPU.
     *
     * @param name what the maker calls it
     * @param computeCapability as {@code 8.6}; empty if an old driver does not tell it
     * @param memory as the driver tells it
     */
    record Device(String name, String computeCapability, String memory) {
        /**
         * Why ND4J's CUDA backend has no code for this GPU; empty if it has. Its binaries are for compute capability 3.7
         * to 8.6 and hold no intermediate code, so that they run on these and on 8.9, and on nothing newer.
         */
        Optional<String> unsupported() {
            String[] parts = computeCapability.split("\\.", -1);
            try {
                int capability = 10 * Integer.parseInt(parts[0]) + Integer.parseInt(parts[1]);
                return capability >= 37 && capability < 90
                        ? Optional.empty()
                        : Optional.of("nd4j-cuda-11.6 has code for compute capability 3.7 to 8.9, this GPU has "
                                + computeCapability);
            } catch (NumberFormatException | ArrayIndexOutOfBoundsException unknown) {
                return Optional.of("the driver does not tell the compute capability");
            }
        }
    }

    static Gpu ask() throws IOException {
        ChildProcess.Result result = ChildProcess.run(
                TIMEOUT_SECONDS,
                List.of(
                        "nvidia-smi",
                        "--query-gpu=name,compute_cap,memory.total,driver_version",
                        "--format=csv,noheader"));
        if (result.code() != 0) {
            boolean driver = Files.exists(Path.of("/proc/driver/nvidia/version"));
            String why = result.problem().isEmpty() ? "ended with code " + result.code() : result.problem();
            return new Gpu(
                    List.of(), driver ? "there is an NVIDIA driver, but nvidia-smi " + why : "none: nvidia-smi " + why);
        }
        return parsed(result.output());
    }

    /** Reads nvidia-smi's table. */
    static Gpu parsed(List<String> lines) {
        List<Device> devices = new ArrayList<>();
        String driver = "";
        for (String line : lines) {
            String[] fields = line.split(",", -1);
            if (fields.length == 4) {
                devices.add(new Device(fields[0].strip(), fields[1].strip(), fields[2].strip()));
                driver = "driver " + fields[3].strip();
            }
        }
        return new Gpu(List.copyOf(devices), devices.isEmpty() ? "none: nvidia-smi lists no GPU" : driver);
    }
}
