package org.retrieval4j.examples;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageLimits;
import org.retrieval4j.api.ImageReader;

class SearchFolderTest {
    @Test
    void findsTheWallFromOtherSides(@TempDir Path directory) throws IOException {
        ImageReader reader = ImageReader.load(ImageLimits.defaults().withUncommonFormats(true));
        Path photographs = Files.createDirectory(directory.resolve("photographs"));
        for (int i = 1; i <= 3; i++) {
            byte[] pixmap = bytes("/org/openimaj/image/feature/validator/graf/img" + i + ".ppm");
            writePng(reader.read(pixmap), photographs.resolve("graf" + i + ".png"));
        }
        for (String name : List.of("cat.jpg", "sinaface.jpg", "bird.png")) {
            Files.write(photographs.resolve(name), bytes("/org/openimaj/image/data/" + name));
        }
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            SearchFolder.main(new String[] {
                directory.resolve("photos.db").toString(),
                photographs.toString(),
                photographs.resolve("graf1.png").toString()
            });
        } finally {
            System.setOut(console);
        }

        List<String> lines = printed.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(lines.get(0)).contains("graf1.png");
        assertThat(lines.get(1)).contains("graf2.png");
    }

    private static byte[] bytes(String resource) throws IOException {
        try (InputStream in = requireNonNull(SearchFolderTest.class.getResourceAsStream(resource), resource)) {
            return in.readAllBytes();
        }
    }

    private static void writePng(Image image, Path file) throws IOException {
        BufferedImage picture = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        byte[] rgb = image.rgb();
        for (int i = 0; i < rgb.length / 3; i++) {
            int value = (rgb[3 * i] & 255) << 16 | (rgb[3 * i + 1] & 255) << 8 | rgb[3 * i + 2] & 255;
            picture.setRGB(i % image.width(), i / image.width(), value);
        }
        ImageIO.write(picture, "png", file.toFile());
    }
}
