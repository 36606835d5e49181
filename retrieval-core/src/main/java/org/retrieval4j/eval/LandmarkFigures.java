package org.retrieval4j.eval;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * A metric of Google Landmarks v2 over the test set, under the metric's name, and over its two parts, {@code public} and
 * {@code private}. Immutable.
 */
public final class LandmarkFigures implements Figures {
    /** Name of the figure over the public part. */
    public static final String PUBLIC = "public";

    /** Name of the figure over the private part. */
    public static final String PRIVATE = "private";

    private final List<String> names;
    private final int counted;
    private final double[] values;
    private final Draw[] draws;

    /** The metric of queries that are drawn with replacement, as many as there are. */
    @FunctionalInterface
    interface Draw {
        double of(SplittableRandom random);
    }

    /**
     * Figures of all, of the public, and of the private part.
     *
     * @param counted queries of both parts
     * @param values NaN for a part that has no query that counts
     */
    LandmarkFigures(String metric, int counted, double[] values, Draw... draws) {
        this.names = List.of(metric, PUBLIC, PRIVATE);
        this.counted = counted;
        this.values = values;
        this.draws = Arrays.copyOf(draws, draws.length);
    }

    @Override
    public Set<String> names() {
        return new LinkedHashSet<>(names);
    }

    @Override
    public int counted() {
        return counted;
    }

    @Override
    public double value(String name) {
        return values[place(name)];
    }

    @Override
    public Interval interval(String name, int draws, long seed) {
        int place = place(name);
        return Double.isNaN(values[place])
                ? new Interval(Double.NaN, Double.NaN)
                : Figures.bootstrap(this.draws[place]::of, draws, seed);
    }

    private int place(String name) {
        int place = names.indexOf(name);
        if (place < 0) {
            throw new IllegalArgumentException("no figure \"" + name + "\" among " + names);
        }
        return place;
    }
}
