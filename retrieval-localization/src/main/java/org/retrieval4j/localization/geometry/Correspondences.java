package org.retrieval4j.localization.geometry;

import java.util.Optional;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Orientation;

/**
 * Matches as plain arrays, in the <em>upright</em> pictures and in normalized units: the origin is the picture's center
 * and one unit is {@value #UNIT} reference pixels, so that coordinates range over about −1 to 1. A reference pixel is a
 * pixel of the picture shrunk to a longer side of {@value #REFERENCE_SIDE}; pictures that are smaller are taken as they
 * are. This is how an error in pixels means the same for photographs of 640 and of 4,000 pixels: keypoints are found in
 * shrunken pictures, and their noise is a part of a pixel of those.
 */
final class Correspondences {
    /** Longer side, in pixels, of the pictures in which errors are counted. */
    static final int REFERENCE_SIDE = 1024;

    /** Reference pixels in a normalized unit. */
    static final int UNIT = 512;

    private final double[] x1;
    private final double[] y1;
    private final double[] x2;
    private final double[] y2;
    private final Optional<Frames> frames;

    Correspondences(double[] x1, double[] y1, double[] x2, double[] y2, Optional<Frames> frames) {
        this.x1 = x1;
        this.y1 = y1;
        this.x2 = x2;
        this.y2 = y2;
        this.frames = frames;
    }

    /**
     * What keypoints tell beside their places, one value a match.
     *
     * @param cosine1 direction in the first picture
     * @param sine1 direction in the first picture
     * @param cosine2 direction in the second picture
     * @param sine2 direction in the second picture
     * @param zoom scale in the second picture by that in the first, both in normalized units
     */
    record Frames(double[] cosine1, double[] sine1, double[] cosine2, double[] sine2, double[] zoom) {}

    /** Chosen matches of two pictures, in the order given. */
    static Correspondences of(ImageFeatures query, ImageFeatures candidate, Matches matches, int[] chosen) {
        int n = chosen.length;
        double[][] first = normalize(query, matches.queryIndices(), chosen);
        double[][] second = normalize(candidate, matches.referenceIndices(), chosen);
        Optional<Frames> frames = Optional.empty();
        if (hasFrames(first) && hasFrames(second)) {
            double[] zoom = new double[n];
            for (int i = 0; i < n; i++) {
                zoom[i] = second[4][i] / first[4][i];
            }
            frames = Optional.of(new Frames(first[2], first[3], second[2], second[3], zoom));
        }
        return new Correspondences(first[0], first[1], second[0], second[1], frames);
    }

    /** Places, cosines and sines of the directions, and scales. */
    private static double[][] normalize(ImageFeatures features, int[] indices, int[] chosen) {
        double[] s = fromStored(features);
        double unit = unitsPerPixel(features);
        Keypoints keypoints = features.keypoints();
        double[][] values = new double[5][chosen.length];
        for (int i = 0; i < chosen.length; i++) {
            int keypoint = indices[chosen[i]];
            double x = keypoints.x(keypoint);
            double y = keypoints.y(keypoint);
            double angle = Math.toRadians(features.orientation().uprightAngle(keypoints.orientation(keypoint)));
            values[0][i] = s[0] * x + s[1] * y + s[2];
            values[1][i] = s[3] * x + s[4] * y + s[5];
            values[2][i] = Math.cos(angle);
            values[3][i] = Math.sin(angle);
            values[4][i] = unit * keypoints.scale(keypoint);
        }
        return values;
    }

    /** Detectors without scale give 0, those without direction the same for all. */
    private static boolean hasFrames(double[][] values) {
        boolean turned = false;
        for (int i = 0; i < values[4].length; i++) {
            if (!(values[4][i] > 0)) {
                return false;
            }
            turned |= Math.abs(values[2][i] - values[2][0]) + Math.abs(values[3][i] - values[3][0]) > 1e-6;
        }
        return turned;
    }

    /** Normalized units in a stored pixel. */
    static double unitsPerPixel(ImageFeatures features) {
        double longer = Math.max(features.width(), features.height());
        return 1.0 / UNIT / Math.max(1, longer / REFERENCE_SIDE);
    }

    /** The affine map from stored pixels to normalized units, as a 3 x 3 matrix. */
    static double[] fromStored(ImageFeatures features) {
        Orientation orientation = features.orientation();
        double width = features.width();
        double height = features.height();
        double scale = unitsPerPixel(features);
        double centerX = orientation.uprightWidth(features.width(), features.height()) / 2.0;
        double centerY = orientation.uprightHeight(features.width(), features.height()) / 2.0;
        double ox = orientation.uprightX(0, 0, width, height);
        double oy = orientation.uprightY(0, 0, width, height);
        double ax = orientation.uprightX(1, 0, width, height) - ox;
        double ay = orientation.uprightY(1, 0, width, height) - oy;
        double bx = orientation.uprightX(0, 1, width, height) - ox;
        double by = orientation.uprightY(0, 1, width, height) - oy;
        return new double[] {
            scale * ax, scale * bx, scale * (ox - centerX), scale * ay, scale * by, scale * (oy - centerY), 0, 0, 1
        };
    }

    /** Chosen correspondences, in the order given. */
    Correspondences select(int[] indices) {
        return new Correspondences(
                select(x1, indices),
                select(y1, indices),
                select(x2, indices),
                select(y2, indices),
                frames.map(f -> new Frames(
                        select(f.cosine1, indices),
                        select(f.sine1, indices),
                        select(f.cosine2, indices),
                        select(f.sine2, indices),
                        select(f.zoom, indices))));
    }

    static int[] select(int[] values, int[] indices) {
        int[] selected = new int[indices.length];
        for (int i = 0; i < indices.length; i++) {
            selected[i] = values[indices[i]];
        }
        return selected;
    }

    private static double[] select(double[] values, int[] indices) {
        double[] selected = new double[indices.length];
        for (int i = 0; i < indices.length; i++) {
            selected[i] = values[indices[i]];
        }
        return selected;
    }

    /** Area over which the points of the less spread picture lie, as if they were even in a rectangle. */
    double area() {
        return Math.min(area(x1, y1), area(x2, y2));
    }

    private static double area(double[] x, double[] y) {
        double[] c = covariance(x, y);
        // the variance of an even spread over a length l is l²/12
        return 12 * Math.sqrt(Math.max(0, c[0] * c[2] - c[1] * c[1]));
    }

    /** Variance of points in the direction in which they vary least. */
    static double varianceAcross(double[] x, double[] y) {
        double[] c = covariance(x, y);
        return (c[0] + c[2]) / 2 - Math.hypot((c[0] - c[2]) / 2, c[1]); // the smaller eigenvalue
    }

    /** xx, xy, yy. */
    private static double[] covariance(double[] x, double[] y) {
        int n = x.length;
        double meanX = 0;
        double meanY = 0;
        for (int i = 0; i < n; i++) {
            meanX += x[i] / n;
            meanY += y[i] / n;
        }
        double[] c = new double[3];
        for (int i = 0; i < n; i++) {
            double dx = x[i] - meanX;
            double dy = y[i] - meanY;
            c[0] += dx * dx / n;
            c[1] += dx * dy / n;
            c[2] += dy * dy / n;
        }
        return c;
    }

    int size() {
        return x1.length;
    }

    double[] x1() {
        return x1;
    }

    double[] y1() {
        return y1;
    }

    double[] x2() {
        return x2;
    }

    double[] y2() {
        return y2;
    }

    Optional<Frames> frames() {
        return frames;
    }
}
