package org.retrieval4j.cli.report;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.retrieval4j.eval.RecallSpeed;

/** The page of a benchmark of indexes: the chart and its figures in one file that needs nothing from outside. */
public final class RecallSpeedPage {
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
        StringBuilder table = new StringBuilder(1 << 16);
        table.append("<table>\n<tr><th>index</th><th class=\"text\">setting</th><th>recall@")
                .append(k)
                .append("</th><th>queries/s</th><th>build, s</th><th>memory, MB</th></tr>\n");
        List<RecallSpeed> frontier = RecallSpeed.frontier(points);
        for (RecallSpeed point : points) {
            table.append(frontier.contains(point) ? "<tr class=\"best\"><td>" : "<tr><td>")
                    .append(Html.escape(point.series()))
                    .append("</td><td class=\"text\">")
                    .append(Html.escape(point.setting()))
                    .append(String.format(
                            Locale.ROOT,
                            "</td><td>%.4f</td><td>%,.1f</td><td>%.2f</td><td>%.1f</td></tr>%n",
                            point.recall(),
                            point.queriesPerSecond(),
                            point.buildSeconds(),
                            point.memoryBytes() / 1e6));
        }
        table.append(
                "</table>\n<p>Rows with a darker ground are on the frontier: no other one finds more at least as fast.</p>\n");
        ChartPage.write(file, title, chart, table);
    }
}
