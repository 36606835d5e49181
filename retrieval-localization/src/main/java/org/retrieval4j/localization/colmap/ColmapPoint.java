package org.retrieval4j.localization.colmap;

/**
 * A 3D point of a COLMAP model. The array is not copied: nobody changes it.
 *
 * @param id its number
 * @param x place in the world
 * @param y second coordinate
 * @param z third coordinate
 * @param red 0 to 255
 * @param green 0 to 255
 * @param blue 0 to 255
 * @param error mean distance in pixels between its projections and its 2D points; −1 if not known
 * @param track number of an image and index of a 2D point there, for each observation
 */
public record ColmapPoint(
        long id, double x, double y, double z, int red, int green, int blue, double error, int[] track) {
    /** Checks numbers and length. */
    public ColmapPoint {
        if (!Double.isFinite(x + y + z)) {
            throw new IllegalArgumentException("a 3D point must be finite, got " + x + " " + y + " " + z);
        }
        if ((red | green | blue) < 0 || red > 255 || green > 255 || blue > 255) {
            throw new IllegalArgumentException("a color must be of 0 to 255, got " + red + " " + green + " " + blue);
        }
        if (track.length % 2 != 0) {
            throw new IllegalArgumentException("a track must be of pairs, got " + track.length + " numbers");
        }
    }

    /**
     * How many images observe it.
     *
     * @return the length of the track
     */
    public int observations() {
        return track.length / 2;
    }
}
