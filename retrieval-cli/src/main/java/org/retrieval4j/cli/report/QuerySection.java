package org.retrieval4j.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matches;
import org.retrieval4j.database.ImageRecord;
import org.retrieval4j.database.RankedImage;

/**
 * The part of a report that shows one query. It adds less than {@link #BYTES} to the page: what text and drawings leave
 * of them is for the pictures, which are the smaller the more there are.
 */
final class QuerySection {
    /** Hits that are shown; more would leave no room for a picture each. */
    static final int MOST_HITS = 100;

    private static final int BYTES = 280_000;
    private static final int QUERY_SIDE = 480;
    private static final int QUERY_BYTES = 30_000;
    private static final int HIT_SIDE = 400;
    private static final int HIT_BYTES = 20_000;
    private static final int DRAWING_BYTES = 60_000;
    private static final int MAX_DRAWING = 6_000;
    private static final int TEXT_OF_A_HIT = 700; // and its name four times
    private static final int SHOWN_HEIGHT = 430; // of a pair, in CSS pixels, where the window is wide enough

    private final int number;
    private final QueryEntry query;
    private final PictureStore.Stored picture;
    private final List<PictureStore.Stored> hitPictures = new ArrayList<>();
    private final int drawingBytes;

    QuerySection(int number, QueryEntry query, PictureStore pictures) {
        this.number = number;
        this.query = query;
        int wide = PairDrawing.HEIGHT * 4 / 3;
        picture = pictures.put(query.picture(), QUERY_SIDE, QUERY_BYTES, wide);
        int hits = Math.max(1, query.hits().size());
        long proofs = query.hits().stream()
                .filter(hit -> hit.image().verification().isPresent())
                .count();
        drawingBytes = (int) Math.min(MAX_DRAWING, DRAWING_BYTES / Math.max(1, proofs));
        long left = BYTES - base64(QUERY_BYTES) - proofs * drawingBytes;
        for (HitEntry hit : query.hits()) {
            left -= TEXT_OF_A_HIT + 4L * Html.escape(hit.image().image().name()).length();
        }
        int hitBytes = (int) Math.max(0, Math.min(HIT_BYTES, left * 3 / 4 / hits)); // base64 makes 4 of 3
        for (HitEntry hit : query.hits()) {
            ImageRecord image = hit.image().image();
            int width = PairDrawing.width(image.width(), image.height(), image.orientation());
            hitPictures.add(pictures.put(hit.picture(), HIT_SIDE, hitBytes, width));
        }
    }

    private static int base64(int bytes) {
        return bytes * 4 / 3;
    }

    /** The entry in the page's index. */
    String indexEntry() {
        String mark = query.relevant().isEmpty() ? "" : query.hasMistake() ? " mistake" : " fine";
        return "<li class=\"entry" + mark + "\"><a href=\"#q" + number + "\" title=\"" + Html.escape(query.name())
                + "\">" + use(picture, "") + "<span>" + number + "</span></a></li>\n";
    }

    /** The section. */
    String html() {
        StringBuilder html = new StringBuilder();
        html.append("<section class=\"query")
                .append(query.hasMistake() ? " mistake" : "")
                .append("\" id=\"q")
                .append(number)
                .append("\">\n<h2><span>")
                .append(number)
                .append("</span> ")
                .append(path(query.name()))
                .append("</h2>\n");
        if (!query.note().isEmpty()) {
            html.append("<p class=\"")
                    .append(query.failed() ? "failed" : "note")
                    .append("\">")
                    .append(Html.escape(query.note()))
                    .append("</p>\n");
        }
        if (!query.failed()) {
            html.append(times(query.stageSeconds(), 1));
            html.append("<div class=\"answer\"><figure class=\"asked\">")
                    .append(use(picture, "The query"))
                    .append("<figcaption>Query</figcaption></figure>\n<div class=\"strip\" role=\"radiogroup\"")
                    .append(" aria-label=\"Ranked images\">\n");
            int chosen = chosen();
            for (int i = 0; i < query.hits().size(); i++) {
                card(html, i, i == chosen);
            }
            html.append("</div></div>\n<div class=\"pairs\">\n");
            for (int i = 0; i < query.hits().size(); i++) {
                pair(html, i);
            }
            html.append("</div>\n");
            if (query.hits().isEmpty()) {
                html.append("<p class=\"note\">Nothing found.</p>\n");
            }
        }
        return html.append("</section>\n").toString();
    }

    // The query itself proves nothing: show the next one first.
    private int chosen() {
        for (int i = 0; i < query.hits().size(); i++) {
            if (query.hits().get(i).verdict() != Verdict.QUERY) {
                return i;
            }
        }
        return 0;
    }

    private void card(StringBuilder html, int index, boolean checked) {
        HitEntry hit = query.hits().get(index);
        String name = hit.image().image().name();
        html.append("<label class=\"card ")
                .append(word(index))
                .append("\" title=\"")
                .append(Html.escape(name))
                .append("\"><input type=\"radio\" name=\"q")
                .append(number)
                .append('"')
                .append(checked ? " checked" : "")
                .append(">")
                .append(use(hitPictures.get(index), ""))
                .append("<span class=\"rank\">")
                .append(index + 1)
                .append("</span>");
        switch (hit.verdict()) {
            case RIGHT -> html.append("<span class=\"verdict\">✓ right</span>");
            case WRONG -> html.append("<span class=\"verdict\">✗ wrong</span>");
            case QUERY -> html.append("<span class=\"verdict\">query itself</span>");
            case UNKNOWN -> html.append("");
        }
        html.append("<span class=\"name\">")
                .append(Html.escape(Html.fileName(name)))
                .append("</span><span class=\"figures\">")
                .append(inliers(hit.image(), true))
                .append("</span></label>\n");
    }

    private void pair(StringBuilder html, int index) {
        HitEntry hit = query.hits().get(index);
        PictureStore.Stored other = hitPictures.get(index);
        int width = picture.width() + PairDrawing.GAP + other.width();
        String name = hit.image().image().name();
        html.append("<figure class=\"pair\"><svg viewBox=\"0 0 ")
                .append(width)
                .append(' ')
                .append(PairDrawing.HEIGHT)
                .append("\" width=\"")
                .append(width * SHOWN_HEIGHT / PairDrawing.HEIGHT)
                .append("\" height=\"")
                .append(SHOWN_HEIGHT)
                .append("\" role=\"img\" aria-label=\"Query beside ")
                .append(Html.escape(name))
                .append(", ")
                .append(inliers(hit.image(), false))
                .append("\"><use href=\"#")
                .append(picture.id())
                .append("\"/><use href=\"#")
                .append(other.id())
                .append("\" x=\"")
                .append(picture.width() + PairDrawing.GAP)
                .append("\"/>");
        if (hit.image().verification().isPresent()
                && query.features().isPresent()
                && hit.features().isPresent()) {
            ImageFeatures features = hit.features().get();
            html.append("<g class=\"lines\">")
                    .append(new PairDrawing(query.features().get(), features)
                            .paths(
                                    hit.image().verification().get(),
                                    hit.matches().orElse(Matches.NONE),
                                    drawingBytes))
                    .append("</g>");
        }
        html.append("</svg><figcaption><b>")
                .append(index + 1)
                .append("</b> ")
                .append(path(name))
                .append("<span class=\"figures\">")
                .append(proof(hit))
                .append("</span></figcaption></figure>\n");
    }

    private static String proof(HitEntry hit) {
        StringBuilder text = new StringBuilder(inliers(hit.image(), false));
        hit.image().verification().ifPresent(proof -> {
            hit.matches()
                    .ifPresent(matches ->
                            text.append(" of ").append(matches.size()).append(" matches"));
            text.append(" · ").append(Html.escape(proof.model().kind()));
        });
        return text.append(
                        String.format(Locale.ROOT, " · score %.4f", hit.image().score()))
                .toString();
    }

    private static String inliers(RankedImage image, boolean brief) {
        if (image.inliers().isEmpty()) {
            return brief ? String.format(Locale.ROOT, "%.3f", image.score()) : "not verified";
        }
        int count = image.inliers().getAsInt();
        return count == 0 ? "no model" : count + (count == 1 ? " inlier" : " inliers");
    }

    // A wrong image is a mistake only before a right one; behind them all, something has to stand.
    private String word(int index) {
        Verdict verdict = query.hits().get(index).verdict();
        boolean late = verdict == Verdict.WRONG
                && query.hits().subList(0, index).stream()
                                .filter(hit -> hit.verdict() == Verdict.RIGHT)
                                .count()
                        >= query.relevant().orElse(0);
        return verdict.name().toLowerCase(Locale.ROOT) + (late ? " late" : "");
    }

    private static String path(String name) {
        String last = Html.fileName(name);
        String folder = name.substring(0, name.length() - last.length());
        return (folder.isEmpty() ? "" : "<i>" + Html.escape(folder) + "</i>") + Html.escape(last);
    }

    private static String use(PictureStore.Stored picture, String label) {
        String role = label.isEmpty() ? "aria-hidden=\"true\"" : "role=\"img\" aria-label=\"" + label + "\"";
        return "<svg viewBox=\"0 0 " + picture.width() + " " + PairDrawing.HEIGHT + "\" " + role + "><use href=\"#"
                + picture.id() + "\"/></svg>";
    }

    /** Time by stage as a bar and in figures. */
    static String times(Map<String, Double> seconds, int queries) {
        double total =
                seconds.values().stream().mapToDouble(Double::doubleValue).sum();
        if (!(total > 0)) {
            return "";
        }
        StringBuilder bar = new StringBuilder();
        StringBuilder list = new StringBuilder();
        double from = 0;
        int color = 0;
        for (Map.Entry<String, Double> stage : seconds.entrySet()) {
            double part = 100 * stage.getValue() / total;
            bar.append(String.format(
                    Locale.ROOT, "<rect class=\"t%d\" x=\"%.2f\" width=\"%.2f\" height=\"4\"/>", color, from, part));
            list.append("<li><i class=\"t")
                    .append(color)
                    .append("\"></i>")
                    .append(Html.escape(stage.getKey()))
                    .append(" <b>")
                    .append(Report.time(stage.getValue() / queries))
                    .append("</b></li>");
            from += part;
            color++;
        }
        return "<div class=\"times\"><svg viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                + bar
                + "</svg><ul aria-label=\"Time by stage" + (queries > 1 ? ", mean of the queries" : "") + "\">" + list
                + "</ul></div>\n";
    }
}
