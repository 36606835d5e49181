package org.retrieval4j.eval;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Recall@N of visual place recognition: the part of all queries with a right place among their first N answers (Arandjelovic,
 * Gronat, Torii, Pajdla, Sivic: NetVLAD, CVPR 2016, section 5.1). A query that has no right place in the database counts, as
 * one that is never answered.
 */
public final class PlaceEvaluation {
    private PlaceEvaluation() {}

    /**
     * Positions on a plane, in meters.
     *
     * @param east of each image
     * @param north of each image
     */
    public record Positions(List<Double> east, List<Double> north) {
        /** Copies the lists, and checks that they are finite and equally long. */
        public Positions {
            east = List.copyOf(east);
            north = List.copyOf(north);
            if (east.size() != north.size()) {
                throw new IllegalArgumentException("there must be as many positions to the east as to the north, got "
                        + east.size() + " and " + north.size());
            }
            for (int i = 0; i < east.size(); i++) {
                if (!Double.isFinite(east.get(i)) || !Double.isFinite(north.get(i))) {
                    throw new IllegalArgumentException(
                            "position " + i + " must be finite, got " + east.get(i) + ", " + north.get(i));
                }
            }
        }
    }

    /**
     * The right places by distance.
     *
     * @param database where its images were taken
     * @param queries where the queries were taken
     * @param radius the largest distance of a right place, itself included
     * @return for each query the indices of the right images, ascending
     */
    // O((n + q)·log n + pairs within the radius to the east)
    public static int[][] within(Positions database, Positions queries, double radius) {
        if (!(radius >= 0)) {
            throw new IllegalArgumentException("radius must be at least 0, got " + radius);
        }
        int[] byEast = IntStream.range(0, database.east.size())
                .boxed()
                .sorted(Comparator.comparingDouble(database.east::get))
                .mapToInt(i -> i)
                .toArray();
        double[] east = Arrays.stream(byEast).mapToDouble(database.east::get).toArray();
        int[][] positives = new int[queries.east.size()][];
        for (int query = 0; query < positives.length; query++) {
            double x = queries.east.get(query);
            double y = queries.north.get(query);
            int[] found = new int[8];
            int count = 0;
            for (int i = firstAtLeast(east, x - radius - 1); i < east.length && east[i] <= x + radius + 1; i++) {
                double dx = east[i] - x;
                double dy = database.north.get(byEast[i]) - y;
                if (dx * dx + dy * dy <= radius * radius) {
                    found = count == found.length ? Arrays.copyOf(found, 2 * count) : found;
                    found[count++] = byEast[i];
                }
            }
            positives[query] = Arrays.copyOf(found, count);
            Arrays.sort(positives[query]);
        }
        return positives;
    }

    private static int firstAtLeast(double[] sorted, double value) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] < value) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /**
     * The right places in two drives along one route, by frame.
     *
     * @param database the frame of each image
     * @param queries the frame of each query
     * @param window the largest difference of a right place, itself included
     * @return for each query the indices of the right images, ascending
     */
    public static int[][] frames(long[] database, long[] queries, long window) {
        if (window < 0) {
            throw new IllegalArgumentException("window must be at least 0, got " + window);
        }
        int[][] positives = new int[queries.length][];
        for (int query = 0; query < queries.length; query++) {
            long frame = queries[query];
            positives[query] = IntStream.range(0, database.length)
                    .filter(image -> Math.abs(database[image] - frame) <= window)
                    .toArray();
        }
        return positives;
    }

    /**
     * The first image of each panorama, as Tokyo 24/7 wants it: there the database has twelve cutouts of each panorama, which
     * would fill the first places together.
     *
     * @param ranking indices of images, best first
     * @param cutouts how many consecutive images make a panorama
     * @return the ranking without images of a panorama that stands before
     */
    public static int[] panoramas(int[] ranking, int cutouts) {
        if (cutouts < 1) {
            throw new IllegalArgumentException("cutouts must be at least 1, got " + cutouts);
        }
        Set<Integer> seen = new HashSet<>();
        return Arrays.stream(ranking).filter(image -> seen.add(image / cutouts)).toArray();
    }

    /**
     * Judges rankings.
     *
     * @param images number of images of the database
     * @param positives for each query indices of the right images
     * @param rankings for each query indices of images, best first, none twice; at least as many as the largest N, if
     *     panoramas after these were taken out, or of the whole database
     * @param cutouts how many consecutive images make a panorama, of which only the first counts; 1 for none
     * @param counts the numbers N
     * @return figures {@code recall@N}, 1 or 0 of each query
     * @throws IllegalArgumentException if a query is missing, a ranking too short, or an index out of range or repeated
     */
    public static QueryFigures recall(
            int images, int[][] positives, int[][] rankings, int cutouts, List<Integer> counts) {
        TrapezoidEvaluation.requireRankings(images, positives.length, rankings);
        int most = counts.stream().mapToInt(count -> count).max().orElse(0);
        if (counts.stream().anyMatch(count -> count < 1) || most < 1) {
            throw new IllegalArgumentException("N must be at least 1, got " + counts);
        }
        double[][] recall = new double[counts.size()][positives.length];
        for (int query = 0; query < positives.length; query++) {
            int[] ranking = panoramas(rankings[query], cutouts);
            if (ranking.length < most && rankings[query].length < images) {
                throw new IllegalArgumentException("the ranking of query " + query + " must have " + most
                        + (cutouts > 1 ? " panoramas" : " images") + " for recall@" + most + ", got "
                        + ranking.length);
            }
            int first = 0;
            while (first < ranking.length && Arrays.binarySearch(positives[query], ranking[first]) < 0) {
                first++;
            }
            for (int i = 0; i < recall.length; i++) {
                recall[i][query] = first < ranking.length && first < counts.get(i) ? 1 : 0;
            }
        }
        Map<String, double[]> figures = new LinkedHashMap<>();
        for (int i = 0; i < recall.length; i++) {
            figures.put("recall@" + counts.get(i), recall[i]);
        }
        return new QueryFigures(figures);
    }
}
