package org.retrieval4j.eval;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Figures of merit query by query (average precision, whether the first is right, …), their means over the queries that
 * count, and how far other queries of the same kind could move these. Immutable.
 */
public final class QueryFigures implements Figures {
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

    @Override
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

    @Override
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

    /** The mean over the queries that count. */
    @Override
    public double value(String name) {
        double[] figures = of(name);
        double sum = 0;
        for (int query : counted) {
            sum += figures[query];
        }
        return sum / counted.length;
    }

    /** The same seed draws the same queries for every figure. */
    // O(draws · queries)
    @Override
    public Interval interval(String name, int draws, long seed) {
        double[] figures = of(name);
        if (counted.length == 0) {
            return new Interval(Double.NaN, Double.NaN);
        }
        return Figures.bootstrap(
                random -> {
                    double sum = 0;
                    for (int i = 0; i < counted.length; i++) {
                        sum += figures[counted[random.nextInt(counted.length)]];
                    }
                    return sum / counted.length;
                },
                draws,
                seed);
    }

    private double[] of(String name) {
        double[] figures = values.get(name);
        if (figures == null) {
            throw new IllegalArgumentException("no figure \"" + name + "\" among " + values.keySet());
        }
        return figures;
    }
}
