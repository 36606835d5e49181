package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * What an {@link Extractor} found in one picture: keypoints with one descriptor each. A feature map is a grid of
 * keypoints. A picture without features is a value with zero rows.
 *
 * @param width stored width of the picture in pixels
 * @param height stored height of the picture in pixels
 * @param orientation EXIF orientation of the picture
 * @param keypoints n keypoints, in stored pixels
 * @param descriptors n x d, finite
 * @param grid the shape, if the keypoints are the cells of a feature map
 */
public record ImageFeatures(
        int width,
        int height,
        Orientation orientation,
        Keypoints keypoints,
        FloatMatrix descriptors,
        Optional<Grid> grid) {
    /** Checks that the parts fit each other. */
    public ImageFeatures {
        requireNonNull(orientation, "orientation");
        requireNonNull(keypoints, "keypoints");
        requireNonNull(descriptors, "descriptors");
        requireNonNull(grid, "grid");
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("width and height must be at least 1, got " + width + " x " + height);
        }
        if (keypoints.size() != descriptors.rows()) {
            throw new IllegalArgumentException("there must be one descriptor a keypoint, got " + descriptors.rows()
                    + " descriptors for " + keypoints.size() + " keypoints");
        }
        if (grid.isPresent() && (long) grid.get().rows() * grid.get().columns() != keypoints.size()) {
            throw new IllegalArgumentException("a grid of " + grid.get().rows() + " x "
                    + grid.get().columns() + " must have as many keypoints, got " + keypoints.size());
        }
        if (!descriptors.isFinite()) {
            throw new IllegalArgumentException("descriptors must be finite, got " + firstNotFinite(descriptors));
        }
    }

    private static String firstNotFinite(FloatMatrix descriptors) {
        for (int i = 0; i < descriptors.rows(); i++) {
            for (int j = 0; j < descriptors.columns(); j++) {
                if (!Float.isFinite(descriptors.get(i, j))) {
                    return descriptors.get(i, j) + " as value " + j + " of descriptor " + i;
                }
            }
        }
        throw new IllegalStateException("all are finite");
    }

    /**
     * Sparse features of an upright picture.
     *
     * @param width width in pixels
     * @param height height in pixels
     * @param keypoints n keypoints
     * @param descriptors n x d
     */
    public ImageFeatures(int width, int height, Keypoints keypoints, FloatMatrix descriptors) {
        this(width, height, Orientation.UPRIGHT, keypoints, descriptors, Optional.empty());
    }

    /**
     * Descriptors whose places are unknown, as they come from an array file: all keypoints at the center of a picture
     * of 1 x 1 pixel.
     *
     * @param descriptors n x d
     * @return the features
     */
    public static ImageFeatures ofDescriptors(FloatMatrix descriptors) {
        float[] places = new float[Math.multiplyExact(descriptors.rows(), Keypoints.COLUMNS)];
        for (int i = 0; i < descriptors.rows(); i++) {
            places[Keypoints.COLUMNS * i] = 0.5f;
            places[Keypoints.COLUMNS * i + 1] = 0.5f;
        }
        FloatMatrix values = FloatMatrix.of(descriptors.rows(), Keypoints.COLUMNS, places);
        return new ImageFeatures(1, 1, new Keypoints(values), descriptors);
    }

    /**
     * A feature map whose picture is unknown, as it comes from an array file: that of an upright picture with one pixel a
     * cell.
     *
     * @param grid its shape
     * @param descriptors one a cell, row by row
     * @return the features
     */
    public static ImageFeatures ofMap(Grid grid, FloatMatrix descriptors) {
        float[] places = new float[Math.multiplyExact(descriptors.rows(), Keypoints.COLUMNS)];
        for (int i = 0; i < descriptors.rows(); i++) {
            places[Keypoints.COLUMNS * i] = i % grid.columns() + 0.5f;
            places[Keypoints.COLUMNS * i + 1] = i / grid.columns() + 0.5f;
            places[Keypoints.COLUMNS * i + 2] = 1;
        }
        FloatMatrix values = FloatMatrix.of(descriptors.rows(), Keypoints.COLUMNS, places);
        return new ImageFeatures(
                grid.columns(),
                grid.rows(),
                Orientation.UPRIGHT,
                new Keypoints(values),
                descriptors,
                Optional.of(grid));
    }

    /**
     * Number of features.
     *
     * @return n
     */
    public int size() {
        return keypoints.size();
    }

    /**
     * Chosen features, in the order given; no longer a grid.
     *
     * @param indices features, from 0
     * @return a copy
     */
    public ImageFeatures select(int[] indices) {
        return new ImageFeatures(
                width,
                height,
                orientation,
                new Keypoints(keypoints.values().select(indices)),
                descriptors.select(indices),
                Optional.empty());
    }
}
