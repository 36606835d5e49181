package org.retrieval4j.storage;

import java.io.IOException;
import java.nio.file.Path;

/** A file is of a version that this library does not read. */
public class UnsupportedVersionException extends IOException {
    private static final long serialVersionUID = 1;

    private final long found;
    private final long oldest;
    private final long newest;

    /**
     * Tells which versions there are.
     *
     * @param path the file
     * @param what whose version it is: the container, or a kind of content
     * @param found the file's version
     * @param oldest the oldest one that can be read
     * @param newest the newest one that can be read
     */
    public UnsupportedVersionException(Path path, String what, long found, long oldest, long newest) {
        super(path + " has " + what + " version " + found + "; this library reads "
                + (oldest == newest ? "version " + newest : "versions " + oldest + " to " + newest));
        this.found = found;
        this.oldest = oldest;
        this.newest = newest;
    }

    /**
     * The file's version.
     *
     * @return the version found
     */
    public long found() {
        return found;
    }

    /**
     * The oldest version that can be read.
     *
     * @return the oldest
     */
    public long oldest() {
        return oldest;
    }

    /**
     * The newest version that can be read.
     *
     * @return the newest
     */
    public long newest() {
        return newest;
    }
}
