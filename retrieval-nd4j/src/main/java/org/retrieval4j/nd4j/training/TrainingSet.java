package org.retrieval4j.nd4j.training;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.List;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.ImageFeatures;

/**
 * Pictures with what is known of them, to learn from or to be judged by. Thread-safe if the source is.
 *
 * @param names of the pictures
 * @param ids of each picture in the source
 * @param source gives their features
 * @param relations what shows the same, in the order of the names
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record TrainingSet(List<String> names, long[] ids, FeatureSource source, Relations relations) {
    /** Checks that the parts fit. */
    public TrainingSet {
        names = List.copyOf(names);
        requireNonNull(source, "source");
        requireNonNull(relations, "relations");
        if (names.size() != relations.size() || ids.length != names.size()) {
            throw new IllegalArgumentException("there must be relations of each picture, got " + relations.size()
                    + " for " + names.size() + " names and " + ids.length + " ids");
        }
    }

    /**
     * Number of pictures.
     *
     * @return n
     */
    public int size() {
        return ids.length;
    }

    /**
     * The features of a picture.
     *
     * @param picture its number
     * @return what is aggregated
     * @throws IOException if they cannot be read
     */
    public ImageFeatures features(int picture) throws IOException {
        return source.features(ids[picture])
                .orElseThrow(() -> new IllegalStateException("no features are kept of " + names.get(picture)));
    }

    /**
     * Some of the pictures.
     *
     * @param chosen their numbers, ascending
     * @return a set of these
     */
    public TrainingSet among(int[] chosen) {
        long[] some = new long[chosen.length];
        List<String> called = new java.util.ArrayList<>();
        for (int i = 0; i < chosen.length; i++) {
            some[i] = ids[chosen[i]];
            called.add(names.get(chosen[i]));
        }
        return new TrainingSet(called, some, source, relations.among(chosen));
    }
}
