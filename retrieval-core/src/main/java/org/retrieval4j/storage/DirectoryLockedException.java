package org.retrieval4j.storage;

import java.io.IOException;
import java.nio.file.Path;

/** Another writer has the directory; there is one at a time. Readers are not affected. */
public class DirectoryLockedException extends IOException {
    private static final long serialVersionUID = 1;

    private final String holder;

    /**
     * Tells who writes.
     *
     * @param directory the directory
     * @param holder the other writer in words: process, host, since when
     */
    public DirectoryLockedException(Path directory, String holder) {
        super(directory + " is being written by " + holder + "; there can be one writer at a time");
        this.holder = holder;
    }

    /**
     * The other writer.
     *
     * @return process, host, since when
     */
    public String holder() {
        return holder;
    }
}
