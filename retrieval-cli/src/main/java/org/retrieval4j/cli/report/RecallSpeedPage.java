package org.retrieval4j.cli.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.retrieval4j.eval.RecallSpeed;

/** The page of a benchmark of indexes: the chart and its figures in one file that needs nothing from outside. */
public final class RecallSpeedPage {
    private static final String STYLE =
            """
            body{margin:2rem auto;max-width:70rem;padding:0 1rem;font:15px/1.45 system-ui,sans-serif;color:#1d2126;\
            background:#fff;font-variant-numeric:tabular-nums}
            img{max-width:100%;height:auto}
            table{border-collapse:collapse;width:100%}
            th,td{padding:.3rem .6rem;border-bottom:1px solid #e2dfd9;text-align:right}
            th:nth-child(-n+2),td:nth-child(-n+2){text-align:left;overflow-wrap:anywhere}
            .frontier td{background:#f2f0ea}
            """;

    private RecallSpeedPage() {}

    /**
     * Writes the page.
     *
     * @param file target, replaced in one step
     * @param title what was measured
     * @param k of recall@k
     * @param chart the picture
     * @param points what it shows
     * @throws IOException if it cannot be written
     */
    public static void write(Path file, String title, int k, BufferedImage chart, List<RecallSpeed> points)
            throws IOException {
        ByteArrayOutputStream picture = new ByteArrayOutputStream();
        ImageIO.write(chart, "png", picture);
        StringBuilder page = new StringBuilder(1 << 18);
        page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>")
                .append(Html.escape(title))
                .append("</title>\n<style>")
                .append(STYLE)
                .append("</style>\n</head>\n<body>\n<img alt=\"")
                .append(Html.escape(title))
                .append("\" src=\"data:image/png;base64,")
                .append(Base64.getEncoder().encodeToString(picture.toByteArray()))
                .append("\">\n<table>\n<tr><th>index</th><th>setting</th><th>recall@")
                .append(k)
                .append("</th><th>queries/s</th><th>build, s</th><th>memory, MB</th></tr>\n");
        List<RecallSpeed> frontier = RecallSpeed.frontier(points);
        for (RecallSpeed point : points) {
            page.append(frontier.contains(point) ? "<tr class=\"frontier\"><td>" : "<tr><td>")
                    .append(Html.escape(point.series()))
                    .append("</td><td>")
                    .append(Html.escape(point.setting()))
                    .append(String.format(
                            Locale.ROOT,
                            "</td><td>%.4f</td><td>%,.1f</td><td>%.2f</td><td>%.1f</td></tr>%n",
                            point.recall(),
                            point.queriesPerSecond(),
                            point.buildSeconds(),
                            point.memoryBytes() / 1e6));
        }
        page.append(
                "</table>\n<p>Rows with a darker ground are on the frontier: no other one finds more at least as fast."
                        + "</p>\n</body>\n</html>\n");
        Path absolute = file.toAbsolutePath();
        Path beside = absolute.resolveSibling(absolute.getFileName() + ".part");
        Files.writeString(beside, page, StandardCharsets.UTF_8);
        Files.move(beside, absolute, StandardCopyOption.REPLACE_EXISTING);
    }
}
