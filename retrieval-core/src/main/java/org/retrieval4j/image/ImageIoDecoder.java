package org.retrieval4j.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFormatException;
import org.retrieval4j.api.ImageHeader;
import org.retrieval4j.spi.ImageDecoder;

/**
 * Decodes JPEG, PNG, GIF, BMP and TIFF with the JDK's own javax.imageio plug-ins, whatever others are installed.
 *
 * <p>Samples are taken as the file stores them: color profiles are not applied, alpha is dropped, 16 bits become 8 by
 * rounding v / 257. CMYK JPEG is refused, because the JDK decodes it with wrong colors and no error. A JPEG whose data
 * end early is refused, too.
 *
 * <p>Thread-safe.
 */
public final class ImageIoDecoder implements ImageDecoder {
    private static final String JDK_PLUGINS = "com.sun.imageio.";

    /** A decoder. */
    public ImageIoDecoder() {}

    @Override
    public String name() {
        return "imageio-" + Runtime.version().feature();
    }

    @Override
    public int priority() {
        return 0;
    }

    @Override
    public boolean supports(ImageHeader.Format format) {
        return switch (format) {
            case JPEG, PNG, GIF, BMP, TIFF -> true;
            case WEBP, JPEG2000, PNM -> false;
        };
    }

    @Override
    public Image decode(byte[] bytes, ImageHeader header) throws IOException {
        if (header.format() == ImageHeader.Format.JPEG) {
            int components = jpegComponents(bytes);
            if (components != 1 && components != 3) {
                throw new ImageFormatException("JPEG of " + components
                        + " components (CMYK) is decoded with wrong colors by the JDK; OpenCV decodes it");
            }
        }
        ImageReader reader = jdkReader(header.format());
        List<String> warnings = new ArrayList<>();
        reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
        // no ImageIO.createImageInputStream: it may write a file
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            reader.setInput(in, true, true);
            requireSize(reader.getWidth(0), reader.getHeight(0), header);
            BufferedImage picture = reader.read(0);
            requireSize(picture.getWidth(), picture.getHeight(), header);
            for (String warning : warnings) {
                if (warning.toLowerCase(Locale.ROOT).contains("premature end")) {
                    throw new ImageFormatException("damaged " + header.format() + ": " + warning);
                }
            }
            return new Image(header.width(), header.height(), rgb(picture), header.orientation());
        } catch (ImageFormatException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // the plug-ins answer damaged files with any exception there is
            throw new ImageFormatException("damaged or unusual " + header.format() + ": " + e, e);
        } finally {
            reader.dispose();
        }
    }

    private static ImageReader jdkReader(ImageHeader.Format format) throws ImageFormatException {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format.name());
        while (readers.hasNext()) {
            ImageReader reader = readers.next();
            if (reader.getClass().getName().startsWith(JDK_PLUGINS)) {
                return reader;
            }
        }
        throw new ImageFormatException("this JDK has no plug-in for " + format);
    }

    private static void requireSize(int width, int height, ImageHeader header) throws ImageFormatException {
        if (width != header.width() || height != header.height()) {
            throw new ImageFormatException(String.format(
                    Locale.ROOT,
                    "damaged %s: its header says %d x %d pixels, the JDK finds %d x %d",
                    header.format(),
                    header.width(),
                    header.height(),
                    width,
                    height));
        }
    }

    private static byte[] rgb(BufferedImage picture) throws ImageFormatException {
        Raster raster = picture.getRaster();
        ColorModel model = picture.getColorModel();
        int type = model.getColorSpace().getType();
        boolean whole = raster.getTransferType() <= DataBuffer.TYPE_INT;
        boolean gray = type == ColorSpace.TYPE_GRAY;
        if (!whole || !gray && type != ColorSpace.TYPE_RGB) {
            throw new ImageFormatException("pixels that are neither gray nor RGB of whole numbers are not supported");
        }
        int width = picture.getWidth();
        int height = picture.getHeight();
        int bands = raster.getNumBands();
        byte[] rgb = new byte[Math.multiplyExact(3, Math.multiplyExact(width, height))];
        int[] row = new int[bands * width];
        int[][] eightBits = model instanceof IndexColorModel palette ? paletteTable(palette) : scaleTable(model);
        for (int y = 0, to = 0; y < height; y++) {
            // Not getRGB: it converts gray by a gamma that no other decoder applies.
            raster.getPixels(0, y, width, 1, row);
            for (int x = 0, from = 0; x < width; x++, from += bands, to += 3) {
                int second = bands >= 3 ? 1 : 0;
                rgb[to] = (byte) eightBits[0][row[from]];
                rgb[to + 1] = (byte) eightBits[1][row[from + second]];
                rgb[to + 2] = (byte) eightBits[2][row[from + 2 * second]];
            }
        }
        return rgb;
    }

    private static int[][] paletteTable(IndexColorModel palette) {
        int[][] table = new int[3][1 << palette.getPixelSize()];
        for (int i = 0; i < palette.getMapSize(); i++) {
            table[0][i] = palette.getRed(i);
            table[1][i] = palette.getGreen(i);
            table[2][i] = palette.getBlue(i);
        }
        return table;
    }

    // From a sample of 1 to 16 bits to 8, rounded; gray has one component for all three.
    private static int[][] scaleTable(ColorModel model) {
        int[][] table = new int[3][];
        for (int c = 0; c < 3; c++) {
            int largest = (1 << model.getComponentSize(model.getNumColorComponents() == 3 ? c : 0)) - 1;
            table[c] = new int[largest + 1];
            for (int i = 0; i <= largest; i++) {
                table[c][i] = (int) ((i * 255L + largest / 2) / largest);
            }
        }
        return table;
    }

    // The header was read before: up to the frame header all segments lie in the file.
    private static int jpegComponents(byte[] bytes) throws ImageFormatException {
        for (int at = 2; at + 10 < bytes.length; ) {
            int marker = bytes[at + 1] & 0xFF;
            if (bytes[at] != (byte) 0xFF || marker == 0xFF) {
                at++; // fill
                continue;
            }
            if (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
                return bytes[at + 9] & 0xFF;
            }
            at += 2 + ((bytes[at + 2] & 0xFF) << 8 | bytes[at + 3] & 0xFF);
        }
        throw new ImageFormatException("damaged JPEG: no frame header");
    }
}
