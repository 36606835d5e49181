package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

/**
 * What the first bytes of a picture file say, read in Java before any native decoder sees them.
 *
 * @param format the format, by content and not by the file's ending
 * @param width stored width, at least 1
 * @param height stored height, at least 1
 * @param orientation EXIF orientation, upright if there is none
 */
public record ImageHeader(Format format, int width, int height, Orientation orientation) {
    /** The formats that are recognized. */
    public enum Format {
        /** JPEG, baseline and progressive. */
        JPEG,
        /** PNG. */
        PNG,
        /** WebP, lossy, lossless and extended. */
        WEBP,
        /** TIFF, both byte orders. */
        TIFF,
        /** Windows bitmap. */
        BMP,
        /** GIF, first frame. */
        GIF,
        /** JPEG 2000. */
        JPEG2000
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
     * Reads the header.
     *
     * @param bytes the whole file
     * @return what it says
     * @throws ImageFormatException if this is no picture of a known format, or its structure shows that it is truncated
     */
    public static ImageHeader read(byte[] bytes) throws ImageFormatException {
        throw new ImageFormatException("not an image of a known format");
    }
}
