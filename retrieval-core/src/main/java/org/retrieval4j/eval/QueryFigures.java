package org.retrieval4j.eval;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Figures of merit query by query (average precision, whether the first is right, …), their means over the queries that
 * count, and how far other queries of the same kind could move these. Immutable.
 */
public final class QueryFigures {
    private final Map<String, double[]> values = new LinkedHashMap<>();
    private final int queries;
    private final int[] counted;

    /**
     * Makes figures.
     *
     * @param values by name, best known first, the value of each query; NaN under every name for a query that does not count
     * @throws IllegalArgumentException if there is no name, or numbers of queries differ
     */
    public QueryFigures(Map<String, double[]> values) {
        values.forEach((name, figures) -> this.values.put(name, figures.clone()));
        if (values.isEmpty()) {
            throw new IllegalArgumentException("there must be at least 1 figure, got 0");
        }
        double[] first = values.values().iterator().next();
        queries = first.length;
        int[] all = new int[queries];
        int count = 0;
        for (int query = 0; query < queries; query++) {
            if (!Double.isNaN(first[query])) {
                all[count++] = query;
            }
        }
        counted = Arrays.copyOf(all, count);
        values.forEach((name, figures) -> {
            if (figures.length != queries) {
                throw new IllegalArgumentException(
                        name + " must have values of " + queries + " queries, got " + figures.length);
            }
            for (int query = 0; query < queries; query++) {
                if (Double.isNaN(figures[query]) != Double.isNaN(first[query])) {
                    throw new IllegalArgumentException("query " + query + " must count for all figures or for none");
                }
            }
        });
    }

    /**
     * A range.
     *
     * @param low its lower end
     * @param high its upper end
     */
    public record Interval(double low, double high) {}

    /**
     * What is measured.
     *
     * @return names, in the order they were given
     */
    public Set<String> names() {
        return Collections.unmodifiableSet(values.keySet());
    }

    /**
     * Some of the figures.
     *
     * @param chosen their names
     * @return a copy with these
     */
    public QueryFigures only(String... chosen) {
        Map<String, double[]> some = new LinkedHashMap<>();
        for (String name : chosen) {
            some.put(name, of(name));
        }
        return new QueryFigures(some);
    }

    /**
     * How many queries count.
     *
     * @return at most as many as there are
     */
    public int counted() {
        return counted.length;
    }

    /**
     * The figures of all queries.
     *
     * @param name what is measured
     * @return a copy; NaN for queries that do not count
     */
    public double[] values(String name) {
        return of(name).clone();
    }

    /**
     * The mean over the queries that count.
     *
     * @param name what is measured
     * @return NaN if no query counts
     */
    public double mean(String name) {
        double[] figures = of(name);
        double sum = 0;
        for (int query : counted) {
            sum += figures[query];
        }
        return sum / counted.length;
    }

    /**
     * An interval of confidence of 95 percent for the mean, by the percentile bootstrap (Efron, "Bootstrap methods: another
     * look at the jackknife", 1979): queries are drawn with replacement, as many as count, and the interval holds the
     * middle 95 percent of the means of all draws. The same seed draws the same queries for every figure.
     *
     * @param name what is measured
     * @param draws number of draws, at least 1; 1,000 and more give ends that stay
     * @param seed of the draws
     * @return NaN at both ends if no query counts
     */
    // O(draws · queries)
    public Interval interval(String name, int draws, long seed) {
        if (draws < 1) {
            throw new IllegalArgumentException("draws must be at least 1, got " + draws);
        }
        double[] figures = of(name);
        if (counted.length == 0) {
            return new Interval(Double.NaN, Double.NaN);
        }
        SplittableRandom random = new SplittableRandom(seed);
        double[] means = new double[draws];
        for (int draw = 0; draw < draws; draw++) {
            double sum = 0;
            for (int i = 0; i < counted.length; i++) {
                sum += figures[counted[random.nextInt(counted.length)]];
            }
            means[draw] = sum / counted.length;
        }
        Arrays.sort(means);
        return new Interval(quantile(means, 0.025), quantile(means, 0.975));
    }

    /** Between the two nearest, as NumPy's percentile. */
    private static double quantile(double[] sorted, double part) {
        double place = part * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }

    private double[] of(String name) {
        double[] figures = values.get(name);
        if (figures == null) {
            throw new IllegalArgumentException("no figure \"" + name + "\" among " + values.keySet());
        }
        return figures;
    }
}
