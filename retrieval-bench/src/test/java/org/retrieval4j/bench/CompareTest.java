package org.retrieval4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareTest {
    private static String run(String benchmark, String mode, String unit, String score, String error) {
        return """
                {"jmhVersion": "1.37", "benchmark": "org.retrieval4j.bench.%s", "mode": "%s", "forks": 1,
                 "params": {"shape": "2x3x4", "kernel": "vec\\u0074or"}, "jvmArgs": ["--add-modules", "x"],
                 "primaryMetric": {"score": %s, "scoreError": %s, "scoreConfidence": [1.0E-3, 2],
                  "scoreUnit": "%s", "rawData": [[1, 2.5]]}, "secondaryMetrics": {}}"""
                .formatted(benchmark, mode, score, error, unit);
    }

    private static Path write(Path folder, String name, String... runs) throws IOException {
        return Files.writeString(folder.resolve(name), "[\n" + String.join(",\n", runs) + "\n]\n");
    }

    @Test
    void statesRatiosWithTheirIntervals(@TempDir Path folder) throws IOException {
        Path baseline = write(
                folder,
                "a.json",
                run("A.time", "avgt", "ms/op", "10.0", "1.0"),
                run("A.rate", "thrpt", "ops/s", "100", "1"),
                run("A.noise", "avgt", "ms/op", "10.0", "\"NaN\""),
                run("A.gone", "avgt", "ms/op", "1", "0"));
        Path result = write(
                folder,
                "b.json",
                run("A.time", "avgt", "ms/op", "5.0", "0.5"),
                run("A.rate", "thrpt", "ops/s", "80", "2"),
                run("A.noise", "avgt", "ms/op", "5.0", "0.1"),
                run("A.new", "avgt", "ms/op", "7.25", "0.1"));
        String table = Compare.table(Compare.read(baseline), Compare.read(result));
        assertThat(table.lines())
                .containsExactly(
                        "| benchmark | baseline | result | ratio | interval | |",
                        "|---|---|---|---|---|---|",
                        "| A.time kernel=vector shape=2x3x4 | 10.00 ± 1.0 ms/op | 5.000 ± 0.50 ms/op | 2.00"
                                + " | 1.64–2.44 | faster |",
                        "| A.rate kernel=vector shape=2x3x4 | 100.0 ± 1.0 ops/s | 80.00 ± 2.0 ops/s | 0.80"
                                + " | 0.77–0.83 | slower |",
                        "| A.noise kernel=vector shape=2x3x4 | 10.00 ± NaN ms/op | 5.000 ± 0.10 ms/op | 2.00"
                                + " | NaN–NaN |  |",
                        "| A.new kernel=vector shape=2x3x4 | – | 7.250 ± 0.10 ms/op | | | new |",
                        "| A.gone kernel=vector shape=2x3x4 | 1.000 ± 0.0 ms/op | – | | | gone |");
    }

    @Test
    void anErrorAsLargeAsTheMeanLeavesTheRatioOpen() {
        double[] ratio = new Compare.Score(10, 2, true, "ms").ratio(new Compare.Score(5, 6, true, "ms"));
        assertThat(ratio[1]).isCloseTo(8 / 11.0, within(1e-12));
        assertThat(ratio[2]).isInfinite();
    }

    @Test
    void saysWhatIsNoResult(@TempDir Path folder) throws IOException {
        for (String text :
                new String[] {"", "[1", "{\"a\": 1}", "[{}]", "[{\"a\" 1}]", "[nonsense]", "[] []", "[\"a"}) {
            Path file = Files.writeString(folder.resolve("x.json"), text);
            assertThatThrownBy(() -> Compare.read(file))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("x.json, line 1: expected ");
        }
        Path deep = Files.writeString(folder.resolve("x.json"), "[".repeat(100_000));
        assertThatThrownBy(() -> Compare.read(deep)).isInstanceOf(IOException.class);
    }
}
