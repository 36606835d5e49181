package org.retrieval4j.cli.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.retrieval4j.storage.Replacement;

/** Pages and pictures, each put in its target's place in one step; nothing remains of one that fails. */
public final class WholeFile {
    private WholeFile() {}

    /**
     * Writes a picture.
     *
     * @param file target
     * @param picture to be written as PNG
     * @throws IOException if it cannot be written; the target is as it was
     */
    public static void png(Path file, BufferedImage picture) throws IOException {
        Replacement.write(file, png(picture));
    }

    /**
     * Writes text.
     *
     * @param file target
     * @param text to be written as UTF-8
     * @throws IOException if it cannot be written; the target is as it was
     */
    public static void text(Path file, String text) throws IOException {
        Replacement.write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] png(BufferedImage picture) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        if (!ImageIO.write(picture, "png", bytes)) {
            throw new IOException("no writer for PNG");
        }
        return bytes.toByteArray();
    }
}
