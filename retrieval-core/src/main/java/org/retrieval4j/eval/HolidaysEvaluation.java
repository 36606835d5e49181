package org.retrieval4j.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * INRIA Holidays (Jegou, Douze, Schmid: Hamming embedding and weak geometric consistency, ECCV 2008): images whose numbers
 * have the same hundreds show one scene, and the one whose number ends with 00 is its query, which is taken out of its own
 * ranking. Average precision is the area by trapezoids of {@link TrapezoidEvaluation}.
 */
public final class HolidaysEvaluation {
    private HolidaysEvaluation() {}

    /**
     * The queries.
     *
     * @param numbers of all images
     * @return places in the list of those that end with 00, in its order
     */
    public static List<Integer> queries(List<Long> numbers) {
        List<Integer> queries = new ArrayList<>();
        for (int image = 0; image < numbers.size(); image++) {
            if (numbers.get(image) % 100 == 0) {
                queries.add(image);
            }
        }
        return queries;
    }

    /**
     * What each query looks for: the others of its hundred.
     *
     * @param numbers of all images
     * @return in the order of the queries
     */
    public static List<TrapezoidEvaluation.Labels> labels(List<Long> numbers) {
        List<TrapezoidEvaluation.Labels> labels = new ArrayList<>();
        for (int query : queries(numbers)) {
            List<Integer> relevant = new ArrayList<>();
            for (int image = 0; image < numbers.size(); image++) {
                if (image != query && numbers.get(image) / 100 == numbers.get(query) / 100) {
                    relevant.add(image);
                }
            }
            labels.add(new TrapezoidEvaluation.Labels(relevant, List.of(query)));
        }
        return labels;
    }

    /**
     * Judges rankings.
     *
     * @param numbers of all images
     * @param distractors number of further images of the database, whose indices follow
     * @param rankings for each query indices of images, best first
     * @return the figure {@code map}; a query that is alone in its hundred does not count
     * @throws IllegalArgumentException if a query is missing, or an index is out of range or repeated
     */
    public static QueryFigures of(List<Long> numbers, int distractors, int[][] rankings) {
        return TrapezoidEvaluation.of(numbers.size() + distractors, labels(numbers), rankings)
                .only("map");
    }

    /**
     * Judges ranks of right answers only, as the authors' files of results may have them.
     *
     * @param numbers of all images
     * @param ranks for each query the ranks from 0 of the others of its hundred that were found, the query not counted,
     *     ascending
     * @return the figure {@code map}; a query that is alone in its hundred does not count
     */
    public static QueryFigures ofRanks(List<Long> numbers, int[][] ranks) {
        List<TrapezoidEvaluation.Labels> labels = labels(numbers);
        double[] map = new double[ranks.length];
        for (int query = 0; query < map.length; query++) {
            int relevant = labels.get(query).relevant().size();
            map[query] = relevant == 0 ? Double.NaN : TrapezoidEvaluation.averagePrecision(ranks[query], relevant);
        }
        return new QueryFigures(Map.of("map", map));
    }
}
