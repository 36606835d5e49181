package org.retrieval4j.cli.report;

import java.awt.Graphics2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.retrieval4j.eval.ChartCanvas;
import org.retrieval4j.localization.pose.PoseErrors;

/**
 * Draws which share of all queries has an error below a threshold, once for position and once for rotation; thresholds on a
 * logarithmic scale. A line ends below the top where queries are not localized.
 */
public final class PoseCurves {
    private static final int WIDTH = 1200;
    private static final int PLOT_WIDTH = 500;
    private static final int PLOT_HEIGHT = 420;
    private static final int LEFT = 72;
    private static final int GAP = 90;
    private static final int TOP = 84;
    private static final int AXIS = 84; // below the plots
    private static final int LEGEND_LINE = 26;
    private static final int STEPS = PLOT_WIDTH;

    private PoseCurves() {}

    /**
     * Draws the curves.
     *
     * @param title what was measured
     * @param series errors by name, drawn in this order, at least one
     * @return the picture
     * @throws IllegalArgumentException if there is no series
     */
    public static BufferedImage draw(String title, Map<String, PoseErrors> series) {
        if (series.isEmpty()) {
            throw new IllegalArgumentException("there must be at least one series to draw, got none");
        }
        int height = TOP + PLOT_HEIGHT + AXIS + LEGEND_LINE * series.size();
        ChartCanvas canvas = new ChartCanvas(title, WIDTH, height);
        Graphics2D graphics = canvas.graphics();
        graphics.drawString("share of all queries with an error below", 18, TOP - 20);
        plot(canvas, LEFT, "position, units of the world", series, PoseErrors::positions, Double.MAX_VALUE);
        plot(canvas, LEFT + PLOT_WIDTH + GAP, "rotation, degrees", series, PoseErrors::rotationsDegrees, 180);
        int number = 0;
        for (Map.Entry<String, PoseErrors> one : series.entrySet()) {
            int y = TOP + PLOT_HEIGHT + AXIS + LEGEND_LINE * number;
            canvas.series(number);
            graphics.draw(new Line2D.Double(LEFT, y, LEFT + 24.0, y));
            graphics.setColor(ChartCanvas.INK);
            int queries = one.getValue().positions().length;
            graphics.drawString(
                    one.getKey() + ", " + queries + (queries == 1 ? " query" : " queries"), LEFT + 34, y + 5);
            number++;
        }
        return canvas.finish();
    }

    private static void plot(
            ChartCanvas canvas,
            int left,
            String label,
            Map<String, PoseErrors> series,
            Function<PoseErrors, double[]> part,
            double largest) {
        double least = Double.MAX_VALUE;
        double most = 0;
        for (PoseErrors errors : series.values()) {
            for (double error : part.apply(errors)) {
                if (error < largest) { // what is not localized has no place on the axis
                    least = Math.min(least, error);
                    most = Math.max(most, error);
                }
            }
        }
        // whole powers of ten around all errors, at most six below the largest
        int to = most > 0 ? (int) Math.floor(Math.log10(most)) + 1 : 1;
        int from = least > 0 && most > 0 ? (int) Math.floor(Math.log10(least)) : to - 3;
        from = Math.max(Math.min(from, to - 1), to - 6);
        double bottom = TOP + (double) PLOT_HEIGHT;
        for (int tenth = 0; tenth <= 10; tenth += 2) {
            double y = bottom - PLOT_HEIGHT * tenth / 10.0;
            canvas.rule(left, y, left + (double) PLOT_WIDTH, y);
            canvas.ending(10 * tenth + " %", left - 10, y + 5);
        }
        for (int power = from; power <= to; power++) {
            double x = left + (double) PLOT_WIDTH * (power - from) / (to - from);
            canvas.rule(x, TOP, x, bottom);
            canvas.centered(number(power), x, bottom + 24);
        }
        canvas.centered(label, left + PLOT_WIDTH / 2.0, bottom + 52);
        double[] thresholds = new double[STEPS + 1];
        for (int i = 0; i <= STEPS; i++) {
            thresholds[i] = Math.pow(10, from + (double) (to - from) * i / STEPS);
        }
        int number = 0;
        for (PoseErrors errors : series.values()) {
            double[] recall = PoseErrors.recall(part.apply(errors), thresholds);
            Path2D path = new Path2D.Double();
            path.moveTo(left, bottom - PLOT_HEIGHT * recall[0]);
            for (int i = 1; i <= STEPS; i++) {
                path.lineTo(left + (double) PLOT_WIDTH * i / STEPS, bottom - PLOT_HEIGHT * recall[i]);
            }
            canvas.series(number);
            canvas.graphics().draw(path);
            number++;
        }
    }

    private static String number(int power) {
        return power >= 0 && power < 6
                ? String.format(Locale.ROOT, "%,.0f", Math.pow(10, power))
                : power < 0 && power > -4
                        ? String.format(Locale.ROOT, "%." + -power + "f", Math.pow(10, power))
                        : "1e" + power;
    }
}
