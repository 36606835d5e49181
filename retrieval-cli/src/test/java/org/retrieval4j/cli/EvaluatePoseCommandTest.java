package org.retrieval4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluatePoseCommandTest {
    @TempDir
    static Path folder;

    private final Path truth = folder.resolve("t.txt");
    private final Path estimates = folder.resolve("e.txt");

    @BeforeEach
    void write() throws IOException {
        Files.writeString(truth, "a 1 0 0 0 0 0 0\nb 1 0 0 0 0 0 0\nc 1 0 0 0 0 0 0\n");
        // 0.25 away, a turn of 90 degrees about z, none
        Files.writeString(estimates, "a 1 0 0 0 0.25 0 0\nb 1 0 0 1 0 0 0\n");
    }

    @Test
    void printsErrorsAndRecall() {
        Cli run = Cli.run(
                "evaluate",
                "pose",
                "--truth",
                truth,
                "--estimates",
                estimates,
                "--thresholds",
                "0.25/2,0.5/5,1/91",
                "--json");
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        Map<String, Object> line = Parsed.object(run.out());
        assertThat(line)
                .containsOnlyKeys(
                        "queries",
                        "localized",
                        "medianPosition",
                        "medianRotationDegrees",
                        "maxPosition",
                        "maxRotationDegrees",
                        "recall")
                .containsEntry("queries", 3)
                .containsEntry("localized", 2)
                .containsEntry("medianPosition", 0.25)
                .containsEntry("medianRotationDegrees", 90.0)
                .containsEntry("maxPosition", null)
                .containsEntry("maxRotationDegrees", 180.0)
                .containsEntry("recall", List.of(0.0, 1.0 / 3, 2.0 / 3));
    }

    @Test
    void wrongThresholdsAreAUsageError() {
        Cli run = Cli.run("evaluate", "pose", "--truth", truth, "--estimates", estimates, "--thresholds", "0.25");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err().lines()).hasSize(1).first().asString().contains("got \"0.25\"");
    }

    @Test
    @SuppressWarnings("unchecked") // the test says what it expects
    void conditionsAreBesideTheWholeAndCurvesAreDrawn() throws IOException {
        Path conditions = Files.writeString(folder.resolve("c.txt"), "a day\nb night\nc night\n");
        Path curves = folder.resolve("curves.png");
        Cli run = Cli.run(
                "evaluate",
                "pose",
                "--truth",
                truth,
                "--estimates",
                estimates,
                "--thresholds",
                "indoor,2/91",
                "--conditions",
                conditions,
                "--curves",
                curves,
                "--json");
        assertThat(run.err()).isEmpty();
        Map<String, Object> line = Parsed.object(run.out());
        assertThat(line).containsEntry("queries", 3).containsKey("recall");
        Map<String, Map<String, Object>> parts = (Map<String, Map<String, Object>>) line.get("conditions");
        assertThat(parts).containsOnlyKeys("day", "night");
        assertThat(parts.get("day"))
                .containsEntry("queries", 1)
                .containsEntry("medianPosition", 0.25)
                .containsEntry("recall", List.of(0.0, 1.0, 1.0, 1.0));
        assertThat(parts.get("night"))
                .containsEntry("localized", 1)
                .containsEntry("medianPosition", null)
                .containsEntry("recall", List.of(0.0, 0.0, 0.0, 0.5));
        BufferedImage picture = ImageIO.read(curves.toFile());
        Set<Integer> colors = new HashSet<>();
        for (int x = 0; x < picture.getWidth(); x++) {
            for (int y = 0; y < picture.getHeight(); y++) {
                colors.add(picture.getRGB(x, y) & 0xFFFFFF);
            }
        }
        assertThat(colors).contains(0x0b6e69, 0xb3541e); // a line of each condition
    }

    @Test
    void aPageHasCurvesAndFigures() throws IOException {
        Path conditions = Files.writeString(folder.resolve("page.txt"), "a <day>\nb night\nc night\n");
        Path page = folder.resolve("curves.html");
        Cli run = Cli.run(
                "evaluate",
                "pose",
                "--truth",
                truth,
                "--estimates",
                estimates,
                "--conditions",
                conditions,
                "--curves",
                page);
        assertThat(run.err()).isEmpty();
        String html = Files.readString(page);
        assertThat(html)
                .contains("src=\"data:image/png;base64,")
                .doesNotContain("http")
                .doesNotContain("<day>");
        assertThat(html).contains("<th>0.25&nbsp;/&nbsp;2.0°</th><th>0.5&nbsp;/&nbsp;5.0°</th>");
        assertThat(html)
                .contains("<tr><td>all</td><td>3</td><td>2</td>", "<tr><td>&lt;day&gt;</td><td>1</td><td>1</td>");
        assertThat(html).containsPattern("<tr><td>night</td><td>2</td><td>1</td><td>∞</td>");
        assertThat(folder.resolve("curves.html.part")).doesNotExist();
    }

    @Test
    void aQueryWithoutConditionIsNotLost() throws IOException {
        Path conditions = Files.writeString(folder.resolve("few.txt"), "a day\nc night\n");
        Cli run = Cli.run("evaluate", "pose", "--truth", truth, "--estimates", estimates, "--conditions", conditions);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).isEqualTo("retrieval: " + conditions + ": query b has no condition\n");
    }

    @Test
    void aSubmissionIsWrittenAndJudgedByItsNames() throws IOException {
        Path right = Files.writeString(folder.resolve("paths.txt"), "dusk/rear/7.jpg 1 0 0 0 0 0 0\n");
        Path found = Files.writeString(folder.resolve("found.txt"), "x/dusk/rear/7.jpg 1 0 0 0 0 0 0.1\n");
        Cli run = Cli.run(
                "submission", "--benchmark", "robotcar", "--method", "ours", "--poses", found, "--output", folder);
        Path file = folder.resolve("RobotCar_eval_ours.txt");
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).isEqualTo(file + "\n");
        assertThat(file).content().startsWith("rear/7.jpg 1.0 0.0");
        Cli judged =
                Cli.run("evaluate", "pose", "--truth", right, "--estimates", file, "--names", "robotcar", "--json");
        assertThat(Parsed.object(judged.out())).containsEntry("localized", 1);
        Cli unknown = Cli.run("submission", "--benchmark", "paris", "--method", "m", "--poses", found);
        assertThat(unknown.code()).isEqualTo(2);
        assertThat(unknown.err()).contains("aachen, robotcar, cmu, inloc, got \"paris\"");
    }

    @Test
    void aWrongFileIsOneLine() throws IOException {
        Files.writeString(estimates, "a 1 0 0\n");
        Cli run = Cli.run("evaluate", "pose", "--truth", truth, "--estimates", estimates, "--json");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err().lines()).hasSize(1).first().asString().contains(estimates + ", line 1: ");
    }
}
