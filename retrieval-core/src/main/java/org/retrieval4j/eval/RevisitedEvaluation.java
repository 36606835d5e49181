package org.retrieval4j.eval;

import java.util.ArrayList;
import java.util.List;

/**
 * Figures of Revisited Oxford or Revisited Paris for one setting, as the authors' script computes them (Radenovic et al.:
 * Revisiting Oxford and Paris, CVPR 2018).
 *
 * @param figures of each query, as {@link TrapezoidEvaluation} names them
 */
public record RevisitedEvaluation(QueryFigures figures) {
    /** Numbers of first answers whose precision is measured. */
    public static final List<Integer> CUTOFFS = TrapezoidEvaluation.CUTOFFS;

    /** Which images are right and which are ignored; all others are wrong. */
    public enum Setting {
        /** Easy images are right, hard and junk ignored. */
        EASY(true, false),
        /** Easy and hard images are right, junk ignored. */
        MEDIUM(true, true),
        /** Hard images are right, easy and junk ignored. */
        HARD(false, true);

        private final boolean easy;
        private final boolean hard;

        Setting(boolean easy, boolean hard) {
            this.easy = easy;
            this.hard = hard;
        }

        private TrapezoidEvaluation.Labels labels(RevisitedTruth.Labels labels) {
            List<Integer> relevant = new ArrayList<>();
            List<Integer> ignored = new ArrayList<>(labels.junk());
            (easy ? relevant : ignored).addAll(labels.easy());
            (hard ? relevant : ignored).addAll(labels.hard());
            return new TrapezoidEvaluation.Labels(relevant, ignored);
        }
    }

    /**
     * Judges rankings.
     *
     * @param truth the right answers
     * @param setting which of them count
     * @param rankings for each query of the truth indices of images, best first; a right answer that is not among them
     *     is one that is never found
     * @return the figures
     * @throws IllegalArgumentException if a query is missing, or an index is out of range or repeated
     */
    public static RevisitedEvaluation of(RevisitedTruth truth, Setting setting, int[][] rankings) {
        List<TrapezoidEvaluation.Labels> labels =
                truth.queries().stream().map(setting::labels).toList();
        return new RevisitedEvaluation(TrapezoidEvaluation.of(truth.images(), labels, rankings));
    }

    /**
     * Mean average precision over the queries that have a right answer in this setting.
     *
     * @return NaN if there is none
     */
    public double map() {
        return figures.value("map");
    }

    /**
     * Mean precision at each cutoff over the queries that have a right answer in this setting.
     *
     * @return in the order of {@link #CUTOFFS}; NaN if there is no such query
     */
    public List<Double> meanPrecision() {
        return CUTOFFS.stream().map(cutoff -> figures.value("mp@" + cutoff)).toList();
    }

    /**
     * How many queries have a right answer in this setting; the others are left out of the means.
     *
     * @return 0 or more
     */
    public int queries() {
        return figures.counted();
    }
}
