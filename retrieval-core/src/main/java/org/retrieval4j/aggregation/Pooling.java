package org.retrieval4j.aggregation;

import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.ImageFeatures;

/** What the poolings share: sums a channel in double, and the reference's way to scale a vector. */
final class Pooling {
    /** The reference divides by the norm plus this, where others have a floor. */
    static final double NORM_EPSILON = 1e-6;

    private double[] sums = new double[0];

    /** Zeros, one a channel; the same array at every call. */
    double[] zeros(int channels) {
        if (sums.length != channels) {
            sums = new double[channels];
        } else {
            java.util.Arrays.fill(sums, 0);
        }
        return sums;
    }

    static int channels(ImageFeatures image) {
        int channels = image.descriptors().columns();
        if (channels < 1) {
            throw new IllegalArgumentException("descriptors must have width at least 1 to be pooled, got 0");
        }
        return channels;
    }

    static Grid grid(ImageFeatures image, String component) {
        return image.grid()
                .orElseThrow(() -> new IllegalArgumentException(component
                        + " needs a feature map, whose descriptors are the cells of a grid; got "
                        + image.size() + " features without a grid"));
    }

    static void addScaled(FloatMatrix x, int row, double factor, double[] sums) {
        float[] values = x.array();
        int at = x.offset() + row * sums.length;
        for (int j = 0; j < sums.length; j++) {
            sums[j] += factor * values[at + j];
        }
    }

    static double scale(double[] vector) {
        double square = 0;
        for (double value : vector) {
            square += value * value;
        }
        return 1 / (Math.sqrt(square) + NORM_EPSILON);
    }

    static GlobalDescriptor dense(double[] vector, boolean l2) {
        double scale = l2 ? scale(vector) : 1;
        float[] values = new float[vector.length];
        for (int j = 0; j < values.length; j++) {
            values[j] = (float) (vector[j] * scale);
        }
        return new GlobalDescriptor.Dense(values);
    }
}
