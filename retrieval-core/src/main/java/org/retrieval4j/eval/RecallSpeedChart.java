package org.retrieval4j.eval;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Draws points of recall and speed: recall to the right, queries per second upwards on a logarithmic scale, so that the
 * upper right is best. Series are lines, the frontier is a broad line behind them.
 */
public final class RecallSpeedChart {
    private static final int WIDTH = 1080;
    private static final int PLOT_HEIGHT = 560;
    private static final int LEFT = 96;
    private static final int RIGHT = 36;
    private static final int TOP = 84;
    private static final int LEGEND_LINE = 26;
    private static final int AXIS = 76; // below the plot
    private static final Color FRONTIER = new Color(0xd9d5cc);

    private final List<RecallSpeed> points;
    private final Map<String, List<RecallSpeed>> series = new LinkedHashMap<>();
    private final double leastRecall;
    private final double slowest;
    private final double fastest;

    private RecallSpeedChart(List<RecallSpeed> points) {
        this.points = points;
        double recall = 1;
        double least = Double.MAX_VALUE;
        double most = 0;
        for (RecallSpeed point : points) {
            series.computeIfAbsent(point.series(), name -> new ArrayList<>()).add(point);
            recall = Math.min(recall, point.recall());
            least = Math.min(least, point.queriesPerSecond());
            most = Math.max(most, point.queriesPerSecond());
        }
        double steps = recall < 0.5 ? 10 : 20; // a recall of 0.93 starts the axis at 0.9, one of 0.47 at 0.4
        this.leastRecall = Math.max(0, Math.min(0.95, Math.floor((recall - 0.005) * steps) / steps));
        this.slowest = ticks(least, least)[0];
        double[] above = ticks(slowest * 1.01, most * 10);
        int first = 0;
        while (above[first] < most) {
            first++;
        }
        this.fastest = above[first];
    }

    /** Of 1, 2, 5, 10, 20, … those from the last that is not above a value to the first that is not below another. */
    private static double[] ticks(double from, double to) {
        List<Double> ticks = new ArrayList<>();
        int power = (int) Math.floor(Math.log10(from));
        for (int i = 0; ticks.isEmpty() || ticks.get(ticks.size() - 1) < to; i++) {
            double tick = new int[] {1, 2, 5}[i % 3] * Math.pow(10, power + i / 3);
            if (tick <= from * (1 + 1e-9)) {
                ticks.clear();
            }
            ticks.add(tick);
        }
        return ticks.stream().mapToDouble(tick -> tick).toArray();
    }

    /**
     * Draws a chart.
     *
     * @param title what was measured
     * @param k of recall@k
     * @param points at least one
     * @return the picture
     * @throws IllegalArgumentException if there is no point
     */
    public static BufferedImage draw(String title, int k, List<RecallSpeed> points) {
        if (points.isEmpty()) {
            throw new IllegalArgumentException("there must be at least one point to draw, got none");
        }
        RecallSpeedChart chart = new RecallSpeedChart(points);
        int height = TOP + PLOT_HEIGHT + AXIS + LEGEND_LINE * chart.series.size();
        ChartCanvas canvas = new ChartCanvas(title, WIDTH, height);
        chart.axes(canvas, k);
        chart.frontier(canvas.graphics());
        chart.lines(canvas);
        return canvas.finish();
    }

    private double x(double recall) {
        return LEFT + (recall - leastRecall) / (1 - leastRecall) * (WIDTH - LEFT - RIGHT);
    }

    private double y(double queriesPerSecond) {
        double share = Math.log(queriesPerSecond / slowest) / Math.log(fastest / slowest);
        return TOP + (1 - share) * PLOT_HEIGHT;
    }

    private void axes(ChartCanvas canvas, int k) {
        double bottom = TOP + (double) PLOT_HEIGHT;
        double step = 1 - leastRecall > 0.51 ? 0.1 : 1 - leastRecall > 0.12 ? 0.05 : 0.01;
        for (int i = 0; leastRecall + i * step < 1 + 1e-9; i++) {
            double recall = leastRecall + i * step;
            canvas.rule(x(recall), TOP, x(recall), bottom);
            canvas.centered(String.format(Locale.ROOT, "%.2f", recall), x(recall), bottom + 24);
        }
        for (double value : ticks(slowest, fastest)) {
            canvas.rule(LEFT, y(value), WIDTH - (double) RIGHT, y(value));
            canvas.ending(number(value), LEFT - 10, y(value) + 5);
        }
        canvas.centered("recall@" + k, LEFT + (WIDTH - LEFT - RIGHT) / 2.0, bottom + 50);
        canvas.graphics().drawString("queries / s", 18, TOP - 20);
    }

    private void frontier(Graphics2D graphics) {
        graphics.setColor(FRONTIER);
        graphics.setStroke(new BasicStroke(11, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        graphics.draw(path(RecallSpeed.frontier(points)));
    }

    private Path2D path(List<RecallSpeed> line) {
        Path2D path = new Path2D.Double();
        for (RecallSpeed point : line) {
            if (path.getCurrentPoint() == null) {
                path.moveTo(x(point.recall()), y(point.queriesPerSecond()));
            }
            path.lineTo(x(point.recall()), y(point.queriesPerSecond()));
        }
        return path;
    }

    private void lines(ChartCanvas canvas) {
        Graphics2D graphics = canvas.graphics();
        int number = 0;
        for (Map.Entry<String, List<RecallSpeed>> entry : series.entrySet()) {
            canvas.series(number);
            graphics.draw(path(entry.getValue()));
            canvas.text(13);
            for (RecallSpeed point : entry.getValue()) {
                double x = x(point.recall());
                double y = y(point.queriesPerSecond());
                graphics.fill(new Ellipse2D.Double(x - 5, y - 5, 10, 10));
                int width = graphics.getFontMetrics().stringWidth(point.setting());
                int left = (int) Math.min(x + 9, WIDTH - RIGHT - (double) width);
                graphics.drawString(point.setting(), left, (int) y - 8);
            }
            int legend = TOP + PLOT_HEIGHT + AXIS + LEGEND_LINE * number;
            graphics.fill(new Ellipse2D.Double(LEFT, legend - 5.0, 10, 10));
            canvas.text(15);
            graphics.setColor(ChartCanvas.INK);
            graphics.drawString(entry.getKey(), LEFT + 20, legend + 5);
            number++;
        }
    }

    private static String number(double value) {
        return value >= 1 ? String.format(Locale.ROOT, "%,.0f", value) : String.format(Locale.ROOT, "%.3g", value);
    }
}
