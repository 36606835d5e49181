package org.retrieval4j.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Properties;
import org.nd4j.linalg.factory.Nd4j;
import org.retrieval4j.kernel.KernelCatalog;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.nd4j.ArrayBackend;
import org.retrieval4j.onnx.OnnxEngine;
import org.retrieval4j.opencv.OpenCvRuntime;

/**
 * The program of a child process of {@code retrieval doctor}: loads one native engine and prints what became of it, a
 * line a fact, name and value separated by a tabulator. If loading crashes the JVM, it is this one.
 */
final class Probe {
    /** The last fact, which tells that nothing is missing. */
    static final String END = "end";

    private final PrintStream out;

    private Probe(PrintStream out) {
        this.out = out;
    }

    /** Probes what the only argument names. */
    public static void main(String[] arguments) {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        System.setOut(System.err); // what an engine prints is no fact
        Probe probe = new Probe(out);
        try {
            switch (arguments[0]) {
                case "opencv" -> probe.openCv();
                case "onnxruntime" -> probe.onnxRuntime();
                case "nd4j" -> probe.nd4j();
                case "kernels" -> probe.kernels();
                default -> throw new IllegalArgumentException("nothing to probe: " + arguments[0]);
            }
        } catch (RuntimeException | LinkageError failure) {
            probe.fact("loaded", "false");
            probe.fact("detail", Failures.message(failure));
        }
        probe.fact(END, "");
        out.flush();
        System.exit(0); // engines may leave threads behind
    }

    private void fact(String name, String... values) {
        StringBuilder line = new StringBuilder(name);
        for (String value : values) {
            line.append('\t').append(Failures.oneLine(value));
        }
        out.println(line);
    }

    private void openCv() {
        OpenCvRuntime.Status status = OpenCvRuntime.status();
        fact("loaded", Boolean.toString(status.loaded()));
        fact("version", status.version());
        fact("detail", status.message());
    }

    private void onnxRuntime() {
        OnnxEngine.Status status = OnnxEngine.status();
        fact("loaded", Boolean.toString(status.loaded()));
        fact("version", status.version());
        fact("detail", status.message());
        fact("providers", String.join(", ", status.providers()));
    }

    private void nd4j() {
        ArrayBackend backend = ArrayBackend.find();
        fact("backend", backend.name());
        if (backend.unavailable().isPresent()) {
            fact("loaded", "false");
            fact("detail", backend.unavailable().get());
            return;
        }
        Properties properties = Nd4j.getExecutioner().getEnvironmentInformation();
        fact("loaded", "true");
        fact("detail", backend.name() + ", BLAS " + properties.get("blas.vendor"));
    }

    private void kernels() {
        boolean active = true;
        for (Kernels kernels : KernelCatalog.load().kernels()) {
            Optional<String> reason = kernels.unavailable();
            String state = reason.isPresent() ? "unavailable" : active ? "active" : "available";
            active &= reason.isPresent();
            fact(kernels.name(), state, reason.orElse(""));
        }
    }
}
