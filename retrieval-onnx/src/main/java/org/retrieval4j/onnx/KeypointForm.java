package org.retrieval4j.onnx;

import static java.util.Objects.requireNonNull;

/**
 * How a network writes the place of a keypoint.
 *
 * @param units what 1 means
 * @param firstPixelCenter where the network counts the center of its input's first pixel: 0 if a place is an index of a
 *     pixel, 0.5 if it is a continuous coordinate from the corner
 * @param yFirst whether y stands before x
 */
public record KeypointForm(Units units, double firstPixelCenter, boolean yFirst) {
    /** What a coordinate of 1 means, in an input of W x H pixels. */
    public enum Units {
        /** One pixel of the input. */
        PIXELS,
        /** The whole width for x, the whole height for y: 0 to 1. */
        UNIT,
        /** Half the width for x, half the height for y, from the center: −1 to 1. */
        CENTERED,
        /** Half the longer side for both, from the center: (x − W/2) / (max(W, H)/2), as LightGlue has it. */
        CENTERED_LONGER
    }

    /** Checks the convention. */
    public KeypointForm {
        requireNonNull(units, "units");
        if (firstPixelCenter != 0 && firstPixelCenter != 0.5) {
            throw new IllegalArgumentException("first-pixel-center must be 0 or 0.5, got " + firstPixelCenter);
        }
    }

    /**
     * A coordinate in pixels of the input, center of the first at 0.5.
     *
     * @param value as the network writes it
     * @param side width for x, height for y
     * @param longer the larger of width and height
     * @return the coordinate in pixels
     */
    double toPixels(double value, int side, int longer) {
        double pixels =
                switch (units) {
                    case PIXELS -> value;
                    case UNIT -> value * side;
                    case CENTERED -> (value + 1) * side / 2;
                    case CENTERED_LONGER -> value * longer / 2 + side / 2.0;
                };
        return pixels + 0.5 - firstPixelCenter;
    }

    /**
     * The inverse of {@link #toPixels}.
     *
     * @param pixels coordinate in pixels, center of the first at 0.5
     * @param side width for x, height for y
     * @param longer the larger of width and height
     * @return as the network reads it
     */
    double ofPixels(double pixels, int side, int longer) {
        double value = pixels - 0.5 + firstPixelCenter;
        return switch (units) {
            case PIXELS -> value;
            case UNIT -> value / side;
            case CENTERED -> 2 * value / side - 1;
            case CENTERED_LONGER -> (value - side / 2.0) / (longer / 2.0);
        };
    }
}
