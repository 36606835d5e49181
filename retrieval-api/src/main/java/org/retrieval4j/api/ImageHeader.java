package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

/**
 * What a picture file says about itself, read in Java before any native decoder sees it. Reading also walks the file's
 * structure to its end: decoders fill the missing rest of a truncated picture with gray and say nothing.
 *
 * @param format the format, by content and not by the file's ending
 * @param width stored width, at least 1
 * @param height stored height, at least 1
 * @param orientation EXIF orientation, upright if there is none
 */
public record ImageHeader(Format format, int width, int height, Orientation orientation) {
    /** The formats that are recognized. */
    public enum Format {
        /** JPEG, baseline and progressive; RGB, gray, CMYK. */
        JPEG,
        /** PNG. */
        PNG,
        /** WebP, lossy, lossless and extended. */
        WEBP,
        /** TIFF, both byte orders; the first picture of the file. */
        TIFF,
        /** Windows bitmap. */
        BMP,
        /** GIF, first frame. */
        GIF,
        /** JPEG 2000, JP2 files and bare codestreams. */
        JPEG2000,
        /** Portable graymap and pixmap, binary (P5, P6): how classic benchmarks are distributed. */
        PNM
    }

    /** Checks the sizes. */
    public ImageHeader {
        requireNonNull(format, "format");
        requireNonNull(orientation, "orientation");
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("width and height must be at least 1, got " + width + " x " + height);
        }
    }

    /**
     * Reads the header. Nothing is allocated by sizes that the file claims, and time is linear in its length.
     *
     * @param bytes the whole file
     * @return what it says
     * @throws ImageFormatException if this is no picture of a known format, or its structure shows that it is truncated
     *     or damaged; the message says which: {@code empty file}, {@code not an image of a known format},
     *     {@code truncated JPEG}
     */
    public static ImageHeader read(byte[] bytes) throws ImageFormatException {
        HeaderBytes start = new HeaderBytes(bytes, "file");
        if (bytes.length == 0) {
            throw new ImageFormatException("empty file");
        } else if (start.matches(0, "\u00ff\u00d8\u00ff")) {
            return JpegHeader.read(new HeaderBytes(bytes, "JPEG"));
        } else if (start.matches(0, PngHeader.SIGNATURE)) {
            return PngHeader.read(new HeaderBytes(bytes, "PNG"));
        } else if (start.matches(0, "RIFF") && start.matches(8, "WEBP")) {
            return WebpHeader.read(new HeaderBytes(bytes, "WebP"));
        } else if (start.matches(0, "II*\0") || start.matches(0, "MM\0*")) {
            return TiffHeader.read(new HeaderBytes(bytes, "TIFF"));
        } else if (start.matches(0, "BM")) {
            return SimpleHeaders.readBmp(new HeaderBytes(bytes, "BMP"));
        } else if (start.matches(0, "GIF87a") || start.matches(0, "GIF89a")) {
            return SimpleHeaders.readGif(new HeaderBytes(bytes, "GIF"));
        } else if (start.matches(0, Jpeg2000Header.BOX_SIGNATURE) || start.matches(0, Jpeg2000Header.STREAM_START)) {
            return Jpeg2000Header.read(new HeaderBytes(bytes, "JPEG 2000"));
        } else if (SimpleHeaders.isPnm(start)) {
            return SimpleHeaders.readPnm(new HeaderBytes(bytes, "PNM"));
        }
        throw new ImageFormatException(reasonForUnknown(start));
    }

    // What telephones write is refused by name: "not an image" would be a riddle to its owner.
    private static String reasonForUnknown(HeaderBytes start) {
        if (start.matches(4, "ftyp")) {
            for (String brand : new String[] {"heic", "heix", "heim", "mif1", "msf1"}) {
                if (start.matches(8, brand)) {
                    return "HEIF is not a supported format";
                }
            }
            if (start.matches(8, "avif") || start.matches(8, "avis")) {
                return "AVIF is not a supported format";
            }
        }
        if (start.matches(0, "II+\0") || start.matches(0, "MM\0+")) {
            return "BigTIFF is not a supported format";
        }
        // Too short to tell: the first bytes of a signature and no more.
        return "not an image of a known format";
    }
}
