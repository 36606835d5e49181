package org.retrieval4j.database;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;

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

    /**
     * The pictures of a folder, as {@link ImageFolder} finds them.
     *
     * @param folder the folder
     * @return its pictures in the order of their names, each called by the folder, "/" and its path in it
     * @throws IOException if the folder or something in it cannot be read; {@link ImageFolder#read} tells what
     */
    public static List<ImageSource> folder(Path folder) throws IOException {
        ImageFolder found = ImageFolder.read(folder.toString(), folder);
        if (!found.unreadable().isEmpty()) {
            Skipped first = found.unreadable().get(0);
            throw new FileSystemException(first.name(), null, first.reason());
        }
        return found.pictures();
    }
}
