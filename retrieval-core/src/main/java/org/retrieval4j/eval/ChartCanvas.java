package org.retrieval4j.eval;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Line2D;
import java.awt.image.BufferedImage;

/** What all charts have in common: a white picture with a title, colors, rules of axes, and text. For one thread. */
public final class ChartCanvas {
    /** Of titles and legends. */
    public static final Color INK = new Color(0x1d2126);

    /** Of what axes say. */
    public static final Color SOFT = new Color(0x62686f);

    private static final Color RULE = new Color(0xe2dfd9);
    private static final Color[] SERIES = {
        new Color(0x0b6e69),
        new Color(0xb3541e),
        new Color(0x3b5ba9),
        new Color(0x8a4f9e),
        new Color(0x7a7a1f),
        new Color(0xa32650),
        new Color(0x4c4c4c)
    };

    private final BufferedImage picture;
    private final Graphics2D graphics;

    /**
     * Starts a chart.
     *
     * @param title what was measured
     * @param width in pixels
     * @param height in pixels
     */
    public ChartCanvas(String title, int width, int height) {
        picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        graphics = picture.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, width, height);
        graphics.setColor(INK);
        graphics.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 20));
        graphics.drawString(title, 18, 36);
        text(15);
        graphics.setColor(SOFT);
        graphics.setStroke(new BasicStroke(1));
    }

    /**
     * Where to draw.
     *
     * @return the same object at every call
     */
    public Graphics2D graphics() {
        return graphics;
    }

    /**
     * Chooses the size of text.
     *
     * @param size in pixels
     */
    public void text(int size) {
        graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, size));
    }

    /**
     * Chooses color and stroke of a series.
     *
     * @param number from 0
     */
    public void series(int number) {
        graphics.setColor(SERIES[number % SERIES.length]);
        graphics.setStroke(new BasicStroke(2.2f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    }

    /**
     * Draws a line of the grid; text is soft afterwards.
     *
     * @param x1 from
     * @param y1 from
     * @param x2 to
     * @param y2 to
     */
    public void rule(double x1, double y1, double x2, double y2) {
        graphics.setStroke(new BasicStroke(1));
        graphics.setColor(RULE);
        graphics.draw(new Line2D.Double(x1, y1, x2, y2));
        graphics.setColor(SOFT);
    }

    /**
     * Writes text about a place.
     *
     * @param text the text
     * @param x its middle
     * @param y its baseline
     */
    public void centered(String text, double x, double y) {
        graphics.drawString(text, (int) (x - graphics.getFontMetrics().stringWidth(text) / 2.0), (int) y);
    }

    /**
     * Writes text that ends at a place.
     *
     * @param text the text
     * @param x its end
     * @param y its baseline
     */
    public void ending(String text, double x, double y) {
        graphics.drawString(text, (int) x - graphics.getFontMetrics().stringWidth(text), (int) y);
    }

    /**
     * Ends the chart.
     *
     * @return the picture
     */
    public BufferedImage finish() {
        graphics.dispose();
        return picture;
    }
}
