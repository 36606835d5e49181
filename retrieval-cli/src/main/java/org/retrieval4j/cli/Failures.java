package org.retrieval4j.cli;

import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Exceptions as one line of words. */
final class Failures {
    private Failures() {}

    /** What to tell a user about an exception: its message where that is meant for people, with what it lacks. */
    static String message(Throwable failure) {
        Throwable cause = unwrapped(failure);
        String message = cause.getMessage();
        if (cause instanceof NoSuchFileException) {
            return oneLine("no such file or folder: " + message);
        } else if (cause instanceof AccessDeniedException) {
            return oneLine("permission denied: " + message);
        } else if (cause instanceof FileAlreadyExistsException) {
            return oneLine("already exists: " + message);
        } else if (cause instanceof NotDirectoryException) {
            return oneLine("not a folder: " + message);
        } else if (cause instanceof FileSystemException file && file.getReason() != null) {
            return oneLine(file.getReason() + ": " + file.getFile());
        } else if (cause instanceof OutOfMemoryError) {
            return "out of memory (the heap has " + (Runtime.getRuntime().maxMemory() >> 20)
                    + " MiB; java -Xmx4g -jar … gives it more): " + oneLine(message);
        } else if (message == null || message.isBlank() || cause instanceof LinkageError) {
            return oneLine(cause.toString());
        }
        return oneLine(message);
    }

    private static Throwable unwrapped(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null
                && (cause instanceof UncheckedIOException
                        || cause instanceof ExecutionException
                        || cause instanceof CompletionException
                        || cause instanceof ExceptionInInitializerError)) {
            cause = cause.getCause();
        }
        return cause;
    }

    /** Text without line breaks or other control characters, which could forge lines or move a terminal's cursor. */
    static String oneLine(@Nullable String text) {
        if (text == null) {
            return "no reason given";
        }
        StringBuilder line = new StringBuilder(text.length());
        boolean space = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean blank = Character.isISOControl(c) || c == '\u2028' || c == '\u2029' || c == ' ';
            if (blank && c != ' ') {
                space = true;
            } else {
                if (space && !line.isEmpty() && c != ' ') {
                    line.append(' ');
                }
                space = false;
                line.append(c);
            }
        }
        return line.toString();
    }
}
