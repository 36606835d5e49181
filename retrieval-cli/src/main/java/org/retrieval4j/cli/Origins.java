package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where the names of a database start. An image is named by the text of an argument, which may be relative; so that a
 * report made elsewhere still finds the pictures, the working directories of {@code retrieval index} are kept in a text
 * file beside the database's own files, one a line.
 */
final class Origins {
    private static final String FILE = "origins.txt";

    private final List<Path> directories;

    private Origins(List<Path> directories) {
        this.directories = directories;
    }

    /** The current directory first, then those of earlier runs. */
    static Origins of(Path database) throws IOException {
        List<Path> directories = new ArrayList<>(List.of(Path.of("")));
        Path file = database.resolve(FILE);
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
                if (!line.isBlank()) {
                    directories.add(Path.of(line));
                }
            }
        }
        return new Origins(directories);
    }

    /** Remembers the current directory. */
    static void remember(Path database) throws IOException {
        Path here = Path.of("").toAbsolutePath();
        if (!of(database).directories.contains(here)) {
            Files.writeString(
                    database.resolve(FILE),
                    here + "\n",
                    StandardCharsets.UTF_8,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        }
    }

    /** The file of an image, if it is still there. */
    Optional<Path> find(String name) {
        try {
            Path path = Path.of(name);
            for (Path directory : directories) {
                Path file = directory.resolve(path);
                if (Files.isRegularFile(file)) {
                    return Optional.of(file);
                }
            }
        } catch (InvalidPathException notAPath) {
            return Optional.empty(); // named by a program, not by a file
        }
        return Optional.empty();
    }
}
