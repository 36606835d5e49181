package org.retrieval4j.nd4j.training;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * How the NetVLAD family finishes a picture's k vectors of d values: each scaled to length 1, or each dimension over all of
 * them, or neither; then all together; then in one of two orders.
 *
 * @param k clusters
 * @param d values of each
 * @param scaling how
 * @param axis what is scaled first
 * @param l2 whether all are scaled together
 * @param channelMajor whether value j of cluster c goes to j·k + c, instead of c·d + j
 */
record ClusterVectors(int k, int d, Scaling scaling, Axis axis, boolean l2, boolean channelMajor) {
    /** What is scaled to length 1 first. */
    enum Axis {
        NONE,
        CHANNELS,
        CLUSTERS
    }

    int size() {
        return k * d;
    }

    /** Writes the finished values of vectors that lie below each other. */
    void write(double[] vectors, int from, double[] target, int to) {
        double[] values = scaled(vectors, from);
        double factor = l2 ? scaling.factor(Scaling.length(values, 0, size())) : 1;
        for (int c = 0; c < k; c++) {
            for (int j = 0; j < d; j++) {
                target[to + (channelMajor ? j * k + c : c * d + j)] = factor * values[c * d + j];
            }
        }
    }

    /** Goes back: writes the gradient by the vectors. */
    void back(double[] vectors, int from, double[] gradient, int start, double[] target, int to) {
        double[] ordered = new double[size()];
        for (int c = 0; c < k; c++) {
            for (int j = 0; j < d; j++) {
                ordered[c * d + j] = gradient[start + (channelMajor ? j * k + c : c * d + j)];
            }
        }
        if (l2) {
            double[] behind = ordered;
            ordered = new double[size()];
            scaling.addGradient(scaled(vectors, from), size(), behind, ordered);
        }
        double[] own = java.util.Arrays.copyOfRange(vectors, from, from + size());
        double[] sums = new double[size()];
        switch (axis) {
            case NONE -> sums = ordered;
            case CHANNELS -> scaling.addGradient(own, d, ordered, sums);
            case CLUSTERS -> {
                scaling.addGradient(transposed(own, k, d), k, transposed(ordered, k, d), sums);
                sums = transposed(sums, d, k);
            }
        }
        System.arraycopy(sums, 0, target, to, size());
    }

    private double[] scaled(double[] vectors, int from) {
        double[] own = java.util.Arrays.copyOfRange(vectors, from, from + size());
        return switch (axis) {
            case NONE -> own;
            case CHANNELS -> scaling.rows(own, d);
            case CLUSTERS -> transposed(scaling.rows(transposed(own, k, d), k), d, k);
        };
    }

    private static double[] transposed(double[] matrix, int rows, int columns) {
        double[] result = new double[matrix.length];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                result[j * rows + i] = matrix[i * columns + j];
            }
        }
        return result;
    }

    /** The same of SameDiff's operations: pictures x k x d become pictures x k·d. */
    SDVariable define(Graph graph, SDVariable vectors) {
        SameDiff operations = graph.operations();
        SDVariable scaled =
                switch (axis) {
                    case NONE -> vectors;
                    case CHANNELS -> scaling.define(graph, vectors, 2);
                    case CLUSTERS -> scaling.define(graph, vectors, 1);
                };
        SDVariable ordered = channelMajor ? operations.permute(scaled, 0, 2, 1) : scaled;
        SDVariable flat = operations.reshape(ordered, -1, size());
        return l2 ? scaling.define(graph, flat, 1) : flat;
    }
}
