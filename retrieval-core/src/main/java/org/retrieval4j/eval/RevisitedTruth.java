package org.retrieval4j.eval;

import java.util.List;

/**
 * The right answers of Revisited Oxford or Revisited Paris (Radenovic, Iscen, Tolias, Avrithis, Chum: Revisiting Oxford and
 * Paris, CVPR 2018).
 *
 * @param images number of images of the database; labels are indices from 0 into their list, behind whose end distractors
 *     may stand, which no label names
 * @param queries the labels of each query
 */
public record RevisitedTruth(int images, List<Labels> queries) {
    /** Copies the list, and checks that all labels name images of the database. */
    public RevisitedTruth {
        queries = List.copyOf(queries);
        if (images < 1 || queries.isEmpty()) {
            throw new IllegalArgumentException("there must be at least 1 image and 1 query, got " + images
                    + " images and " + queries.size() + " queries");
        }
        for (int query = 0; query < queries.size(); query++) {
            Labels labels = queries.get(query);
            check(images, query, "easy", labels.easy);
            check(images, query, "hard", labels.hard);
            check(images, query, "junk", labels.junk);
        }
    }

    /**
     * The same answers in a larger database (as with the million distractors of the authors).
     *
     * @param distractors number of images that show none of the landmarks, which stand behind the others
     * @return a copy
     */
    public RevisitedTruth withDistractors(int distractors) {
        if (distractors < 0) {
            throw new IllegalArgumentException("distractors must be at least 0, got " + distractors);
        }
        return new RevisitedTruth(Math.addExact(images, distractors), queries);
    }

    private static void check(int images, int query, String name, List<Integer> labels) {
        boolean[] seen = new boolean[images];
        for (int image : labels) {
            if (image < 0 || image >= images) {
                throw new IllegalArgumentException(
                        name + " of query " + query + " must be 0 to " + (images - 1) + ", got " + image);
            }
            if (seen[image]) {
                throw new IllegalArgumentException(name + " of query " + query + " has image " + image + " twice");
            }
            seen[image] = true;
        }
    }

    /**
     * The images that show a query's landmark; all others do not.
     *
     * @param easy those that show it clearly
     * @param hard those that show it under difficult conditions
     * @param junk those that show it barely: neither right nor wrong
     */
    public record Labels(List<Integer> easy, List<Integer> hard, List<Integer> junk) {
        /** Copies the lists. */
        public Labels {
            easy = List.copyOf(easy);
            hard = List.copyOf(hard);
            junk = List.copyOf(junk);
        }
    }
}
