package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * A folder of pictures that files name: nothing outside it is read.
 *
 * @param path the folder, as typed
 */
record PictureFolder(Path path) {
    /**
     * The file of a picture, there or not.
     *
     * @param name relative to the folder
     * @throws IOException if it is no path, or leads out of the folder
     */
    Path file(String name) throws IOException {
        Path file;
        try {
            file = path.resolve(name);
        } catch (InvalidPathException e) {
            throw new IOException("no name of a picture: " + e.getMessage(), e);
        }
        if (!inside(file).startsWith(inside(path))) {
            throw new IOException(name + " lies outside " + path);
        }
        return file.normalize();
    }

    /** Absolute: the empty path, which "." is otherwise, is the start of no other. */
    private static Path inside(Path file) {
        return file.toAbsolutePath().normalize();
    }
}
