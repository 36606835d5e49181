package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluatePoseCommandTest {
    @TempDir
    static Path folder;

    private final Path truth = folder.resolve("t.txt");
    private final Path estimates = folder.resolve("e.txt");

    @BeforeEach
    void write() throws IOException {
        Files.writeString(truth, "a 1 0 0 0 0 0 0\nb 1 0 0 0 0 0 0\nc 1 0 0 0 0 0 0\n");
        // 0.25 away, a turn of 90 degrees about z, none
        Files.writeString(estimates, "a 1 0 0 0 0.25 0 0\nb 1 0 0 1 0 0 0\n");
    }

    @Test
    void printsErrorsAndRecall() {
        Cli run = Cli.run(
                "evaluate",
                "pose",
                "--truth",
                truth,
                "--estimates",
                estimates,
                "--thresholds",
                "0.25/2,0.5/5,1/91",
                "--json");
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        Map<String, Object> line = Parsed.object(run.out());
        assertThat(line)
                .containsOnlyKeys(
                        "queries",
                        "localized",
                        "medianPosition",
                        "medianRotationDegrees",
                        "maxPosition",
                        "maxRotationDegrees",
                        "recall")
                .containsEntry("queries", 3)
                .containsEntry("localized", 2)
                .containsEntry("medianPosition", 0.25)
                .containsEntry("medianRotationDegrees", 90.0)
                .containsEntry("maxPosition", null)
                .containsEntry("maxRotationDegrees", 180.0)
                .containsEntry("recall", List.of(0.0, 1.0 / 3, 2.0 / 3));
    }

    @Test
    void wrongThresholdsAreAUsageError() {
        Cli run = Cli.run("evaluate", "pose", "--truth", truth, "--estimates", estimates, "--thresholds", "0.25");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err().lines()).hasSize(1).first().asString().contains("got \"0.25\"");
    }

    @Test
    void aWrongFileIsOneLine() throws IOException {
        Files.writeString(estimates, "a 1 0 0\n");
        Cli run = Cli.run("evaluate", "pose", "--truth", truth, "--estimates", estimates, "--json");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err().lines()).hasSize(1).first().asString().contains(estimates + ", line 1: ");
    }
}
