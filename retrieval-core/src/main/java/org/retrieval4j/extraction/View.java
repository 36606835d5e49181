package org.retrieval4j.extraction;

import org.retrieval4j.api.Image;

/**
 * A part of an upright picture in a size of its own, and the way back to the picture in continuous coordinates (center of
 * the first pixel at 0.5, 0.5).
 *
 * @param left side of the part in pixels of the upright picture
 * @param top side of the part
 * @param width of the part
 * @param height of the part
 * @param columns width that it is seen in
 * @param rows height that it is seen in
 */
record View(int left, int top, int width, int height, int columns, int rows) {
    static View whole(int width, int height) {
        return new View(0, 0, width, height, width, height);
    }

    /** Tells whether this is the picture as it is. */
    boolean isWhole(int pictureWidth, int pictureHeight) {
        return equals(whole(pictureWidth, pictureHeight));
    }

    /** The view as a picture. */
    Image of(Image upright) {
        boolean all = width == upright.width() && height == upright.height();
        Image part = all ? upright : upright.crop(left, top, width, height);
        return part.resized(columns, rows);
    }

    double uprightX(double x) {
        return left + x * width / columns;
    }

    double uprightY(double y) {
        return top + y * height / rows;
    }

    /** Pixels of the picture that a pixel of the view is, along a side. */
    double pixelSize() {
        return Math.sqrt((double) width / columns * height / rows);
    }
}
