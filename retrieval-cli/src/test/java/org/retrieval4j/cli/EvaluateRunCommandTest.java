package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.TestPictures;

/** Photographs named as in Holidays: a painted wall three times, a bird twice, a sign twice. */
class EvaluateRunCommandTest {
    @TempDir
    static Path folder;

    private static Path database;
    private static Path pictures;
    private static Path queries;

    @BeforeAll
    static void index() throws IOException {
        pictures = Files.createDirectories(folder.resolve("jpg"));
        for (int i = 1; i <= 3; i++) {
            write(pictures.resolve("10000" + (i - 1) + ".png"), Photographs.smallGraf(i));
        }
        write(pictures.resolve("100100.png"), Photographs.small("data/bird.png", 300, 263));
        write(pictures.resolve("100101.png"), Photographs.small("data/bird.png", 240, 210));
        write(pictures.resolve("100200.png"), Photographs.small("text/extraction/lab-sign.jpg", 400, 300));
        write(pictures.resolve("100201.png"), Photographs.small("text/extraction/lab-sign.jpg", 320, 240));
        queries = Files.createDirectories(folder.resolve("queries"));
        BufferedImage inside = new BufferedImage(700, 600, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = inside.createGraphics();
        graphics.setColor(Color.GRAY);
        graphics.fillRect(0, 0, 700, 600);
        graphics.drawImage(Photographs.small("data/bird.png", 300, 263), 10, 320, null);
        graphics.drawImage(Photographs.smallGraf(4), 290, 10, null);
        graphics.dispose();
        write(queries.resolve("both.png"), inside);
        database = folder.resolve("database");
        Cli run = Cli.run("index", "--database", database, "--aggregator", "vlad(clusters=8)", pictures);
        assertThat(run.code()).as(run.err()).isZero();
    }

    private static void write(Path file, BufferedImage picture) throws IOException {
        Files.write(file, TestPictures.encode(picture, "png"));
    }

    private static Cli evaluate(Object... more) {
        List<Object> command = new ArrayList<>(List.of("evaluate", "run", "--database", database, "--json"));
        command.addAll(Arrays.asList(more));
        return Cli.run(command.toArray());
    }

    @Test
    void holidaysOfADatabase() throws IOException {
        Path output = folder.resolve("holidays.csv");
        Cli run = evaluate("--protocol", "holidays", "--output", output);
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(Parsed.object(run.out()).keySet()).containsExactly("map");
        assertThat((Double) Parsed.object(run.out()).get("map")).isGreaterThan(0.9);
        List<String> rows = Files.readAllLines(output);
        assertThat(rows).hasSize(4);
        assertThat(rows.get(0))
                .matches("query,\"holidays of 7 images \\([0-9a-f]+\\), first 7, verify 0, rerank none, extractor .*");
        Cli judged = Cli.run("evaluate", "holidays", "--images", pictures, "--ranks", output, "--json");
        assertThat(judged.out()).isEqualTo(run.out());
    }

    @Test
    void rankingsOfOtherPicturesAreNotMixed() throws IOException {
        Path sought = Files.createDirectories(folder.resolve("sought"));
        Path truth = Files.writeString(folder.resolve("one.csv"), "");
        List<Path> all;
        try (var files = Files.list(pictures)) {
            all = files.sorted().toList();
        }
        String first = String.valueOf(all.get(0).getFileName());
        Files.writeString(truth, "asked.jpg," + first + "\n");
        Files.copy(all.get(0), sought.resolve("asked.jpg"));
        Path output = folder.resolve("mixed.csv");
        Object[] command = {"--protocol", "ranking", "--ground-truth", truth, "--queries", sought, "--output", output};
        Cli run = evaluate(command);
        assertThat(run.code()).as(run.err()).isZero();
        Files.copy(all.get(1), sought.resolve("asked.jpg"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Cli again = evaluate(command);
        assertThat(again.code()).isEqualTo(1);
        assertThat(again.err()).contains("mixed.csv");
    }

    @Test
    void whatWasAnsweredIsKept() throws IOException {
        Path output = folder.resolve("again.csv");
        Object[] command = {"--protocol", "holidays", "--output", output, "--threads", 1};
        Cli whole = evaluate(command);
        byte[] bytes = Files.readAllBytes(output);
        String text = new String(bytes, StandardCharsets.UTF_8);
        // a row that was found otherwise shows that it is not looked for again; the row behind it is cut
        List<String> rows = new ArrayList<>(text.lines().toList());
        String[] first = rows.get(1).split(",");
        String swapped = first[1];
        first[1] = first[2];
        first[2] = swapped;
        Files.writeString(
                output,
                rows.get(0) + "\n" + String.join(",", first) + "\n"
                        + rows.get(2).substring(0, rows.get(2).length() - 3));
        Cli again = evaluate(command);
        assertThat(again.err()).contains("1 of 3 queries have their rankings in " + output);
        assertThat(Files.readAllLines(output))
                .containsExactly(rows.get(0), String.join(",", first), rows.get(2), rows.get(3));
        Files.write(output, bytes);
        Cli nothing = evaluate(command);
        assertThat(nothing.out()).isEqualTo(whole.out());
        assertThat(Files.readAllBytes(output)).isEqualTo(bytes);
        Cli other = evaluate("--protocol", "holidays", "--output", output, "--verify", 2);
        assertThat(other.code()).isEqualTo(1);
        assertThat(other.err()).contains("was made by something else or with other settings", "verify 2");
        assertThat(Files.readAllBytes(output)).isEqualTo(bytes);
    }

    @Test
    void queriesOfRevisitedOxfordAreCroppedToTheirBox() throws IOException {
        String images = "[\"100000\", \"100001\", \"100002\", \"100100\", \"100101\", \"100200\", \"100201\"]";
        Path truth = Files.writeString(
                folder.resolve("gnd.json"),
                "{\"imlist\": " + images + ", \"qimlist\": [\"both\"], \"gnd\":"
                        + " [{\"bbx\": [290.4, 9.6, 689.6, 5000], \"easy\": [0, 1], \"hard\": [2], \"junk\": [3]}]}");
        Path output = folder.resolve("roxford.csv");
        Cli run = evaluate("--protocol", "roxford", "--ground-truth", truth, "--queries", queries, "--output", output);
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(Parsed.object(run.out()).keySet()).containsExactly("easy", "medium", "hard");
        Cli search = Cli.run(
                "search",
                "--database",
                database,
                "-k",
                7,
                "--crop",
                "290,10,400,590",
                queries.resolve("both.png"),
                "--json");
        List<String> found = Parsed.list(Parsed.object(search.out()), "hits").stream()
                .map(hit -> Names.bare((String) hit.get("image")))
                .toList();
        assertThat(Files.readAllLines(output).get(1)).isEqualTo("both," + String.join(",", found));
        Cli whole = Cli.run("search", "--database", database, "-k", 7, queries.resolve("both.png"), "--json");
        assertThat(whole.out()).isNotEqualTo(search.out());
        // the same rankings judged alone
        assertThat(Cli.run("evaluate", "roxford", "--ground-truth", truth, "--ranks", output, "--json")
                        .out())
                .isEqualTo(run.out());
    }

    @Test
    void aRankingOfOnesOwnIsJudgedAsEver() throws IOException {
        String name = pictures.toString();
        Path truth = Files.writeString(
                folder.resolve("own.csv"),
                name + "/100000.png," + name + "/100001.png," + name + "/100002.png\n" + name + "/100100.png," + name
                        + "/100101.png\n");
        Cli run = evaluate("--protocol", "ranking", "--ground-truth", truth, "--output", folder.resolve("ranking.csv"));
        Cli ranking = Cli.run("evaluate", "ranking", "--database", database, "--ground-truth", truth, "--json");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(Parsed.object(run.out())).isEqualTo(Parsed.object(ranking.out()));
    }

    @Test
    void placesOfATable() throws IOException {
        Path truth = Files.writeString(
                folder.resolve("places.csv"),
                "name,east,north\n100000,0,0\n100001,10,0\n100002,20,0\n100100,500,0\n100101,500,0\n100200,900,0\n"
                        + "100201,900,0\nboth,505,0\n");
        Cli run = evaluate(
                "--protocol",
                "place-recognition",
                "--ground-truth",
                truth,
                "--queries",
                queries,
                "--at",
                "1,7",
                "--output",
                folder.resolve("place-ranks.csv"));
        assertThat(run.code()).as(run.err()).isZero();
        Map<String, Object> found = Parsed.object(run.out());
        assertThat(found.keySet()).containsExactly("recall@1", "recall@7");
        assertThat(found.get("recall@7")).isEqualTo(1.0);
    }

    @Test
    void groundTruthOfOtherImagesIsRefused() throws IOException {
        Path truth = Files.writeString(
                folder.resolve("other.json"),
                "{\"imlist\": [\"100000\", \"x\", \"y\"], \"qimlist\": [\"both\"], \"gnd\":"
                        + " [{\"easy\": [0], \"hard\": [], \"junk\": []}]}");
        Path output = folder.resolve("none.csv");
        Cli run = evaluate("--protocol", "roxford", "--ground-truth", truth, "--queries", queries, "--output", output);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err())
                .contains(truth + ": 2 of 3 images of the ground truth are not in " + database + ", such as \"x\"");
        assertThat(output).doesNotExist();
        Files.writeString(
                truth,
                "{\"imlist\": [\"100000\"], \"qimlist\": [\"gone\"], \"gnd\":"
                        + " [{\"easy\": [0], \"hard\": [], \"junk\": []}]}");
        Cli gone = evaluate("--protocol", "roxford", "--ground-truth", truth, "--queries", queries, "--output", output);
        assertThat(gone.err()).contains("no picture of query \"gone\" in " + queries);
        assertThat(evaluate("--protocol", "roxford", "--output", output).code()).isEqualTo(2);
        assertThat(evaluate("--protocol", "imagenet", "--output", output).code())
                .isEqualTo(2);
    }

    @Test
    void otherFilesAreNotOverwritten() throws IOException {
        Path notes = Files.writeString(folder.resolve("notes.csv"), "my,notes\n");
        Cli run = evaluate("--protocol", "holidays", "--output", notes);
        assertThat(run.code()).isEqualTo(1);
        assertThat(notes).hasContent("my,notes\n");
        Path text = Files.writeString(folder.resolve("notes.txt"), "no line break");
        assertThat(evaluate("--protocol", "holidays", "--output", text).code()).isEqualTo(1);
        assertThat(text).hasContent("no line break");
    }
}
