package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.TestPictures;

/** A miniature of Google Landmarks v2: a wall (landmark 7) and a bird (9) in a tar of training images, and test images. */
class LandmarkSubmissionCommandTest {
    @TempDir
    static Path folder;

    private static Path database;
    private static Path tests;
    private static Path labels;

    @BeforeAll
    static void index() throws IOException {
        Map<String, byte[]> training = new TreeMap<>();
        training.put("0/0/a/00a0000000000001.jpg", picture(Photographs.smallGraf(1)));
        training.put("0/0/a/00a0000000000002.jpg", picture(Photographs.smallGraf(2)));
        training.put("0/1/b/01b0000000000003.jpg", picture(Photographs.small("data/bird.png", 300, 263)));
        training.put("0/1/b/01b0000000000004.jpg", picture(Photographs.small("data/bird.png", 200, 175)));
        Path tar = Files.write(folder.resolve("train_000.tar"), tar(training));
        labels = Files.writeString(
                folder.resolve("train.csv"),
                "id,url,landmark_id\n00a0000000000001,x,7\n00a0000000000002,x,7\n01b0000000000003,x,9\n"
                        + "01b0000000000004,x,9\nffffffffffffffff,x,1\n");
        tests = folder.resolve("test");
        write("f/f/0/ff00000000000001.jpg", picture(Photographs.smallGraf(3)));
        write("f/f/0/ff00000000000002.jpg", picture(Photographs.small("data/bird.png", 250, 219)));
        write("f/f/1/ff10000000000003.jpg", picture(Photographs.small("text/extraction/lab-sign.jpg", 400, 300)));
        write("f/f/1/ff10000000000004.jpg", "broken".getBytes(StandardCharsets.UTF_8));
        database = folder.resolve("database");
        Cli run = Cli.run(
                "index", "--database", database, "--aggregator", "vlad(clusters=8)", "--index", "flat(metric=ip)", tar);
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("indexed 4 images");
        Cli again = Cli.run("index", "--database", database, tar);
        assertThat(again.out()).contains("indexed 0 images, 4 unchanged");
        assertThat(Cli.run("list", "--database", database).out()).contains("train_000.tar/0/1/b/01b0000000000004.jpg");
    }

    private static void write(String name, byte[] bytes) throws IOException {
        Path file = tests.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
    }

    private static byte[] picture(BufferedImage picture) {
        return TestPictures.encode(picture, "jpeg");
    }

    /** An archive in the oldest form, names of up to 100 bytes. */
    private static byte[] tar(Map<String, byte[]> members) throws IOException {
        ByteArrayOutputStream tar = new ByteArrayOutputStream();
        for (Map.Entry<String, byte[]> member : members.entrySet()) {
            byte[] header = new byte[512];
            put(header, 0, member.getKey());
            put(header, 124, String.format(Locale.ROOT, "%011o", member.getValue().length));
            put(header, 148, "        ");
            header[156] = '0';
            int sum = 0;
            for (byte b : header) {
                sum += b & 0xFF;
            }
            put(header, 148, String.format(Locale.ROOT, "%06o\0 ", sum));
            tar.write(header);
            tar.write(member.getValue());
            tar.write(new byte[(512 - member.getValue().length % 512) % 512]);
        }
        tar.write(new byte[1024]);
        return tar.toByteArray();
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    private static Cli submit(String task, Path output, Object... more) {
        List<Object> command = new ArrayList<>(
                List.of("landmark-submission", "--task", task, "--database", database, "--output", output));
        command.addAll(Arrays.asList(more));
        return Cli.run(command.toArray());
    }

    @Test
    void recognitionAnswersAndAbstains() throws IOException {
        Path output = folder.resolve("recognition.csv");
        Cli run = submit("recognition", output, "--labels", labels, "--neighbors", 3, tests);
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).contains("no answer to " + tests + "/f/f/1/ff10000000000004.jpg: ");
        assertThat(run.out()).isEqualTo(output + ": 4 test images, 1 of them could not be read\n");
        Map<String, String> rows = rows(output);
        assertThat(rows.get("ff00000000000001")).startsWith("7 ");
        assertThat(rows.get("ff00000000000002")).startsWith("9 ");
        assertThat(rows.get("ff10000000000004")).isEmpty();
        double least = Math.min(score(rows, "ff00000000000001"), score(rows, "ff00000000000002"));
        assertThat(score(rows, "ff10000000000003")).isLessThan(least);
        Path strict = folder.resolve("strict.csv");
        assertThat(submit("recognition", strict, "--labels", labels, "--neighbors", 3, "--threshold", least, tests)
                        .code())
                .isZero();
        Map<String, String> some = rows(strict);
        assertThat(some.get("ff10000000000003")).isEmpty();
        assertThat(some.get("ff00000000000001")).isEqualTo(rows.get("ff00000000000001"));
        Path solution = Files.writeString(
                folder.resolve("solution.csv"),
                "id,landmarks,Usage\nff00000000000001,7,Public\nff00000000000002,9,Private\nff10000000000003,,Public\n"
                        + "ff10000000000004,,Ignored\n");
        Cli judged = Cli.run("evaluate", "gldv2-recognition", "--solution", solution, "--submission", strict, "--json");
        assertThat(judged.err()).isEmpty();
        assertThat(Parsed.object(judged.out())).containsEntry("gap", 1.0);
    }

    private static double score(Map<String, String> rows, String id) {
        return Double.parseDouble(rows.get(id).split(" ")[1]);
    }

    private static Map<String, String> rows(Path output) throws IOException {
        Map<String, String> rows = new TreeMap<>();
        List<String> lines = Files.readAllLines(output);
        for (String line : lines.subList(1, lines.size())) {
            rows.put(line.substring(0, line.indexOf(',')), line.substring(line.indexOf(',') + 1));
        }
        return rows;
    }

    @Test
    void retrievalListsImagesAndGoesOn() throws IOException {
        Path output = folder.resolve("retrieval.csv");
        Path part = tests.resolve("f/f/0");
        assertThat(submit("retrieval", output, "--threads", 1, part).code()).isZero();
        String whole = Files.readString(output);
        assertThat(whole.lines()).hasSize(3).startsWith("id,images");
        assertThat(rows(output).get("ff00000000000002"))
                .startsWith("01b000000000000")
                .contains(" 00a0000000000001");
        String cut = whole.substring(0, whole.length() - 10);
        Files.writeString(output, cut);
        Cli again = submit("retrieval", output, "--threads", 1, part);
        assertThat(again.err()).contains("1 of 2 test images have their answers in " + output);
        assertThat(output).hasContent(whole);
        Cli other = submit("retrieval", output, "--verify", 2, part);
        assertThat(other.code()).isEqualTo(1);
        assertThat(other.err()).contains("with other settings");
        Path solution = Files.writeString(
                folder.resolve("retrieval_solution.csv"),
                "id,images,Usage\nff00000000000001,00a0000000000001 00a0000000000002,Public\n"
                        + "ff00000000000002,01b0000000000003 01b0000000000004,Private\n");
        Cli judged = Cli.run("evaluate", "gldv2-retrieval", "--solution", solution, "--submission", output, "--json");
        assertThat(Parsed.object(judged.out())).containsEntry("map@100", 1.0);
    }

    @Test
    void testImagesComeFromArchivesToo() throws IOException {
        Map<String, byte[]> members = new TreeMap<>();
        members.put("f/f/0/ff00000000000001.jpg", Files.readAllBytes(tests.resolve("f/f/0/ff00000000000001.jpg")));
        Path tar = Files.write(folder.resolve("test_000.tar"), tar(members));
        Path ofTar = folder.resolve("of-tar.csv");
        Path ofFile = folder.resolve("of-file.csv");
        assertThat(submit("retrieval", ofTar, tar).code()).isZero();
        assertThat(submit("retrieval", ofFile, tests.resolve("f/f/0/ff00000000000001.jpg"))
                        .code())
                .isZero();
        assertThat(ofTar).hasSameTextualContentAs(ofFile);
        Cli twice = submit("retrieval", folder.resolve("twice.csv"), tar, tests);
        assertThat(twice.err()).contains("test image \"ff00000000000001\" stands twice");
    }

    @Test
    void wrongLabelsAndOptionsAreToldBeforeTheWork() throws IOException {
        Path few = Files.writeString(folder.resolve("few.csv"), "id,landmark_id\n00a0000000000001,7\n");
        Path output = folder.resolve("none.csv");
        Cli run = submit("recognition", output, "--labels", few, tests);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err())
                .contains(few + ": 3 of 4 images of " + database + " have no landmark, such as \"00a0000000000002\"");
        assertThat(output).doesNotExist();
        assertThat(submit("recognition", output, tests).code()).isEqualTo(2);
        assertThat(submit("guess", output, tests).code()).isEqualTo(2);
        assertThat(submit("retrieval", output, "--labels", few, tests).code()).isEqualTo(2);
    }
}
