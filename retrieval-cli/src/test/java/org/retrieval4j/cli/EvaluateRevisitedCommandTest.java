package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.eval.TrapezoidEvaluation;
import org.retrieval4j.storage.NpyFile;

class EvaluateRevisitedCommandTest {
    @TempDir
    static Path folder;

    private static final int IMAGES = 500;
    private static final int QUERIES = 20;

    private static Path truth;
    private static final double[][] scores = new double[QUERIES][IMAGES];

    /**
     * Made-up lists, of each query 2 % of the images easy (none of the first two), 3 % hard and 3 % junk, and scores that
     * favor them a little.
     */
    @BeforeAll
    static void make() throws IOException {
        List<Object> queries = new ArrayList<>();
        for (int query = 0; query < QUERIES; query++) {
            List<Integer> easy = new ArrayList<>();
            List<Integer> hard = new ArrayList<>();
            List<Integer> junk = new ArrayList<>();
            for (int image = 0; image < IMAGES; image++) {
                double kind = mixed(2 * (image * QUERIES + query));
                double score = mixed(2 * (image * QUERIES + query) + 1);
                if (kind < 0.02 && query >= 2) {
                    easy.add(image);
                    score += 0.3;
                } else if (kind >= 0.02 && kind < 0.05) {
                    hard.add(image);
                    score += 0.1;
                } else if (kind >= 0.05 && kind < 0.08) {
                    junk.add(image);
                    score += 0.2;
                }
                scores[query][image] = score;
            }
            queries.add(Map.of("easy", easy, "hard", hard, "junk", junk, "bbx", List.of(1, 2, 3, 4)));
        }
        List<String> names =
                IntStream.range(0, IMAGES).mapToObj(i -> "image" + i).toList();
        truth = Files.writeString(
                folder.resolve("gnd.json"),
                Json.text(Map.of("imlist", names, "qimlist", List.of("other members"), "gnd", queries)));
    }

    /** A number from 0 to 1 that looks random, of 32-bit integers, so that any language makes the same. */
    private static double mixed(int n) {
        int bits = (n + 1) * 0x9E3779B1;
        bits = (bits ^ bits >>> 15) * 0x85EBCA77;
        return ((bits ^ bits >>> 13) & 0xFFFFFFFFL) / 0x1p32;
    }

    @Test
    void scoresGiveTheFiguresOfTheAuthorsScript() throws IOException {
        double[] values = new double[IMAGES * QUERIES];
        for (int i = 0; i < values.length; i++) {
            values[i] = scores[i % QUERIES][i / QUERIES];
        }
        Path file = folder.resolve("scores.npy");
        NpyFile.write(file, values, IMAGES, QUERIES);
        agrees(Cli.run("evaluate", "roxford", "--ground-truth", truth, "--scores", file, "--json"));
    }

    @Test
    void ranksGiveTheFiguresOfTheAuthorsScript() throws IOException {
        int[] values = new int[IMAGES * QUERIES];
        for (int query = 0; query < QUERIES; query++) {
            int[] ranking = TrapezoidEvaluation.ranking(scores[query]);
            for (int rank = 0; rank < ranking.length; rank++) {
                values[QUERIES * rank + query] = ranking[rank];
            }
        }
        Path file = folder.resolve("ranks.npy");
        NpyFile.write(file, values, IMAGES, QUERIES);
        agrees(Cli.run("evaluate", "rparis", "--ground-truth", truth, "--ranks", file, "--json"));
        Cli text = Cli.run("evaluate", "roxford", "--ground-truth", truth, "--ranks", file);
        assertThat(text.outLines())
                .hasSize(4)
                .startsWith(
                        "setting  queries     mAP    mP@1    mP@5   mP@10",
                        "   easy       18  0.3681  0.9444  0.6556  0.3444");
        Cli csv = Cli.run("evaluate", "roxford", "--ground-truth", truth, "--ranks", file, "--csv");
        assertThat(csv.outLines().get(0)).isEqualTo("setting,queries,map,mp@1,mp@5,mp@10");
        assertThat(csv.outLines().get(3)).startsWith("hard,20,0.16686511873251").contains(",0.85,");
        Cli latex = Cli.run("evaluate", "roxford", "--ground-truth", truth, "--ranks", file, "--latex");
        assertThat(latex.out()).contains("easy & 18 & 36.81 & 94.44 & 65.56 & 34.44 \\\\\n");
    }

    private static void agrees(Cli run) {
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        Map<String, Object> line = Parsed.object(run.out());
        assertThat(line.keySet()).containsExactly("easy", "medium", "hard");
        // of python/evaluate.py of filipradenovic/revisitop at 3bb68d3
        agrees(line.get("easy"), 0.36806001442565206, 0.9444444444444444, 0.6555555555555556, 0.3444444444444444);
        agrees(line.get("medium"), 0.27140297848971884, 1, 0.8, 0.5049999999999999);
        agrees(line.get("hard"), 0.16686511873251006, 0.85, 0.38000000000000006, 0.195);
    }

    @SuppressWarnings("unchecked") // the test says what it expects
    private static void agrees(Object figures, double... expected) {
        Map<String, Double> found = (Map<String, Double>) figures;
        assertThat(found.keySet()).containsExactly("map", "mp@1", "mp@5", "mp@10");
        List<Double> values = List.copyOf(found.values());
        for (int i = 0; i < expected.length; i++) {
            assertThat(values.get(i)).isCloseTo(expected[i], within(1e-12));
        }
    }

    private static final String SMALL =
            "{\"imlist\": [\"a\", \"b\", \"c\"], \"gnd\": [{\"easy\": [0], \"hard\": [], \"junk\": [2]}]}";

    @Test
    void aSettingWithoutRightAnswersIsNull() throws IOException {
        Path small = Files.writeString(folder.resolve("small.json"), SMALL);
        Path file = folder.resolve("small.npy");
        NpyFile.write(file, new int[] {2, 0, 1}, 3, 1);
        Cli run = Cli.run("evaluate", "roxford", "--ground-truth", small, "--ranks", file, "--json");
        assertThat(run.err()).isEmpty();
        assertThat(run.out().strip())
                .isEqualTo("{\"easy\":{\"map\":1.0,\"mp@1\":1.0,\"mp@5\":1.0,\"mp@10\":1.0},"
                        + "\"medium\":{\"map\":1.0,\"mp@1\":1.0,\"mp@5\":1.0,\"mp@10\":1.0},"
                        + "\"hard\":{\"map\":null,\"mp@1\":null,\"mp@5\":null,\"mp@10\":null}}");
    }

    @Test
    void wrongRankingsAreOneLine() throws IOException {
        Path small = Files.writeString(folder.resolve("small.json"), SMALL);
        Path file = folder.resolve("wrong.npy");
        NpyFile.write(file, new int[] {2, 0}, 2, 1);
        refused(small, "--scores", file, "there must be scores of all 3 images, got 2");
        NpyFile.write(file, new int[] {2, 0, 1}, 1, 3);
        refused(
                small,
                "--ranks",
                file,
                "the array must have shape [images, 1] (a column for each query of the ground truth), got [1, 3]: transpose it");
        NpyFile.write(file, new int[] {2, 0, 3}, 3, 1);
        refused(small, "--ranks", file, "rank 2 of query 0 must be an image 0 to 2, got 3");
        NpyFile.write(file, new int[] {2, 0, 2}, 3, 1);
        refused(small, "--ranks", file, "rank 2 of query 0 repeats image 2");
        NpyFile.write(file, new double[] {2, 0, 0.5}, 3, 1);
        refused(small, "--ranks", file, "value 2 must be a whole number, got 0.5");
        NpyFile.write(file, new double[] {2, Double.NaN, 1}, 3, 1);
        refused(small, "--scores", file, "query 0: the score of image 1 must be a number, got NaN");
    }

    @Test
    void rowsBeyondTheListAreDistractors() throws IOException {
        Path small = Files.writeString(folder.resolve("small.json"), SMALL);
        Path file = folder.resolve("more.npy");
        NpyFile.write(file, new int[] {4, 0, 3, 2, 1}, 5, 1);
        Cli run = Cli.run("evaluate", "roxford", "--ground-truth", small, "--ranks", file, "--json");
        assertThat(run.out()).startsWith("{\"easy\":{\"map\":0.25,");
        assertThat(run.err()).isEqualTo("2 images behind the 3 of the ground truth count as distractors\n");
        NpyFile.write(file, new int[] {4, 0, 3}, 3, 1);
        refused(small, "--ranks", file, "rank 0 of query 0 must be an image 0 to 2, got 4");
        Cli cut =
                Cli.run("evaluate", "roxford", "--ground-truth", small, "--ranks", file, "--distractors", 2, "--json");
        assertThat(cut.out()).startsWith("{\"easy\":{\"map\":0.25,");
        assertThat(cut.err())
                .isEqualTo("rankings hold the first 3 of 5 images; right answers behind them count as never found\n");
    }

    @Test
    void aPickleAndJsonGiveTheSame() throws IOException {
        Path pickle = folder.resolve("truth.pkl");
        try (InputStream in = PickleTest.class.getResourceAsStream("/pickle/protocol4.pkl")) {
            Files.write(pickle, in.readAllBytes());
        }
        Path json = Files.writeString(
                folder.resolve("same.json"),
                "{\"imlist\": [\"a\", \"b\", \"Köln\", \"d\", \"e\", \"f\"], \"qimlist\": [\"q0\", \"q1\"],"
                        + " \"gnd\": [{\"easy\": [0, 1], \"hard\": [2], \"junk\": [3]},"
                        + " {\"easy\": [], \"hard\": [4], \"junk\": [0, 1]}]}");
        Path file = folder.resolve("both.npy");
        NpyFile.write(file, new int[] {4, 4, 3, 0, 0, 1, 2, 2, 5, 3, 1, 5}, 6, 2);
        Cli ofPickle = Cli.run("evaluate", "roxford", "--ground-truth", pickle, "--ranks", file, "--json");
        assertThat(ofPickle.err()).isEmpty();
        assertThat(ofPickle.out())
                .isEqualTo(Cli.run("evaluate", "roxford", "--ground-truth", json, "--ranks", file, "--json")
                        .out());
        Path named = Files.writeString(
                folder.resolve("named.csv"), "query,1,2\nq1,e,a.jpg,b,jpg/Köln.png,d,f\nq0,e,d,a,Köln,f,b\n");
        assertThat(Cli.run("evaluate", "rparis", "--ground-truth", pickle, "--ranks", named, "--json")
                        .out())
                .isEqualTo(ofPickle.out());
    }

    @Test
    void wrongRowsOfNamesAreToldWithTheirLine() throws IOException {
        Path small = Files.writeString(folder.resolve("small.json"), SMALL.replace("[{", "[{\"bbx\": [1, 2, 3, 4],"));
        Path file = folder.resolve("wrong.csv");
        Files.writeString(file, "0,a,b\n0,a\n");
        named(small, file, ", line 2: a second ranking of query \"0\"");
        Files.writeString(file, "0,a,b\n\n1,a\n");
        named(small, file, ", line 3: \"1\" is no query of the ground truth");
        Files.writeString(file, "0,a,other\n");
        named(small, file, ", line 1: image \"other\" of query \"0\" is not among the 3 images");
        Files.writeString(file, "0,a,b,a.jpg\n");
        named(small, file, ", line 1: image \"a.jpg\" stands twice in the ranking of query \"0\"");
        Files.writeString(file, "{\"0\": [\"a\", \"b\"],\n \"1\": [\"a\"]}");
        assertThat(Cli.run("evaluate", "roxford", "--ground-truth", small, "--ranks", file)
                        .err())
                .contains("line 2", "\"1\" is no query of the ground truth");
        Files.writeString(file, "query,image\n");
        named(small, file, ": there is no ranking of query \"0\"");
    }

    private static void named(Path truth, Path file, String message) {
        Cli run = Cli.run("evaluate", "roxford", "--ground-truth", truth, "--ranks", file, "--json");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).isEqualTo("retrieval: " + file + message + "\n");
    }

    @Test
    void intervalsAreThoseOfTheSeed() throws IOException {
        int[] values = new int[IMAGES * QUERIES];
        for (int query = 0; query < QUERIES; query++) {
            int[] ranking = TrapezoidEvaluation.ranking(scores[query]);
            for (int rank = 0; rank < ranking.length; rank++) {
                values[QUERIES * rank + query] = ranking[rank];
            }
        }
        Path file = folder.resolve("ranks-interval.npy");
        NpyFile.write(file, values, IMAGES, QUERIES);
        Object[] command = {
            "evaluate", "roxford", "--ground-truth", truth, "--ranks", file, "--bootstrap", 500, "--seed", 3, "--json"
        };
        Cli run = Cli.run(command);
        Map<String, Object> hard = inside(Parsed.object(run.out()), "hard");
        List<?> interval = (List<?>) inside(hard, "interval").get("map");
        double map = (Double) hard.get("map");
        assertThat((Double) interval.get(0)).isLessThan(map).isGreaterThan(0.5 * map);
        assertThat((Double) interval.get(1)).isGreaterThan(map).isLessThan(2 * map);
        assertThat(Cli.run(command).out()).isEqualTo(run.out());
        assertThat(Cli.run("evaluate", "roxford", "--ground-truth", truth, "--ranks", file, "--json", "--csv")
                        .code())
                .isEqualTo(2);
    }

    @SuppressWarnings("unchecked") // the test says what it expects
    private static Map<String, Object> inside(Map<String, Object> object, String key) {
        return (Map<String, Object>) object.get(key);
    }

    private static void refused(Path truth, String option, Path file, String message) {
        Cli run = Cli.run("evaluate", "roxford", "--ground-truth", truth, option, file, "--json");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).isEqualTo("retrieval: " + file + ": " + message + "\n");
    }

    @Test
    void wrongGroundTruthIsOneLine() throws IOException {
        Path file = folder.resolve("ranks3.npy");
        NpyFile.write(file, new int[] {2, 0, 1}, 3, 1);
        for (String[] wrong : new String[][] {
            {SMALL.replace("[2]", "[3]"), "junk of query 0 must be 0 to 2, got 3"},
            {SMALL.replace("[2]", "[2, 2]"), "junk of query 0 has image 2 twice"},
            {SMALL.replace("junk", "trash"), "junk"},
            {SMALL.replace("[0]", "[0.5]"), "0.5"},
            {"[]", "expected"}
        }) {
            Path bad = Files.writeString(folder.resolve("bad.json"), wrong[0]);
            Cli run = Cli.run("evaluate", "roxford", "--ground-truth", bad, "--ranks", file);
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err().lines()).hasSize(1).first().asString().contains(bad.toString(), wrong[1]);
        }
    }

    @Test
    void ranksOrScoresMustBeGiven() {
        assertThat(Cli.run("evaluate", "roxford", "--ground-truth", truth).code())
                .isEqualTo(2);
        assertThat(Cli.run("evaluate", "roxford", "--ground-truth", truth, "--ranks", "a", "--scores", "b")
                        .code())
                .isEqualTo(2);
    }
}
