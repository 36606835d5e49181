package org.retrieval4j.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.ImageHeader;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.nd4j.Gpu;
import org.retrieval4j.spi.ComponentProvider;
import org.retrieval4j.spi.ImageDecoder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code retrieval doctor}: what this installation has. Native engines are tried in child processes: one that crashes or
 * hangs is a finding, not the end.
 */
@Command(
        name = "doctor",
        description = "Show what this installation has: Java, components, kernels, native libraries, GPU.")
final class DoctorCommand extends Subcommand {
    private static final long TIMEOUT_SECONDS = 60;
    private static final String CORE = "core";
    private static final Map<String, String> ENGINES = engines();

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    private static Map<String, String> engines() {
        Map<String, String> engines = new LinkedHashMap<>();
        engines.put("opencv", "OpenCV");
        engines.put("onnxruntime", "ONNX Runtime");
        engines.put("nd4j", "ND4J");
        return engines;
    }

    @Override
    int execute() throws IOException {
        Map<String, Object> report = new LinkedHashMap<>();
        try (Workers workers = new Workers(ENGINES.size() + 2)) {
            Map<String, Future<Map<String, String>>> probes = new LinkedHashMap<>();
            for (String engine : ENGINES.keySet()) {
                probes.put(engine, workers.executor().submit(() -> probe(engine)));
            }
            Future<Map<String, String>> kernels = workers.executor().submit(() -> probe("kernels"));
            Future<Gpu> gpu = workers.executor().submit((Callable<Gpu>) Gpu::ask);
            report.put("version", Version.text());
            report.put("java", java());
            report.put(
                    "os",
                    System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                            + System.getProperty("os.arch"));
            report.put("processors", Runtime.getRuntime().availableProcessors());
            report.put("memory", memory());
            report.put("components", components());
            report.put("decoders", decoders());
            report.put("kernels", kernels(get(kernels)));
            Map<String, Map<String, Object>> natives = new LinkedHashMap<>();
            for (Map.Entry<String, Future<Map<String, String>>> probe : probes.entrySet()) {
                natives.put(probe.getKey(), engine(get(probe.getValue())));
            }
            report.put("natives", natives);
            report.put("gpu", gpu(get(gpu), natives.getOrDefault("nd4j", Map.of())));
        }
        if (json) {
            console().print(Json.text(report));
        } else {
            new DoctorText(console()::print).print(report, ENGINES);
        }
        return Main.DONE;
    }

    private static <T> T get(Future<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new CommandException(Failures.message(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted", e);
        }
    }

    private static Map<String, String> probe(String engine) throws IOException {
        Map<String, String> verbose =
                Map.of("OPENBLAS_VERBOSE", "2"); // it tells the processor that it takes this one for
        ChildProcess.Result result = ChildProcess.java(TIMEOUT_SECONDS, verbose, Probe.class, engine);
        Map<String, String> facts = new LinkedHashMap<>();
        result.errors().stream()
                .filter(line -> line.startsWith(OpenBlasCore.LINE))
                .findFirst()
                .ifPresent(line -> facts.put(
                        CORE, line.substring(OpenBlasCore.LINE.length()).strip()));
        for (String line : result.output()) {
            int tab = line.indexOf('\t');
            if (tab > 0) {
                facts.put(line.substring(0, tab), line.substring(tab + 1));
            }
        }
        // a child that told everything and then failed to end well has loaded its engine all the same
        boolean told = facts.remove(Probe.END) != null;
        if (result.code() != 0 && !told) {
            facts.put("loaded", "false");
            facts.put(
                    "detail",
                    result.problem().isEmpty()
                            ? "loading it ended the process with code " + result.code()
                            : "loading it " + result.problem());
        }
        return facts;
    }

    private static Map<String, Object> java() {
        Map<String, Object> java = new LinkedHashMap<>();
        java.put("version", System.getProperty("java.version"));
        java.put("vendor", System.getProperty("java.vendor"));
        java.put("home", System.getProperty("java.home"));
        boolean vectors = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        java.put("vector-module", vectors);
        return java;
    }

    private static Map<String, Object> memory() {
        Map<String, Object> memory = new LinkedHashMap<>();
        memory.put("heap-mib", Runtime.getRuntime().maxMemory() >> 20);
        if (ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system) {
            memory.put("machine-mib", system.getTotalMemorySize() >> 20);
        }
        return memory;
    }

    private static List<Object> components() {
        List<Object> components = new ArrayList<>();
        for (ComponentProvider<?, ?> provider : Components.load().providers()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("kind", provider.kind().getSimpleName());
            entry.put("name", provider.name());
            entry.put("class", provider.getClass().getName());
            entry.put("jar", jar(provider.getClass()));
            components.add(entry);
        }
        return components;
    }

    private static List<Object> decoders() {
        List<Object> decoders = new ArrayList<>();
        for (ImageDecoder decoder : ImageReader.load(ImageLimits.defaults()).decoders()) {
            List<String> formats = new ArrayList<>();
            for (ImageHeader.Format format : ImageHeader.Format.values()) {
                if (decoder.supports(format)) {
                    formats.add(format.name());
                }
            }
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("name", decoder.name());
            entry.put("formats", formats);
            entry.put("jar", jar(decoder.getClass()));
            decoders.add(entry);
        }
        return decoders;
    }

    private static String jar(Class<?> type) {
        CodeSource source = type.getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null) {
            return "unknown";
        }
        try {
            return Path.of(source.getLocation().toURI()).toString();
        } catch (Exception notAFile) {
            return source.getLocation().toString();
        }
    }

    private static List<Object> kernels(Map<String, String> facts) {
        List<Object> kernels = new ArrayList<>();
        String core = facts.remove(CORE);
        facts.forEach((name, value) -> {
            int tab = value.indexOf('\t');
            Map<String, Object> entry = new LinkedHashMap<>();
            String state = tab < 0 ? "unknown" : value.substring(0, tab);
            entry.put("name", name);
            entry.put("available", !state.equals("unavailable") && tab >= 0);
            entry.put("active", state.equals("active"));
            String reason = tab < 0 ? value : value.substring(tab + 1);
            if (!reason.isEmpty()) {
                entry.put("reason", reason);
            }
            if (name.equals("blas") && core != null) {
                entry.put(CORE, core);
                OpenBlasCore.advice(core, OpenBlasCore.processorFlags())
                        .ifPresent(advice -> entry.put("advice", advice));
            }
            kernels.add(entry);
        });
        return kernels;
    }

    private static Map<String, Object> engine(Map<String, String> facts) {
        Map<String, Object> engine = new LinkedHashMap<>();
        engine.put("loaded", Boolean.parseBoolean(facts.get("loaded")));
        facts.forEach((name, value) -> {
            if (!name.equals("loaded") && !name.equals(CORE)) {
                engine.put(name, value);
            }
        });
        return engine;
    }

    private static Map<String, @Nullable Object> gpu(Gpu gpu, Map<String, Object> nd4j) {
        List<Object> devices = new ArrayList<>();
        for (Gpu.Device device : gpu.devices()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("name", device.name());
            entry.put("compute-capability", device.computeCapability());
            entry.put("memory", device.memory());
            entry.put("nd4j-has-code", device.unsupported().isEmpty());
            device.unsupported().ifPresent(reason -> entry.put("reason", reason));
            devices.add(entry);
        }
        Map<String, @Nullable Object> result = new LinkedHashMap<>();
        result.put("devices", devices);
        result.put("detail", gpu.detail());
        result.put("nd4j-backend-is-cuda", String.valueOf(nd4j.get("backend")).contains("JCublas"));
        if (!Boolean.TRUE.equals(nd4j.get("loaded"))) {
            result.put("nd4j-unavailable", nd4j.get("detail"));
        }
        return result;
    }
}
