package org.retrieval4j.cli.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.retrieval4j.api.Image;

/**
 * A small upright JPEG of a picture, made of its pixels alone: nothing of the file's EXIF, place or camera is in it.
 *
 * @param width in pixels
 * @param height in pixels
 * @param jpeg the file's bytes
 */
record Thumbnail(int width, int height, byte[] jpeg) {
    private static final int SMALLEST_SIDE = 64;
    private static final float FINE = 0.82f;
    private static final float COARSE = 0.6f;

    /**
     * A thumbnail that fits a number of bytes, as large as it then can be.
     *
     * @param image any picture
     * @param maxSide the longer side at most, at least 64
     * @param maxBytes of the JPEG; missed only if even the smallest one is larger
     */
    static Thumbnail of(Image image, int maxSide, int maxBytes) {
        if (maxSide < SMALLEST_SIDE) {
            throw new IllegalArgumentException("maxSide must be at least " + SMALLEST_SIDE + ", got " + maxSide);
        }
        Image upright = image.upright();
        int side = maxSide;
        while (true) {
            Image scaled = scaled(upright, side);
            Thumbnail fine = new Thumbnail(scaled.width(), scaled.height(), jpeg(scaled, FINE));
            if (fine.jpeg.length <= maxBytes) {
                return fine;
            }
            Thumbnail coarse = new Thumbnail(scaled.width(), scaled.height(), jpeg(scaled, COARSE));
            if (coarse.jpeg.length <= maxBytes || side == SMALLEST_SIDE) {
                return coarse;
            }
            // bytes grow with the area; a little less, so that the next one fits
            double shrink = 0.95 * Math.sqrt((double) maxBytes / coarse.jpeg.length);
            int longer = Math.max(scaled.width(), scaled.height());
            side = Math.max(SMALLEST_SIDE, Math.min(longer - 1, (int) (longer * shrink)));
        }
    }

    /** Shrinks by area averaging so that the longer side is at most that long; never enlarges. */
    static Image scaled(Image image, int side) {
        int longer = Math.max(image.width(), image.height());
        if (longer <= side) {
            return image;
        }
        int width = Math.max(1, Math.round((float) image.width() * side / longer));
        int height = Math.max(1, Math.round((float) image.height() * side / longer));
        byte[] scaled = new byte[3 * width * height];
        float[] row = new float[3 * width];
        double stepX = (double) image.width() / width;
        double stepY = (double) image.height() / height;
        for (int y = 0; y < height; y++) {
            java.util.Arrays.fill(row, 0);
            double from = y * stepY;
            double to = Math.min(image.height(), from + stepY);
            for (int sourceY = (int) from; sourceY < to; sourceY++) {
                float weight = (float) ((Math.min(to, sourceY + 1) - Math.max(from, sourceY)) / (stepX * stepY));
                addRow(image, sourceY, weight, stepX, row);
            }
            for (int i = 0; i < row.length; i++) {
                scaled[y * row.length + i] = (byte) Math.min(255, Math.round(row[i]));
            }
        }
        return new Image(width, height, scaled, image.orientation());
    }

    private static void addRow(Image image, int sourceY, float weight, double stepX, float[] row) {
        byte[] rgb = image.rgb();
        int start = 3 * sourceY * image.width();
        for (int x = 0; 3 * x < row.length; x++) {
            double from = x * stepX;
            double to = Math.min(image.width(), from + stepX);
            for (int sourceX = (int) from; sourceX < to; sourceX++) {
                float share = weight * (float) (Math.min(to, sourceX + 1) - Math.max(from, sourceX));
                int at = start + 3 * sourceX;
                row[3 * x] += share * (rgb[at] & 0xff);
                row[3 * x + 1] += share * (rgb[at + 1] & 0xff);
                row[3 * x + 2] += share * (rgb[at + 2] & 0xff);
            }
        }
    }

    private static byte[] jpeg(Image image, float quality) {
        int[] pixels = new int[image.width() * image.height()];
        byte[] rgb = image.rgb();
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (rgb[3 * i] & 0xff) << 16 | (rgb[3 * i + 1] & 0xff) << 8 | rgb[3 * i + 2] & 0xff;
        }
        BufferedImage picture = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        picture.setRGB(0, 0, image.width(), image.height(), pixels, 0, image.width());
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(bytes)) {
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            parameters.setCompressionQuality(quality);
            writer.setOutput(stream);
            writer.write(null, new IIOImage(picture, null, null), parameters);
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory does not fail", e);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }
}
