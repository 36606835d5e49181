package com.example.app;

import java.util.List;
import java.util.Set;
import org.retrieval4j.api.*;
import org.retrieval4j.spi.ComponentProvider;

/** An extractor of the application's own: gray patches of 8 x 8 pixels on a grid of 16, brightness removed. */
public record PatchExtractor() implements Extractor {
    private static final int STEP = 16;
    private static final int SIDE = 8;

    public static final class Provider extends ComponentProvider<Extractor, PatchExtractor> {
        public Provider() {
            super(Extractor.class, "patches", new PatchExtractor());
        }

        @Override
        public Extractor create(PatchExtractor options, BuildContext context) {
            return options;
        }
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.parse("patches");
    }

    @Override
    public Set<String> outputs() {
        return Set.of(Extraction.LOCAL);
    }

    @Override
    public List<Extraction> extractAll(List<Image> images) {
        return images.stream().map(image -> Extraction.ofLocal(patches(image))).toList();
    }

    private static ImageFeatures patches(Image image) {
        int columns = image.width() / STEP;
        int rows = image.height() / STEP;
        float[] places = new float[rows * columns * Keypoints.COLUMNS];
        float[] patches = new float[rows * columns * SIDE * SIDE];
        for (int cell = 0; cell < rows * columns; cell++) {
            int x = cell % columns * STEP;
            int y = cell / columns * STEP;
            places[cell * Keypoints.COLUMNS] = x + SIDE / 2f;
            places[cell * Keypoints.COLUMNS + 1] = y + SIDE / 2f;
            places[cell * Keypoints.COLUMNS + 2] = SIDE;
            float mean = 0;
            for (int i = 0; i < SIDE * SIDE; i++) {
                int pixel = (y + i / SIDE) * image.width() + x + i % SIDE;
                float gray = image.rgb()[3 * pixel + 1] & 255;
                patches[cell * SIDE * SIDE + i] = gray;
                mean += gray / (SIDE * SIDE);
            }
            for (int i = 0; i < SIDE * SIDE; i++) {
                patches[cell * SIDE * SIDE + i] -= mean;
            }
        }
        return new ImageFeatures(
                image.width(),
                image.height(),
                new Keypoints(FloatMatrix.of(rows * columns, Keypoints.COLUMNS, places)),
                FloatMatrix.of(rows * columns, SIDE * SIDE, patches));
    }
}
