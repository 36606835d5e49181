package org.retrieval4j.database;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A picture file to be added.
 *
 * @param name what the image will be called in the database
 * @param file where it is now; not remembered
 */
public record ImageSource(String name, Path file) {
    private static final Set<String> ENDINGS = Set.of("jpg", "jpeg", "png", "webp", "tif", "tiff", "bmp", "gif", "jp2");

    /** Checks that the name is not empty. */
    public ImageSource {
        requireNonNull(file, "file");
        if (name.isEmpty()) {
            throw new IllegalArgumentException("the name of an image must not be empty: " + file);
        }
    }

    /**
     * The picture files of a folder and all folders below it, by their endings; what is hidden is left out.
     *
     * @param folder the folder
     * @return its pictures in the order of their names, each called by the folder, "/" and its path in it
     * @throws IOException if the folder cannot be read
     */
    public static List<ImageSource> folder(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> hasPictureEnding(file) && Files.isRegularFile(file))
                    .map(folder::relativize)
                    .filter(file -> !hidden(file))
                    .map(file -> file.toString().replace('\\', '/'))
                    .sorted()
                    .map(name -> new ImageSource(folder + "/" + name, folder.resolve(name)))
                    .toList();
        } catch (java.io.UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /**
     * Tells by its ending whether a file is meant to be a picture: jpg, jpeg, png, webp, tif, tiff, bmp, gif, jp2.
     *
     * @param file the file; only its name is looked at
     * @return true for these endings, in capitals too
     */
    public static boolean hasPictureEnding(Path file) {
        String name = file.toString();
        return ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
    }

    private static boolean hidden(Path relative) {
        for (Path part : relative) {
            if (part.toString().startsWith(".")) {
                return true;
            }
        }
        return false;
    }
}
