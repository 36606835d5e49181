package org.retrieval4j.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Figures of Revisited Oxford or Revisited Paris for one setting, as the authors' script computes them (Radenovic et al.:
 * Revisiting Oxford and Paris, CVPR 2018). Images that the setting ignores are taken out of a ranking before ranks are
 * counted.
 *
 * @param map mean over the queries of average precision, the area under the curve of precision and recall by trapezoids;
 *     NaN if no query has a right answer
 * @param meanPrecision mean over the queries of precision at each cutoff, in the order of {@link #CUTOFFS}; a cutoff behind
 *     the last right answer of a query is moved up to it; NaN if no query has a right answer
 * @param queries number of queries with a right answer in this setting; the others are left out of the means
 */
public record RevisitedEvaluation(double map, List<Double> meanPrecision, int queries) {
    /** Numbers of first answers whose precision is measured. */
    public static final List<Integer> CUTOFFS = List.of(1, 5, 10);

    private static final int EASY = 1;
    private static final int HARD = 2;
    private static final int JUNK = 4;

    /** Copies the list. */
    public RevisitedEvaluation {
        meanPrecision = List.copyOf(meanPrecision);
        if (meanPrecision.size() != CUTOFFS.size()) {
            throw new IllegalArgumentException(
                    "there must be " + CUTOFFS.size() + " precisions, got " + meanPrecision.size());
        }
    }

    /** Which images are right and which are ignored; all others are wrong. */
    public enum Setting {
        /** Easy images are right, hard and junk ignored. */
        EASY(RevisitedEvaluation.EASY, RevisitedEvaluation.HARD | RevisitedEvaluation.JUNK),
        /** Easy and hard images are right, junk ignored. */
        MEDIUM(RevisitedEvaluation.EASY | RevisitedEvaluation.HARD, RevisitedEvaluation.JUNK),
        /** Hard images are right, easy and junk ignored. */
        HARD(RevisitedEvaluation.HARD, RevisitedEvaluation.EASY | RevisitedEvaluation.JUNK);

        private final int right;
        private final int ignored;

        Setting(int right, int ignored) {
            this.right = right;
            this.ignored = ignored;
        }
    }

    /**
     * Judges rankings of the whole database.
     *
     * @param truth the right answers
     * @param setting which of them count
     * @param rankings for each query of the truth the index of every image of the database, best first
     * @return the figures
     * @throws IllegalArgumentException if a query or an image is missing, or an index is out of range or repeated
     */
    public static RevisitedEvaluation of(RevisitedTruth truth, Setting setting, int[][] rankings) {
        int queries = truth.queries().size();
        if (rankings.length != queries) {
            throw new IllegalArgumentException(
                    "there must be rankings of " + queries + " queries, got " + rankings.length);
        }
        double sum = 0;
        double[] precision = new double[CUTOFFS.size()];
        int counted = 0;
        for (int query = 0; query < queries; query++) {
            byte[] kinds = kinds(truth.images(), truth.queries().get(query));
            check(rankings[query], query, truth.images());
            int[] ranks = ranks(kinds, setting, rankings[query]);
            if (ranks.length == 0) {
                continue;
            }
            counted++;
            sum += averagePrecision(ranks);
            for (int i = 0; i < precision.length; i++) {
                precision[i] += precisionAt(ranks, CUTOFFS.get(i));
            }
        }
        List<Double> means = new ArrayList<>();
        for (double total : precision) {
            means.add(total / counted);
        }
        return new RevisitedEvaluation(sum / counted, means, counted);
    }

    /**
     * The ranking by falling score, that of the smaller index first among equals.
     *
     * @param scores of each image of the database
     * @return indices of all images, best first
     * @throws IllegalArgumentException if a score is not a number
     */
    public static int[] ranking(double[] scores) {
        Integer[] order = new Integer[scores.length];
        for (int i = 0; i < order.length; i++) {
            if (Double.isNaN(scores[i])) {
                throw new IllegalArgumentException("the score of image " + i + " must be a number, got NaN");
            }
            order[i] = i;
        }
        // a stable sort; adding 0 makes the negative zero equal to the positive one
        Arrays.sort(order, (a, b) -> Double.compare(scores[b] + 0.0, scores[a] + 0.0));
        return Arrays.stream(order).mapToInt(i -> i).toArray();
    }

    private static byte[] kinds(int images, RevisitedTruth.Labels labels) {
        byte[] kinds = new byte[images];
        labels.easy().forEach(image -> kinds[image] |= EASY);
        labels.hard().forEach(image -> kinds[image] |= HARD);
        labels.junk().forEach(image -> kinds[image] |= JUNK);
        return kinds;
    }

    private static void check(int[] ranking, int query, int images) {
        if (ranking.length != images) {
            throw new IllegalArgumentException("the ranking of query " + query + " must have all " + images
                    + " images of the ground truth, got " + ranking.length);
        }
        boolean[] seen = new boolean[images];
        for (int rank = 0; rank < images; rank++) {
            int image = ranking[rank];
            if (image < 0 || image >= images) {
                throw new IllegalArgumentException("rank " + rank + " of query " + query + " must be an image 0 to "
                        + (images - 1) + ", got " + image);
            }
            if (seen[image]) {
                throw new IllegalArgumentException("rank " + rank + " of query " + query + " repeats image " + image);
            }
            seen[image] = true;
        }
    }

    /** Ranks from 0 of the right answers, ignored images not counted. */
    private static int[] ranks(byte[] kinds, Setting setting, int[] ranking) {
        int[] ranks = new int[ranking.length];
        int found = 0;
        int ignored = 0;
        for (int rank = 0; rank < ranking.length; rank++) {
            int kind = kinds[ranking[rank]];
            if ((kind & setting.right) != 0) {
                ranks[found++] = rank - ignored;
            }
            if ((kind & setting.ignored) != 0) {
                ignored++;
            }
        }
        return Arrays.copyOf(ranks, found);
    }

    private static double averagePrecision(int[] ranks) {
        double sum = 0;
        for (int j = 0; j < ranks.length; j++) {
            double before = ranks[j] == 0 ? 1 : (double) j / ranks[j];
            double after = (j + 1.0) / (ranks[j] + 1);
            sum += (before + after) / 2 / ranks.length;
        }
        return sum;
    }

    private static double precisionAt(int[] ranks, int cutoff) {
        int first = Math.min(ranks[ranks.length - 1] + 1, cutoff);
        int hits = 0;
        while (hits < ranks.length && ranks[hits] < first) {
            hits++;
        }
        return (double) hits / first;
    }
}
