package org.retrieval4j.api;

/**
 * What a picture file may be, checked before memory is taken.
 *
 * @param maxPixels width times height; the default is 100 million
 * @param maxBytes size of the file; the default is 512 MiB
 * @param allowUncommonFormats also TIFF, BMP, GIF and JPEG 2000, whose decoders are attacked more often; off by default
 */
public record ImageLimits(long maxPixels, long maxBytes, boolean allowUncommonFormats) {
    /** Checks the bounds. */
    public ImageLimits {
        if (maxPixels < 1 || maxPixels > Integer.MAX_VALUE / 3) {
            throw new IllegalArgumentException(
                    "maxPixels must be 1 to " + Integer.MAX_VALUE / 3 + ", got " + maxPixels);
        }
        if (maxBytes < 1 || maxBytes > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                    "maxBytes must be 1 to " + (Integer.MAX_VALUE - 8) + ", got " + maxBytes);
        }
    }

    /**
     * 100 megapixels, 512 MiB, JPEG, PNG and WebP.
     *
     * @return the defaults
     */
    public static ImageLimits defaults() {
        return new ImageLimits(100_000_000, 512L << 20, false);
    }

    /**
     * With another number of pixels.
     *
     * @param pixels the bound
     * @return the changed limits
     */
    public ImageLimits withMaxPixels(long pixels) {
        return new ImageLimits(pixels, maxBytes, allowUncommonFormats);
    }

    /**
     * With or without uncommon formats.
     *
     * @param allow whether they are read
     * @return the changed limits
     */
    public ImageLimits withUncommonFormats(boolean allow) {
        return new ImageLimits(maxPixels, maxBytes, allow);
    }
}
