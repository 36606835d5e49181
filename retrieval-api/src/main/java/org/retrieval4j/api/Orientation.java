package org.retrieval4j.api;

/**
 * EXIF orientation: how the stored picture must be turned to stand upright.
 *
 * <p>Extractors look at the upright picture; keypoints are kept in stored pixels. Both directions of the mapping are
 * here, in continuous coordinates with the center of the first pixel at (0.5, 0.5). The names say where the
 * <em>upright</em> picture's first row and first column lie in the stored one, as in the EXIF standard's figure.
 */
public enum Orientation {
    /** EXIF 1: stored upright. */
    UPRIGHT(1, false, false, false),
    /** EXIF 2: mirrored left to right. */
    MIRRORED(2, false, true, false),
    /** EXIF 3: turned by 180 degrees. */
    TURNED_180(3, false, true, true),
    /** EXIF 4: mirrored top to bottom. */
    FLIPPED(4, false, false, true),
    /** EXIF 5: mirrored on the main diagonal. */
    TRANSPOSED(5, true, false, false),
    /** EXIF 6: to be turned by 90 degrees clockwise. */
    CLOCKWISE_90(6, true, false, true),
    /** EXIF 7: mirrored on the other diagonal. */
    TRANSVERSED(7, true, true, true),
    /** EXIF 8: to be turned by 90 degrees counter-clockwise. */
    COUNTER_CLOCKWISE_90(8, true, true, false);

    private final int exif;
    private final boolean swap;
    private final boolean reverseX;
    private final boolean reverseY;

    // Upright (u, v) comes from stored (x, y): x' = reverseX ? w - x : x, y' likewise, then swapped if swap.
    Orientation(int exif, boolean swap, boolean reverseX, boolean reverseY) {
        this.exif = exif;
        this.swap = swap;
        this.reverseX = reverseX;
        this.reverseY = reverseY;
    }

    /**
     * The orientation of an EXIF value; values outside 1 to 8 count as upright, as every viewer does.
     *
     * @param value value of EXIF tag 0x0112
     * @return the orientation
     */
    public static Orientation ofExif(int value) {
        return value >= 1 && value <= 8 ? values()[value - 1] : UPRIGHT;
    }

    /**
     * The value of EXIF tag 0x0112.
     *
     * @return 1 to 8
     */
    public int exif() {
        return exif;
    }

    /**
     * Tells whether width and height change places in the upright picture.
     *
     * @return true for the four that turn by a quarter
     */
    public boolean swapsSides() {
        return swap;
    }

    /**
     * Tells whether the stored picture is a mirror image of the upright one.
     *
     * @return true for EXIF 2, 4, 5, 7
     */
    public boolean mirrors() {
        return swap ^ reverseX ^ reverseY;
    }

    /**
     * Width of the upright picture.
     *
     * @param width stored width
     * @param height stored height
     * @return the upright width
     */
    public int uprightWidth(int width, int height) {
        return swap ? height : width;
    }

    /**
     * Height of the upright picture.
     *
     * @param width stored width
     * @param height stored height
     * @return the upright height
     */
    public int uprightHeight(int width, int height) {
        return swap ? width : height;
    }

    /**
     * Upright x of a stored point.
     *
     * @param x stored x
     * @param y stored y
     * @param width stored width
     * @param height stored height
     * @return the upright x
     */
    public double uprightX(double x, double y, double width, double height) {
        return swap ? (reverseY ? height - y : y) : (reverseX ? width - x : x);
    }

    /**
     * Upright y of a stored point.
     *
     * @param x stored x
     * @param y stored y
     * @param width stored width
     * @param height stored height
     * @return the upright y
     */
    public double uprightY(double x, double y, double width, double height) {
        return swap ? (reverseX ? width - x : x) : (reverseY ? height - y : y);
    }

    /**
     * Stored x of an upright point.
     *
     * @param u upright x
     * @param v upright y
     * @param width stored width
     * @param height stored height
     * @return the stored x
     */
    public double storedX(double u, double v, double width, double height) {
        double x = swap ? v : u;
        return reverseX ? width - x : x;
    }

    /**
     * Stored y of an upright point.
     *
     * @param u upright x
     * @param v upright y
     * @param width stored width
     * @param height stored height
     * @return the stored y
     */
    public double storedY(double u, double v, double width, double height) {
        double y = swap ? u : v;
        return reverseY ? height - y : y;
    }

    /**
     * Direction in the stored picture of a direction in the upright one. Angles are in degrees from the x axis towards
     * the y axis (clockwise as seen, since y points down).
     *
     * @param degrees upright direction
     * @return stored direction, in [0, 360)
     */
    public double storedAngle(double degrees) {
        double stored = swap ? 90 - degrees : degrees; // swapping x and y mirrors on the diagonal
        if (reverseX) {
            stored = 180 - stored;
        }
        if (reverseY) {
            stored = -stored;
        }
        return wrapped(stored);
    }

    /**
     * Direction in the upright picture of a direction in the stored one; the inverse of {@link #storedAngle}.
     *
     * @param degrees stored direction
     * @return upright direction, in [0, 360)
     */
    public double uprightAngle(double degrees) {
        double upright = degrees;
        if (reverseY) {
            upright = -upright;
        }
        if (reverseX) {
            upright = 180 - upright;
        }
        if (swap) {
            upright = 90 - upright;
        }
        return wrapped(upright);
    }

    /** Degrees in [0, 360). */
    static double wrapped(double degrees) {
        double rest = degrees % 360;
        double wrapped = rest < 0 ? rest + 360 : rest;
        return wrapped < 360 ? wrapped : wrapped - 360; // a rest of -1e-20 and 360 are 360
    }
}
