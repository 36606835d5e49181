package org.retrieval4j.eval;

import java.util.Map;

/**
 * UKBench (Nister, Stewenius: Scalable recognition with a vocabulary tree, CVPR 2006): every image is a query, and four
 * consecutive ones show one object. The N-S score is the mean number of these four, the query included, among the first
 * four answers.
 */
public final class UkbenchEvaluation {
    /** Images of an object. */
    public static final int GROUP = 4;

    private UkbenchEvaluation() {}

    /**
     * Judges rankings.
     *
     * @param distractors number of further images of the database, whose indices follow those of the queries
     * @param rankings for each image indices of images, best first, at least four
     * @return the figure {@code ns}, 0 to 4
     * @throws IllegalArgumentException if images are missing from a group, a ranking is too short, or an index is out of
     *     range or repeated
     */
    public static QueryFigures of(int distractors, int[][] rankings) {
        if (rankings.length == 0 || rankings.length % GROUP != 0) {
            throw new IllegalArgumentException(
                    "the number of queries must be a multiple of " + GROUP + " above 0, got " + rankings.length);
        }
        TrapezoidEvaluation.requireRankings(rankings.length + distractors, rankings.length, rankings);
        double[] score = new double[rankings.length];
        for (int query = 0; query < rankings.length; query++) {
            if (rankings[query].length < GROUP) {
                throw new IllegalArgumentException("the ranking of query " + query + " must have at least " + GROUP
                        + " images, got " + rankings[query].length);
            }
            for (int rank = 0; rank < GROUP; rank++) {
                score[query] += rankings[query][rank] / GROUP == query / GROUP ? 1 : 0;
            }
        }
        return new QueryFigures(Map.of("ns", score));
    }
}
