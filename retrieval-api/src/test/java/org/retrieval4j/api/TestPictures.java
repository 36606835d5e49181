package org.retrieval4j.api;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** Pictures drawn by seed, and files of them, for tests of decoders and extractors. */
public final class TestPictures {
    private TestPictures() {}

    /**
     * Rectangles and soft blobs of many sizes and colors: something to find keypoints in.
     *
     * @param width in pixels
     * @param height in pixels
     * @param seed of places, sizes and colors
     * @return the picture, upright
     */
    public static Image textured(int width, int height, long seed) {
        Random random = new Random(seed);
        float[] light = new float[3 * width * height];
        Arrays.fill(light, 128);
        int things = 20 + width * height / 300;
        for (int i = 0; i < things; i++) {
            double x = random.nextDouble() * width;
            double y = random.nextDouble() * height;
            double size = 2 + Math.pow(random.nextDouble(), 3) * Math.min(width, height) / 3;
            double aspect = 0.5 + random.nextDouble();
            boolean blob = random.nextBoolean();
            float[] color = {random.nextFloat(255), random.nextFloat(255), random.nextFloat(255)};
            int reach = (int) Math.ceil(size * 1.5);
            for (int v = Math.max(0, (int) y - reach); v < Math.min(height, (int) y + reach); v++) {
                for (int u = Math.max(0, (int) x - reach); u < Math.min(width, (int) x + reach); u++) {
                    double dx = (u + 0.5 - x) * aspect / size;
                    double dy = (v + 0.5 - y) / size;
                    double weight = blob
                            ? Math.exp(-4 * (dx * dx + dy * dy))
                            : Math.max(Math.abs(dx), Math.abs(dy)) < 0.5 ? 1 : 0;
                    for (int c = 0; c < 3; c++) {
                        int at = 3 * (v * width + u) + c;
                        light[at] += (float) (weight * (color[c] - light[at]));
                    }
                }
            }
        }
        byte[] rgb = new byte[light.length];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) Math.round(light[i]);
        }
        return new Image(width, height, rgb, Orientation.UPRIGHT);
    }

    /**
     * A picture of one gray.
     *
     * @param width in pixels
     * @param height in pixels
     * @param gray 0 to 255
     * @return the picture
     */
    public static Image flat(int width, int height, int gray) {
        byte[] rgb = new byte[3 * width * height];
        Arrays.fill(rgb, (byte) gray);
        return new Image(width, height, rgb, Orientation.UPRIGHT);
    }

    /**
     * The same picture as a camera held differently would store it.
     *
     * @param upright an upright picture
     * @param orientation how it is stored
     * @return a picture whose {@link Image#upright()} has the same pixels
     */
    public static Image stored(Image upright, Orientation orientation) {
        // sides swap in both directions alike
        int width = orientation.uprightWidth(upright.width(), upright.height());
        int height = orientation.uprightHeight(upright.width(), upright.height());
        byte[] rgb = new byte[upright.rgb().length];
        for (int v = 0; v < upright.height(); v++) {
            for (int u = 0; u < upright.width(); u++) {
                int x = (int) orientation.storedX(u + 0.5, v + 0.5, width, height);
                int y = (int) orientation.storedY(u + 0.5, v + 0.5, width, height);
                System.arraycopy(upright.rgb(), 3 * (v * upright.width() + u), rgb, 3 * (y * width + x), 3);
            }
        }
        return new Image(width, height, rgb, orientation);
    }

    /**
     * A picture for javax.imageio.
     *
     * @param image the stored pixels
     * @return a copy
     */
    public static BufferedImage buffered(Image image) {
        BufferedImage buffered = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                int at = 3 * (y * image.width() + x);
                buffered.setRGB(
                        x,
                        y,
                        (image.rgb()[at] & 0xFF) << 16
                                | (image.rgb()[at + 1] & 0xFF) << 8
                                | image.rgb()[at + 2] & 0xFF);
            }
        }
        return buffered;
    }

    /**
     * A file as the JDK writes it.
     *
     * @param image the stored pixels
     * @param format {@code png}, {@code jpeg}, {@code gif}, {@code bmp}, {@code tiff}
     * @return the file's bytes, without orientation
     */
    public static byte[] encode(Image image, String format) {
        return encode(buffered(image), format);
    }

    /**
     * A file as the JDK writes it.
     *
     * @param image any picture the format can hold
     * @param format {@code png}, {@code jpeg}, {@code gif}, {@code bmp}, {@code tiff}
     * @return the file's bytes
     */
    public static byte[] encode(BufferedImage image, String format) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            if (!ImageIO.write(image, format, out)) {
                throw new IllegalArgumentException("the JDK writes no such " + format);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /**
     * A progressive JPEG file.
     *
     * @param image the stored pixels
     * @return the file's bytes, without orientation
     */
    public static byte[] progressiveJpeg(Image image) {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            parameters.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
            writer.setOutput(stream);
            writer.write(null, new IIOImage(buffered(image), null, null), parameters);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            writer.dispose();
        }
        return out.toByteArray();
    }

    /**
     * EXIF data that hold an orientation and, before it, another entry.
     *
     * @param orientation value of the tag
     * @param order byte order
     * @return a TIFF structure
     */
    public static byte[] exif(int orientation, ByteOrder order) {
        ByteBuffer exif = ByteBuffer.allocate(38).order(order);
        exif.put((order == ByteOrder.BIG_ENDIAN ? "MM" : "II").getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        exif.putShort((short) 42).putInt(8).putShort((short) 2);
        exif.putShort((short) 0x010F).putShort((short) 2).putInt(2).putInt(0); // maker
        exif.putShort((short) 0x0112).putShort((short) 3).putInt(1);
        exif.putShort((short) orientation).putShort((short) 0);
        return exif.putInt(0).array();
    }

    /**
     * A JPEG file with EXIF data.
     *
     * @param jpeg a file
     * @param exif a TIFF structure
     * @return the file with an APP1 segment behind its start
     */
    public static byte[] withExif(byte[] jpeg, byte[] exif) {
        ByteBuffer out = ByteBuffer.allocate(jpeg.length + exif.length + 10);
        out.put(jpeg, 0, 2).putShort((short) 0xFFE1).putShort((short) (exif.length + 8));
        out.put(new byte[] {'E', 'x', 'i', 'f', 0, 0}).put(exif);
        return out.put(jpeg, 2, jpeg.length - 2).array();
    }

    /**
     * A PNG file with another chunk behind its header.
     *
     * @param png a file
     * @param type four letters
     * @param content the chunk's content
     * @return the larger file
     */
    public static byte[] withChunk(byte[] png, String type, byte[] content) {
        byte[] name = type.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        CRC32 checksum = new CRC32();
        checksum.update(name);
        checksum.update(content);
        int header = 8 + 25;
        ByteBuffer out = ByteBuffer.allocate(png.length + content.length + 12);
        out.put(png, 0, header).putInt(content.length).put(name).put(content).putInt((int) checksum.getValue());
        return out.put(png, header, png.length - header).array();
    }
}
