package org.retrieval4j.cli.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
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
    private static final Color INK = new Color(0x1d2126);
    private static final Color SOFT = new Color(0x62686f);
    private static final Color RULE = new Color(0xe2dfd9);
    private static final Color[] COLORS = {
        new Color(0x0b6e69),
        new Color(0xb3541e),
        new Color(0x3b5ba9),
        new Color(0x8a4f9e),
        new Color(0x7a7a1f),
        new Color(0xa32650),
        new Color(0x4c4c4c)
    };

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
        BufferedImage picture = new BufferedImage(WIDTH, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = picture.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, WIDTH, height);
        graphics.setColor(INK);
        graphics.setFont(font(20, Font.BOLD));
        graphics.drawString(title, 18, 36);
        graphics.setFont(font(15, Font.PLAIN));
        graphics.setColor(SOFT);
        graphics.drawString("share of all queries with an error below", 18, TOP - 20);
        plot(graphics, LEFT, "position, units of the world", series, PoseErrors::positions, Double.MAX_VALUE);
        plot(graphics, LEFT + PLOT_WIDTH + GAP, "rotation, degrees", series, PoseErrors::rotationsDegrees, 180);
        int number = 0;
        for (Map.Entry<String, PoseErrors> one : series.entrySet()) {
            int y = TOP + PLOT_HEIGHT + AXIS + LEGEND_LINE * number;
            graphics.setColor(COLORS[number % COLORS.length]);
            graphics.setStroke(new BasicStroke(3));
            graphics.draw(new Line2D.Double(LEFT, y, LEFT + 24.0, y));
            graphics.setColor(INK);
            int queries = one.getValue().positions().length;
            graphics.drawString(
                    one.getKey() + ", " + queries + (queries == 1 ? " query" : " queries"), LEFT + 34, y + 5);
            number++;
        }
        graphics.dispose();
        return picture;
    }

    private static void plot(
            Graphics2D graphics,
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
        graphics.setStroke(new BasicStroke(1));
        for (int tenth = 0; tenth <= 10; tenth += 2) {
            double y = bottom - PLOT_HEIGHT * tenth / 10.0;
            rule(graphics, left, y, left + (double) PLOT_WIDTH, y);
            String text = 10 * tenth + " %";
            graphics.drawString(text, left - 10 - graphics.getFontMetrics().stringWidth(text), (int) y + 5);
        }
        for (int power = from; power <= to; power++) {
            double x = left + (double) PLOT_WIDTH * (power - from) / (to - from);
            rule(graphics, x, TOP, x, bottom);
            centered(graphics, number(power), x, bottom + 24);
        }
        centered(graphics, label, left + PLOT_WIDTH / 2.0, bottom + 52);
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
            graphics.setColor(COLORS[number % COLORS.length]);
            graphics.setStroke(new BasicStroke(2.2f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
            graphics.draw(path);
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

    private static void rule(Graphics2D graphics, double x1, double y1, double x2, double y2) {
        graphics.setColor(RULE);
        graphics.draw(new Line2D.Double(x1, y1, x2, y2));
        graphics.setColor(SOFT);
    }

    private static void centered(Graphics2D graphics, String text, double x, double y) {
        graphics.drawString(text, (int) (x - graphics.getFontMetrics().stringWidth(text) / 2.0), (int) y);
    }

    private static Font font(int size, int style) {
        return new Font(Font.SANS_SERIF, style, size);
    }
}
