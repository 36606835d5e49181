package org.retrieval4j.cli.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.retrieval4j.api.Image;

/** The page of an experiment: chart, table, and the queries that the best combination answers worst. */
public final class ExperimentPage {
    private static final int SIDE = 160;
    private static final int BYTES = 12_000;

    private ExperimentPage() {}

    /**
     * A row of the table.
     *
     * @param label the combination
     * @param cells figures as text
     * @param best whether it is on the frontier
     */
    public record Row(String label, List<String> cells, boolean best) {}

    /**
     * A query.
     *
     * @param dataset where it is from
     * @param name the picture
     * @param precision its average precision
     * @param answers what was found, best first
     */
    public record Query(String dataset, String name, double precision, List<Answer> answers) {}

    /**
     * An answer.
     *
     * @param name the picture
     * @param right whether it is relevant
     */
    public record Answer(String name, boolean right) {}

    /** Finds pictures. */
    @FunctionalInterface
    public interface Pictures {
        /**
         * A picture of a data set.
         *
         * @param dataset its name
         * @param name of the picture
         * @return the picture, if it can be read
         */
        Optional<Image> read(String dataset, String name);
    }

    /**
     * Writes chart and page: {@code pareto.png}, {@code pareto.svg}, {@code index.html}.
     *
     * @param folder where, which is there
     * @param title what was tried
     * @param chart quality against cost
     * @param columns heads of the table's figures
     * @param rows the table
     * @param worst of the best combination, worst first
     * @param pictures finds them
     * @throws IOException if a file cannot be written
     */
    public static void write(
            Path folder,
            String title,
            ParetoChart chart,
            List<String> columns,
            List<Row> rows,
            List<Query> worst,
            Pictures pictures)
            throws IOException {
        WholeFile.png(folder.resolve("pareto.png"), chart.png());
        WholeFile.text(folder.resolve("pareto.svg"), chart.svg());
        StringBuilder body = new StringBuilder("<table>\n<tr><th>combination</th>");
        columns.forEach(
                column -> body.append("<th>").append(Html.escape(column)).append("</th>"));
        body.append("</tr>\n");
        for (Row row : rows) {
            body.append(row.best ? "<tr class=\"best\"><td>" : "<tr><td>")
                    .append(Html.escape(row.label))
                    .append("</td>");
            row.cells.forEach(
                    cell -> body.append("<td>").append(Html.escape(cell)).append("</td>"));
            body.append("</tr>\n");
        }
        body.append("</table>\n<p>Rows with a darker ground are on the frontier: no other one is better at least as")
                .append(" fast.</p>\n");
        if (!worst.isEmpty()) {
            body.append("<h2>Worst queries of the best combination</h2>\n<table>\n");
            for (Query query : worst) {
                body.append("<tr><td>");
                picture(body, query.dataset, query.name, pictures, "#1d2126");
                body.append(String.format(
                        Locale.ROOT,
                        "<br>%s<br>%s, average precision %.3f</td><td class=\"text\">",
                        Html.escape(query.name),
                        Html.escape(query.dataset),
                        query.precision));
                for (Answer answer : query.answers) {
                    picture(body, query.dataset, answer.name, pictures, answer.right ? "#0b8a4a" : "#c23b22");
                    body.append(answer.right ? "✓ " : "✗ ");
                }
                body.append("</td></tr>\n");
            }
            body.append("</table>\n");
        }
        ChartPage.write(folder.resolve("index.html"), title, chart.png(), body);
    }

    private static void picture(StringBuilder body, String dataset, String name, Pictures pictures, String frame) {
        Optional<Image> image = pictures.read(dataset, name);
        String text = Html.escape(name);
        if (image.isEmpty()) {
            body.append(text).append(' ');
            return;
        }
        Thumbnail small = Thumbnail.of(image.get(), SIDE, BYTES);
        body.append("<img alt=\"")
                .append(text)
                .append("\" title=\"")
                .append(text)
                .append("\" style=\"border:3px solid ")
                .append(frame)
                .append("\" width=\"")
                .append(small.width())
                .append("\" src=\"data:image/jpeg;base64,")
                .append(Base64.getEncoder().encodeToString(small.jpeg()))
                .append("\">");
    }
}
