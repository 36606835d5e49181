package org.retrieval4j.database;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.Orientation;

/** Small pictures of scenes: a scene is a random texture, a view of it a part with noise. */
final class Photos {
    static final int SIZE = 96;
    private static final int CELL = 8;
    private static final int SCENE = 24; // cells a side

    private Photos() {}

    static ImageReader reader() {
        return new ImageReader(List.of(new ImageIoDecoder()), ImageLimits.defaults());
    }

    /** A view of a scene, shifted by whole cells, with noise of its own. */
    static Image view(int scene, int view) {
        Random texture = new Random(1000 + scene);
        int[] gray = new int[SCENE * SCENE * 16];
        for (int i = 0; i < gray.length; i++) {
            gray[i] = 40 + texture.nextInt(176);
        }
        Random noise = new Random(7L * scene + 31L * view + 5);
        int shiftX = view % 3;
        int shiftY = view / 3 % 3;
        byte[] rgb = new byte[3 * SIZE * SIZE];
        for (int y = 0, at = 0; y < SIZE; y++) {
            for (int x = 0; x < SIZE; x++) {
                int cell = (y / CELL + shiftY) * SCENE + x / CELL + shiftX;
                int part = y % CELL / 2 * 4 + x % CELL / 2;
                int value = gray[16 * cell + part] + noise.nextInt(9) - 4;
                for (int c = 0; c < 3; c++) {
                    rgb[at++] = (byte) value;
                }
            }
        }
        return new Image(SIZE, SIZE, rgb, Orientation.UPRIGHT);
    }

    static Path write(Path file, Image image) throws IOException {
        BufferedImage picture = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0, at = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++, at += 3) {
                int red = image.rgb()[at] & 0xff;
                int green = image.rgb()[at + 1] & 0xff;
                int blue = image.rgb()[at + 2] & 0xff;
                picture.setRGB(x, y, red << 16 | green << 8 | blue);
            }
        }
        Files.createDirectories(file.toAbsolutePath().getParent());
        ImageIO.write(picture, "png", file.toFile());
        return file;
    }

    /** Views 0 to views − 1 of scenes 0 to scenes − 1, named {@code scene-view.png}. */
    static List<ImageSource> write(Path folder, int scenes, int views) throws IOException {
        List<ImageSource> sources = new ArrayList<>();
        for (int scene = 0; scene < scenes; scene++) {
            for (int view = 0; view < views; view++) {
                String name = scene + "-" + view + ".png";
                sources.add(new ImageSource(name, write(folder.resolve(name), view(scene, view))));
            }
        }
        return sources;
    }
}
