package org.retrieval4j.database;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;
import org.retrieval4j.api.ImageReader;

/**
 * A picture to be added: a file, or a part of one, such as an archive's.
 *
 * @param name what the image will be called in the database
 * @param file where it is now; not remembered
 * @param offset where in the file its bytes begin
 * @param length how many there are; -1 for all to the end of the file
 */
public record ImageSource(String name, Path file, long offset, long length) {
    /** Checks that the name is not empty, and that the part may be one. */
    public ImageSource {
        requireNonNull(file, "file");
        if (name.isEmpty()) {
            throw new IllegalArgumentException("the name of an image must not be empty: " + file);
        }
        if (offset < 0 || length < -1) {
            throw new IllegalArgumentException(
                    "offset and length must not be negative, got " + offset + " and " + length + ": " + file);
        }
    }

    /**
     * A picture file.
     *
     * @param name what the image will be called in the database
     * @param file where it is now; not remembered
     */
    public ImageSource(String name, Path file) {
        this(name, file, 0, -1);
    }

    /**
     * Reads its bytes.
     *
     * @param reader whose limits hold
     * @return all bytes
     * @throws IOException if they cannot be read, are none, or too many
     */
    public byte[] bytes(ImageReader reader) throws IOException {
        return length < 0 ? reader.bytes(file) : reader.bytes(file, offset, length);
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
