package org.retrieval4j.cli.report;

import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.retrieval4j.eval.ChartCanvas;

/** How a training went: above, what validation says after each epoch; below, the loss. The epoch that was kept is marked. */
public final class TrainingChart {
    private static final int WIDTH = 1080;
    private static final int LEFT = 84;
    private static final int RIGHT = 150;
    private static final int TOP = 84;
    private static final int MIDDLE = 464; // end of the upper plot
    private static final int LOWER = 524;
    private static final int BOTTOM = 744;
    private static final int HEIGHT = 820;

    private final String title;
    private final List<Point> points;
    private final int best;
    private final String monitor;

    /**
     * An epoch.
     *
     * @param epoch its number; 0 is before training
     * @param loss mean over its tuples; NaN before training
     * @param figures of validation, 0 to 1
     */
    public record Point(int epoch, double loss, Map<String, Double> figures) {}

    /**
     * A chart.
     *
     * @param title what was trained
     * @param points the epochs in order, at least one
     * @param best number of the epoch that was kept
     * @param monitor the figure that decided
     */
    public TrainingChart(String title, List<Point> points, int best, String monitor) {
        this.title = title;
        this.points = List.copyOf(points);
        this.best = best;
        this.monitor = monitor;
    }

    private double x(int epoch) {
        return LEFT + (double) epoch / Math.max(1, points.size() - 1) * (WIDTH - LEFT - RIGHT);
    }

    private static double y(double value, double least, double most, int top, int bottom) {
        return bottom - (value - least) / (most - least) * (bottom - top);
    }

    /**
     * The chart in pixels.
     *
     * @return the picture
     */
    public BufferedImage png() {
        ChartCanvas canvas = new ChartCanvas(title, WIDTH, HEIGHT);
        int step = Math.max(1, (int) Math.ceil(points.size() / 20.0));
        for (int epoch = 0; epoch < points.size(); epoch += step) {
            canvas.rule(x(epoch), TOP, x(epoch), MIDDLE);
            canvas.rule(x(epoch), LOWER, x(epoch), BOTTOM);
            canvas.centered(Integer.toString(epoch), x(epoch), BOTTOM + 24.0);
        }
        canvas.centered("epoch", LEFT + (WIDTH - LEFT - RIGHT) / 2.0, BOTTOM + 50.0);
        figures(canvas);
        loss(canvas);
        return canvas.finish();
    }

    private void figures(ChartCanvas canvas) {
        List<String> names = List.copyOf(points.get(0).figures.keySet());
        double lowest = 1;
        double highest = 0;
        for (Point point : points) {
            for (double value : point.figures.values()) {
                lowest = Math.min(lowest, value);
                highest = Math.max(highest, value);
            }
        }
        double least = Math.max(0, Math.floor(lowest * 10) / 10);
        double most = Math.max(least + 0.1, Math.min(1, Math.ceil(highest * 10) / 10));
        for (int i = 0; least + i * 0.1 < most + 1e-9; i++) {
            double tick = least + i * 0.1;
            canvas.rule(
                    LEFT, y(tick, least, most, TOP, MIDDLE), WIDTH - (double) RIGHT, y(tick, least, most, TOP, MIDDLE));
            canvas.ending(String.format(Locale.ROOT, "%.1f", tick), LEFT - 10, y(tick, least, most, TOP, MIDDLE) + 5);
        }
        Graphics2D graphics = canvas.graphics();
        graphics.drawString("validation", 18, TOP - 16);
        List<double[]> labels = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            line(canvas, i, point -> point.figures.getOrDefault(name, 0.0), least, most, TOP, MIDDLE);
            double end = points.get(points.size() - 1).figures.getOrDefault(name, 0.0);
            labels.add(new double[] {i, y(end, least, most, TOP, MIDDLE)});
            if (name.equals(monitor)) {
                double value = points.get(best).figures.getOrDefault(name, 0.0);
                double y = y(value, least, most, TOP, MIDDLE);
                graphics.fill(new Ellipse2D.Double(x(best) - 6, y - 6, 12, 12));
                canvas.text(14);
                canvas.centered(String.format(Locale.ROOT, "%.3f", value), x(best), y - 12);
            }
        }
        // names stand at the ends of their lines, apart from each other
        labels.sort((a, b) -> Double.compare(a[1], b[1]));
        double last = TOP - 20.0;
        for (double[] label : labels) {
            last = Math.max(last + 20, label[1]);
            canvas.series((int) label[0]);
            canvas.text(15);
            graphics.drawString(names.get((int) label[0]), WIDTH - RIGHT + 10, (int) last + 5);
        }
    }

    private void loss(ChartCanvas canvas) {
        double highest = points.stream()
                .mapToDouble(Point::loss)
                .filter(Double::isFinite)
                .max()
                .orElse(1);
        double most = highest > 0 ? highest * 1.05 : 1;
        canvas.text(15);
        for (int i = 0; i <= 4; i++) {
            double tick = most * i / 4;
            canvas.rule(LEFT, y(tick, 0, most, LOWER, BOTTOM), WIDTH - (double) RIGHT, y(tick, 0, most, LOWER, BOTTOM));
            canvas.ending(String.format(Locale.ROOT, "%.3g", tick), LEFT - 10, y(tick, 0, most, LOWER, BOTTOM) + 5);
        }
        canvas.graphics().drawString("loss", 18, LOWER - 16);
        line(canvas, 6, Point::loss, 0, most, LOWER, BOTTOM);
    }

    private void line(
            ChartCanvas canvas,
            int series,
            ToDoubleFunction<Point> value,
            double least,
            double most,
            int top,
            int bottom) {
        canvas.series(series);
        Path2D path = new Path2D.Double();
        for (Point point : points) {
            double at = value.applyAsDouble(point);
            if (!Double.isFinite(at)) {
                continue;
            }
            double x = x(point.epoch);
            double y = y(at, least, most, top, bottom);
            if (path.getCurrentPoint() == null) {
                path.moveTo(x, y);
            }
            path.lineTo(x, y);
            canvas.graphics().fill(new Ellipse2D.Double(x - 3, y - 3, 6, 6));
        }
        canvas.graphics().draw(path);
    }
}
