package org.retrieval4j.onnx;

/**
 * Where a part of an upright picture lies in a network's input, and the way between the two in continuous coordinates
 * (center of the first pixel at 0.5, 0.5).
 *
 * @param width of the input in pixels
 * @param height of the input in pixels
 * @param left first column that shows the picture
 * @param top first row that shows the picture
 * @param insideWidth columns that show the picture, at least 1
 * @param insideHeight rows that show the picture, at least 1
 * @param part what is shown there
 */
public record Placement(int width, int height, int left, int top, int insideWidth, int insideHeight, Part part) {
    /**
     * A part of the upright picture, in its pixels.
     *
     * @param x left side
     * @param y top side
     * @param width more than 0
     * @param height more than 0
     */
    public record Part(double x, double y, double width, double height) {}

    /**
     * The whole picture over the whole input.
     *
     * @param width of the input
     * @param height of the input
     * @param pictureWidth of the upright picture
     * @param pictureHeight of the upright picture
     * @return the placement
     */
    public static Placement squash(int width, int height, int pictureWidth, int pictureHeight) {
        return new Placement(width, height, 0, 0, width, height, new Part(0, 0, pictureWidth, pictureHeight));
    }

    /**
     * From the input to the picture.
     *
     * @param x in the input
     * @return x in the upright picture
     */
    public double uprightX(double x) {
        return part.x + (x - left) * part.width / insideWidth;
    }

    /**
     * From the input to the picture.
     *
     * @param y in the input
     * @return y in the upright picture
     */
    public double uprightY(double y) {
        return part.y + (y - top) * part.height / insideHeight;
    }

    /**
     * From the picture to the input.
     *
     * @param x in the upright picture
     * @return x in the input
     */
    public double inputX(double x) {
        return left + (x - part.x) * insideWidth / part.width;
    }

    /**
     * From the picture to the input.
     *
     * @param y in the upright picture
     * @return y in the input
     */
    public double inputY(double y) {
        return top + (y - part.y) * insideHeight / part.height;
    }
}
