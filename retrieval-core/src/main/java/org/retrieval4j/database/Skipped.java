package org.retrieval4j.database;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

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

    /** An image whose file failed. */
    static Skipped because(String name, IOException failure) {
        return new Skipped(name, reason(failure));
    }

    private static String reason(IOException failure) {
        if (failure instanceof NoSuchFileException) {
            return "no such file";
        } else if (failure instanceof AccessDeniedException) {
            return "access denied";
        } else if (failure instanceof FileSystemException system && system.getReason() != null) {
            return system.getReason();
        }
        return failure.getMessage() == null ? failure.getClass().getName() : failure.getMessage();
    }
}
