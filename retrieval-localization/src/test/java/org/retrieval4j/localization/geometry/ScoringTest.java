package org.retrieval4j.localization.geometry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ScoringTest {
    @ParameterizedTest
    @EnumSource(Scoring.class)
    void costsRiseFromZeroToOneAndWeightsFallFromOne(Scoring scoring) {
        assertThat(scoring.cost(0)).isZero();
        assertThat(scoring.weight(0)).isOne();
        for (double s = 0; s < 1; s += 1e-4) {
            assertThat(scoring.cost(s + 1e-4)).isGreaterThan(scoring.cost(s) - 1e-12);
            assertThat(scoring.weight(s)).isBetween(0.0, 1.0);
        }
        for (double s : new double[] {1, 2, 1e300, Double.POSITIVE_INFINITY, Double.NaN}) {
            assertThat(scoring.cost(s)).isOne();
            assertThat(scoring.weight(s)).isZero();
        }
        assertThat(scoring.cost(Math.nextDown(1.0))).isCloseTo(1, within(1e-9));
    }

    @ParameterizedTest
    @EnumSource(Scoring.class)
    void theWeightIsTheDerivativeOfTheCost(Scoring scoring) {
        for (double s = 0.05; s < 0.98; s += 0.0101) {
            double slope = (scoring.cost(s + 0.005) - scoring.cost(s - 0.005)) / 0.01;
            assertThat(scoring.weight(s) * scoring.slope()).as("at %s", s).isCloseTo(slope, within(0.02));
        }
    }

    /** The paper's integral by the midpoint rule: the mean over σ of the likelihood of an error's length. */
    @Test
    void theWeightOfMagsacIsTheMarginalLikelihood() {
        double bound = Math.sqrt(2 * -Math.log(0.01)); // the largest error in the largest σ
        double[] errors = {0.05, 0.1, 0.3, 0.5, 0.8};
        double first = marginal(errors[0], bound);
        for (double e : errors) {
            double ratio = Scoring.MAGSAC.weight(e * e) / Scoring.MAGSAC.weight(errors[0] * errors[0]);
            assertThat(ratio).as("at %s", e).isCloseTo(marginal(e, bound) / first, within(1e-3));
        }
    }

    private static double marginal(double error, double bound) {
        int steps = 200_000;
        double sum = 0;
        for (int i = 0; i < steps; i++) {
            double sigma = (i + 0.5) / steps / bound;
            if (error <= bound * sigma) {
                // the density of the length of an error of two coordinates
                sum += error * Math.exp(-error * error / (2 * sigma * sigma)) / (sigma * sigma);
            }
        }
        return sum / steps;
    }

    @Test
    void manyErrorsCostTheirSum() {
        double[] errors = {0, 0.5, 3, Double.NaN, 1.9, 0.2};
        for (Scoring scoring : Scoring.values()) {
            double sum = 0;
            for (int i = 1; i < 6; i++) {
                sum += scoring.cost(errors[i] / 2);
            }
            assertThat(scoring.cost(errors, 1, 6, 0.5)).isCloseTo(sum, within(1e-12));
        }
    }
}
