package org.retrieval4j.cli.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.localizer.Localization;
import org.retrieval4j.localization.map.MapImage;
import org.retrieval4j.localization.map.PointMap;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseEstimate;

/**
 * The page of a localization: the map and all found cameras in space, to be turned by the mouse; of each query its picture with
 * the keypoints that agree with the pose, beside the pictures that were retrieved. It needs nothing from outside, and its
 * content security policy allows its own script and style alone. For one thread.
 */
public final class LocalizationPage {
    private static final int MOST_POINTS = 20_000;
    private static final int MOST_DOTS = 1_500;
    private static final int QUERY_SIDE = 900;
    private static final int QUERY_BYTES = 110_000;
    private static final int RETRIEVED_SIDE = 240;
    private static final int RETRIEVED_BYTES = 9_000;
    private static final double FINE = 1;
    private static final double FAIR = 3;

    /** Errors are drawn this many times as long. */
    private static final int MAGNIFIED = 5;

    private final String name;
    private final String localizer;
    private final PointMap map;
    private final PictureStore pictures = new PictureStore();
    private final List<String> sections = new ArrayList<>();
    private final List<String> cameras = new ArrayList<>();
    private final double[] middle = new double[3];
    private final double scale;
    private final double depth;
    private int localized;

    /**
     * An empty page.
     *
     * @param name of the map
     * @param localizer spec of the localizer
     * @param map the map
     */
    public LocalizationPage(String name, String localizer, PointMap map) {
        this.name = name;
        this.localizer = localizer;
        this.map = map;
        scale = place();
        depth = Math.min(0.1 / scale, 0.2 * viewingDistance());
        for (MapImage image : map.images()) {
            cameras.add(camera(image.name(), image.camera(), image.pose(), false));
        }
    }

    /** Middle and size of what is to be seen: medians, since a few points may be far off. */
    private double place() {
        int n = map.size() + map.images().size();
        double[][] all = new double[3][n];
        for (int i = 0; i < n; i++) {
            double[] at = i < map.size()
                    ? new double[] {map.coordinate(i, 0), map.coordinate(i, 1), map.coordinate(i, 2)}
                    : map.images().get(i - map.size()).pose().center();
            for (int axis = 0; axis < 3; axis++) {
                all[axis][i] = at[axis];
            }
        }
        double[] distances = new double[n];
        for (int axis = 0; axis < 3 && n > 0; axis++) {
            double[] sorted = all[axis].clone();
            Arrays.sort(sorted);
            middle[axis] = sorted[n / 2];
            for (int i = 0; i < n; i++) {
                distances[i] += Math.pow(all[axis][i] - middle[axis], 2);
            }
        }
        Arrays.sort(distances);
        double size = n == 0 ? 1 : Math.sqrt(distances[n * 3 / 4]);
        return size > 0 ? 1 / size : 1;
    }

    /** How far points are from the pictures that see them, the median of one of each picture; infinite if there are none. */
    private double viewingDistance() {
        List<Double> distances = new ArrayList<>();
        for (int i = 0; i < map.images().size(); i++) {
            int[] observed = map.observed(i);
            if (observed.length > 0) {
                int point = observed[observed.length / 2];
                double[] c = map.images().get(i).pose().center();
                distances.add(Math.hypot(
                        Math.hypot(map.coordinate(point, 0) - c[0], map.coordinate(point, 1) - c[1]),
                        map.coordinate(point, 2) - c[2]));
            }
        }
        distances.sort(null);
        return distances.isEmpty() ? Double.POSITIVE_INFINITY : distances.get(distances.size() / 2);
    }

    /**
     * Adds a query. Its pictures are read now.
     *
     * @param query what became of it
     */
    public void add(LocalizationEntry query) {
        int number = sections.size() + 1;
        StringBuilder html = new StringBuilder();
        boolean found = query.found().flatMap(Localization::pose).isPresent();
        localized += found ? 1 : 0;
        html.append("<section class=\"query")
                .append(found ? "" : " failed")
                .append("\" id=\"q")
                .append(number);
        html.append("\">\n<h2>")
                .append(number)
                .append(" · ")
                .append(Html.escape(query.name()))
                .append("</h2>\n");
        html.append("<p><span class=\"status\">");
        if (query.found().isEmpty()) {
            html.append("failed</span> ").append(Html.escape(query.failure()));
        } else {
            Localization answer = query.found().get();
            html.append(answer.status()).append("</span> by ").append(Html.escape(answer.localizer()));
            html.append(pose(query, answer));
        }
        html.append("</p>\n").append(facts(query)).append("<div class=\"answer\">\n");
        html.append(picture(query)).append("<div class=\"strip\">\n");
        for (LocalizationEntry.Retrieved retrieved : query.retrieved()) {
            PictureStore.Stored stored =
                    pictures.put(retrieved.picture(), RETRIEVED_SIDE, RETRIEVED_BYTES, PairDrawing.HEIGHT * 4 / 3);
            html.append("<figure")
                    .append(retrieved.used() ? " class=\"used\"" : "")
                    .append('>');
            html.append(svg(stored, "")).append("<figcaption>");
            html.append(Html.escape(retrieved.name())).append("<br>");
            html.append(String.format(Locale.ROOT, "%.4f", retrieved.score())).append("</figcaption></figure>\n");
        }
        html.append("</div></div></section>\n");
        sections.add(html.toString());
    }

    private String pose(LocalizationEntry query, Localization answer) {
        if (answer.pose().isEmpty()) {
            return "";
        }
        Pose pose = answer.pose().get();
        cameras.add(camera(Html.fileName(query.name()), answer.estimate().camera(), pose, true));
        double[] c = pose.center();
        String text = String.format(Locale.ROOT, ": at (%.5g, %.5g, %.5g)", c[0], c[1], c[2]);
        if (answer.estimate().covariance().length > 0) {
            text += String.format(
                    Locale.ROOT,
                    " ± %.2g, ± %.2g°",
                    answer.estimate().positionSigma(),
                    answer.estimate().rotationSigmaDegrees());
        }
        return text + " <button data-camera=\"" + (cameras.size() - 1) + "\">look from here</button>";
    }

    private static String facts(LocalizationEntry query) {
        StringBuilder list = new StringBuilder("<ul class=\"facts\">");
        query.found().ifPresent(answer -> {
            PoseEstimate estimate = answer.estimate();
            if (answer.pixels().length > 0) {
                list.append("<li><b>").append(estimate.inliers().length).append("</b> of ");
                list.append(answer.pixels().length / 2).append(" pairs agree</li>");
            }
            double[] errors = errors(answer);
            if (errors.length > 0) {
                Arrays.sort(errors);
                list.append(String.format(
                        Locale.ROOT,
                        "<li>reprojection error <b>%.2f px</b> median, <b>%.2f px</b> worst</li>",
                        errors[errors.length / 2],
                        errors[errors.length - 1]));
            }
        });
        query.stageSeconds().forEach((stage, seconds) -> list.append("<li>")
                .append(Html.escape(stage))
                .append(" <b>")
                .append(Report.time(seconds))
                .append("</b></li>"));
        return list.append("</ul>\n").toString();
    }

    /** Of the inliers, in pixels. */
    private static double[] errors(Localization answer) {
        int[] inliers = answer.estimate().inliers();
        double[] errors = new double[answer.pose().isEmpty() ? 0 : inliers.length];
        double[] pixel = new double[2];
        for (int i = 0; i < errors.length; i++) {
            project(answer, inliers[i], pixel);
            errors[i] = Math.hypot(
                    pixel[0] - answer.pixels()[2 * inliers[i]], pixel[1] - answer.pixels()[2 * inliers[i] + 1]);
        }
        return errors;
    }

    private static void project(Localization answer, int row, double[] pixel) {
        Pose pose = answer.pose().orElseThrow();
        double[] r = pose.rotation();
        double[] x = Arrays.copyOfRange(answer.points(), 3 * row, 3 * row + 3);
        answer.estimate()
                .camera()
                .project(
                        r[0] * x[0] + r[1] * x[1] + r[2] * x[2] + pose.tx(),
                        r[3] * x[0] + r[4] * x[1] + r[5] * x[2] + pose.ty(),
                        r[6] * x[0] + r[7] * x[1] + r[8] * x[2] + pose.tz(),
                        pixel);
    }

    private String picture(LocalizationEntry query) {
        PictureStore.Stored stored = pictures.put(query.picture(), QUERY_SIDE, QUERY_BYTES, PairDrawing.HEIGHT * 4 / 3);
        StringBuilder dots = new StringBuilder();
        query.found().ifPresent(answer -> dots(answer, query.orientation(), dots));
        return "<figure>" + svg(stored, dots.toString())
                + "<figcaption>Keypoints that agree with the pose: green below 1 px, yellow below 3 px, red the rest, with"
                + " their errors drawn " + MAGNIFIED + " times as long; gray rings are pairs that do not agree."
                + "</figcaption></figure>\n";
    }

    private static void dots(Localization answer, Orientation turned, StringBuilder dots) {
        Camera camera = answer.estimate().camera();
        double unit = (double) PairDrawing.HEIGHT / turned.uprightHeight(camera.width(), camera.height());
        boolean[] agrees = new boolean[answer.pixels().length / 2];
        for (int row : answer.estimate().inliers()) {
            agrees[row] = true;
        }
        double[] pixel = new double[2];
        int drawn = 0;
        for (int row = 0; row < agrees.length && drawn < MOST_DOTS; row++) {
            double x = answer.pixels()[2 * row];
            double y = answer.pixels()[2 * row + 1];
            double u = unit * turned.uprightX(x, y, camera.width(), camera.height());
            double v = unit * turned.uprightY(x, y, camera.width(), camera.height());
            drawn++;
            if (!agrees[row]) {
                dots.append(
                        String.format(Locale.ROOT, "<circle class=\"other\" cx=\"%.1f\" cy=\"%.1f\" r=\"2\"/>", u, v));
                continue;
            }
            project(answer, row, pixel);
            double error = Math.hypot(pixel[0] - x, pixel[1] - y);
            double farX = x + MAGNIFIED * (pixel[0] - x);
            double farY = y + MAGNIFIED * (pixel[1] - y);
            dots.append(String.format(
                    Locale.ROOT,
                    "<path class=\"error\" d=\"M%.1f %.1fL%.1f %.1f\"/><circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\""
                            + " r=\"1.8\"/>",
                    u,
                    v,
                    unit * turned.uprightX(farX, farY, camera.width(), camera.height()),
                    unit * turned.uprightY(farX, farY, camera.width(), camera.height()),
                    error < FINE ? "fine" : error < FAIR ? "fair" : "far",
                    u,
                    v));
        }
    }

    private static String svg(PictureStore.Stored stored, String over) {
        return "<svg viewBox=\"0 0 " + stored.width() + " " + PairDrawing.HEIGHT + "\"><use href=\"#" + stored.id()
                + "\"/>" + over + "</svg>";
    }

    /** The tip of a camera and four corners of its picture before it, as JSON. */
    private String camera(String name, Camera camera, Pose pose, boolean query) {
        StringBuilder json = new StringBuilder("{\"name\":").append(quoted(name));
        json.append(",\"query\":").append(query).append(",\"corners\":[").append(at(pose.center()));
        double[] r = pose.rotation();
        double[] ray = new double[3];
        double[] c = pose.center();
        int[][] corners = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
        double far = query ? 1.6 * depth : depth;
        for (int[] corner : corners) {
            boolean seen = camera.unproject(corner[0] * camera.width(), corner[1] * camera.height(), ray);
            double along = seen && ray[2] > 0.2 ? far / ray[2] : far;
            double[] p = new double[3];
            for (int i = 0; i < 3; i++) {
                p[i] = c[i] + along * (r[i] * ray[0] + r[3 + i] * ray[1] + r[6 + i] * ray[2]);
            }
            json.append(',').append(at(p));
        }
        return json.append("]}").toString();
    }

    private String at(double[] p) {
        return String.format(
                Locale.ROOT,
                "[%.5g,%.5g,%.5g]",
                (p[0] - middle[0]) * scale,
                (p[1] - middle[1]) * scale,
                (p[2] - middle[2]) * scale);
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) { // nothing that ends a string or a script
            boolean plain = c >= ' ' && c < 127 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
            quoted.append(plain ? String.valueOf(c) : String.format(Locale.ROOT, "\\u%04x", (int) c));
        }
        return quoted.append('"').toString();
    }

    private String data() {
        StringBuilder points = new StringBuilder();
        StringBuilder colors = new StringBuilder();
        int step = Math.max(1, (map.size() + MOST_POINTS - 1) / MOST_POINTS);
        for (int p = 0; p < map.size(); p += step) {
            String separator = p == 0 ? "" : ",";
            points.append(separator);
            for (int i = 0; i < 3; i++) {
                points.append(i == 0 ? "" : ",");
                points.append(String.format(Locale.ROOT, "%.4g", (map.coordinate(p, i) - middle[i]) * scale));
            }
            int rgb = map.rgb(p);
            colors.append(separator);
            colors.append(rgb == 0 ? "0" : String.format(Locale.ROOT, "\"#%06x\"", rgb & 0xFFFFFF));
        }
        double[] up = new double[3];
        for (MapImage image : map.images()) {
            double[] r = image.pose().rotation();
            for (int i = 0; i < 3; i++) {
                up[i] -= r[3 + i]; // pictures have y down
            }
        }
        double length = Math.sqrt(up[0] * up[0] + up[1] * up[1] + up[2] * up[2]);
        String upward = length > 1e-9
                ? String.format(Locale.ROOT, "[%.4f,%.4f,%.4f]", up[0] / length, up[1] / length, up[2] / length)
                : "[0,0,1]";
        return "const DATA={\"up\":" + upward + ",\"points\":[" + points + "],\"colors\":[" + colors + "],\"cameras\":["
                + String.join(",", cameras) + "]};\n";
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
        String style = Report.resource("localization.css");
        String script = data() + Report.resource("localization.js");
        String title = localized + " of " + sections.size() + (sections.size() == 1 ? " query" : " queries")
                + " localized in " + Html.escape(Html.fileName(name));
        StringBuilder page = new StringBuilder(1 << 20);
        page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:;")
                .append(" style-src '")
                .append(Report.hash(style))
                .append("'; script-src '")
                .append(Report.hash(script))
                .append("'; base-uri 'none'; form-action 'none'\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .append("<meta name=\"color-scheme\" content=\"light dark\">\n<title>")
                .append(title)
                .append(" · retrieval</title>\n<style>")
                .append(style)
                .append("</style>\n</head>\n<body>\n");
        pictures.appendTo(page);
        page.append("<header>\n<h1>").append(title).append("</h1>\n<ul class=\"facts\"><li><b>");
        page.append(map.images().size()).append("</b> pictures</li><li><b>").append(map.size());
        page.append("</b> points</li><li><b>").append(map.observations()).append("</b> observations</li><li>");
        page.append(Html.escape(localizer)).append("</li></ul>\n</header>\n<main>\n<canvas id=\"world\"></canvas>\n");
        page.append(
                        "<p class=\"hint\">Drag to turn, shift and drag to move, wheel to come nearer, double-click to start")
                .append(
                        " again. Orange: the queries; blue: the map's pictures. Framed pictures are those that the answer")
                .append(" rests on.</p>\n");
        sections.forEach(page::append);
        page.append("</main>\n<script>").append(script).append("</script>\n</body>\n</html>\n");
        return page.toString();
    }
}
