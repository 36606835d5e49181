package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.storage.NpyArray;
import org.retrieval4j.storage.NpzFile;

class TrainCommandTest {
    private static final String LANDMARKS =
            """
            training:
              landmarks: {seeds: [1], landmarks: 4, views: 4, width: 160, height: 120}
            validation: {fraction: 0.3}
            test:
              landmarks: {seeds: [2], landmarks: 2, views: 3, width: 160, height: 120}
            extractor: sift(max-keypoints=100)
            head: netvlad(clusters=4)%s
            loss: weak-ranking
            optimizer: %s
            epochs: %d
            negatives: 3
            pool: 20
            monitor: mAP
            compare: [vlad(clusters=4)]
            %s
            """;

    private static Cli train(Path file, Path output, String... more) {
        return Cli.run(java.util.stream.Stream.concat(
                        java.util.stream.Stream.of("train", "--config", file, "--output", output),
                        java.util.Arrays.stream(more))
                .toArray());
    }

    @Test
    void trainsAHeadThatDatabasesUse(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(
                folder.resolve("train.yaml"),
                String.format(LANDMARKS, " | fully-connected(dimension=8)", "adam(rate=0.001)", 2, ""));
        Path output = folder.resolve("out");
        Cli run = train(file, output, "--json");
        assertThat(run.err()).doesNotContain("retrieval: ");
        assertThat(run.code()).isZero();
        Map<String, Object> results = Parsed.object(run.out());
        List<Map<String, Object>> epochs = Parsed.list(results, "epochs");
        assertThat(epochs).hasSize(3);
        assertThat(epochs.get(0)).containsKeys("recall@1", "recall@5", "recall@10", "mAP", "seconds");
        assertThat(epochs.get(2)).containsKeys("loss", "rate");
        assertThat(Parsed.list(results, "test"))
                .extracting(row -> row.get("name"))
                .containsExactly("trained", "untrained", "vlad(clusters=4)");
        assertThat(output.resolve("curve.png")).isNotEmptyFile();
        assertThat(Files.readAllLines(output.resolve("log.csv")))
                .hasSize(4)
                .first()
                .isEqualTo("epoch,loss,rate,recall@1,recall@5,recall@10,mAP,seconds");
        Map<String, NpyArray> arrays = NpzFile.read(output.resolve("head.npz"));
        assertThat(arrays).containsKeys("0-netvlad.centers", "1-fully-connected.weights");

        Path photos = output.resolve("cache").resolve("landmarks-2-2x3-160x120");
        Path database = folder.resolve("database");
        String head = "file(path=" + output.resolve("head.r4j") + ")";
        Cli index = Cli.run(
                "index",
                "--database",
                database,
                "--extractor",
                "sift(max-keypoints=100)",
                "--aggregator",
                head,
                photos);
        assertThat(index.code()).as(index.err()).isZero();
        Cli search =
                Cli.run("search", "--database", database, "--json", photos.resolve("images/landmark_0000_000.png"));
        assertThat(search.code()).as(search.err()).isZero();
        assertThat(search.out()).contains("landmark_0000_000.png");

        // the end of an earlier run is where a longer one begins
        Files.writeString(file, String.format(LANDMARKS, " | fully-connected(dimension=8)", "adam(rate=0.001)", 3, ""));
        List<Map<String, Object>> more =
                Parsed.list(Parsed.object(train(file, output, "--json").out()), "epochs");
        assertThat(more).hasSize(4);
        assertThat(more.get(2)).isEqualTo(epochs.get(2));
    }

    /** A landmark's number stands in its pictures' names. */
    private static String landmark(String name) {
        return name.replaceFirst("^.*landmark_(\\d+)_.*$", "$1");
    }

    @Test
    void learnsFromGroupsPositionsTruthAndVerifiedPairs(@TempDir Path folder) throws IOException {
        Path photos = folder.resolve("photos");
        Cli made = Cli.run(
                "landmarks",
                "--seed",
                3,
                "--landmarks",
                4,
                "--views",
                4,
                "--width",
                240,
                "--height",
                180,
                "--output",
                photos);
        assertThat(made.code()).as(made.err()).isZero();
        Files.writeString(photos.resolve("images/rubbish.jpg"), "no picture");
        StringBuilder groups = new StringBuilder("name,group\n");
        StringBuilder google = new StringBuilder("landmark_id,images\n");
        StringBuilder positions = new StringBuilder();
        Map<String, StringBuilder> ids = new java.util.TreeMap<>();
        try (java.util.stream.Stream<Path> files = Files.list(photos.resolve("images"))) {
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString();
                boolean asked = name.startsWith("landmark");
                double east = asked ? 1000.0 * Integer.parseInt(landmark(name)) : name.hashCode() * 1e5;
                positions.append(name).append(',').append(east).append(",0\n");
                if (asked) {
                    groups.append(name)
                            .append(",building ")
                            .append(landmark(name))
                            .append('\n');
                    ids.computeIfAbsent(landmark(name), key -> new StringBuilder())
                            .append(' ')
                            .append(name.replace(".png", ""));
                }
            }
        }
        ids.forEach((number, names) -> google.append(Integer.parseInt(number))
                .append(',')
                .append(names.toString().strip())
                .append('\n'));
        Files.writeString(folder.resolve("groups.csv"), groups);
        Files.writeString(folder.resolve("train_clean.csv"), google);
        Files.writeString(folder.resolve("positions.csv"), positions);
        double[] losses = new double[5];
        String[] known = {
            "groups: groups.csv",
            "groups: train_clean.csv",
            "positions: positions.csv",
            "ground-truth: photos/relevant.csv",
            "pairs: verified(first=4)"
        };
        for (int i = 0; i < known.length; i++) {
            String images = known[i].startsWith("ground") ? "photos" : "photos/images";
            Path file = Files.writeString(
                    folder.resolve("train.yaml"),
                    "training: {images: " + images + ", \"" + known[i].replace(": ", "\": \"") + "\"}\n"
                            + "validation: "
                            + (known[i].startsWith("pairs")
                                    ? "{images: photos/images, groups: groups.csv}"
                                    : "{fraction: 0.3}")
                            + "\nextractor: sift(max-keypoints=200)\n"
                            + "head: netvlad(clusters=4)\nepochs: 1\nnegatives: 3\npool: 20\nmonitor: mAP\n");
            Cli run = train(
                    file,
                    folder.resolve("out" + i),
                    "--json",
                    "--cache",
                    folder.resolve("cache").toString());
            assertThat(run.code()).as(run.err()).isZero();
            assertThat(run.err()).contains("skipped").contains("rubbish.jpg");
            losses[i] = ((Number) Parsed.list(Parsed.object(run.out()), "epochs")
                            .get(1)
                            .get("loss"))
                    .doubleValue();
        }
        assertThat(losses[1]).isEqualTo(losses[0]); // the same groups, said in two ways
        assertThat(losses).doesNotContain(Double.NaN);
    }

    @Test
    void sameDiffLearnsTheSame(@TempDir Path folder) throws IOException {
        Path file =
                Files.writeString(folder.resolve("train.yaml"), String.format(LANDMARKS, "", "sgd(rate=0.01)", 1, ""));
        Path cache = folder.resolve("cache");
        Map<String, Object> byHand =
                Parsed.object(train(file, folder.resolve("a"), "--json", "--cache", cache.toString())
                        .out());
        Files.writeString(file, String.format(LANDMARKS, "", "sgd(rate=0.01)", 1, "engine: samediff"));
        Cli run = train(file, folder.resolve("b"), "--json", "--cache", cache.toString());
        assertThat(run.code()).as(run.err()).isZero();
        Map<String, Object> automatic = Parsed.object(run.out());
        double expected = ((Number) Parsed.list(byHand, "epochs").get(1).get("loss")).doubleValue();
        assertThat(((Number) Parsed.list(automatic, "epochs").get(1).get("loss")).doubleValue())
                .isCloseTo(expected, within(1e-9));
    }

    @Test
    void aLossThatDivergesKeepsTheLastGoodHead(@TempDir Path folder) throws IOException {
        Path file =
                Files.writeString(folder.resolve("train.yaml"), String.format(LANDMARKS, "", "sgd(rate=1e300)", 2, ""));
        Path output = folder.resolve("out");
        Cli run = train(file, output);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("the loss diverged", "the head of epoch 0 is kept", "smaller rate");
        assertThat(output.resolve("head.r4j")).isNotEmptyFile();
    }

    @Test
    void tellsWhatIsWrongInAFile(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("train.yaml");
        Map<String, String> wrong = Map.of(
                "epochs: 3\n",
                "the key training",
                "training: {images: nowhere}\n",
                "one of groups, positions, ground-truth, pairs, and landmarks",
                "training: {landmarks: {seeds: [1]}}\nepoch: 3\n",
                "\"epoch\"",
                "training: {landmarks: {seeds: [1]}}\nloss: tripel\n",
                "no Loss named \"tripel\"",
                "training: {landmarks: {seeds: [1]}}\nmonitor: recall@3\n",
                "monitor must be one of",
                "training: {landmarks: {seeds: [1]}}\nnegatives: 20\npool: 10\n",
                "pool must be at least 20");
        for (Map.Entry<String, String> one : wrong.entrySet()) {
            Files.writeString(file, one.getKey());
            Cli run = train(file, folder.resolve("out"));
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err()).contains(one.getValue());
        }
    }

    @Test
    void aHeadThatCannotLearnIsRefused(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(
                folder.resolve("train.yaml"),
                String.format(LANDMARKS, "", "adam", 1, "").replace("netvlad(clusters=4)", "vlad(clusters=4)"));
        Cli run = train(file, folder.resolve("out"));
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("\"vlad\" cannot be trained; what can: ").contains("netvlad");
    }
}
