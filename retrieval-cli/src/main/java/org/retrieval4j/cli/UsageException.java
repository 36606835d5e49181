package org.retrieval4j.cli;

import org.jspecify.annotations.Nullable;

/** The arguments make no sense: exit code 2. */
final class UsageException extends CommandException {
    private static final long serialVersionUID = 1;

    UsageException(String message) {
        super(message);
    }

    UsageException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
