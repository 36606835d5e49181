package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.TestPictures;

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
    void fusesCombinationsAndKeepsWhatItComputed(@TempDir Path folder) throws IOException {
        String text =
                """
                datasets:
                  - landmarks: {seeds: 1, landmarks: 2, views: 4, width: 160, height: 120}
                extractor: sift(max-keypoints=200)
                aggregator: [vlad(clusters=4), bow(words=32)]
                index: [flat, inverted]
                fusion:
                  - by: [reciprocal-rank, "score-sum(normalization=z-score)"]
                    of: [{aggregator: vlad(clusters=4)}, {aggregator: bow(words=32), index: inverted}]
                    verify: [0, 5]
                  - by: query-adaptive
                    of: [{extractor: multi-scale, aggregator: spoc}, {rerank: qe(k=2)}]
                    weights: [1, 2.5]
                """;
        Path file = Files.writeString(folder.resolve("grid.yaml"), text);
        Path output = folder.resolve("results");
        List<Map<String, Object>> rows =
                Parsed.list(Parsed.object(run(file, output).out()), "rows");
        assertThat(rows).hasSize(2 + 4 + 1);
        List<Map<String, Object>> fused = rows.stream()
                .filter(row -> String.valueOf(row.get("aggregator")).contains(" + bow"))
                .toList();
        assertThat(fused).hasSize(4);
        double extract = 0;
        double bytes = 0;
        for (Map<String, Object> row : rows) {
            if (row.get("rerank").equals("")) {
                extract = (Double) row.get("extractMs");
                bytes += (Double) row.get("bytesPerImage");
            }
        }
        for (Map<String, Object> row : fused) {
            assertThat(row)
                    .containsEntry("index", "flat(metric=cosine) + inverted(metric=ip)")
                    .containsEntry("extractMs", extract); // one extractor, which both share
            assertThat((Double) row.get("bytesPerImage")).isCloseTo(bytes, within(1e-6));
            assertThat(String.valueOf(row.get("rerank"))).containsAnyOf("reciprocal-rank(k=60,first=1000)", "z-score");
        }
        assertThat(rows).anySatisfy(row -> assertThat(String.valueOf(row.get("rerank")))
                .isEqualTo("( + qe(k=2,alpha=3)) | query-adaptive(first=1000) [1.0, 2.5]"));
        Map<String, FileTime> before = files(output.resolve("cache"));
        assertThat(Parsed.object(run(file, output).out())).containsEntry("rows", rows);
        assertThat(files(output.resolve("cache"))).isEqualTo(before);

        Map<String, String> wrong = Map.of(
                "{by: qe, of: [{}, {}]}", "no Fusion named \"qe\"",
                "{by: reciprocal-rank, of: [{}]}", "at least 2 combinations, got 1",
                "{of: [{}, {}], weights: [1]}", "weights must be one a combination, got 1 for 2",
                "{of: [{}, {}], weights: [1, 0]}", "weights must be above 0 and finite, got 0.0",
                "{of: [{}, {cluster: 3}]}", "found \"cluster\"");
        for (Map.Entry<String, String> entry : wrong.entrySet()) {
            Files.writeString(file, "datasets: [{landmarks: {seeds: 1}}]\nfusion:\n  - " + entry.getKey());
            Cli refused = Cli.run("experiment", file, "--output", folder.resolve("o"));
            assertThat(refused.code()).as(entry.getKey()).isEqualTo(1);
            assertThat(refused.err()).startsWith("retrieval: ").contains(entry.getValue());
        }
    }

    @Test
    void learnsAWhiteningFromVerifiedPairs(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(
                folder.resolve("grid.yaml"),
                """
                datasets:
                  - landmarks: {seeds: 1, landmarks: 2, views: 6, width: 240, height: 180}
                extractor: sift(max-keypoints=300)
                aggregator:
                  - spoc
                  - spoc | learned-whiten(dimension=32,pairs=verified,shrinkage=0.2)
                """);
        List<Map<String, Object>> rows =
                Parsed.list(Parsed.object(run(file, folder.resolve("o")).out()), "rows");
        assertThat(rows).hasSize(2).anySatisfy(row -> assertThat(String.valueOf(row.get("aggregator")))
                .contains("pairs=verified(first=20,min-inliers=20,matcher=mutual-nearest-neighbor("));
    }

    @Test
    void aBrokenPictureAndStagesThatDoNotFitEndNothing(@TempDir Path folder) throws IOException {
        Path images = Files.createDirectories(folder.resolve("photos"));
        StringBuilder truth = new StringBuilder();
        for (int i = 1; i <= 3; i++) {
            Files.write(images.resolve("wall" + i + ".png"), TestPictures.encode(Photographs.smallGraf(i), "png"));
        }
        truth.append("wall1.png,wall2.png,wall3.png\nwall2.png,wall1.png,wall3.png\n");
        Path broken = images.resolve("zebra.png");
        Files.write(broken, Arrays.copyOf(Files.readAllBytes(images.resolve("wall1.png")), 400));
        Files.writeString(folder.resolve("truth.csv"), truth);
        Path file = Files.writeString(
                folder.resolve("grid.yaml"),
                """
                datasets:
                  - {images: photos, ground-truth: truth.csv}
                extractor: ["sift(max-keypoints=200)", "multi-scale(extractor=sift(max-keypoints=100),aggregator=spoc)"]
                aggregator: [vlad(clusters=4), none]
                rerank: [none, "verify(first=3)"]
                fusion:
                  - of: [{}, {aggregator: spoc}]
                  - of: [{}, {extractor: "sift(max-keypoints=100)", verify: 2}]
                """);
        Cli run = Cli.run("experiment", file, "--output", folder.resolve("results"), "--json");
        assertThat(run.code()).as(run.err()).isZero();
        List<Map<String, Object>> rows = Parsed.list(Parsed.object(run.out()), "rows");
        assertThat(run.err()).contains("verify behind the fusion");
        assertThat(rows)
                .anySatisfy(row -> assertThat(String.valueOf(row.get("rerank"))).startsWith("reciprocal-rank"))
                .allSatisfy(row -> assertThat((Double) row.get("extractMs")).isPositive());
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
