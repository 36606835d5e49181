package org.retrieval4j.eval;

import java.util.Arrays;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/**
 * Figures of merit of a whole test set, and how far other queries of the same kind could move them.
 */
public interface Figures {
    /**
     * A range.
     *
     * @param low its lower end
     * @param high its upper end
     */
    record Interval(double low, double high) {}

    /**
     * What is measured.
     *
     * @return names, best known first
     */
    Set<String> names();

    /**
     * How many queries count.
     *
     * @return at most as many as there are
     */
    int counted();

    /**
     * A figure.
     *
     * @param name what is measured
     * @return NaN if no query counts for it
     */
    double value(String name);

    /**
     * An interval of confidence of 95 percent for a figure, by the percentile bootstrap (Efron, "Bootstrap methods: another
     * look at the jackknife", 1979): queries are drawn with replacement, as many as count, and the interval holds the
     * middle 95 percent of what all draws give.
     *
     * @param name what is measured
     * @param draws number of draws, at least 1; 1,000 and more give ends that stay
     * @param seed of the draws
     * @return NaN at both ends if no query counts for it
     */
    Interval interval(String name, int draws, long seed);

    /**
     * The middle 95 percent of draws; a quantile that lies between two draws is between them, as NumPy's percentile.
     *
     * @param draw gives the figure of one draw
     * @param draws how many
     * @param seed of all of them
     * @return their interval
     */
    static Interval bootstrap(ToDoubleFunction<SplittableRandom> draw, int draws, long seed) {
        if (draws < 1) {
            throw new IllegalArgumentException("draws must be at least 1, got " + draws);
        }
        SplittableRandom random = new SplittableRandom(seed);
        double[] drawn = new double[draws];
        for (int i = 0; i < draws; i++) {
            drawn[i] = draw.applyAsDouble(random);
        }
        Arrays.sort(drawn);
        double[] ends = {0.025, 0.975};
        for (int i = 0; i < ends.length; i++) {
            double place = ends[i] * (draws - 1);
            int below = (int) place;
            int above = Math.min(below + 1, draws - 1);
            ends[i] = drawn[below] + (place - below) * (drawn[above] - drawn[below]);
        }
        return new Interval(ends[0], ends[1]);
    }
}
