package org.retrieval4j.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** The findings of {@code retrieval doctor} in aligned columns. */
final class DoctorText {
    private final Consumer<String> out;

    DoctorText(Consumer<String> out) {
        this.out = out;
    }

    void print(Map<String, Object> report, Map<String, String> engines) {
        Map<String, Object> java = object(report, "java");
        Map<String, Object> memory = object(report, "memory");
        row("retrieval", text(report, "version"));
        row("Java", text(java, "version") + " (" + text(java, "vendor") + "), " + text(java, "home"));
        row("system", text(report, "os"));
        row("processors", text(report, "processors"));
        row(
                "memory",
                "heap up to " + text(memory, "heap-mib") + " MiB"
                        + (memory.containsKey("machine-mib") ? " of " + text(memory, "machine-mib") + " MiB" : ""));
        heading("native libraries");
        Map<String, Object> natives = object(report, "natives");
        natives.forEach((name, value) -> {
            Map<String, Object> engine = object(natives, name);
            String state = Boolean.TRUE.equals(engine.get("loaded")) ? "ok  " : "FAIL";
            String version = engine.containsKey("version") ? text(engine, "version") + ", " : "";
            row(engines.getOrDefault(name, name), state + "  " + version + text(engine, "detail"));
        });
        heading("kernels");
        for (Map<String, Object> kernel : list(report, "kernels")) {
            String state = Boolean.TRUE.equals(kernel.get("active"))
                    ? "active"
                    : Boolean.TRUE.equals(kernel.get("available")) ? "available" : "not available";
            row(
                    text(kernel, "name"),
                    state
                            + (kernel.containsKey("reason") ? ": " + text(kernel, "reason") : "")
                            + (kernel.containsKey("core") ? ", OpenBLAS core " + text(kernel, "core") : "")
                            + (kernel.containsKey("advice") ? ": " + text(kernel, "advice") : ""));
        }
        gpu(object(report, "gpu"));
        heading("image decoders");
        for (Map<String, Object> decoder : list(report, "decoders")) {
            row(text(decoder, "name"), text(decoder, "formats").replaceAll("[\\[\\]]", ""));
        }
        components(list(report, "components"));
    }

    private void gpu(Map<String, Object> gpu) {
        heading("GPU");
        for (Map<String, Object> device : list(gpu, "devices")) {
            boolean code = Boolean.TRUE.equals(device.get("nd4j-has-code"));
            row(
                    text(device, "name"),
                    text(device, "memory") + ", compute capability " + text(device, "compute-capability")
                            + (code ? ": ND4J has code for it" : ": " + text(device, "reason")));
        }
        row("driver", text(gpu, "detail"));
        String where = Boolean.TRUE.equals(gpu.get("nd4j-backend-is-cuda")) ? "on the GPU" : "on the CPU";
        row(
                "ND4J",
                gpu.containsKey("nd4j-unavailable")
                        ? "does not compute: " + text(gpu, "nd4j-unavailable")
                        : "computes " + where);
    }

    private void components(List<Map<String, Object>> components) {
        Map<String, Map<String, List<String>>> byJar = new LinkedHashMap<>();
        for (Map<String, Object> component : components) {
            byJar.computeIfAbsent(text(component, "jar"), jar -> new LinkedHashMap<>())
                    .computeIfAbsent(text(component, "kind"), kind -> new ArrayList<>())
                    .add(text(component, "name"));
        }
        byJar.forEach((jar, kinds) -> {
            heading("components of " + jar);
            kinds.forEach((kind, names) -> row(kind, String.join(", ", names)));
        });
    }

    private void heading(String text) {
        out.accept("");
        out.accept(text);
    }

    private void row(String name, String value) {
        out.accept(String.format(Locale.ROOT, "  %-16s  %s", name, value));
    }

    private static String text(Map<String, Object> object, String key) {
        return String.valueOf(object.getOrDefault(key, "unknown"));
    }

    @SuppressWarnings("unchecked") // the report is built of such maps
    private static Map<String, Object> object(Map<String, Object> parent, String key) {
        return (Map<String, Object>) parent.getOrDefault(key, Map.of());
    }

    @SuppressWarnings("unchecked") // the report is built of such lists
    private static List<Map<String, Object>> list(Map<String, Object> parent, String key) {
        return (List<Map<String, Object>>) parent.getOrDefault(key, List.of());
    }
}
