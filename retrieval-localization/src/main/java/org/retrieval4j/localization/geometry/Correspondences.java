package org.retrieval4j.localization.geometry;

import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Matches;

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

    Correspondences(double[] x1, double[] y1, double[] x2, double[] y2) {
        this.x1 = x1;
        this.y1 = y1;
        this.x2 = x2;
        this.y2 = y2;
    }

    /** The matched points of two pictures, in the order of the matches. */
    static Correspondences of(ImageFeatures query, ImageFeatures candidate, Matches matches, int[] chosen) {
        double[] x1 = new double[chosen.length];
        double[] y1 = new double[chosen.length];
        double[] x2 = new double[chosen.length];
        double[] y2 = new double[chosen.length];
        normalize(query, matches.queryIndices(), chosen, x1, y1);
        normalize(candidate, matches.referenceIndices(), chosen, x2, y2);
        return new Correspondences(x1, y1, x2, y2);
    }

    private static void normalize(ImageFeatures features, int[] indices, int[] chosen, double[] x, double[] y) {
        double[] s = fromStored(features);
        Keypoints keypoints = features.keypoints();
        for (int i = 0; i < chosen.length; i++) {
            int keypoint = indices[chosen[i]];
            double storedX = keypoints.x(keypoint);
            double storedY = keypoints.y(keypoint);
            x[i] = s[0] * storedX + s[1] * storedY + s[2];
            y[i] = s[3] * storedX + s[4] * storedY + s[5];
        }
    }

    /** Normalized units in a stored pixel. */
    static double unitsPerPixel(ImageFeatures features) {
        double longer = Math.max(features.width(), features.height());
        return 1.0 / UNIT / Math.max(1, longer / REFERENCE_SIDE);
    }

    /** The affine map from stored pixels to normalized units, as a 3 x 3 matrix. */
    static double[] fromStored(ImageFeatures features) {
        double width = features.width();
        double height = features.height();
        double scale = unitsPerPixel(features);
        double centerX = features.orientation().uprightWidth(features.width(), features.height()) / 2.0;
        double centerY = features.orientation().uprightHeight(features.width(), features.height()) / 2.0;
        double ox = features.orientation().uprightX(0, 0, width, height);
        double oy = features.orientation().uprightY(0, 0, width, height);
        double ax = features.orientation().uprightX(1, 0, width, height) - ox;
        double ay = features.orientation().uprightY(1, 0, width, height) - oy;
        double bx = features.orientation().uprightX(0, 1, width, height) - ox;
        double by = features.orientation().uprightY(0, 1, width, height) - oy;
        return new double[] {
            scale * ax, scale * bx, scale * (ox - centerX), scale * ay, scale * by, scale * (oy - centerY), 0, 0, 1
        };
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
}
