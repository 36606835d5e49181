package org.retrieval4j.cli.report;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The page of a search: queries are added one by one, then the file is written. The page needs nothing from outside, and
 * its content security policy allows nothing: no script, no request, only its own style and pictures. For one thread.
 */
public final class Report {
    private final String database;
    private final long images;
    private final Map<String, String> components;
    private final PictureStore pictures = new PictureStore();
    private final List<String> sections = new ArrayList<>();
    private final List<String> index = new ArrayList<>();
    private final Map<String, Double> seconds = new LinkedHashMap<>();
    private int failed;
    private int judged;
    private int firstRight;
    private int mistakes;
    private int mostHits;

    /**
     * An empty report.
     *
     * @param database which database was searched
     * @param images how many images it holds
     * @param components spec by role
     */
    public Report(String database, long images, Map<String, String> components) {
        this.database = database;
        this.images = images;
        this.components = new LinkedHashMap<>(components);
    }

    /**
     * Adds a query. Its pictures are read now; features are not kept.
     *
     * @param query what was found
     */
    public void add(QueryEntry query) {
        int number = sections.size() + 1;
        QuerySection section = new QuerySection(number, query, pictures);
        sections.add(section.html());
        index.add(section.indexEntry());
        query.stageSeconds().forEach((stage, time) -> seconds.merge(stage, time, Double::sum));
        failed += query.failed() ? 1 : 0;
        if (query.relevant().isPresent() && !query.failed()) {
            judged++;
            firstRight += query.firstIsRight() ? 1 : 0;
        }
        mistakes += query.hasMistake() ? 1 : 0;
        mostHits = Math.max(mostHits, query.hits().size());
    }

    /**
     * Writes the page.
     *
     * @param file target, replaced in one step
     * @throws IOException if it cannot be written
     */
    public void write(Path file) throws IOException {
        WholeFile.text(file, html());
    }

    private String html() {
        String style = style();
        StringBuilder page = new StringBuilder(1 << 20);
        page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:;")
                .append(" style-src '")
                .append(hash(style))
                .append("'; base-uri 'none'; form-action 'none'\">\n")
                .append("<meta name=\"referrer\" content=\"no-referrer\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .append("<meta name=\"color-scheme\" content=\"light dark\">\n")
                .append("<title>")
                .append(title())
                .append(" · retrieval</title>\n<style>")
                .append(style)
                .append("</style>\n</head>\n<body>\n");
        pictures.appendTo(page);
        header(page);
        page.append("<main>\n");
        sections.forEach(page::append);
        page.append("</main>\n</body>\n</html>\n");
        return page.toString();
    }

    private String title() {
        int queries = sections.size();
        return queries + (queries == 1 ? " query" : " queries") + " in " + Html.escape(Html.fileName(database));
    }

    private void header(StringBuilder page) {
        page.append("<header>\n<h1>").append(title()).append("</h1>\n<ul class=\"facts\">\n");
        fact(page, Long.toString(images), "images searched");
        if (judged > 0) {
            fact(page, firstRight + " of " + judged, "first hits right");
        }
        if (failed > 0) {
            fact(page, Integer.toString(failed), failed == 1 ? "query failed" : "queries failed");
        }
        double total =
                seconds.values().stream().mapToDouble(Double::doubleValue).sum();
        int answered = sections.size() - failed;
        if (answered > 0) {
            fact(page, time(total / answered), "a query");
        }
        page.append("</ul>\n");
        if (answered > 0) {
            page.append(QuerySection.times(seconds, answered));
        }
        page.append("<details class=\"made\"><summary>Pipeline</summary><dl>");
        page.append("<dt>database</dt><dd>").append(Html.escape(database)).append("</dd>");
        components.forEach((role, spec) -> page.append("<dt>")
                .append(Html.escape(role))
                .append("</dt><dd>")
                .append(Html.escape(spec))
                .append("</dd>"));
        page.append("</dl></details>\n");
        if (sections.size() > 1) {
            page.append("<nav aria-label=\"Queries\"><ol>\n");
            index.forEach(page::append);
            page.append("</ol></nav>\n");
        }
        page.append("</header>\n<div class=\"switches\">\n");
        if (judged > 0) {
            page.append("<label><input type=\"checkbox\" id=\"wrong\"> Wrong ones only <span>")
                    .append(mistakes)
                    .append("</span></label>\n");
        }
        page.append("<label><input type=\"checkbox\" id=\"lines\" checked> Match lines</label>\n")
                .append("<label><input type=\"checkbox\" id=\"rejected\"> Rejected matches</label>\n</div>\n")
                .append("<p class=\"none\">No query has a wrong image before a right one.</p>\n");
    }

    private static void fact(StringBuilder page, String figure, String what) {
        page.append("<li><b>").append(figure).append("</b> ").append(what).append("</li>\n");
    }

    static String time(double seconds) {
        double milliseconds = 1000 * seconds;
        if (milliseconds < 999.5) {
            return String.format(Locale.ROOT, milliseconds < 9.95 ? "%.1f ms" : "%.0f ms", milliseconds);
        }
        return String.format(Locale.ROOT, seconds < 9.95 ? "%.2f s" : "%.1f s", seconds);
    }

    // Which pair is shown follows from which hit is chosen: one rule a rank, for all queries.
    private String style() {
        StringBuilder style = new StringBuilder(resource("report.css"));
        for (int rank = 1; rank <= mostHits; rank++) {
            style.append(".query:has(.card:nth-of-type(")
                    .append(rank)
                    .append(") input:checked) .pair:nth-of-type(")
                    .append(rank)
                    .append("){display:block}\n");
        }
        return style.toString();
    }

    static String resource(String name) {
        try (InputStream in = Report.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the program lacks " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("the program's " + name + " cannot be read", e);
        }
    }

    /** What a content security policy calls a style or a script. */
    static String hash(String style) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(style.getBytes(StandardCharsets.UTF_8));
            return "sha256-" + Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
