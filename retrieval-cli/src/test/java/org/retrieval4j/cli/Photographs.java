package org.retrieval4j.cli;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.TestPictures;

/** The photographs of org.openimaj:test-resources. */
final class Photographs {
    private static final String FOLDER = "/org/openimaj/image/";

    private Photographs() {}

    static byte[] bytes(String name) throws IOException {
        try (InputStream in = Photographs.class.getResourceAsStream(FOLDER + name)) {
            if (in == null) {
                throw new IOException("no " + name + " in org.openimaj:test-resources");
            }
            return in.readAllBytes();
        }
    }

    /** One of the six views of a painted wall, as it is. */
    static Image graf(int number) throws IOException {
        return ImageReader.load(ImageLimits.defaults().withUncommonFormats(true))
                .read(bytes("feature/validator/graf/img" + number + ".ppm"));
    }

    /** One of the six views in half the size, for tests of commands. */
    static BufferedImage smallGraf(int number) throws IOException {
        return small(TestPictures.buffered(graf(number)), 400, 320);
    }

    static BufferedImage small(String name, int width, int height) throws IOException {
        return small(ImageIO.read(new ByteArrayInputStream(bytes(name))), width, height);
    }

    private static BufferedImage small(BufferedImage picture, int width, int height) {
        BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = small.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
        graphics.drawImage(picture, 0, 0, width, height, null);
        graphics.dispose();
        return small;
    }

    /** The homography from the first view to another, 3 x 3, pixel centers at whole numbers. */
    static double[] homography(int other) throws IOException {
        String text = new String(bytes("feature/validator/graf/H1to" + other + "p"), StandardCharsets.US_ASCII);
        return Arrays.stream(text.trim().split("\\s+"))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    /** Three views of the wall and three other pictures, in two folders. */
    static void writeSmallCollection(Path folder) throws IOException {
        Files.createDirectories(folder.resolve("wall"));
        for (int i = 1; i <= 3; i++) {
            Files.write(folder.resolve("wall/graf" + i + ".png"), TestPictures.encode(smallGraf(i), "png"));
        }
        Files.write(folder.resolve("cat.jpg"), bytes("data/cat.jpg"));
        Files.write(folder.resolve("bird.png"), TestPictures.encode(small("data/bird.png", 300, 263), "png"));
        Files.write(
                folder.resolve("sign.JPG"),
                TestPictures.encode(small("text/extraction/lab-sign.jpg", 400, 300), "jpeg"));
    }
}
