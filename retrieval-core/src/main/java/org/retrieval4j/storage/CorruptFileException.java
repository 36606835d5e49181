package org.retrieval4j.storage;

import java.io.IOException;
import java.nio.file.Path;

/** A file is not what it says it is: cut, damaged, or of another kind. */
public class CorruptFileException extends IOException {
    private static final long serialVersionUID = 1;

    private final String path;
    private final long offset;
    private final String expected;
    private final String found;

    /**
     * Tells what is wrong where.
     *
     * @param path the file
     * @param offset where in the file, in bytes
     * @param expected what should stand there
     * @param found what stands there
     */
    public CorruptFileException(Path path, long offset, String expected, String found) {
        super(path + " is corrupt at byte " + offset + ": expected " + expected + ", found " + found);
        this.path = path.toString();
        this.offset = offset;
        this.expected = expected;
        this.found = found;
    }

    /**
     * The file.
     *
     * @return its path
     */
    public Path path() {
        return Path.of(path);
    }

    /**
     * Where the damage is.
     *
     * @return offset in bytes from the start of the file
     */
    public long offset() {
        return offset;
    }

    /**
     * What should stand there.
     *
     * @return in words
     */
    public String expected() {
        return expected;
    }

    /**
     * What stands there.
     *
     * @return in words
     */
    public String found() {
        return found;
    }
}
