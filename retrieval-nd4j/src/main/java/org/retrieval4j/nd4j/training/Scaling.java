package org.retrieval4j.nd4j.training;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * Scales vectors to length 1: x / (max(‖x‖, floor) + added). Networks were published with one or the other; zeros stay
 * zeros.
 *
 * @param floor smallest length divided by, above 0
 * @param added what is added to the length
 */
record Scaling(double floor, double added) {
    /** What most of this library does. */
    static final Scaling FLOOR = new Scaling(1e-12, 0);
    /** What LOUPE does. */
    static final Scaling HIGH_FLOOR = new Scaling(1e-6, 0);
    /** What the poolings do. */
    static final Scaling ADDED = new Scaling(1e-12, 1e-6);

    /** The factor for a vector of a length. */
    double factor(double length) {
        return 1 / (Math.max(floor, length) + added);
    }

    static double length(double[] x, int from, int columns) {
        double a = 0; // four sums: one alone would wait for each addition
        double b = 0;
        double c = 0;
        double d = 0;
        int j = from;
        for (; j + 3 < from + columns; j += 4) {
            a += x[j] * x[j];
            b += x[j + 1] * x[j + 1];
            c += x[j + 2] * x[j + 2];
            d += x[j + 3] * x[j + 3];
        }
        for (; j < from + columns; j++) {
            a += x[j] * x[j];
        }
        return Math.sqrt(a + b + (c + d));
    }

    /** Scaled rows. */
    double[] rows(double[] x, int columns) {
        double[] scaled = new double[x.length];
        for (int at = 0; at < x.length; at += columns) {
            double factor = factor(length(x, at, columns));
            for (int j = at; j < at + columns; j++) {
                scaled[j] = factor * x[j];
            }
        }
        return scaled;
    }

    /** Adds the gradient by the rows x, given the one by the scaled rows. */
    void addGradient(double[] x, int columns, double[] byScaled, double[] sums) {
        for (int at = 0; at < x.length; at += columns) {
            addGradient(x, at, columns, byScaled, at, sums);
        }
    }

    /** Adds the gradient by one vector; both it and its sum start at {@code from}. */
    void addGradient(double[] x, int from, int columns, double[] byScaled, int start, double[] sums) {
        double length = length(x, from, columns);
        double factor = factor(length);
        double along = 0;
        if (length > floor) {
            for (int j = 0; j < columns; j++) {
                along += x[from + j] * byScaled[start + j];
            }
            along *= factor * factor / length;
        }
        for (int j = 0; j < columns; j++) {
            sums[from + j] += factor * byScaled[start + j] - along * x[from + j];
        }
    }

    /** The same of SameDiff's operations. The floor stands under the root, whose gradient at 0 is infinite. */
    SDVariable define(Graph graph, SDVariable x, int... dimensions) {
        SameDiff operations = graph.operations();
        SDVariable square = operations.math.square(x).sum(true, dimensions);
        SDVariable length = operations.math.sqrt(operations.math.max(square, operations.constant(floor * floor)));
        return x.div(graph.spread(length.add(added), x));
    }
}
