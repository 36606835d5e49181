package org.retrieval4j.localization.camera;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A camera's calibration. Its frame has x to the right, y downwards and z forwards; pixels have the center of the first
 * one at (0.5, 0.5), as in COLMAP. Immutable and thread-safe.
 */
public final class Camera {
    private static final Pattern SPACE = Pattern.compile("\\s+");

    private final CameraModel model;
    private final int width;
    private final int height;
    private final double[] parameters;

    // places are scaled by these and moved by the center
    private final double fx;
    private final double fy;
    private final double cx;
    private final double cy;
    private final int lensFrom;

    /**
     * A camera.
     *
     * @param model how it projects
     * @param width of its pictures in pixels
     * @param height of its pictures in pixels
     * @param parameters the model's, in its order
     * @throws IllegalArgumentException if a size is not positive, the number of parameters is wrong, one is not finite, or
     *     a focal length is not positive
     */
    public Camera(CameraModel model, int width, int height, double... parameters) {
        this.model = requireNonNull(model, "model");
        this.width = width;
        this.height = height;
        this.parameters = parameters.clone();
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("a camera's size must be at least 1 x 1, got " + width + " x " + height);
        }
        if (parameters.length != model.parameters().size()) {
            throw new IllegalArgumentException(model + " must have "
                    + model.parameters().size() + " parameters " + model.parameters() + ", got " + parameters.length);
        }
        int focals = model.focalLengths();
        for (int i = 0; i < parameters.length; i++) {
            boolean positive = i < focals || focals == 0;
            if (!Double.isFinite(parameters[i]) || positive && parameters[i] <= 0) {
                throw new IllegalArgumentException(
                        model + ": " + model.parameters().get(i) + " must be " + (positive ? "positive" : "finite")
                                + ", got " + parameters[i]);
            }
        }
        fx = focals == 0 ? 1 : parameters[0];
        fy = focals == 0 ? 1 : parameters[focals - 1];
        cx = focals == 0 ? 0 : parameters[focals];
        cy = focals == 0 ? 0 : parameters[focals + 1];
        lensFrom = focals == 0 ? 0 : focals + 2;
    }

    /**
     * Reads {@code MODEL width height params…}, as COLMAP's cameras.txt has them after the id.
     *
     * @param text fields divided by white space
     * @return the camera
     * @throws IllegalArgumentException if it is none; the message says why
     */
    public static Camera parse(String text) {
        String[] fields = SPACE.split(text.strip());
        if (fields.length < 3) {
            throw new IllegalArgumentException(
                    "a camera must be \"MODEL width height params...\", got \"" + text + "\"");
        }
        CameraModel model = CameraModel.ofName(fields[0]);
        double[] parameters = new double[fields.length - 3];
        try {
            for (int i = 0; i < parameters.length; i++) {
                parameters[i] = Double.parseDouble(fields[3 + i]);
            }
            return new Camera(model, Integer.parseInt(fields[1]), Integer.parseInt(fields[2]), parameters);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "a camera must be \"MODEL width height params...\", got \"" + text + "\"", e);
        }
    }

    /**
     * How it projects.
     *
     * @return the model
     */
    public CameraModel model() {
        return model;
    }

    /**
     * Width of its pictures.
     *
     * @return pixels
     */
    public int width() {
        return width;
    }

    /**
     * Height of its pictures.
     *
     * @return pixels
     */
    public int height() {
        return height;
    }

    /**
     * The model's parameters.
     *
     * @return a copy, in the model's order
     */
    public double[] parameters() {
        return parameters.clone();
    }

    /**
     * The mean of the focal lengths, in pixels: what an angle near the axis is multiplied with.
     *
     * @return the focal length; for EQUIRECTANGULAR the pixels of a radian
     */
    public double focalLength() {
        return model.focalLengths() == 0
                ? (parameters[0] / (2 * Math.PI) + parameters[1] / Math.PI) / 2
                : (fx + fy) / 2;
    }

    /**
     * Where a point appears. Allocates nothing.
     *
     * @param x to the right, in the camera's frame
     * @param y downwards
     * @param z forwards
     * @param pixel written: two coordinates; they may lie outside the picture
     * @return false if the point has no image: it lies behind the camera, or where the model does not reach; then the
     *     pixel means nothing
     */
    public boolean project(double x, double y, double z, double[] pixel) {
        return project(x, y, z, pixel, null, null);
    }

    /**
     * Where a point appears, with derivatives.
     *
     * @param x to the right, in the camera's frame
     * @param y downwards
     * @param z forwards
     * @param pixel written: two coordinates
     * @param byPoint null, or written: derivatives of the pixel by the point, 2 x 3, row after row
     * @param byParameters null, or written: derivatives of the pixel by the parameters, 2 x their number
     * @return false if the point has no image
     */
    public boolean project(
            double x,
            double y,
            double z,
            double[] pixel,
            double @Nullable [] byPoint,
            double @Nullable [] byParameters) {
        if (!model.lens().project(parameters, lensFrom, x, y, z, pixel, byPoint, byParameters)) {
            return false;
        }
        if (byParameters != null && lensFrom > 0) {
            int n = parameters.length;
            for (int i = lensFrom; i < n; i++) {
                byParameters[i] *= fx;
                byParameters[n + i] *= fy;
            }
            Arrays.fill(byParameters, 0, lensFrom, 0);
            Arrays.fill(byParameters, n, n + lensFrom, 0);
            byParameters[0] = pixel[0];
            byParameters[n + lensFrom - 3] = pixel[1];
            byParameters[lensFrom - 2] = 1;
            byParameters[n + lensFrom - 1] = 1;
        }
        pixel[0] = fx * pixel[0] + cx;
        pixel[1] = fy * pixel[1] + cy;
        if (byPoint != null) {
            for (int i = 0; i < 3; i++) {
                byPoint[i] *= fx;
                byPoint[3 + i] *= fy;
            }
        }
        return Double.isFinite(pixel[0] + pixel[1]);
    }

    /**
     * The direction that appears at a pixel: inverse of {@link #project(double, double, double, double[])}, to about 1e-12
     * where the model's inverse is iterative.
     *
     * @param px first coordinate
     * @param py second coordinate
     * @param ray written: three coordinates, length 1
     * @return false if no direction appears there
     */
    public boolean unproject(double px, double py, double[] ray) {
        if (!model.lens().unproject(parameters, lensFrom, (px - cx) / fx, (py - cy) / fy, ray)) {
            return false;
        }
        double length = Math.sqrt(ray[0] * ray[0] + ray[1] * ray[1] + ray[2] * ray[2]);
        ray[0] /= length;
        ray[1] /= length;
        ray[2] /= length;
        return Double.isFinite(length);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Camera camera
                && model == camera.model
                && width == camera.width
                && height == camera.height
                && Arrays.equals(parameters, camera.parameters);
    }

    @Override
    public int hashCode() {
        return Objects.hash(model, width, height, Arrays.hashCode(parameters));
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        StringJoiner text = new StringJoiner(" ");
        text.add(model.name()).add(Integer.toString(width)).add(Integer.toString(height));
        for (double parameter : parameters) {
            text.add(Double.toString(parameter));
        }
        return text.toString();
    }
}
