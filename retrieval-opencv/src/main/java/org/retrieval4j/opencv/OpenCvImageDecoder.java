package org.retrieval4j.opencv;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.opencv.core.Core;
import org.opencv.core.CvException;
import org.opencv.core.CvType;
import org.opencv.core.Mat;
import org.opencv.imgcodecs.Imgcodecs;
import org.opencv.imgproc.Imgproc;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFormatException;
import org.retrieval4j.api.ImageHeader;
import org.retrieval4j.spi.ImageDecoder;

/**
 * Decodes JPEG, PNG, WebP, TIFF, BMP and JPEG 2000 with OpenCV.
 *
 * <p>Gray becomes RGB. 16 bits become 8 by rounding v / 257. Alpha is dropped, not composited: the colors are those that
 * the file stores under it. CMYK and YCCK JPEG become RGB without a color profile, as (1 - C)(1 - K) and so on, from the
 * inverted values that everyone writes. Color profiles are not applied. Floating-point pictures are refused.
 *
 * <p>Thread-safe; loads the native library at the first {@link #decode}.
 */
public final class OpenCvImageDecoder implements ImageDecoder {
    private static final int PNG_SIGNATURE = 8;
    private static final int TIFF_ORIENTATION = 274;

    /** A decoder. Loads nothing yet. */
    public OpenCvImageDecoder() {}

    @Override
    public String name() {
        return "opencv-" + Core.VERSION;
    }

    @Override
    public int priority() {
        return 100;
    }

    @Override
    public boolean supports(ImageHeader.Format format) {
        return switch (format) {
            case JPEG, PNG, WEBP, TIFF, BMP, JPEG2000 -> true;
            case GIF, PNM -> false;
        };
    }

    @Override
    public Image decode(byte[] bytes, ImageHeader header) throws IOException {
        requireNonNull(bytes, "bytes");
        requireNonNull(header, "header");
        OpenCvRuntime.require();
        int flags = Imgcodecs.IMREAD_COLOR | Imgcodecs.IMREAD_IGNORE_ORIENTATION;
        if (header.format() == ImageHeader.Format.PNG || header.format() == ImageHeader.Format.TIFF) {
            flags |= Imgcodecs.IMREAD_ANYDEPTH; // else 16 bits are cut to 8, not rounded
        }
        Mat file = new Mat(1, bytes.length, CvType.CV_8U);
        Mat pixels = null;
        try {
            int length = bytes.length;
            switch (header.format()) {
                case PNG -> length = putPictureChunks(bytes, file);
                case TIFF -> file.put(0, 0, asUprightTiff(bytes));
                default -> file.put(0, 0, bytes);
            }
            Mat part = length == bytes.length ? file : file.colRange(0, length);
            try {
                pixels = Imgcodecs.imdecode(part, flags);
            } finally {
                part.release();
            }
            return toImage(pixels, header);
        } catch (CvException e) {
            throw new ImageFormatException("damaged " + header.format() + ": " + firstLine(e), e);
        } finally {
            file.release();
            if (pixels != null) {
                pixels.release();
            }
        }
    }

    private static Image toImage(Mat pixels, ImageHeader header) throws ImageFormatException {
        if (pixels.empty()) {
            throw new ImageFormatException("damaged or unusual " + header.format() + ", which OpenCV does not decode");
        }
        if (pixels.cols() != header.width() || pixels.rows() != header.height()) {
            throw new ImageFormatException(String.format(
                    Locale.ROOT,
                    "damaged %s: its header says %d x %d pixels, OpenCV finds %d x %d",
                    header.format(),
                    header.width(),
                    header.height(),
                    pixels.cols(),
                    pixels.rows()));
        }
        if (pixels.depth() == CvType.CV_16U) {
            pixels.convertTo(pixels, CvType.CV_8U, 1 / 257.0);
        }
        if (pixels.type() != CvType.CV_8UC3) {
            throw new ImageFormatException(header.format() + " with pixels of type "
                    + CvType.typeToString(pixels.type()) + " is not supported");
        }
        Imgproc.cvtColor(pixels, pixels, Imgproc.COLOR_BGR2RGB);
        byte[] rgb = new byte[Math.multiplyExact(3, Math.multiplyExact(header.width(), header.height()))];
        pixels.get(0, 0, rgb);
        return new Image(header.width(), header.height(), rgb, header.orientation());
    }

    /**
     * Copies a PNG file without its ancillary chunks: profiles, text, transparency. None changes the colors that are
     * wanted; libpng would inflate them without a bound, and print warnings about profiles on standard error.
     */
    private static int putPictureChunks(byte[] bytes, Mat file) {
        int length = PNG_SIGNATURE;
        file.put(0, 0, bytes, 0, PNG_SIGNATURE);
        // The header was read before: every chunk up to IEND lies in the file.
        for (int at = PNG_SIGNATURE; ; ) {
            int chunk = 12
                    + ((bytes[at] & 0xFF) << 24
                            | (bytes[at + 1] & 0xFF) << 16
                            | (bytes[at + 2] & 0xFF) << 8
                            | bytes[at + 3] & 0xFF);
            boolean critical = (bytes[at + 4] & 0x20) == 0; // an upper-case letter
            if (critical) {
                file.put(0, length, bytes, at, chunk);
                length += chunk;
            }
            if (new String(bytes, at + 4, 4, StandardCharsets.ISO_8859_1).equals("IEND")) {
                return length;
            }
            at += chunk;
        }
    }

    /**
     * A TIFF file without its orientation: OpenCV turns TIFF pictures whatever it is told. The header was read before:
     * the directory lies in the file.
     */
    private static byte[] asUprightTiff(byte[] bytes) {
        ByteBuffer tiff =
                ByteBuffer.wrap(bytes.clone()).order(bytes[0] == 'M' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        int directory = tiff.getInt(4);
        int entries = tiff.getShort(directory) & 0xFFFF;
        for (int at = directory + 2, end = at + 12 * entries; at < end; at += 12) {
            if (tiff.getShort(at) == TIFF_ORIENTATION) {
                tiff.putShort(at + 2, (short) 3)
                        .putInt(at + 4, 1)
                        .putShort(at + 8, (short) 1)
                        .putShort(at + 10, (short) 0);
            }
        }
        return tiff.array();
    }

    private static String firstLine(CvException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given");
    }
}
