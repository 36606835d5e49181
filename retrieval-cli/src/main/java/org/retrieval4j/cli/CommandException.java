package org.retrieval4j.cli;

import org.jspecify.annotations.Nullable;

/** The command could not do its work; the message says why, in words for the user. */
class CommandException extends RuntimeException {
    private static final long serialVersionUID = 1;

    CommandException(String message) {
        super(message);
    }

    CommandException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
