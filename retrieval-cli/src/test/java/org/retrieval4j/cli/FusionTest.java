package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code retrieval search} in several databases of the same pictures. */
class FusionTest {
    @TempDir
    static Path folder;

    private static Path photographs;
    private static Path vlad;
    private static Path bow;

    @BeforeAll
    static void index() throws IOException {
        photographs = folder.resolve("photographs");
        Photographs.writeSmallCollection(photographs);
        vlad = index("vlad", "vlad(clusters=16,normalization=intra)", "flat", photographs.toString());
        bow = index("bow", "bow(words=200)", "inverted", photographs.toString());
    }

    private static Path index(String name, String aggregator, String index, String pictures) {
        Path database = folder.resolve(name);
        Cli run = Cli.run(
                "index",
                "--database",
                database,
                "--aggregator",
                aggregator,
                "--index",
                index,
                "--extractor",
                "sift(max-keypoints=500)",
                pictures);
        assertThat(run.code()).as(run.err()).isZero();
        return database;
    }

    private static String query() {
        return photographs + "/wall/graf1.png";
    }

    @Test
    void listsOfTwoDatabasesBecomeOneAndAreExplained() {
        for (String fusion : List.of("reciprocal-rank", "score-sum(normalization=z-score)", "query-adaptive")) {
            Cli run = Cli.run(
                    "search",
                    "--database",
                    vlad,
                    "--database",
                    bow,
                    "--fusion",
                    fusion,
                    "--json",
                    "--explain",
                    query());
            assertThat(run.err()).isEmpty();
            List<Map<String, Object>> hits = Parsed.list(Parsed.object(run.out()), "hits");
            assertThat(hits).hasSize(6);
            assertThat(hits.get(0)).containsEntry("image", query());
            for (int i = 0; i < hits.size(); i++) {
                List<Map<String, Object>> ranks = Parsed.list(hits.get(i), "ranks");
                assertThat(ranks)
                        .extracting(rank -> rank.get("stage"))
                        .containsExactly(vlad.toString(), bow.toString(), fusion.replaceAll("\\(.*", ""));
                assertThat(ranks.get(2)).containsEntry("rank", i + 1);
            }
        }
    }

    @Test
    void oneListOfAlmostAllWeightIsThatList() {
        Cli alone = Cli.run("search", "--database", bow, query());
        Cli fused = Cli.run("search", "--database", vlad, "--database", bow, "--weights", "0.000001,1", query());
        assertThat(names(fused)).isEqualTo(names(alone));
    }

    private static List<String> names(Cli run) {
        assertThat(run.code()).as(run.err()).isZero();
        return run.outLines().stream()
                .skip(1)
                .map(line -> line.substring(line.lastIndexOf(' ')))
                .toList();
    }

    @Test
    void verificationAndStagesStandBehindTheFusion() {
        Cli verified =
                Cli.run("search", "--database", vlad, "--database", bow, "--verify", "4", "-k", "3", "--json", query());
        assertThat(verified.err()).isEmpty();
        List<Map<String, Object>> hits = Parsed.list(Parsed.object(verified.out()), "hits");
        assertThat((Integer) hits.get(0).get("inliers")).isGreaterThan(100);
        Cli staged = Cli.run(
                "search",
                "--database",
                vlad,
                "--database",
                bow,
                "--rerank",
                "verify(first=4)",
                "--explain",
                "-k",
                "3",
                query());
        assertThat(staged.err()).isEmpty();
        assertThat(staged.outLines().get(1)).contains("reciprocal-rank 1, verify 1)");
        // bags of words have no vectors to expand
        Cli expanded = Cli.run("search", "--database", vlad, "--database", bow, "--rerank", "qe(k=2)", query());
        assertThat(expanded.code()).isEqualTo(1);
        assertThat(expanded.err()).contains("qe takes dense descriptors");
    }

    @Test
    void rankingsOfFusedListsAreJudged() throws IOException {
        Path truth = Files.writeString(
                folder.resolve("truth.csv"),
                query() + "," + photographs + "/wall/graf2.png," + photographs + "/wall/graf3.png\n");
        Cli run = Cli.run(
                "evaluate", "ranking", "--database", vlad, "--database", bow, "--ground-truth", truth, "--json");
        assertThat(run.err()).isEmpty();
        assertThat((Double) Parsed.object(run.out()).get("map")).isGreaterThan(0.5);
    }

    @Test
    void picturesOfOneDatabaseOnlyAreAnErrorThatNamesOne() {
        Path part = index("part", "vlad(clusters=16)", "flat", photographs + "/wall");
        Cli run = Cli.run("search", "--database", vlad, "--database", part, query());
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.err()).contains("2 more images are in " + vlad + " and not in " + part);
    }

    @Test
    void wrongUsageIsTwo() {
        List<List<Object>> wrong = List.of(
                List.of("search", "--database", vlad, "--fusion", "query-adaptive", query()),
                List.of("search", "--database", vlad, "--weights", "1", query()),
                List.of("search", "--database", vlad, "--database", vlad, query()),
                List.of("search", "--database", vlad, "--database", bow, "--weights", "1", query()),
                List.of("search", "--database", vlad, "--database", bow, "--fusion", "best", query()),
                List.of("search", "--database", vlad, "--database", bow, "--fusion", "reciprocal-rank(k=-1)", query()));
        for (List<Object> arguments : wrong) {
            Cli run = Cli.run(arguments.toArray());
            assertThat(run.code()).as("%s: %s", arguments, run.err()).isEqualTo(2);
            assertThat(run.err()).startsWith("retrieval: ");
            assertThat(run.err().lines()).hasSize(1);
        }
        Cli negative = Cli.run("search", "--database", vlad, "--database", bow, "--weights", "1,-1", query());
        assertThat(negative.code()).isEqualTo(1);
        assertThat(negative.err()).contains("weight must be above 0");
    }
}
