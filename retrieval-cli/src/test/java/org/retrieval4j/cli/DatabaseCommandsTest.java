package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on a database of six small photographs. */
class DatabaseCommandsTest {
    private static final String VLAD = "vlad(clusters=16,normalization=intra)";

    @TempDir
    static Path folder;

    private static Path photographs;
    private static Path database;
    private static Cli indexed;

    @BeforeAll
    static void index() throws IOException {
        photographs = folder.resolve("photographs");
        database = folder.resolve("database");
        Photographs.writeSmallCollection(photographs);
        indexed = Cli.run("index", "--database", database, "--aggregator", VLAD, photographs, "--json");
    }

    private static String photograph(String name) {
        return photographs + "/" + name;
    }

    private static List<String> images(Map<String, Object> line) {
        return Parsed.list(line, "hits").stream()
                .map(hit -> (String) hit.get("image"))
                .toList();
    }

    private static Map<String, Object> search(Object... arguments) {
        Cli run = Cli.run(Stream.concat(Stream.of("search", "--database", database, "--json"), Stream.of(arguments))
                .toArray());
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(run.outLines()).hasSize(1);
        return Parsed.object(run.out());
    }

    @Test
    void indexPrintsOneObjectWithThreeMembers() {
        assertThat(indexed.err()).doesNotContain("retrieval: ");
        assertThat(indexed.code()).isZero();
        assertThat(indexed.outLines()).hasSize(1);
        Map<String, Object> line = Parsed.object(indexed.out());
        assertThat(line).containsOnlyKeys("indexed", "skipped", "seconds").containsEntry("indexed", 6);
        assertThat(Parsed.list(line, "skipped")).isEmpty();
        assertThat((Double) line.get("seconds")).isPositive();
    }

    @Test
    void indexingAgainChangesNothing() {
        Cli again = Cli.run("index", "--database", database, photographs + "/", photograph("wall/graf1.png"));
        assertThat(again.code()).isZero();
        assertThat(again.out())
                .contains("indexed 0 images, 6 unchanged, 1 named twice")
                .contains("holds 6");
    }

    @Test
    void anOptionThatSaysTheSameAsTheDatabaseIsFine() {
        Cli same = Cli.run("index", "--database", database, "--aggregator", VLAD, "--extractor", "sift", photographs);
        assertThat(same.err()).isEmpty();
        assertThat(same.code()).isZero();
    }

    @Test
    void anOptionThatContradictsTheDatabaseIsAnErrorThatNamesBoth() {
        Cli other = Cli.run("index", "--database", database, "--aggregator", "vlad(clusters=32)", photographs);
        assertThat(other.code()).isEqualTo(1);
        assertThat(other.out()).isEmpty();
        assertThat(other.err().lines()).hasSize(1);
        assertThat(other.err())
                .startsWith("retrieval: --aggregator contradicts")
                .contains("clusters=16", "clusters=32");
        Cli keep = Cli.run("index", "--database", database, "--keep", "float", photographs);
        assertThat(keep.code()).isEqualTo(1);
        assertThat(keep.err()).contains("compact", "float");
    }

    @Test
    void aQueryFindsItselfThenTheSamePlace() {
        Map<String, Object> line = search(photograph("wall/graf2.png"), "-k", "3");
        assertThat(line).containsOnlyKeys("query", "hits").containsEntry("query", photograph("wall/graf2.png"));
        assertThat(images(line).get(0)).isEqualTo(photograph("wall/graf2.png"));
        assertThat(images(line))
                .containsExactlyInAnyOrder(
                        photograph("wall/graf1.png"), photograph("wall/graf2.png"), photograph("wall/graf3.png"));
        for (Map<String, Object> hit : Parsed.list(line, "hits")) {
            assertThat(hit).containsOnlyKeys("image", "score", "inliers").containsEntry("inliers", null);
        }
    }

    @Test
    void verificationReordersTheFirstAndLeavesTheRest() {
        String query = photograph("wall/graf1.png");
        List<String> plain = images(search(query));
        Map<String, Object> verified = search(query, "--verify", "4");
        assertThat(images(verified)).hasSize(6).containsExactlyInAnyOrderElementsOf(plain);
        assertThat(images(verified).subList(0, 4)).containsExactlyInAnyOrderElementsOf(plain.subList(0, 4));
        assertThat(images(verified).subList(4, 6)).isEqualTo(plain.subList(4, 6));
        List<Map<String, Object>> hits = Parsed.list(verified, "hits");
        assertThat((Integer) hits.get(0).get("inliers")).isGreaterThan(100);
        assertThat((Integer) hits.get(1).get("inliers")).isGreaterThan(20);
        assertThat(hits.get(3)).containsEntry("inliers", 0);
        assertThat(hits.get(4)).containsEntry("inliers", null);
    }

    @Test
    void moreMayBeVerifiedThanAreAskedFor() {
        assertThat(images(search(photograph("wall/graf3.png"), "--verify", "6", "-k", "2")))
                .hasSize(2)
                .first()
                .isEqualTo(photograph("wall/graf3.png"));
    }

    @Test
    void aPartOfAQueryFindsTheWholePicture() {
        Map<String, Object> line = search(photograph("wall/graf1.png"), "--crop", "60,40,260,220", "--verify", "3");
        assertThat(images(line).get(0)).isEqualTo(photograph("wall/graf1.png"));
    }

    @Test
    void aQueryThatCannotBeReadIsReportedInItsPlace() throws IOException {
        Path broken = Files.write(folder.resolve("broken.jpg"), new byte[0]);
        Cli run = Cli.run(
                "search",
                "--database",
                database,
                "--json",
                "no/such.jpg",
                broken,
                photograph("cat.jpg"),
                "--crop",
                "0,0,100,100");
        assertThat(run.code()).isZero();
        List<String> lines = run.outLines();
        assertThat(lines).hasSize(3);
        assertThat(Parsed.object(lines.get(0)))
                .containsEntry("query", "no/such.jpg")
                .containsEntry("error", "no such file or folder: no/such.jpg");
        assertThat(Parsed.object(lines.get(1))).containsEntry("error", "empty file");
        assertThat(images(Parsed.object(lines.get(2)))).contains(photograph("cat.jpg"));
    }

    @Test
    void aCropOutsideThePictureIsAFailedQuery() {
        Map<String, Object> line = search(photograph("cat.jpg"), "--crop", "300,0,100,100");
        assertThat((String) line.get("error")).contains("300,0,100,100").contains("320 x 240");
    }

    @Test
    void peopleGetAlignedColumns() {
        Cli run = Cli.run("search", "--database", database, photograph("wall/graf1.png"), "--verify", "2", "-k", "3");
        assertThat(run.code()).isZero();
        List<String> lines = run.outLines();
        assertThat(lines.get(0)).isEqualTo(photograph("wall/graf1.png"));
        assertThat(lines.get(1)).matches(" {4}1 +-?[0-9.]+ +\\d+ inliers  .*wall/graf1.png");
        assertThat(lines.get(2).indexOf(photographs.toString()))
                .isEqualTo(lines.get(1).indexOf(photographs.toString()));
        assertThat(lines).hasSize(4);
    }

    @Test
    void stagesOfReRankingTellWhatTheyMoved() {
        Map<String, Object> line = search(
                photograph("wall/graf1.png"), "-k", "6", "--rerank", "verify(first=3) | qe(k=2,alpha=0)", "--explain");
        List<Map<String, Object>> hits = Parsed.list(line, "hits");
        assertThat(hits).hasSize(6);
        for (int i = 0; i < hits.size(); i++) {
            List<Map<String, Object>> ranks = Parsed.list(hits.get(i), "ranks");
            assertThat(ranks).extracting(rank -> rank.get("stage")).containsExactly("index", "verify", "qe");
            assertThat(ranks.get(2)).containsEntry("rank", i + 1);
        }
        Cli people = Cli.run(
                "search",
                "--database",
                database,
                photograph("cat.jpg"),
                "--rerank",
                "diffusion",
                "-k",
                "1",
                "--explain");
        assertThat(people.code()).isZero();
        assertThat(people.outLines().get(1)).endsWith("cat.jpg  (index 1, diffusion 1)");
    }

    @Test
    void wrongUsageIsTwo() {
        List<List<Object>> wrong = List.of(
                List.of("index", photographs),
                List.of("index", "--database", folder.resolve("new"), "--extractor", "sift(oops=1)", photographs),
                List.of("index", "--database", folder.resolve("new"), "--extractor", "sift(", photographs),
                List.of("index", "--database", folder.resolve("new"), "--extractor", "unheard-of", photographs),
                List.of("index", "--database", folder.resolve("new"), "--keep", "most", photographs),
                List.of("index", "--database", database, "--threads", "0", photographs),
                List.of("index", "--database", database, "--max-megapixels", "-1", photographs),
                List.of("search", "--database", database),
                List.of("search", "--database", database, "-k", "0", photograph("cat.jpg")),
                List.of("search", "--database", database, "-k", "some", photograph("cat.jpg")),
                List.of("search", "--database", database, "--verify", "-1", photograph("cat.jpg")),
                List.of("search", "--database", database, "--crop", "1,2,3", photograph("cat.jpg")),
                List.of("search", "--database", database, "--rerank", "qe(k=0)", photograph("cat.jpg")),
                List.of("search", "--database", database, "--rerank", "qe | l2", photograph("cat.jpg")),
                List.of("search", "--database", database, "--explain", photograph("cat.jpg")),
                List.of("evaluate"),
                List.of("evaluate", "ranking", "--database", database));
        for (List<Object> arguments : wrong) {
            Cli run = Cli.run(arguments.toArray());
            assertThat(run.code()).as("%s: %s", arguments, run.err()).isEqualTo(2);
            assertThat(run.out()).isEmpty();
            assertThat(run.err()).startsWith("retrieval: ");
            assertThat(run.err().lines()).hasSize(1);
        }
        assertThat(folder.resolve("new")).doesNotExist();
    }

    @Test
    void whatCannotBeDoneIsOneWithOneLine() throws IOException {
        Path file = Files.writeString(folder.resolve("file.txt"), "text");
        List<List<Object>> impossible = List.of(
                List.of("search", "--database", folder.resolve("none"), photograph("cat.jpg")),
                List.of("search", "--database", folder, photograph("cat.jpg")),
                List.of("list", "--database", folder.resolve("none")),
                List.of("info", "--database", file),
                List.of("index", "--database", folder.resolve("fresh"), "no/such/folder"),
                List.of("index", "--database", file, photographs),
                List.of("remove", "--database", database, "not/there.jpg"),
                List.of("index", "--database", folder.resolve("staged"), "--index", "flat | qe", photographs),
                List.of("search", "--database", database, "--report", "no/such/r.html", photograph("cat.jpg")),
                List.of("aggregate", "--aggregator", "spoc", "--descriptors", file, "--output", folder.resolve("v")));
        for (List<Object> arguments : impossible) {
            Cli run = Cli.run(arguments.toArray());
            assertThat(run.code()).as("%s: %s", arguments, run.err()).isEqualTo(1);
            assertThat(run.out()).isEmpty();
            assertThat(run.err()).startsWith("retrieval: ");
            assertThat(run.err().lines()).hasSize(1);
        }
        assertThat(folder.resolve("fresh")).doesNotExist();
    }

    @Test
    void verboseAddsTheStackTrace() {
        Cli run = Cli.run("list", "--database", folder.resolve("none"), "--verbose");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("\tat org.retrieval4j.cli.");
    }

    @Test
    void listsEveryImage() {
        Cli plain = Cli.run("list", "--database", database);
        assertThat(plain.outLines()).hasSize(6).contains(photograph("sign.JPG"), photograph("wall/graf1.png"));
        Cli json = Cli.run("list", "--database", database, "--json");
        assertThat(json.outLines()).hasSize(6);
        assertThat(Parsed.object(json.outLines().get(0)))
                .containsEntry("image", plain.outLines().get(0));
    }

    @Test
    void tellsWhatADatabaseIsMadeOf() {
        assertThat(Cli.run("info", "--database", database).out())
                .contains("images      6", "sift(max-keypoints=2000", "vlad(clusters=16", "homography(", "compact");
        Map<String, Object> info =
                Parsed.object(Cli.run("info", "--database", database, "--json").out());
        assertThat(info).containsEntry("images", 6);
        assertThat(Parsed.list(info, "components"))
                .extracting(component -> component.get("role"))
                .contains("extractor", "aggregator", "index", "matcher", "verifier");
    }

    @Test
    void removedImagesAreNotFoundAndCompactGivesTheirSpaceBack() throws IOException {
        Path other = folder.resolve("other");
        Cli.run("index", "--database", other, "--aggregator", VLAD, photograph("wall"), photograph("cat.jpg"));
        Cli removed = Cli.run("remove", "--database", other, photograph("cat.jpg"), "not/there.jpg", "--json");
        assertThat(removed.code()).isZero();
        assertThat(Parsed.object(removed.out()))
                .containsEntry("removed", 1)
                .containsEntry("unknown", List.of("not/there.jpg"));
        Cli compacted = Cli.run("compact", "--database", other, "--json");
        assertThat(compacted.code()).isZero();
        Map<String, Object> line = Parsed.object(compacted.out());
        assertThat(line).containsEntry("images", 3);
        assertThat((Integer) line.get("bytes")).isLessThan((Integer) line.get("bytes-before"));
        Cli found = Cli.run("search", "--database", other, photograph("cat.jpg"));
        assertThat(found.outLines()).hasSize(4);
        assertThat(found.outLines().subList(1, 4)).noneMatch(hit -> hit.contains("cat.jpg"));
    }

    @Test
    void measuresTheRankingWithoutTheQuery() throws IOException {
        String[] wall = {photograph("wall/graf1.png"), photograph("wall/graf2.png"), photograph("wall/graf3.png")};
        Path truth = Files.write(
                folder.resolve("truth.csv"),
                List.of(
                        wall[0] + "," + wall[1] + "," + wall[2],
                        "",
                        wall[1] + "," + wall[0] + "," + wall[2] + "," + wall[1]));
        Cli run = Cli.run(
                "evaluate", "ranking", "--database", database, "--ground-truth", truth, "--verify", "6", "--json");
        assertThat(run.err()).doesNotContain("retrieval: ");
        assertThat(run.out()).isEqualTo("{\"map\":1.0,\"p@1\":1.0}\n");
        Path far = Files.writeString(
                folder.resolve("far.csv"), wall[0] + "," + wall[1] + "," + photograph("cat.jpg") + "\n");
        Map<String, Object> figures =
                Parsed.object(Cli.run("evaluate", "ranking", "--database", database, "--ground-truth", far, "--json")
                        .out());
        // the other view is first, the cat at rank 3 to 5 of the five others
        assertThat(((Double) figures.get("map"))).isBetween((1 + 2.0 / 5) / 2 - 1e-9, (1 + 2.0 / 3) / 2 + 1e-9);
    }

    @Test
    void errorsInAGroundTruthNameTheLine() throws IOException {
        String cat = photograph("cat.jpg");
        Map<String, String> wrong = Map.of(
                "\n" + cat + "," + photograph("bird.png") + "\nsomething.jpg," + cat + "\n", "line 3",
                cat + ",elsewhere.jpg\n", "line 1",
                cat + "\n", "line 1",
                "\"" + cat + "\n", "line 1");
        for (Map.Entry<String, String> entry : wrong.entrySet()) {
            Path truth = Files.writeString(folder.resolve("wrong.csv"), entry.getKey());
            Cli run = Cli.run("evaluate", "ranking", "--database", database, "--ground-truth", truth);
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err()).contains("wrong.csv, " + entry.getValue() + ": ");
            assertThat(run.err().lines()).hasSize(1);
        }
    }
}
