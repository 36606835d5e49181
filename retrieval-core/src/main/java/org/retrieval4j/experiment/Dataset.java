package org.retrieval4j.experiment;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;

/**
 * Pictures and what is right for some of them.
 *
 * @param name what it is called in results
 * @param images folder of pictures; they are called by their path in it
 * @param groundTruth CSV file: rows query,relevant,relevant,… of these names; a query is one of the pictures, and is taken
 *     out of its own answer
 */
public record Dataset(String name, Path images, Path groundTruth) {
    /** Checks that nothing is missing. */
    public Dataset {
        requireNonNull(images, "images");
        requireNonNull(groundTruth, "groundTruth");
        if (name.isBlank()) {
            throw new IllegalArgumentException("the name of a data set must not be empty: " + images);
        }
    }
}
