package org.retrieval4j.eval;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Average precision as the area under the curve of precision and recall by trapezoids, and precision of the first answers,
 * where some images are neither right nor wrong: these are taken out of a ranking before ranks are counted. So do the
 * scripts of Oxford5k and Paris6k (Philbin, Chum, Isard, Sivic, Zisserman, CVPR 2007), Holidays (Jegou, Douze, Schmid,
 * ECCV 2008) and Revisited Oxford and Paris (Radenovic, Iscen, Tolias, Avrithis, Chum, CVPR 2018).
 *
 * <p>Figures are called {@code map}, {@code mp@1}, {@code mp@5}, {@code mp@10}. A query without a right answer does not
 * count; a right answer that the ranking does not hold is one that is never found. A cutoff of precision behind the last
 * right answer found is moved up to it; where none is found precision is 0.
 */
public final class TrapezoidEvaluation {
    /** Numbers of first answers whose precision is measured. */
    public static final List<Integer> CUTOFFS = List.of(1, 5, 10);

    private static final byte RIGHT = 1;
    private static final byte IGNORED = 2;

    private TrapezoidEvaluation() {}

    /**
     * What a query looks for.
     *
     * @param relevant right answers
     * @param ignored images that do not count; one that is in both lists is right
     */
    public record Labels(List<Integer> relevant, List<Integer> ignored) {
        /** Copies the lists. */
        public Labels {
            relevant = List.copyOf(relevant);
            ignored = List.copyOf(ignored);
        }
    }

    /**
     * Judges rankings.
     *
     * @param images number of images of the database
     * @param queries what each looks for, indices of images from 0, none twice in a list
     * @param rankings for each query indices of images, best first, none twice; of the whole database or its first only
     * @return figures of each query
     * @throws IllegalArgumentException if a query is missing, or an index is out of range or repeated
     */
    public static QueryFigures of(int images, List<Labels> queries, int[][] rankings) {
        queries.forEach(labels -> {
            requireImages(images, labels.relevant);
            requireImages(images, labels.ignored);
        });
        requireRankings(images, queries.size(), rankings);
        double[] map = new double[queries.size()];
        double[][] precision = new double[CUTOFFS.size()][queries.size()];
        for (int query = 0; query < map.length; query++) {
            Labels labels = queries.get(query);
            int relevant = labels.relevant.size();
            int[] ranks = ranks(images, labels, rankings[query]);
            map[query] = relevant == 0 ? Double.NaN : averagePrecision(ranks, relevant);
            for (int i = 0; i < precision.length; i++) {
                precision[i][query] = relevant == 0 ? Double.NaN : precisionAt(ranks, CUTOFFS.get(i));
            }
        }
        Map<String, double[]> figures = new LinkedHashMap<>();
        figures.put("map", map);
        for (int i = 0; i < precision.length; i++) {
            figures.put("mp@" + CUTOFFS.get(i), precision[i]);
        }
        return new QueryFigures(figures);
    }

    /**
     * Average precision by trapezoids: for the j-th right answer (from 0) at rank r (from 0) the mean of j/r, 1 where r is
     * 0, and (j+1)/(r+1), divided by the number of right answers.
     *
     * @param ranks of the right answers found, ascending, from 0
     * @param relevant how many right answers there are, at least 1
     * @return 0 to 1
     */
    public static double averagePrecision(int[] ranks, int relevant) {
        double sum = 0;
        for (int j = 0; j < ranks.length; j++) {
            double before = ranks[j] == 0 ? 1 : (double) j / ranks[j];
            double after = (j + 1.0) / (ranks[j] + 1);
            sum += (before + after) / 2 / relevant;
        }
        return sum;
    }

    private static double precisionAt(int[] ranks, int cutoff) {
        if (ranks.length == 0) {
            return 0;
        }
        int first = Math.min(ranks[ranks.length - 1] + 1, cutoff);
        int hits = 0;
        while (hits < ranks.length && ranks[hits] < first) {
            hits++;
        }
        return (double) hits / first;
    }

    /** Ranks from 0 of the right answers, ignored images not counted. */
    private static int[] ranks(int images, Labels labels, int[] ranking) {
        byte[] kinds = new byte[images];
        labels.ignored.forEach(image -> kinds[image] = IGNORED);
        labels.relevant.forEach(image -> kinds[image] = RIGHT);
        int[] ranks = new int[labels.relevant.size()];
        int found = 0;
        int ignored = 0;
        for (int rank = 0; rank < ranking.length; rank++) {
            int kind = kinds[ranking[rank]];
            if (kind == RIGHT) {
                ranks[found++] = rank - ignored;
            } else if (kind == IGNORED) {
                ignored++;
            }
        }
        return Arrays.copyOf(ranks, found);
    }

    private static void requireImages(int images, List<Integer> labels) {
        for (int image : labels) {
            if (image < 0 || image >= images) {
                throw new IllegalArgumentException("a label must be an image 0 to " + (images - 1) + ", got " + image);
            }
        }
    }

    static void requireRankings(int images, int queries, int[][] rankings) {
        if (rankings.length != queries) {
            throw new IllegalArgumentException(
                    "there must be rankings of " + queries + " queries, got " + rankings.length);
        }
        int[] seenBy = new int[images]; // 1 + the last query that has the image
        for (int query = 0; query < queries; query++) {
            int[] ranking = rankings[query];
            for (int rank = 0; rank < ranking.length; rank++) {
                int image = ranking[rank];
                if (image < 0 || image >= images) {
                    throw new IllegalArgumentException("rank " + rank + " of query " + query + " must be an image 0 to "
                            + (images - 1) + ", got " + image);
                }
                if (seenBy[image] == query + 1) {
                    throw new IllegalArgumentException(
                            "rank " + rank + " of query " + query + " repeats image " + image);
                }
                seenBy[image] = query + 1;
            }
        }
    }

    /**
     * The ranking by falling score, that of the smaller index first among equals.
     *
     * @param scores of each image of the database
     * @return indices of all images, best first
     * @throws IllegalArgumentException if a score is not a number
     */
    // O(n·log n), n = database size
    public static int[] ranking(double[] scores) {
        int[] order = new int[scores.length];
        for (int i = 0; i < order.length; i++) {
            if (Double.isNaN(scores[i])) {
                throw new IllegalArgumentException("the score of image " + i + " must be a number, got NaN");
            }
            order[i] = i;
        }
        int[] merged = new int[order.length];
        for (long width = 1; width < order.length; width *= 2) { // merge sort, which is stable
            for (long from = 0; from < order.length; from += 2 * width) {
                merge(scores, order, merged, (int) from, width);
            }
            int[] other = order;
            order = merged;
            merged = other;
        }
        return order;
    }

    private static void merge(double[] scores, int[] order, int[] merged, int from, long width) {
        int middle = (int) Math.min(order.length, from + width);
        int end = (int) Math.min(order.length, from + 2 * width);
        int left = from;
        int right = middle;
        for (int i = from; i < end; i++) {
            boolean takeLeft = right == end || (left < middle && scores[order[left]] >= scores[order[right]]);
            merged[i] = takeLeft ? order[left++] : order[right++];
        }
    }
}
