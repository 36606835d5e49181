package org.retrieval4j.nd4j.training;

import java.util.List;

/** Batch norms of references in double, though a state has their statistics in float. */
final class Norms {
    private Norms() {}

    /** Sets scale and shift so that the norm with rounded statistics is the one of rows γ, β, mean, variance. */
    static void set(Layer layer, String scaleName, String shiftName, double[] rows, double epsilon) {
        int size = rows.length / 4;
        double[] scale = Checks.parameter(List.of(layer), scaleName).values();
        double[] shift = Checks.parameter(List.of(layer), shiftName).values();
        for (int c = 0; c < size; c++) {
            double gamma = rows[c];
            double mean = rows[2 * size + c];
            double deviation = Math.sqrt(rows[3 * size + c] + epsilon);
            double rounded = Math.sqrt((float) rows[3 * size + c] + epsilon);
            scale[c] = gamma * rounded / deviation;
            shift[c] = rows[size + c] + gamma * ((float) mean - mean) / deviation;
        }
    }

    /** The gradient by γ as if the statistics were double. */
    static double[] byScale(double[] byScale, double[] byShift, double[] rows, double epsilon) {
        int size = rows.length / 4;
        double[] result = new double[size];
        for (int c = 0; c < size; c++) {
            double mean = rows[2 * size + c];
            double deviation = Math.sqrt(rows[3 * size + c] + epsilon);
            double rounded = Math.sqrt((float) rows[3 * size + c] + epsilon);
            result[c] = (byScale[c] * rounded + byShift[c] * ((float) mean - mean)) / deviation;
        }
        return result;
    }
}
