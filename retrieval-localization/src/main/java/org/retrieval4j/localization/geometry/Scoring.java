package org.retrieval4j.localization.geometry;

import org.apache.commons.math3.special.Erf;

/**
 * What the error of a datum costs a model, and how much the datum counts when the model is refined: functions of the squared
 * error s in units of the squared largest error of an inlier. From s = 1 on, everything costs 1 and counts nothing.
 */
public enum Scoring {
    /** The truncated square, min(s, 1) (Torr and Zisserman, MLESAC, CVIU 2000): inliers count alike. */
    MSAC,
    /**
     * The likelihood marginalized over all noise up to the largest (Barath, Noskova, Ivashechkin and Matas, MAGSAC++, a fast,
     * reliable and accurate robust estimator, CVPR 2020, equations 2 to 4), of errors with two coordinates: near data count
     * more than far ones, so that a largest error that is several times too large does little harm.
     */
    MAGSAC;

    /** Equal steps of s from 0 to 1; between them the tables are linear. */
    private static final int STEPS = 2048;

    /** Half the squared error that 99 % of the inliers stay below, in variances: −ln(0.01) for two coordinates. */
    private static final double BOUND = -Math.log(0.01);

    /** The cost of MAGSAC, and a second 1 for rounding at the end. */
    private static final double[] COSTS = new double[STEPS + 2];

    /** Its derivative, in that at 0. */
    private static final double[] WEIGHTS = new double[STEPS + 2];

    /** The derivative of the cost at 0. */
    private static final double SLOPE;

    static {
        // x = e²/(2 σ²) with the largest σ; two coordinates make Γ(1/2, x) = √π erfc(√x), and
        // ρ ∝ γ(3/2, x) + x (Γ(1/2, x) − Γ(1/2, BOUND)), whose derivative is the weight
        double root = Math.sqrt(Math.PI);
        double end = Erf.erfc(Math.sqrt(BOUND));
        double most = lowerGamma(BOUND);
        for (int i = 0; i <= STEPS; i++) {
            double x = BOUND * i / STEPS;
            double tail = Erf.erfc(Math.sqrt(x)) - end;
            COSTS[i] = (lowerGamma(x) + x * root * tail) / most;
            WEIGHTS[i] = tail / (1 - end);
        }
        COSTS[STEPS] = 1;
        COSTS[STEPS + 1] = 1;
        SLOPE = BOUND * root * (1 - end) / most;
    }

    /** γ(3/2, x). */
    private static double lowerGamma(double x) {
        return Math.sqrt(Math.PI) / 2 * Erf.erf(Math.sqrt(x)) - Math.sqrt(x) * Math.exp(-x);
    }

    /**
     * The cost of a datum.
     *
     * @param s squared error, at least 0; not a number is an outlier
     * @return 0 to 1
     */
    public double cost(double s) {
        return !(s < 1) ? 1 : this == MSAC ? s : interpolate(COSTS, s);
    }

    /**
     * How much a datum counts: the derivative of the cost, in that at 0.
     *
     * @param s squared error, at least 0
     * @return 1 at 0, falling to 0
     */
    public double weight(double s) {
        return !(s < 1) ? 0 : this == MSAC ? 1 : interpolate(WEIGHTS, s);
    }

    /**
     * The derivative of the cost at 0, by which costs become comparable with squares.
     *
     * @return at least 1
     */
    public double slope() {
        return this == MSAC ? 1 : SLOPE;
    }

    /** The summed cost of squared errors, each multiplied by a scale first. */
    double cost(double[] errors, int from, int to, double scale) {
        double even = 0; // two sums, so that additions need not wait for each other
        double odd = 0;
        int i = from;
        if (this == MSAC) {
            for (; i + 1 < to; i += 2) {
                double first = errors[i] * scale;
                double second = errors[i + 1] * scale;
                even += first < 1 ? first : 1; // not a number counts as an outlier
                odd += second < 1 ? second : 1;
            }
            if (i < to) {
                double last = errors[i] * scale;
                even += last < 1 ? last : 1;
            }
        } else {
            for (; i < to; i++) {
                double s = errors[i] * scale;
                even += s < 1 ? interpolate(COSTS, s) : 1;
            }
        }
        return even + odd;
    }

    private static double interpolate(double[] table, double s) {
        double place = s * STEPS;
        int at = (int) place;
        return table[at] + (place - at) * (table[at + 1] - table[at]);
    }
}
