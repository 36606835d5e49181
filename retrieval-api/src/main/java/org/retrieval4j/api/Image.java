package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

/**
 * A decoded photograph: interleaved 8-bit RGB <em>as stored</em>, its EXIF orientation beside it.
 *
 * <p>Immutable by contract: the array is neither copied nor written to.
 *
 * @param width stored width in pixels, at least 1
 * @param height stored height in pixels, at least 1
 * @param rgb {@code 3 * width * height} bytes: red, green, blue of the first pixel of the first row, and so on
 * @param orientation how to turn the picture so that it stands upright
 */
public record Image(int width, int height, byte[] rgb, Orientation orientation) {
    // parts are computed: their sides may end this far outside
    private static final double ROUNDING = 1e-6;

    /** Checks that the array has the size which width and height say. */
    public Image {
        requireNonNull(rgb, "rgb");
        requireNonNull(orientation, "orientation");
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("width and height must be at least 1, got " + width + " x " + height);
        }
        if (rgb.length != 3L * width * height) {
            throw new IllegalArgumentException("rgb of a picture of " + width + " x " + height + " must have "
                    + 3L * width * height + " bytes, got " + rgb.length);
        }
    }

    /**
     * The picture turned upright; this object if it stands upright already.
     *
     * @return the upright picture, its orientation {@link Orientation#UPRIGHT}
     */
    public Image upright() {
        if (orientation == Orientation.UPRIGHT) {
            return this;
        }
        int uprightWidth = orientation.uprightWidth(width, height);
        int uprightHeight = orientation.uprightHeight(width, height);
        // Stored position is affine in the upright one: one start and two steps, in pixels.
        int startX = (int) orientation.storedX(0.5, 0.5, width, height);
        int startY = (int) orientation.storedY(0.5, 0.5, width, height);
        int start = startY * width + startX;
        int stepU = uprightWidth == 1 ? 0 : offsetOf(1.5, 0.5) - start;
        int stepV = uprightHeight == 1 ? 0 : offsetOf(0.5, 1.5) - start;
        byte[] turned = new byte[rgb.length];
        for (int v = 0, to = 0; v < uprightHeight; v++) {
            int from = 3 * (start + v * stepV);
            for (int u = 0; u < uprightWidth; u++, to += 3, from += 3 * stepU) {
                turned[to] = rgb[from];
                turned[to + 1] = rgb[from + 1];
                turned[to + 2] = rgb[from + 2];
            }
        }
        return new Image(uprightWidth, uprightHeight, turned, Orientation.UPRIGHT);
    }

    private int offsetOf(double u, double v) {
        return (int) orientation.storedY(u, v, width, height) * width + (int) orientation.storedX(u, v, width, height);
    }

    /**
     * A part of the upright picture, as an upright picture of its own: how a query is cropped.
     *
     * @param x left side in upright pixels
     * @param y top side in upright pixels
     * @param cropWidth width, at least 1
     * @param cropHeight height, at least 1
     * @return the part
     * @throws IllegalArgumentException if it is not inside the picture
     */
    public Image crop(int x, int y, int cropWidth, int cropHeight) {
        Image source = upright();
        if (x < 0
                || y < 0
                || cropWidth < 1
                || cropHeight < 1
                || (long) x + cropWidth > source.width
                || (long) y + cropHeight > source.height) {
            throw new IllegalArgumentException("a crop of " + x + "," + y + "," + cropWidth + "," + cropHeight
                    + " is not inside a picture of " + source.width + " x " + source.height);
        }
        byte[] part = new byte[3 * cropWidth * cropHeight];
        for (int row = 0; row < cropHeight; row++) {
            System.arraycopy(source.rgb, 3 * ((y + row) * source.width + x), part, 3 * row * cropWidth, 3 * cropWidth);
        }
        return new Image(cropWidth, cropHeight, part, Orientation.UPRIGHT);
    }

    /**
     * A part of the upright picture, scaled. Bilinear where it is enlarged, and where it is shrunk with the triangle
     * widened by the factor, so that every pixel counts and fine texture does not alias: Pillow's {@code BILINEAR},
     * torchvision's {@code antialias=True}.
     *
     * @param x left side in upright pixels, need not be whole
     * @param y top side in upright pixels
     * @param partWidth width in upright pixels, above 0
     * @param partHeight height in upright pixels, above 0
     * @param columns width that it is scaled to, at least 1
     * @param rows height that it is scaled to, at least 1
     * @return {@code 3 * columns * rows} values from 0 to 255, interleaved red, green, blue
     * @throws IllegalArgumentException if the part is not inside the picture
     */
    public float[] resampled(double x, double y, double partWidth, double partHeight, int columns, int rows) {
        Image source = upright();
        boolean inside = x >= 0
                && y >= 0
                && partWidth > 0
                && partHeight > 0
                && x + partWidth <= source.width + ROUNDING
                && y + partHeight <= source.height + ROUNDING;
        if (!inside) {
            throw new IllegalArgumentException("a part of " + x + "," + y + "," + partWidth + "," + partHeight
                    + " is not inside a picture of " + source.width + " x " + source.height);
        }
        if (columns < 1 || rows < 1) {
            throw new IllegalArgumentException("columns and rows must be at least 1, got " + columns + " x " + rows);
        }
        return Resampler.resample(source, x, y, partWidth, partHeight, columns, rows);
    }

    /**
     * The upright picture in another size, by the filter of {@link #resampled}, rounded to 8 bits.
     *
     * @param columns width, at least 1
     * @param rows height, at least 1
     * @return an upright picture
     */
    public Image resized(int columns, int rows) {
        Image source = upright();
        if (columns == source.width && rows == source.height) {
            return source;
        }
        float[] values = source.resampled(0, 0, source.width, source.height, columns, rows);
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Math.round(values[i]);
        }
        return new Image(columns, rows, bytes, Orientation.UPRIGHT);
    }

    @Override
    public String toString() {
        return "Image[" + width + " x " + height + ", " + orientation + "]";
    }
}
