package org.retrieval4j.localization.geometry;

import java.util.Optional;
import org.apache.commons.math3.exception.MathIllegalStateException;
import org.apache.commons.math3.fitting.leastsquares.LeastSquaresBuilder;
import org.apache.commons.math3.fitting.leastsquares.LevenbergMarquardtOptimizer;
import org.apache.commons.math3.fitting.leastsquares.MultivariateJacobianFunction;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.util.Pair;

/**
 * Levenberg–Marquardt with derivatives by differences, for a handful of unknowns that all are about as large: small changes of
 * a pose. Thread-safe: static.
 */
public final class NumericLeastSquares {
    private static final double STEP = 1e-6;

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
     * @param steps tried at most; what is best by then is returned
     * @return the change; empty if the residuals are no numbers at the start
     */
    public static Optional<double[]> minimize(int unknowns, int size, Residuals function, int steps) {
        double[] best = new double[unknowns];
        double[] cost = {Double.POSITIVE_INFINITY};
        MultivariateJacobianFunction model = at -> {
            double[] x = at.toArray();
            double[] here = new double[size];
            function.at(x, here);
            double sum = 0;
            for (double value : here) {
                sum += value * value;
            }
            if (sum < cost[0]) {
                cost[0] = sum;
                System.arraycopy(x, 0, best, 0, unknowns);
            }
            double[][] jacobian = jacobian(x, here, function);
            return new Pair<>(new ArrayRealVector(here, false), new Array2DRowRealMatrix(jacobian, false));
        };
        try {
            new LevenbergMarquardtOptimizer()
                    .optimize(new LeastSquaresBuilder()
                            .start(new double[unknowns])
                            .target(new double[size])
                            .model(model)
                            .maxEvaluations(steps + 1)
                            .maxIterations(steps)
                            .build());
        } catch (MathIllegalStateException stopped) {
            // the steps are used up, or rounding allows no further one: the best is known
        }
        return Double.isFinite(cost[0]) ? Optional.of(best) : Optional.empty();
    }

    /**
     * Derivatives by differences.
     *
     * @param unknowns where
     * @param residuals the function's there
     * @param function the residuals
     * @return of each residual by each unknown
     */
    public static double[][] jacobian(double[] unknowns, double[] residuals, Residuals function) {
        double[][] jacobian = new double[residuals.length][unknowns.length];
        double[] changed = unknowns.clone();
        double[] there = new double[residuals.length];
        for (int j = 0; j < unknowns.length; j++) {
            changed[j] = unknowns[j] + STEP;
            function.at(changed, there);
            changed[j] = unknowns[j];
            for (int i = 0; i < residuals.length; i++) {
                jacobian[i][j] = (there[i] - residuals[i]) / STEP;
            }
        }
        return jacobian;
    }
}
