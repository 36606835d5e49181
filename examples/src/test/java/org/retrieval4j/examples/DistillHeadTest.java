package org.retrieval4j.examples;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.Components;
import org.retrieval4j.storage.NpzFile;

/** Gradients on a coarse grid learn what those on a fine one say: all of the program but its networks. */
class DistillHeadTest {
    private static final int SIDE = 192;
    private static final int MOVED = 16;

    @Test
    void theStudentLearnsOfPicturesThatItDidNotSee(@TempDir Path directory) throws IOException {
        Path images = Files.createDirectory(directory.resolve("images"));
        Random random = new Random(3);
        for (int scene = 0; scene < 15; scene++) {
            draw(scene, images, random);
        }
        Path output = directory.resolve("output");
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        DistillHead.Results results = DistillHead.run(
                new PrintStream(printed, true, StandardCharsets.UTF_8),
                "images=" + images,
                "output=" + output,
                "student=dense-sift(step=16,min-size=16,scales=1)",
                "teacher=dense-sift(step=6,min-size=24,scales=1)",
                "aggregator=vlad(clusters=8) | pca(dimension=4) | l2",
                "head=netvlad(clusters=4) | fully-connected(dimension=4)",
                "epochs=40",
                "optimizer=adam(rate=0.01)",
                "batch=4");

        assertThat(fallen(results, "global")).isLessThan(0.7);
        assertThat(fallen(results, "descriptors")).isLessThan(0.7);
        assertThat(fallen(results, "detector")).isLessThan(0.98); // of ln 17; the labels' own entropy is not far below
        assertThat(results.after().get("recall@1")).isGreaterThan(0.5);
        assertThat(results.teacher()).containsOnlyKeys("recall@1", "mAP");
        assertThat(printed.toString(StandardCharsets.UTF_8))
                .contains("20 pictures to learn from, 10 held out", "epoch 40 of 40", "recall@1");
        try (Aggregator student =
                Components.load().create(Aggregator.class, "file(path=" + output.resolve("student.r4j") + ")")) {
            assertThat(student.spec().toString())
                    .startsWith("netvlad(clusters=4")
                    .contains("fully-connected");
        }
        assertThat(NpzFile.read(output.resolve("local.npz")))
                .containsOnlyKeys("descriptors.weights", "descriptors.bias", "detector.weights", "detector.bias");
    }

    /** The loss after training over that before. */
    private static double fallen(DistillHead.Results results, String loss) {
        return requireNonNull(results.after().get(loss + " loss"))
                / requireNonNull(results.before().get(loss + " loss"));
    }

    @Test
    void tellsWhatIsMissing() {
        assertThatThrownBy(() -> DistillHead.run(System.out, "pictures=x")).hasMessageContaining("\"pictures\"");
        assertThatThrownBy(() -> DistillHead.run(System.out)).hasMessageContaining("images=");
    }

    /** Two views of a wall of bars that lean by some angle, more or less; the second one moved. */
    private static void draw(int scene, Path folder, Random random) throws IOException {
        BufferedImage large = new BufferedImage(SIDE + MOVED, SIDE + MOVED, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = large.createGraphics();
        double angle = Math.PI * random.nextDouble();
        for (int i = 0; i < 250; i++) {
            graphics.setTransform(AffineTransform.getRotateInstance(
                    angle + 0.1 * random.nextGaussian(), random.nextInt(SIDE + MOVED), random.nextInt(SIDE + MOVED)));
            graphics.setColor(new Color(random.nextInt(1 << 24)));
            graphics.fillRect(
                    random.nextInt(SIDE), random.nextInt(SIDE), 20 + random.nextInt(60), 3 + random.nextInt(6));
        }
        graphics.dispose();
        for (int i = 0; i < large.getWidth() * large.getHeight(); i++) { // grain: no cell is without gradients
            int x = i % large.getWidth();
            int y = i / large.getWidth();
            large.setRGB(x, y, large.getRGB(x, y) ^ (0x030303 & random.nextInt()));
        }
        for (int view = 1; view <= 2; view++) {
            int moved = view == 1 ? 0 : MOVED;
            Path file = folder.resolve("scene" + (char) ('a' + scene) + "_" + view + ".png");
            ImageIO.write(large.getSubimage(moved, moved, SIDE, SIDE), "png", file.toFile());
        }
    }
}
