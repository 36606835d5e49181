package org.retrieval4j.cli;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.eval.QueryFigures;

/** A published protocol of evaluation, with its ground truth at hand. */
interface Protocol {
    /** The images that the ground truth knows; their places are the indices of a matrix. */
    Names images();

    /** Whether these are all images of the data set; otherwise only a ranking of names can be judged. */
    default boolean listsAllImages() {
        return true;
    }

    /** The queries; their places are the columns of a matrix. */
    Names queries();

    /** The part of a query that is searched for: left, top, right and bottom in pixels of the upright picture. */
    default Optional<List<Double>> box(int query) {
        return Optional.empty();
    }

    /** The name of a query's picture. */
    default String picture(int query) {
        return queries().list().get(query);
    }

    /** Whether an image that the ground truth does not know must not be in the database: a query of its own. */
    default boolean excludes(String image) {
        return false;
    }

    /** How many answers of each query are looked at; all of them by protocols of average precision. */
    default int answers() {
        return Integer.MAX_VALUE;
    }

    /** How many a ranking must have to be judged; fewer only if there are no more images. */
    default int least() {
        return answers() == Integer.MAX_VALUE ? 1 : answers();
    }

    /**
     * What a ranking has too little of; nothing if it is long enough.
     *
     * @param others number of images of the database that the ground truth does not know
     */
    default String lacks(int[] ranking, int others) {
        return "";
    }

    /**
     * The figures of rankings, by setting; {@link FigureOutput#ONLY} where there are none.
     *
     * @param others number of images of the database that the ground truth does not know, whose indices follow
     * @throws IllegalArgumentException if the rankings are not such
     */
    Map<String, QueryFigures> judge(int others, int[][] rankings);
}
