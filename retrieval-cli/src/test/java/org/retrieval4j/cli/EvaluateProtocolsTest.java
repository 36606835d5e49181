package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.storage.NpyFile;

/** Holidays, Oxford5k, UKBench and place recognition, against the numbers of the published scripts' rules. */
class EvaluateProtocolsTest {
    private static Map<String, Object> expected = Map.of();

    private static Path resource(String name) {
        try {
            return Path.of(Objects.requireNonNull(EvaluateProtocolsTest.class.getResource("/protocols/" + name))
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeAll
    static void read() throws IOException {
        try (InputStream in = EvaluateProtocolsTest.class.getResourceAsStream("/protocols/expected.json")) {
            expected = Parsed.object(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    private static Map<String, Object> json(Object... command) {
        Object[] all = Arrays.copyOf(command, command.length + 1);
        all[command.length] = "--json";
        Cli run = Cli.run(all);
        assertThat(run.err()).doesNotContain("retrieval: ");
        assertThat(run.code()).isZero();
        return Parsed.object(run.out());
    }

    private static void close(Object found, String name) {
        assertThat((Double) found).isCloseTo((Double) expected.get(name), within(1e-12));
    }

    private static void refused(String message, Object... command) {
        Cli run = Cli.run(command);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()
                        .lines()
                        .filter(line -> line.startsWith("retrieval: "))
                        .toList())
                .containsExactly("retrieval: " + message);
    }

    @Test
    void holidaysInTheAuthorsForm() {
        Map<String, Object> found =
                json("evaluate", "holidays", "--images", resource("holidays.txt"), "--ranks", resource("holidays.dat"));
        assertThat(found.keySet()).containsExactly("map");
        close(found.get("map"), "holidays first 40");
    }

    @Test
    void aWholeRankingInTheAuthorsFormIsTold(@TempDir Path folder) throws IOException {
        StringBuilder line = new StringBuilder("100000.jpg");
        for (int rank = 0; rank < 20_000; rank++) {
            line.append(' ').append(rank).append(" image").append(rank).append(".jpg");
        }
        Path file = Files.writeString(folder.resolve("whole.dat"), line.append('\n'));
        assertThat(HolidaysProtocol.isResultFile(file)).isTrue();
        Files.writeString(file, "100000.jpg,100001.jpg\n");
        assertThat(HolidaysProtocol.isResultFile(file)).isFalse();
    }

    @Test
    void holidaysInEveryForm(@TempDir Path folder) throws IOException {
        Path images = resource("holidays.txt");
        List<String> names = Files.readAllLines(images);
        List<String> rows = Files.readAllLines(resource("holidays.csv"));
        // the query stands first in its row and once more in its ranking: 41 images are 40 ranks without it, or 41
        List<String> cut = new ArrayList<>();
        StringBuilder text = new StringBuilder("{");
        int[] matrix = new int[40 * rows.size()];
        for (int query = 0; query < rows.size(); query++) {
            String[] row = rows.get(query).split(",");
            cut.add(String.join(",", Arrays.copyOf(row, 41)));
            text.append(query == 0 ? "" : ",")
                    .append('"')
                    .append(row[0])
                    .append("\":[\"")
                    .append(String.join("\",\"", Arrays.copyOfRange(row, 1, 41)))
                    .append("\"]");
            for (int rank = 0; rank < 40; rank++) {
                matrix[rank * rows.size() + query] = names.indexOf(row[1 + rank]);
            }
        }
        Path csv = Files.write(folder.resolve("cut.csv"), cut);
        Path object = Files.writeString(folder.resolve("cut.json"), text.append('}'));
        Path array = folder.resolve("cut.npy");
        NpyFile.write(array, matrix, 40, rows.size());
        for (Path ranks : List.of(csv, object, array)) {
            close(
                    json("evaluate", "holidays", "--images", images, "--ranks", ranks)
                            .get("map"),
                    "holidays first 40");
        }
        Path pictures = Files.createDirectories(folder.resolve("jpg"));
        for (String name : names) {
            Files.createFile(pictures.resolve(name));
        }
        close(
                json("evaluate", "holidays", "--images", pictures, "--ranks", array)
                        .get("map"),
                "holidays first 40");
    }

    @Test
    void wrongHolidaysFilesAreToldWithTheirLine(@TempDir Path folder) throws IOException {
        Path images =
                Files.writeString(folder.resolve("images.txt"), "100000.jpg\n100001.jpg\n100100.jpg\n100101.jpg\n");
        Path ranks = folder.resolve("r.dat");
        Object[] command = {"evaluate", "holidays", "--images", images, "--ranks", ranks};
        String one = "100000.jpg 0 100001.jpg\n";
        for (String[] wrong : new String[][] {
            {one, ": there is no ranking of query \"100100.jpg\""},
            {one + one, ", line 2: a second ranking of query \"100000.jpg\""},
            {one + "100001.jpg 0 100000.jpg\n", ", line 2: \"100001.jpg\" is no query"},
            {one + "\n100100.jpg 0 100101.jpg 0 100000.jpg\n", ", line 3: rank 0 stands twice"},
            {one + "100100.jpg 0 100101.jpg 1 100101.jpg\n", ", line 2: image \"100101.jpg\" stands twice"},
            {one + "100100.jpg 0 x.jpg\n", ", line 2: image \"x.jpg\" is not among the 4 images"},
            {one + "100100.jpg -1 100101.jpg\n", ", line 2: a rank must be a whole number from 0, got \"-1\""},
            {one + "100100.jpg 0\n", ", line 2: a query and pairs of rank and image must stand there, got 2 words"},
        }) {
            Files.writeString(ranks, wrong[0]);
            refused(ranks + wrong[1], command);
        }
        Files.writeString(images, "100000.jpg\n100001.jpg\n100101.jpg\n");
        refused(images + ", line 3: the query of \"100101.jpg\" is missing, 100100", command);
        Files.writeString(images, "100000.jpg\nother.jpg\n");
        refused(images + ", line 2: the name must end with a number, got \"other.jpg\"", command);
        Files.writeString(images, "100000.jpg\n100000.png\n");
        refused(images + ", line 2: \"100000.png\" has the number of \"100000.jpg\"", command);
    }

    @Test
    void oxfordByNamesAndByIndices(@TempDir Path folder) throws IOException {
        Path truth = resource("oxford");
        Path ranks = resource("oxford.csv");
        Map<String, Object> found = json("evaluate", "oxford5k", "--ground-truth", truth, "--ranks", ranks);
        assertThat(found.keySet()).containsExactly("map");
        close(found.get("map"), "oxford5k");
        Path images = resource("oxford.txt");
        close(
                json("evaluate", "paris6k", "--ground-truth", truth, "--images", images, "--ranks", ranks)
                        .get("map"),
                "oxford5k");
        List<String> names = Files.readAllLines(images);
        List<String> rows = Files.readAllLines(ranks);
        double[] scores = new double[names.size() * rows.size()];
        for (int query = 0; query < rows.size(); query++) {
            String[] row = rows.get(query).split(",");
            for (int rank = 1; rank < row.length; rank++) {
                scores[names.indexOf(row[rank]) * rows.size() + query] = -rank;
            }
        }
        Path array = folder.resolve("scores.npy");
        NpyFile.write(array, scores, names.size(), rows.size());
        close(
                json("evaluate", "oxford5k", "--ground-truth", truth, "--images", images, "--scores", array)
                        .get("map"),
                "oxford5k");
        Cli run = Cli.run("evaluate", "oxford5k", "--ground-truth", truth, "--scores", array);
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("a matrix needs --images");
    }

    @Test
    void wrongOxfordFilesAreToldWithTheirLine(@TempDir Path folder) throws IOException {
        Path images = Files.writeString(folder.resolve("images.txt"), "a.jpg\nb.jpg\nc.jpg\n");
        Path truth = Files.createDirectories(folder.resolve("gt"));
        Files.writeString(truth.resolve("q_1_query.txt"), "oxc1_a 1 2 3 4\n");
        Files.writeString(truth.resolve("q_1_good.txt"), "a\n");
        Path ok = Files.writeString(truth.resolve("q_1_ok.txt"), "b\nother\n");
        Files.writeString(truth.resolve("q_1_junk.txt"), "");
        Path ranks = Files.writeString(folder.resolve("r.csv"), "q_1,a.jpg,b.jpg\n");
        Object[] command = {"evaluate", "oxford5k", "--ground-truth", truth, "--images", images, "--ranks", ranks};
        refused(ok + ", line 2: image \"other\" is not in the list of images", command);
        Files.writeString(ok, "b\na\n");
        refused(ok + ", line 2: image \"a\" stands twice among the answers of a query", command);
        Files.writeString(ok, "b\n");
        assertThat(Cli.run(command).code()).isZero();
        Path query = Files.writeString(truth.resolve("q_1_query.txt"), "oxc1_a 1 2 3\n");
        refused(query + ", line 1: an image and the four sides of a box must stand there", command);
    }

    @Test
    void ukbench(@TempDir Path folder) throws IOException {
        Path ranks = resource("ukbench.csv");
        Map<String, Object> found = json("evaluate", "ukbench", "--ranks", ranks);
        assertThat(found.keySet()).containsExactly("ns");
        close(found.get("ns"), "ukbench");
        List<String> rows = Files.readAllLines(ranks);
        int[] matrix = new int[10 * 40];
        for (int query = 0; query < 40; query++) {
            for (int rank = 0; rank < 10; rank++) {
                matrix[rank * 40 + query] =
                        Integer.parseInt(rows.get(query).split(",")[1 + rank].replaceAll("[^0-9]", ""));
            }
        }
        Path array = folder.resolve("ranks.npy");
        NpyFile.write(array, matrix, 10, 40);
        close(json("evaluate", "ukbench", "--ranks", array).get("ns"), "ukbench");
        Path few = Files.write(folder.resolve("few.csv"), rows.subList(0, 39));
        refused(
                few
                        + ", line 37: the four images of an object must be there, but beside \"ukbench00036.jpg\" there is no"
                        + " number 39",
                "evaluate",
                "ukbench",
                "--ranks",
                few);
        rows.set(5, "ukbench00005.jpg,ukbench00005.jpg");
        Path brief = Files.write(folder.resolve("brief.csv"), rows);
        refused(
                brief + ", line 6: a ranking must have at least 4 images, got 1",
                "evaluate",
                "ukbench",
                "--ranks",
                brief);
    }

    @Test
    void places() {
        Object[] command = {
            "evaluate",
            "place-recognition",
            "--images",
            resource("places.txt"),
            "--queries",
            resource("places_queries.csv"),
            "--ranks",
            resource("places.csv")
        };
        Map<String, Object> found = json(command);
        assertThat(found.keySet()).containsExactly("recall@1", "recall@5", "recall@10", "recall@20");
        found.forEach((name, value) -> close(value, name));
        Object[] tokyo = Arrays.copyOf(command, command.length + 2);
        tokyo[command.length] = "--cutouts";
        tokyo[command.length + 1] = 12;
        json(tokyo).forEach((name, value) -> close(value, "panoramas " + name));
        Cli text = Cli.run(command);
        assertThat(text.err())
                .isEqualTo("1 of 30 queries have no right place in the database, and count as never answered\n");
        assertThat(text.outLines().get(0)).isEqualTo("queries  recall@1  recall@5  recall@10  recall@20");
    }

    @Test
    void framesOfTwoDrives(@TempDir Path folder) throws IOException {
        Path images = Files.writeString(folder.resolve("day.csv"), "name,frame\na,0\nb,10\nc,20\n");
        Path queries = Files.writeString(folder.resolve("night.txt"), "p\nq\nr\n");
        Path ranks = Files.writeString(folder.resolve("r.csv"), "p,b,a,c\nq,a,b,c\nr,c,b,a\n");
        Map<String, Object> found = json(
                "evaluate",
                "place-recognition",
                "--images",
                images,
                "--queries",
                queries,
                "--ranks",
                ranks,
                "--window",
                1,
                "--at",
                "1,2");
        assertThat(found).isEqualTo(Map.of("recall@1", 1.0 / 3, "recall@2", 2.0 / 3));
    }

    @Test
    void wrongPlacesAreToldWithTheirLine(@TempDir Path folder) throws IOException {
        Path images = Files.writeString(folder.resolve("images.csv"), "a,1,2\nb,3,4\n");
        Path queries = Files.writeString(folder.resolve("queries.csv"), "q,1,2\n");
        Path ranks = Files.writeString(folder.resolve("r.csv"), "q,a\n");
        Object[] command = {
            "evaluate", "place-recognition", "--images", images, "--queries", queries, "--ranks", ranks, "--at", 2
        };
        refused(ranks + ", line 1: a ranking must have 2 images for recall@2, got 1", command);
        Path matrix = folder.resolve("r.npy");
        NpyFile.write(matrix, new int[] {1}, 1, 1);
        Object[] ofMatrix = command.clone();
        ofMatrix[7] = matrix;
        refused(matrix + ": the ranking of query 0 must have 2 images for recall@2, got 1", ofMatrix);
        Files.writeString(ranks, "q,a,c\n");
        refused(ranks + ", line 1: image \"c\" of query \"q\" is not among the 2 images", command);
        Files.writeString(images, "a,1,2\nb,3\n");
        refused(
                images + ", line 2: a position must stand there, as name,east,north or in a name @east@north@..., got"
                        + " \"b\"",
                command);
        Files.writeString(images, "a,1,2\nb,3,x\n");
        refused(images + ", line 2: a position must be numbers, got \"x\"", command);
        Files.writeString(images, "a,1,2\na,3,4\n");
        refused(images + ", line 2: the name \"a\" stands twice", command);
    }
}
