package org.retrieval4j.cli.report;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.retrieval4j.localization.pose.PoseEvaluation;
import org.retrieval4j.localization.pose.PoseEvaluation.Threshold;

/** The page of an evaluation of poses: curves of recall, and medians, worst errors and recall at thresholds as a table. */
public final class PosePage {
    private PosePage() {}

    /**
     * Writes the page.
     *
     * @param file target, replaced in one step
     * @param title what was measured
     * @param curves the picture
     * @param thresholds of the recall
     * @param rows evaluations by name, in this order
     * @throws IOException if it cannot be written
     */
    public static void write(
            Path file, String title, BufferedImage curves, List<Threshold> thresholds, Map<String, PoseEvaluation> rows)
            throws IOException {
        StringBuilder table = new StringBuilder(1 << 12);
        table.append("<table>\n<tr><th>condition</th><th>queries</th><th>localized</th><th>median position</th>"
                + "<th>median rotation,&nbsp;°</th><th>worst position</th><th>worst rotation,&nbsp;°</th>");
        for (Threshold threshold : thresholds) {
            table.append("<th>")
                    .append(threshold.position())
                    .append("&nbsp;/&nbsp;")
                    .append(threshold.degrees())
                    .append("°</th>");
        }
        table.append("</tr>\n");
        rows.forEach((name, row) -> {
            table.append("<tr><td>").append(Html.escape(name));
            cell(table, Integer.toString(row.queries()));
            cell(table, Integer.toString(row.localized()));
            cell(table, number(row.medianPosition()));
            cell(table, number(row.medianRotationDegrees()));
            cell(table, number(row.maxPosition()));
            cell(table, number(row.maxRotationDegrees()));
            for (double recall : row.recall()) {
                cell(table, String.format(Locale.ROOT, "%.1f %%", 100 * recall));
            }
            table.append("</td></tr>\n");
        });
        table.append("</table>\n<p>Positions are in units of the world. A query that was not localized has an infinite"
                + " position error and a rotation error of 180°. Recall is the part of all queries with both errors below a"
                + " threshold.</p>\n");
        ChartPage.write(file, title, curves, table);
    }

    private static void cell(StringBuilder table, String text) {
        table.append("</td><td>").append(text);
    }

    private static String number(double value) {
        return Double.isInfinite(value) ? "∞" : String.format(Locale.ROOT, "%.4g", value);
    }
}
