package org.retrieval4j.extraction;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.spi.ComponentProvider;

/**
 * Finds what is bright: keypoints are the middles of connected bright pixels, the global vector and the map are mean
 * grays of 4 x 4 fields.
 */
public record DotsExtractor(boolean local, boolean map) implements Extractor {
    private static final int FIELDS = 4;

    /** Makes {@code dots}. */
    public static final class Provider extends ComponentProvider<Extractor, DotsExtractor> {
        /** For tests. */
        public Provider() {
            super(Extractor.class, "dots", new DotsExtractor(true, false));
        }

        @Override
        public Extractor create(DotsExtractor options, BuildContext context) {
            return options;
        }
    }

    /** A dark picture with bright dots. */
    static Image picture(int width, int height, double[][] dots, double radius) {
        byte[] rgb = new byte[3 * width * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double light = 0;
                for (double[] dot : dots) {
                    double distance = Math.hypot(x + 0.5 - dot[0], y + 0.5 - dot[1]);
                    light = Math.max(light, Math.max(0, Math.min(1, radius + 0.5 - distance)));
                }
                java.util.Arrays.fill(
                        rgb, 3 * (y * width + x), 3 * (y * width + x) + 3, (byte) Math.round(255 * light));
            }
        }
        return new Image(width, height, rgb, org.retrieval4j.api.Orientation.UPRIGHT);
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.of(OptionsText.format("dots", this));
    }

    @Override
    public Set<String> outputs() {
        Set<String> outputs = new TreeSet<>(Set.of(Extraction.GLOBAL));
        if (local) {
            outputs.add(Extraction.LOCAL);
        }
        if (map) {
            outputs.add(Extraction.MAP);
        }
        return outputs;
    }

    @Override
    public List<Extraction> extractAll(List<Image> images) {
        return images.stream().map(this::of).toList();
    }

    private Extraction of(Image image) {
        Image upright = image.upright();
        float[] fields = fields(upright);
        Map<String, ImageFeatures> features = new LinkedHashMap<>();
        if (local) {
            features.put(Extraction.LOCAL, dots(image, upright));
        }
        if (map) {
            features.put(Extraction.MAP, map(image, upright, fields));
        }
        return new Extraction(features, Optional.of(new GlobalDescriptor.Dense(fields)));
    }

    private static float gray(Image upright, int at) {
        return ((upright.rgb()[3 * at] & 0xff)
                        + (upright.rgb()[3 * at + 1] & 0xff)
                        + (upright.rgb()[3 * at + 2] & 0xff))
                / 3f;
    }

    private static float[] fields(Image upright) {
        float[] sums = new float[FIELDS * FIELDS];
        float[] counts = new float[sums.length];
        for (int y = 0; y < upright.height(); y++) {
            for (int x = 0; x < upright.width(); x++) {
                int field = y * FIELDS / upright.height() * FIELDS + x * FIELDS / upright.width();
                sums[field] += gray(upright, y * upright.width() + x) / 255;
                counts[field]++;
            }
        }
        for (int i = 0; i < sums.length; i++) {
            sums[i] /= Math.max(1, counts[i]);
        }
        return sums;
    }

    private static ImageFeatures map(Image image, Image upright, float[] fields) {
        float[] places = new float[fields.length * Keypoints.COLUMNS];
        float[] vectors = new float[2 * fields.length];
        for (int i = 0; i < fields.length; i++) {
            double u = (i % FIELDS + 0.5) * upright.width() / FIELDS;
            double v = (i / FIELDS + 0.5) * upright.height() / FIELDS;
            place(image, u, v, 0, 0, places, i);
            vectors[2 * i] = fields[i];
            vectors[2 * i + 1] = 1 - fields[i];
        }
        return new ImageFeatures(
                image.width(),
                image.height(),
                image.orientation(),
                new Keypoints(FloatMatrix.of(fields.length, Keypoints.COLUMNS, places)),
                FloatMatrix.of(fields.length, 2, vectors),
                Optional.of(new Grid(FIELDS, FIELDS)));
    }

    private static void place(Image image, double u, double v, double size, double score, float[] rows, int row) {
        int at = Keypoints.COLUMNS * row;
        rows[at] = (float) image.orientation().storedX(u, v, image.width(), image.height());
        rows[at + 1] = (float) image.orientation().storedY(u, v, image.width(), image.height());
        rows[at + 2] = (float) size;
        rows[at + 3] = Keypoints.direction(image.orientation().storedAngle(0));
        rows[at + 4] = (float) score;
    }

    private static ImageFeatures dots(Image image, Image upright) {
        int width = upright.width();
        boolean[] seen = new boolean[width * upright.height()];
        List<double[]> found = new ArrayList<>();
        for (int start = 0; start < seen.length; start++) {
            if (!seen[start] && gray(upright, start) > 128) {
                found.add(dot(upright, start, seen));
            }
        }
        float[] places = new float[found.size() * Keypoints.COLUMNS];
        float[] vectors = new float[2 * found.size()];
        for (int i = 0; i < found.size(); i++) {
            double[] dot = found.get(i);
            place(image, dot[0], dot[1], 2 * Math.sqrt(dot[2] / Math.PI), dot[2], places, i);
            vectors[2 * i] = (float) dot[2];
            vectors[2 * i + 1] = 1;
        }
        return new ImageFeatures(
                image.width(),
                image.height(),
                image.orientation(),
                new Keypoints(FloatMatrix.of(found.size(), Keypoints.COLUMNS, places)),
                FloatMatrix.of(found.size(), 2, vectors),
                Optional.empty());
    }

    // x and y of the middle, number of pixels
    private static double[] dot(Image upright, int start, boolean[] seen) {
        int width = upright.width();
        ArrayDeque<Integer> open = new ArrayDeque<>(List.of(start));
        seen[start] = true;
        double[] sums = new double[3];
        while (!open.isEmpty()) {
            int at = open.remove();
            int x = at % width;
            int y = at / width;
            sums[0] += x + 0.5;
            sums[1] += y + 0.5;
            sums[2]++;
            for (int[] step : new int[][] {{1, 0}, {-1, 0}, {0, 1}, {0, -1}}) {
                int u = x + step[0];
                int v = y + step[1];
                int next = v * width + u;
                if (u >= 0 && v >= 0 && u < width && v < upright.height() && !seen[next] && gray(upright, next) > 128) {
                    seen[next] = true;
                    open.add(next);
                }
            }
        }
        return new double[] {sums[0] / sums[2], sums[1] / sums[2], sums[2]};
    }
}
