package org.retrieval4j.database;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;

/**
 * A picture file to be added.
 *
 * @param name what the image will be called in the database
 * @param file where it is now; not remembered
 */
public record ImageSource(String name, Path file) {
    /** Checks that the name is not empty. */
    public ImageSource {
        requireNonNull(file, "file");
        if (name.isEmpty()) {
            throw new IllegalArgumentException("the name of an image must not be empty: " + file);
        }
    }
}
