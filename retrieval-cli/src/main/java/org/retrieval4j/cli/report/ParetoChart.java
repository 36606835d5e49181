package org.retrieval4j.cli.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.retrieval4j.eval.ChartCanvas;

/**
 * Quality against cost: time of a query to the right on a logarithmic scale, mean average precision upwards, so that the
 * upper left is best. Points on the frontier have a line through them, and numbers that are told below.
 */
public final class ParetoChart {
    private static final int WIDTH = 1080;
    private static final int PLOT_BOTTOM = 644;
    private static final int LEFT = 84;
    private static final int RIGHT = 36;
    private static final int TOP = 84;
    private static final int LEGEND = 76; // below the plot
    private static final int LEGEND_LINE = 24;

    private final String title;
    private final List<Point> points;
    private final double leastTime;
    private final double mostTime;
    private final double leastQuality;
    private final double mostQuality;

    /**
     * A combination.
     *
     * @param label what it is
     * @param millis time of a query
     * @param quality mean average precision
     * @param best whether no other one is better and faster
     */
    public record Point(String label, double millis, double quality, boolean best) {}

    /**
     * A chart.
     *
     * @param title what was measured
     * @param points at least one
     */
    public ParetoChart(String title, List<Point> points) {
        this.title = title;
        this.points = List.copyOf(points);
        double least =
                points.stream().mapToDouble(p -> Math.max(1e-3, p.millis)).min().orElse(1);
        double most =
                points.stream().mapToDouble(p -> Math.max(1e-3, p.millis)).max().orElse(1);
        this.leastTime = Math.pow(10, Math.floor(Math.log10(least)));
        this.mostTime = Math.max(10 * leastTime, Math.pow(10, Math.ceil(Math.log10(most))));
        double lowest = points.stream().mapToDouble(Point::quality).min().orElse(0);
        double highest = points.stream().mapToDouble(Point::quality).max().orElse(1);
        this.leastQuality = Math.max(0, Math.floor(lowest * 10) / 10);
        this.mostQuality = Math.max(leastQuality + 0.1, Math.min(1, Math.ceil(highest * 10) / 10));
    }

    private double x(double millis) {
        double share = Math.log(Math.max(1e-3, millis) / leastTime) / Math.log(mostTime / leastTime);
        return LEFT + share * (WIDTH - LEFT - RIGHT);
    }

    private double y(double quality) {
        return TOP + (1 - (quality - leastQuality) / (mostQuality - leastQuality)) * (PLOT_BOTTOM - TOP);
    }

    private List<Point> frontier() {
        List<Point> line = new ArrayList<>(points.stream().filter(Point::best).toList());
        line.sort((a, b) -> Double.compare(a.millis, b.millis));
        return line;
    }

    private int height() {
        return PLOT_BOTTOM + LEGEND + LEGEND_LINE * frontier().size();
    }

    private static double legend(int number) {
        return PLOT_BOTTOM + (double) LEGEND + LEGEND_LINE * (number - 1.0);
    }

    private List<Double> times() {
        List<Double> ticks = new ArrayList<>();
        for (double tick = leastTime; tick < mostTime * 1.001; tick *= 10) {
            ticks.add(tick);
        }
        return ticks;
    }

    private List<Double> qualities() {
        List<Double> ticks = new ArrayList<>();
        for (int i = 0; leastQuality + i * 0.1 < mostQuality + 1e-9; i++) {
            ticks.add(leastQuality + i * 0.1);
        }
        return ticks;
    }

    private static String time(double millis) {
        return millis < 1 ? String.format(Locale.ROOT, "%s", millis) : String.format(Locale.ROOT, "%.0f", millis);
    }

    /**
     * The chart in pixels.
     *
     * @return the picture
     */
    public BufferedImage png() {
        ChartCanvas canvas = new ChartCanvas(title, WIDTH, height());
        double bottom = PLOT_BOTTOM;
        for (double tick : times()) {
            canvas.rule(x(tick), TOP, x(tick), bottom);
            canvas.centered(time(tick), x(tick), bottom + 24);
        }
        for (double tick : qualities()) {
            canvas.rule(LEFT, y(tick), WIDTH - (double) RIGHT, y(tick));
            canvas.ending(String.format(Locale.ROOT, "%.1f", tick), LEFT - 10, y(tick) + 5);
        }
        canvas.centered("ms / query", LEFT + (WIDTH - LEFT - RIGHT) / 2.0, bottom + 50);
        Graphics2D graphics = canvas.graphics();
        graphics.drawString("mAP", 18, TOP - 20);
        graphics.setColor(new Color(0xd9d5cc));
        graphics.setStroke(new BasicStroke(8, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        Path2D line = new Path2D.Double();
        for (Point point : frontier()) {
            if (line.getCurrentPoint() == null) {
                line.moveTo(x(point.millis), y(point.quality));
            }
            line.lineTo(x(point.millis), y(point.quality));
        }
        graphics.draw(line);
        canvas.text(13);
        for (Point point : points) {
            canvas.series(point.best ? 0 : 1);
            graphics.fill(new Ellipse2D.Double(x(point.millis) - 5, y(point.quality) - 5, 10, 10));
        }
        canvas.series(0);
        int number = 0;
        for (Point point : frontier()) {
            number++;
            canvas.ending(Integer.toString(number), x(point.millis) - 7, y(point.quality) - 7);
            graphics.drawString(number + "  " + point.label, LEFT, (int) legend(number));
        }
        return canvas.finish();
    }

    /**
     * The chart as a drawing.
     *
     * @return text of an SVG file
     */
    public String svg() {
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
                        + " font-size=\"15\" fill=\"#62686f\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>%n"
                        + "<text x=\"18\" y=\"36\" font-size=\"20\" font-weight=\"bold\" fill=\"#1d2126\">%s</text>%n",
                WIDTH,
                height(),
                Html.escape(title)));
        double bottom = PLOT_BOTTOM;
        for (double tick : times()) {
            rule(svg, x(tick), TOP, x(tick), bottom);
            text(svg, x(tick), bottom + 24, "middle", time(tick));
        }
        for (double tick : qualities()) {
            rule(svg, LEFT, y(tick), WIDTH - (double) RIGHT, y(tick));
            text(svg, LEFT - 10, y(tick) + 5, "end", String.format(Locale.ROOT, "%.1f", tick));
        }
        text(svg, LEFT + (WIDTH - LEFT - RIGHT) / 2.0, bottom + 50, "middle", "ms / query");
        text(svg, 18, TOP - 20, "start", "mAP");
        svg.append("<polyline fill=\"none\" stroke=\"#d9d5cc\" stroke-width=\"8\" points=\"");
        for (Point point : frontier()) {
            svg.append(String.format(Locale.ROOT, "%.1f,%.1f ", x(point.millis), y(point.quality)));
        }
        svg.append("\"/>\n");
        for (Point point : points) {
            svg.append(String.format(
                    Locale.ROOT,
                    "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"><title>%s</title></circle>%n",
                    x(point.millis),
                    y(point.quality),
                    point.best ? "#0b6e69" : "#b3541e",
                    Html.escape(point.label)));
        }
        int number = 0;
        for (Point point : frontier()) {
            number++;
            text(svg, x(point.millis) - 7, y(point.quality) - 7, "end", Integer.toString(number));
            text(svg, LEFT, legend(number), "start", number + "  " + point.label);
        }
        return svg.append("</svg>\n").toString();
    }

    private static void rule(StringBuilder svg, double x1, double y1, double x2, double y2) {
        svg.append(String.format(
                Locale.ROOT,
                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#e2dfd9\"/>%n",
                x1,
                y1,
                x2,
                y2));
    }

    private static void text(StringBuilder svg, double x, double y, String anchor, String text) {
        svg.append(String.format(
                Locale.ROOT,
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n",
                x,
                y,
                anchor,
                Html.escape(text)));
    }
}
