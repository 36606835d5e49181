package org.retrieval4j.world;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Polygon;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.Random;

/**
 * A seeded square picture for one surface, with its smaller versions for far views (mip map). Same seed and style, same
 * texture: that is how repeated structure comes about.
 */
final class Texture {
    /** What the picture looks like. */
    enum Style {
        /** Bricks of slightly different color with stains: repeats itself. */
        BRICKS,
        /** Rendered wall with sparse marks. */
        PLASTER,
        /** Irregular slabs. */
        GROUND,
        /** A frame with panes. */
        WINDOW,
        /** Many overlapping shapes: rich in corners. */
        POSTER
    }

    private static final int SIZE = 256;
    private static final int LEVELS = 7;

    private final float[][] levels = new float[LEVELS][];

    Texture(Style style, long seed) {
        BufferedImage picture = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = picture.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        Random random = new Random(seed * 31 + style.ordinal());
        paint(graphics, style, random);
        graphics.dispose();
        float[] base = new float[3 * SIZE * SIZE];
        double[] grain = grain(random);
        for (int y = 0, at = 0; y < SIZE; y++) {
            for (int x = 0; x < SIZE; x++, at += 3) {
                int rgb = picture.getRGB(x, y);
                double shade = 1 + 0.25 * grain[y * SIZE + x];
                base[at] = (float) ((rgb >> 16 & 255) * shade);
                base[at + 1] = (float) ((rgb >> 8 & 255) * shade);
                base[at + 2] = (float) ((rgb & 255) * shade);
            }
        }
        levels[0] = base;
        for (int level = 1; level < LEVELS; level++) {
            levels[level] = halved(levels[level - 1], SIZE >> level - 1);
        }
    }

    /**
     * The color at a place.
     *
     * @param s from 0 to 1 along the first side; repeats beyond
     * @param t from 0 to 1 along the second side; repeats beyond
     * @param footprint side of a screen pixel as a share of the texture
     * @param rgb receives three values, 0 to 255
     */
    void sample(double s, double t, double footprint, float[] rgb) {
        double level = Math.log(Math.max(1, footprint * SIZE)) / Math.log(2);
        int lower = (int) Math.min(LEVELS - 1, level);
        int upper = Math.min(LEVELS - 1, lower + 1);
        float blend = (float) Math.min(1, level - lower);
        rgb[0] = 0;
        rgb[1] = 0;
        rgb[2] = 0;
        addBilinear(levels[lower], SIZE >> lower, s, t, 1 - blend, rgb);
        addBilinear(levels[upper], SIZE >> upper, s, t, blend, rgb);
    }

    private static void addBilinear(float[] texels, int size, double s, double t, float weight, float[] rgb) {
        double x = (s - Math.floor(s)) * size - 0.5;
        double y = (t - Math.floor(t)) * size - 0.5;
        int x0 = (int) Math.floor(x);
        int y0 = (int) Math.floor(y);
        float fx = (float) (x - x0);
        float fy = (float) (y - y0);
        int mask = size - 1;
        for (int dy = 0; dy < 2; dy++) {
            for (int dx = 0; dx < 2; dx++) {
                float share = weight * (dx == 0 ? 1 - fx : fx) * (dy == 0 ? 1 - fy : fy);
                int at = 3 * ((y0 + dy & mask) * size + (x0 + dx & mask));
                rgb[0] += share * texels[at];
                rgb[1] += share * texels[at + 1];
                rgb[2] += share * texels[at + 2];
            }
        }
    }

    private static float[] halved(float[] from, int size) {
        int half = size / 2;
        float[] to = new float[3 * half * half];
        for (int y = 0; y < half; y++) {
            for (int x = 0; x < half; x++) {
                for (int c = 0; c < 3; c++) {
                    int at = 3 * (2 * y * size + 2 * x) + c;
                    to[3 * (y * half + x) + c] =
                            (from[at] + from[at + 3] + from[at + 3 * size] + from[at + 3 * size + 3]) / 4;
                }
            }
        }
        return to;
    }

    // Value noise in four octaves, in about -1 to 1.
    private static double[] grain(Random random) {
        double[] sum = new double[SIZE * SIZE];
        for (int octave = 2; octave < 6; octave++) {
            int cells = 1 << octave + 1;
            double[] values = random.doubles(cells * cells, -1, 1).toArray();
            double amplitude = Math.pow(0.7, octave - 2) / 2;
            for (int y = 0; y < SIZE; y++) {
                for (int x = 0; x < SIZE; x++) {
                    double u = (double) x * cells / SIZE;
                    double v = (double) y * cells / SIZE;
                    int u0 = (int) u;
                    int v0 = (int) v;
                    int u1 = (u0 + 1) % cells;
                    int v1 = (v0 + 1) % cells;
                    double fu = u - u0;
                    double fv = v - v0;
                    double upper = values[v0 * cells + u0] * (1 - fu) + values[v0 * cells + u1] * fu;
                    double lower = values[v1 * cells + u0] * (1 - fu) + values[v1 * cells + u1] * fu;
                    sum[y * SIZE + x] += amplitude * (upper * (1 - fv) + lower * fv);
                }
            }
        }
        return sum;
    }

    private static void paint(Graphics2D g, Style style, Random random) {
        Color base = color(random, 90, 170);
        g.setColor(base);
        g.fillRect(0, 0, SIZE, SIZE);
        switch (style) {
            case BRICKS -> {
                int rows = 8;
                int height = SIZE / rows;
                for (int row = 0; row < rows; row++) {
                    for (int column = -1; column < 4; column++) {
                        g.setColor(near(base, random, 35));
                        int x = column * 64 + (row % 2) * 32;
                        g.fillRect(x + 2, row * height + 2, 60, height - 4);
                    }
                }
                shapes(g, random, 10, 14);
            }
            case PLASTER -> shapes(g, random, 26, 22);
            case GROUND -> {
                for (int i = 0; i < 40; i++) {
                    g.setColor(near(base, random, 30));
                    g.fillPolygon(polygon(random, 20, 60));
                }
                shapes(g, random, 20, 10);
            }
            case WINDOW -> {
                g.setColor(color(random, 20, 70));
                g.fillRect(20, 20, SIZE - 40, SIZE - 40);
                g.setColor(color(random, 190, 240));
                g.setStroke(new BasicStroke(10));
                g.drawRect(20, 20, SIZE - 40, SIZE - 40);
                g.drawLine(SIZE / 2, 20, SIZE / 2, SIZE - 20);
                g.drawLine(20, SIZE / 3, SIZE - 20, SIZE / 3);
                shapes(g, random, 6, 30);
            }
            case POSTER -> shapes(g, random, 90, 40);
        }
    }

    private static void shapes(Graphics2D g, Random random, int count, int size) {
        for (int i = 0; i < count; i++) {
            g.setColor(color(random, 10, 245));
            int x = random.nextInt(SIZE);
            int y = random.nextInt(SIZE);
            int w = 3 + random.nextInt(size);
            int h = 3 + random.nextInt(size);
            switch (random.nextInt(3)) {
                case 0 -> g.fillRect(x, y, w, h);
                case 1 -> g.fillOval(x, y, w, h);
                default -> g.fillPolygon(polygon(random, 4, size));
            }
        }
    }

    private static Polygon polygon(Random random, int least, int size) {
        Polygon polygon = new Polygon();
        int x = random.nextInt(SIZE);
        int y = random.nextInt(SIZE);
        for (int i = 0; i < 5; i++) {
            double radius = least + random.nextInt(size);
            polygon.addPoint((int) (x + radius * Math.cos(i * 1.2566)), (int) (y + radius * Math.sin(i * 1.2566)));
        }
        return polygon;
    }

    private static Color color(Random random, int least, int most) {
        return new Color(between(random, least, most), between(random, least, most), between(random, least, most));
    }

    private static Color near(Color base, Random random, int spread) {
        int shift = between(random, -spread, spread);
        return new Color(clamp(base.getRed() + shift), clamp(base.getGreen() + shift), clamp(base.getBlue() + shift));
    }

    private static int clamp(int value) {
        return Math.max(0, Math.min(255, value));
    }

    private static int between(Random random, int least, int most) {
        return least + random.nextInt(most - least + 1);
    }
}
