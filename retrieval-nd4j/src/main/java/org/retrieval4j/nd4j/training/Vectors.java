package org.retrieval4j.nd4j.training;

import java.util.List;

/** The vectors of a batch as losses see them: squared distances, and their gradients. */
final class Vectors {
    private final double[] values;
    private final int columns;
    private final double[] gradient;

    /** Checks what a loss is given. */
    Vectors(double[] values, int columns, double[] gradient) {
        if (columns < 1 || values.length % columns != 0 || gradient.length != values.length) {
            throw new IllegalArgumentException("vectors of " + columns + " values must have a gradient each, got "
                    + values.length + " values and " + gradient.length + " for the gradient");
        }
        for (int i = 0; i < values.length; i++) {
            if (!Double.isFinite(values[i])) {
                throw new IllegalArgumentException("descriptors must be finite, got " + values[i] + " at column "
                        + i % columns + " of picture " + i / columns);
            }
        }
        this.values = values;
        this.columns = columns;
        this.gradient = gradient;
    }

    int size() {
        return values.length / columns;
    }

    int columns() {
        return columns;
    }

    double[] values() {
        return values;
    }

    double[] gradient() {
        return gradient;
    }

    /** Checks that there are tuples, and of these vectors only. */
    void require(List<Tuple> tuples) {
        if (tuples.isEmpty()) {
            throw new IllegalArgumentException(
                    "a batch must have at least one tuple of a query, a positive and a negative, got none");
        }
        for (Tuple tuple : tuples) {
            requireRow(tuple.query());
            for (int row : tuple.positives()) {
                requireRow(row);
            }
            for (int row : tuple.negatives()) {
                requireRow(row);
            }
        }
    }

    private void requireRow(int row) {
        if (row < 0 || row >= size()) {
            throw new IllegalArgumentException(
                    "a tuple must name pictures 0 to " + (size() - 1) + " of its batch, got " + row);
        }
    }

    /** ‖a − b‖². */
    double squared(int a, int b) {
        double sum = 0;
        for (int j = 0; j < columns; j++) {
            double difference = values[a * columns + j] - values[b * columns + j];
            sum += difference * difference;
        }
        return sum;
    }

    /** Adds weight times the gradient of ‖a − b‖². */
    void addSquared(int a, int b, double weight) {
        for (int j = 0; j < columns; j++) {
            double step = 2 * weight * (values[a * columns + j] - values[b * columns + j]);
            gradient[a * columns + j] += step;
            gradient[b * columns + j] -= step;
        }
    }

    /** The positive of a tuple that is nearest to its query, the first one of equals. */
    int nearestPositive(Tuple tuple) {
        int best = tuple.positives()[0];
        double smallest = Double.POSITIVE_INFINITY;
        for (int row : tuple.positives()) {
            double distance = squared(tuple.query(), row);
            if (distance < smallest) {
                smallest = distance;
                best = row;
            }
        }
        return best;
    }
}
