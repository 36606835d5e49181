package org.retrieval4j.localization.geometry;

import java.util.Optional;
import org.apache.commons.math3.exception.MathIllegalArgumentException;
import org.apache.commons.math3.exception.MathIllegalStateException;
import org.apache.commons.math3.fitting.leastsquares.LeastSquaresBuilder;
import org.apache.commons.math3.fitting.leastsquares.LeastSquaresOptimizer;
import org.apache.commons.math3.fitting.leastsquares.LevenbergMarquardtOptimizer;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.RealVector;
import org.apache.commons.math3.util.Pair;

/**
 * Levenberg–Marquardt with derivatives by differences, for a handful of unknowns that all are about as large: small changes of
 * a pose. Thread-safe: static.
 */
public final class NumericLeastSquares {
    private static final double STEP = 1e-6;
    private static final int EVALUATIONS = 40;

    private NumericLeastSquares() {}

    /** What is to become small. */
    @FunctionalInterface
    public interface Residuals {
        /**
         * Computes all residuals.
         *
         * @param unknowns the change from the start
         * @param residuals receives the values
         */
        void at(double[] unknowns, double[] residuals);
    }

    /**
     * The best change from the start.
     *
     * @param unknowns how many there are
     * @param size number of residuals, at least as many
     * @param function the residuals
     * @param steps tried at most
     * @return the change; empty if the residuals do not determine it
     */
    public static Optional<double[]> minimize(int unknowns, int size, Residuals function, int steps) {
        try {
            LeastSquaresOptimizer.Optimum best = new LevenbergMarquardtOptimizer()
                    .optimize(new LeastSquaresBuilder()
                            .start(new double[unknowns])
                            .target(new double[size])
                            .model((RealVector at) -> {
                                double[] x = at.toArray();
                                double[] here = new double[size];
                                function.at(x, here);
                                double[][] jacobian = new double[size][unknowns];
                                double[] there = new double[size];
                                for (int j = 0; j < unknowns; j++) {
                                    double kept = x[j];
                                    x[j] = kept + STEP;
                                    function.at(x, there);
                                    x[j] = kept;
                                    for (int i = 0; i < size; i++) {
                                        jacobian[i][j] = (there[i] - here[i]) / STEP;
                                    }
                                }
                                return new Pair<>(
                                        new ArrayRealVector(here, false), new Array2DRowRealMatrix(jacobian, false));
                            })
                            .lazyEvaluation(false)
                            .maxEvaluations(EVALUATIONS)
                            .maxIterations(steps)
                            .build());
            return Optional.of(best.getPoint().toArray());
        } catch (MathIllegalStateException | MathIllegalArgumentException failed) {
            return Optional.empty(); // steps used up without an end, or values that are no numbers
        }
    }
}
