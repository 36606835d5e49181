package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCommandTest {
    @Test
    void goesTheWholeWay(@TempDir Path folder) throws Exception {
        Path output = folder.resolve("demo");
        Cli run = Cli.run("demo", "--output", output);
        assertThat(run.err()).doesNotContain("retrieval: ");
        assertThat(run.code()).isZero();
        List<String> lines = run.outLines();
        assertThat(lines).contains("$ retrieval index --database " + output + "/database " + output + "/photographs");
        assertThat(lines.get(lines.size() - 1)).isEqualTo("Look at " + output + "/report.html");
        assertThat(lines)
                .anySatisfy(
                        line -> assertThat(line).contains("indexed 18 images").contains("holds 18"));
        int graf = lines.indexOf(output + "/photographs/graf-3.png");
        // three neighbors on either side, with a proof, before anything else
        assertThat(lines.subList(graf + 2, graf + 5))
                .allSatisfy(line -> assertThat(line).contains("inliers", "graf-"));
        String report = Files.readString(output.resolve("report.html"));
        assertThat(report).contains("6 queries in database", "6 of 6</b> first hits right");
        assertThat(report.length()).isLessThan(6 * 300_000);
    }
}
