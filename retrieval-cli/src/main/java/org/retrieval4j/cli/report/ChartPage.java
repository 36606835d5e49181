package org.retrieval4j.cli.report;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Base64;

/** A page of a chart and its figures in one file that needs nothing from outside. */
final class ChartPage {
    private static final String STYLE =
            """
            body{margin:2rem auto;max-width:75rem;padding:0 1rem;font:15px/1.45 system-ui,sans-serif;color:#1d2126;\
            background:#fff;font-variant-numeric:tabular-nums}
            img{max-width:100%;height:auto}
            table{border-collapse:collapse;width:100%}
            th,td{padding:.3rem .6rem;border-bottom:1px solid #e2dfd9;text-align:right}
            th:first-child,td:first-child,.text{text-align:left}
            td:first-child,td.text{overflow-wrap:anywhere}
            .best td{background:#f2f0ea}
            """;

    private ChartPage() {}

    /**
     * Writes the page.
     *
     * @param file target, replaced in one step
     * @param title what was measured
     * @param chart the picture
     * @param body HTML below it
     * @throws IOException if it cannot be written
     */
    static void write(Path file, String title, BufferedImage chart, CharSequence body) throws IOException {
        String name = Html.escape(title);
        String page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + name
                + "</title>\n<style>" + STYLE + "</style>\n</head>\n<body>\n<img alt=\"" + name
                + "\" src=\"data:image/png;base64,"
                + Base64.getEncoder().encodeToString(WholeFile.png(chart)) + "\">\n" + body + "</body>\n</html>\n";
        WholeFile.text(file, page);
    }
}
