package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

/**
 * Places in a picture: n rows of x, y, scale, orientation, score; always these five.
 *
 * @param values n x 5: x and y in stored pixels of the original picture (center of the first pixel at 0.5, 0.5); scale:
 *     diameter in pixels, 0 if the detector has none; orientation: degrees in [0, 360) from the x axis towards the y
 *     axis of the stored picture, of detectors without one that of the upright picture's x axis; score: the detector's response, larger is better
 */
public record Keypoints(FloatMatrix values) {
    /** Number of columns. */
    public static final int COLUMNS = 5;

    /** Checks the number of columns and that all values are finite. */
    public Keypoints {
        requireNonNull(values, "values");
        if (values.columns() != COLUMNS) {
            throw new IllegalArgumentException("keypoints must have " + COLUMNS + " columns, got " + values.columns());
        }
        if (!values.isFinite()) {
            throw new IllegalArgumentException("keypoints must be finite");
        }
    }

    /**
     * A direction as keypoints have it.
     *
     * @param degrees any
     * @return in [0, 360); not a number for what is not finite
     */
    public static float direction(double degrees) {
        float rounded = (float) Orientation.wrapped(degrees);
        return rounded == 360 ? 0 : rounded;
    }

    /**
     * Number of keypoints.
     *
     * @return n
     */
    public int size() {
        return values.rows();
    }

    /**
     * Horizontal position in stored pixels.
     *
     * @param index keypoint, from 0
     * @return x
     */
    public float x(int index) {
        return values.get(index, 0);
    }

    /**
     * Vertical position in stored pixels.
     *
     * @param index keypoint, from 0
     * @return y
     */
    public float y(int index) {
        return values.get(index, 1);
    }

    /**
     * Diameter in pixels.
     *
     * @param index keypoint, from 0
     * @return scale, 0 if the detector has none
     */
    public float scale(int index) {
        return values.get(index, 2);
    }

    /**
     * Direction in degrees.
     *
     * @param index keypoint, from 0
     * @return orientation in the stored picture
     */
    public float orientation(int index) {
        return values.get(index, 3);
    }

    /**
     * The detector's response.
     *
     * @param index keypoint, from 0
     * @return score, larger is better
     */
    public float score(int index) {
        return values.get(index, 4);
    }
}
