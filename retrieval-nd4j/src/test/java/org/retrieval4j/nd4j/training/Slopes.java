package org.retrieval4j.nd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.DoubleSupplier;

/** Compares gradients with central differences. */
final class Slopes {
    private static final double STEP = 1e-5;

    private Slopes() {}

    /** Moves each value, which a function reads; its slope must be the gradient, to 1e-6 of the largest. */
    static void assertSlopes(double[] values, double[] gradient, DoubleSupplier function) {
        assertThat(gradient).hasSameSizeAs(values);
        double largest = 1e-3;
        for (double slope : gradient) {
            largest = Math.max(largest, Math.abs(slope));
        }
        for (int i = 0; i < values.length; i++) {
            double before = values[i];
            values[i] = before + STEP;
            double above = function.getAsDouble();
            values[i] = before - STEP;
            double below = function.getAsDouble();
            values[i] = before;
            assertThat(gradient[i])
                    .as("slope by value %d", i)
                    .isCloseTo((above - below) / (2 * STEP), within(1e-6 * largest));
        }
    }
}
