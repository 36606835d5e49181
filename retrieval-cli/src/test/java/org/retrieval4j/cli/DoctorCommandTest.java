package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.retrieval4j.nd4j.ArrayBackend;

class DoctorCommandTest {
    @Test
    void tellsWhatThisInstallationHas() {
        Cli run = Cli.run("doctor", "--json");
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(run.outLines()).hasSize(1);
        Map<String, Object> report = Parsed.object(run.out());
        assertThat(report)
                .containsKeys("version", "java", "os", "processors", "memory", "decoders", "gpu")
                .containsEntry("processors", Runtime.getRuntime().availableProcessors());
        assertThat(Parsed.list(report, "components"))
                .allSatisfy(component -> assertThat(component).containsKeys("kind", "name", "class", "jar"))
                .extracting(component -> component.get("kind") + " " + component.get("name"))
                .contains("Extractor sift", "Aggregator vlad", "Index flat", "Verifier homography", "Extractor onnx");
        assertThat(Parsed.list(report, "kernels"))
                .filteredOn(kernel -> Boolean.TRUE.equals(kernel.get("active")))
                .hasSize(1);
        @SuppressWarnings("unchecked")
        Map<String, Map<String, Object>> natives = (Map<String, Map<String, Object>>) report.get("natives");
        assertThat(natives).containsOnlyKeys("opencv", "onnxruntime", "nd4j");
        // built with -Pcuda, ND4J stays untouched on a machine without a GPU for it
        Optional<String> withoutArrays = ArrayBackend.find().unavailable();
        assertThat(natives).allSatisfy((name, engine) -> assertThat(engine)
                .as(name)
                .containsEntry("loaded", !name.equals("nd4j") || withoutArrays.isEmpty())
                .containsKey("detail"));
        withoutArrays.ifPresent(reason -> assertThat(natives.get("nd4j")).containsEntry("detail", reason));
        assertThat(natives.get("nd4j")).containsKey("backend");
    }

    @Test
    void peopleGetTheSameInColumns() {
        List<String> text = new ArrayList<>();
        new DoctorText(text::add)
                .print(
                        Map.of(
                                "version", "1.2.3",
                                "natives", Map.of("opencv", Map.of("loaded", false, "detail", "no such library")),
                                "kernels", List.of(Map.of("name", "scalar", "available", true, "active", true)),
                                "gpu", Map.of("devices", List.of(), "detail", "none")),
                        Map.of("opencv", "OpenCV"));
        assertThat(text)
                .contains(
                        "  retrieval         1.2.3",
                        "  OpenCV            FAIL  no such library",
                        "  scalar            active",
                        "  driver            none");
    }

    @Test
    void anOpenBlasThatDoesNotKnowTheProcessorIsTold() {
        Set<String> flags = Set.of("sse2", "avx2", "avx512f", "avx512bw", "avx512dq", "avx512vl");
        assertThat(OpenBlasCore.advice("Prescott", flags).orElseThrow())
                .contains("as on a Prescott", "OPENBLAS_CORETYPE=SKYLAKEX");
        assertThat(OpenBlasCore.advice("Nehalem", Set.of("avx2")).orElseThrow()).contains("HASWELL");
        assertThat(OpenBlasCore.advice("SkylakeX", flags)).isEmpty();
        assertThat(OpenBlasCore.advice("Prescott", Set.of("sse2"))).isEmpty();
        Map<String, Object> report = Parsed.object(Cli.run("doctor", "--json").out());
        assertThat(Parsed.list(report, "kernels"))
                .filteredOn(kernel -> "blas".equals(kernel.get("name")) && Boolean.TRUE.equals(kernel.get("available")))
                .allSatisfy(kernel -> assertThat(kernel).containsKey("core"));
    }

    @Test
    void whyNd4jDoesNotComputeStandsWithTheGpu() {
        List<String> text = new ArrayList<>();
        new DoctorText(text::add)
                .print(
                        Map.of(
                                "gpu",
                                Map.of(
                                        "devices",
                                        List.of(),
                                        "detail",
                                        "none",
                                        "nd4j-backend-is-cuda",
                                        true,
                                        "nd4j-unavailable",
                                        "no driver")),
                        Map.of());
        assertThat(text).contains("  ND4J              does not compute: no driver");
    }

    @Test
    void aProgramThatHangsOrIsMissingIsAFinding() throws Exception {
        assertThat(ChildProcess.run(1, Map.of(), List.of("sleep", "60")).problem())
                .isEqualTo("did not answer within 1 s");
        assertThat(ChildProcess.run(1, Map.of(), List.of("no-such-program-anywhere"))
                        .problem())
                .isEqualTo("cannot be started");
    }
}
