package org.retrieval4j.database;

import static java.util.Objects.requireNonNull;

/**
 * An image that was not added.
 *
 * @param name the name it would have had
 * @param reason why not, in words
 */
public record Skipped(String name, String reason) {
    /** Checks that nothing is missing. */
    public Skipped {
        requireNonNull(name, "name");
        requireNonNull(reason, "reason");
    }
}
