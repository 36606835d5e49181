package org.retrieval4j.nd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.Components;

class UncertaintyWeightsTest {
    private final double[] losses = {0.7, 0.02, 2.5};

    @Test
    void startsAtOne() {
        UncertaintyWeights weights = new UncertaintyWeights(1, 1, 2);
        assertThat(sum(weights)).isCloseTo((0.7 + 0.02 + 2 * 2.5) / Math.E + 3, within(1e-12));
    }

    @Test
    void gradientsAreSlopes() {
        UncertaintyWeights weights = new UncertaintyWeights(1, 1, 2);
        weights.parameter().values()[0] = -0.3;
        weights.parameter().values()[2] = 1.6;
        double[] gradient = new double[3];
        Gradients parameters = new Gradients(List.of(weights.parameter()));
        weights.of(losses, gradient, parameters);
        Slopes.assertSlopes(losses, gradient, () -> sum(weights));
        Slopes.assertSlopes(weights.parameter().values(), parameters.of(weights.parameter()), () -> sum(weights));
    }

    @Test
    void settlesWhereEachLossCountsAlike() {
        UncertaintyWeights weights = new UncertaintyWeights(1, 1, 2);
        Parameter parameter = weights.parameter();
        Optimizer adam = Components.load().create(Optimizer.class, "adam(rate=0.05)");
        Optimizer.Steps steps = adam.over(List.of(new Optimizer.Learned("w", parameter, 1, false)));
        for (int i = 0; i < 2000; i++) {
            Gradients gradients = new Gradients(List.of(parameter));
            weights.of(losses, new double[3], gradients);
            steps.step(gradients, 1);
        }
        double[] expected = {Math.log(0.7), Math.log(0.02), Math.log(2 * 2.5)};
        assertThat(parameter.values()).containsExactly(expected, within(1e-3));
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThatThrownBy(() -> new UncertaintyWeights(1, 0)).hasMessageContaining("above 0");
        UncertaintyWeights two = new UncertaintyWeights(1, 2);
        Gradients gradients = new Gradients(List.of(two.parameter()));
        assertThatThrownBy(() -> two.of(losses, new double[3], gradients)).hasMessageContaining("2 losses");
    }

    private double sum(UncertaintyWeights weights) {
        return weights.of(losses, new double[3], new Gradients(List.of(weights.parameter())));
    }
}
