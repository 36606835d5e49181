package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExperimentCommandTest {
    private static final String GRID =
            """
            datasets:
              - landmarks: {seeds: [1, 2], landmarks: 2, views: 3, width: 160, height: 120}
            extractor: sift(max-keypoints=200)
            aggregator: [vlad(clusters=4), bow(words=32)]
            index: [%s]
            rerank: [none%s]
            """;

    private static Map<String, FileTime> files(Path cache) throws IOException {
        Map<String, FileTime> times = new TreeMap<>();
        try (Stream<Path> files = Files.list(cache)) {
            for (Path file : files.toList()) {
                times.put(file.getFileName().toString(), Files.getLastModifiedTime(file));
            }
        }
        return times;
    }

    private static Cli run(Path file, Path output) {
        Cli run = Cli.run("experiment", file, "--output", output, "--json");
        assertThat(run.err()).doesNotContain("retrieval: ");
        assertThat(run.code()).isZero();
        return run;
    }

    @Test
    void triesAllCombinationsAndComputesAgainOnlyWhatChanged(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("grid.yaml"), String.format(GRID, "flat", ""));
        Path output = folder.resolve("results");
        Files.writeString(file, String.format(GRID, "inverted", "").replace("bow(words=32)", "spoc"));
        Cli refused = Cli.run("experiment", file, "--output", output);
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err()).contains("grid.yaml: no combination fits: ").contains("takes");
        Files.writeString(file, String.format(GRID, "flat", ""));
        Map<String, Object> first = Parsed.object(run(file, output).out());
        List<Map<String, Object>> rows = Parsed.list(first, "rows");
        assertThat(rows).hasSize(1); // a bag of words is not what a flat index takes
        assertThat(rows.get(0))
                .containsEntry("index", "flat(metric=cosine)")
                .containsEntry("rerank", "")
                .containsKeys("map", "mapSpread", "p@1", "extractMs", "queryMs", "buildSeconds", "bytesPerImage");
        assertThat((Map<?, ?>) rows.get(0).get("datasets")).hasSize(2);
        Map<String, FileTime> before = files(output.resolve("cache"));

        Files.writeString(file, String.format(GRID, "flat", ", \"qe(k=2,alpha=0)\""));
        Map<String, Object> second = Parsed.object(run(file, output).out());
        assertThat(Parsed.list(second, "rows")).hasSize(2).anySatisfy(row -> assertThat(row)
                .containsEntry("map", rows.get(0).get("map"))
                .containsEntry("queryMs", rows.get(0).get("queryMs")));
        Map<String, FileTime> after = files(output.resolve("cache"));
        assertThat(after).containsAllEntriesOf(before);
        after.keySet().removeAll(before.keySet());
        assertThat(after.keySet()).hasSize(4).allMatch(name -> name.startsWith("ranks-"));

        assertThat(Files.readString(output.resolve("index.html")))
                .contains("Worst queries", "data:image/png", "data:image/jpeg", "qe(k=2,alpha=0)");
        assertThat(Files.readString(output.resolve("pareto.svg")))
                .startsWith("<svg")
                .endsWith("</svg>\n");
        assertThat(Files.readAllLines(output.resolve("results.csv")))
                .hasSize(3)
                .first()
                .asString()
                .startsWith("extractor,aggregator,index,rerank,verify,map,mapSpread,p@1,");
        assertThat(output.resolve("pareto.png")).isNotEmptyFile();
    }

    @Test
    void saysWhatIsWrongInTheFile(@TempDir Path folder) throws IOException {
        Map<String, String> wrong = Map.of(
                "datasets: [{landmarks: {seeds: 1}}]\nextractors: sift", "\"extractors\"",
                "extractor: sift", "at least one data set",
                "datasets: [{landmarks: {seeds: 1, views: 1}}]", "views 2 to 1000, got 24 and 1",
                "datasets: [{landmarks: {seeds: 1}}]\nindex: flatt", "no Index named \"flatt\"",
                "datasets: [{landmarks: {seeds: 1}}]\nverify: -1", "a whole number from 0 to 1000000, found -1",
                "datasets: [{landmarks: {seeds: 1}}]\nrerank: [qe(k=2,alpha=0)]", "stands in quotes inside [ ]",
                "datasets: [", "experiment.yaml");
        Path file = folder.resolve("experiment.yaml");
        for (Map.Entry<String, String> entry : wrong.entrySet()) {
            Files.writeString(file, entry.getKey());
            Cli run = Cli.run("experiment", file, "--output", folder.resolve("o"));
            assertThat(run.code()).as(entry.getKey()).isEqualTo(1);
            assertThat(run.err())
                    .startsWith("retrieval: ")
                    .contains("experiment.yaml")
                    .contains(entry.getValue());
        }
    }
}
