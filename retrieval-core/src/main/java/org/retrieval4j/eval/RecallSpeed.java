package org.retrieval4j.eval;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.index.FlatIndex;
import org.retrieval4j.index.Metric;

/**
 * How much an index finds and how fast, with one setting of a search.
 *
 * @param series what is compared with what: points of one series are settings of one kind of index
 * @param setting what sets the point apart from others of its series; empty if it is the only one
 * @param recall the share of the k true nearest that was found: recall@k
 * @param queriesPerSecond queries in one batch
 * @param buildSeconds time to learn and to fill
 * @param memoryBytes what the index holds
 */
public record RecallSpeed(
        String series, String setting, double recall, double queriesPerSecond, double buildSeconds, long memoryBytes) {
    /** Checks the texts. */
    public RecallSpeed {
        requireNonNull(series, "series");
        requireNonNull(setting, "setting");
    }

    /**
     * Measures a filled index.
     *
     * @param series name of the series
     * @param setting name of the point in it
     * @param trial the index
     * @param queries q x d, at least 1
     * @param options k and candidates
     * @param rounds searches that are timed
     * @param truth at least the k nearest of each query, best first
     * @return the point
     */
    public static RecallSpeed measure(
            String series,
            String setting,
            IndexTrial trial,
            FloatMatrix queries,
            SearchOptions options,
            int rounds,
            int[][] truth) {
        IndexTrial.Timed found = trial.search(queries, options, rounds);
        return new RecallSpeed(
                series,
                setting,
                found.neighbors().recall(truth),
                queries.rows() / found.seconds(),
                trial.buildSeconds(),
                trial.memoryBytes());
    }

    /**
     * The true nearest, by exact search.
     *
     * @param metric what is compared
     * @param base n x d
     * @param queries q x d
     * @param k neighbors a query, at most n
     * @param context threads, kernels
     * @return k rows of the base for each query, best first, of equal ones the first
     */
    public static int[][] truth(Metric metric, FloatMatrix base, FloatMatrix queries, int k, BuildContext context) {
        FlatIndex.Options flat = FlatIndex.Options.defaults().withMetric(metric);
        try (IndexTrial trial = IndexTrial.fill(here -> open(flat, here), context, base)) {
            return trial.find(queries, SearchOptions.top(k)).rows();
        }
    }

    private static org.retrieval4j.api.Index open(FlatIndex.Options options, BuildContext context) {
        try {
            return FlatIndex.open(options, context);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The points that no other one beats in both recall and speed.
     *
     * @param points any points
     * @return those of the frontier, by ascending recall and so by descending speed
     */
    public static List<RecallSpeed> frontier(List<RecallSpeed> points) {
        List<RecallSpeed> sorted = new ArrayList<>(points);
        sorted.sort(Comparator.comparingDouble(RecallSpeed::recall)
                .thenComparingDouble(RecallSpeed::queriesPerSecond)
                .reversed());
        List<RecallSpeed> frontier = new ArrayList<>();
        double fastest = Double.NEGATIVE_INFINITY;
        for (RecallSpeed point : sorted) {
            if (point.queriesPerSecond > fastest) {
                fastest = point.queriesPerSecond;
                frontier.add(0, point);
            }
        }
        return frontier;
    }
}
