package org.retrieval4j.database;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.retrieval4j.storage.SectionFile;

/** What stands in a database's directory. */
final class DatabaseDirectory {
    static final String IMAGES = "images";
    static final String INDEX = "index";
    static final String COMPONENTS = "components";

    // a creation that did not end may have left these
    private static final Set<String> CONTENT = Set.of(IMAGES, INDEX, COMPONENTS);
    private static final Set<String> LOCK = Set.of("write.lock", "write.holder");

    private DatabaseDirectory() {}

    static boolean isDatabase(Path directory) {
        return Files.isRegularFile(directory.resolve(DatabaseHeader.FILE));
    }

    static void requireDatabase(Path directory) throws NoSuchFileException {
        if (!isDatabase(directory)) {
            throw new NoSuchFileException(directory.toString(), null, "not an image database");
        }
    }

    /** Refuses a database, and a directory in which anything else stands. */
    static void requireFree(Path directory) throws IOException {
        if (isDatabase(directory)) {
            throw new FileAlreadyExistsException(directory.toString(), null, "an image database already");
        }
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.list(directory)) {
            Optional<Path> other = files.filter(file -> {
                        String name = String.valueOf(file.getFileName());
                        return !CONTENT.contains(name) && !LOCK.contains(name);
                    })
                    .findFirst();
            if (other.isPresent()) {
                throw new FileAlreadyExistsException(directory.toString(), null, "not empty, and no image database");
            }
        }
    }

    /** Deletes what a creation left that did not end. */
    static void clear(Path directory) throws IOException {
        for (String name : CONTENT) {
            deleteRecursively(directory.resolve(name));
        }
    }

    static void deleteRecursively(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        List<Path> paths;
        try (Stream<Path> all = Files.walk(folder)) {
            paths = all.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : paths) {
            Files.delete(path);
        }
    }

    /** Checks every byte of every container file. */
    static void verify(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(directory)) {
            files = all.filter(file -> file.toString().endsWith(".r4j"))
                    .sorted()
                    .toList();
        }
        for (Path path : files) {
            try (SectionFile file = SectionFile.open(path)) {
                file.verify();
            } catch (NoSuchFileException e) {
                continue; // merged away in between
            }
        }
    }

    /** Bytes of all files of a folder. */
    static long bytes(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return 0;
        }
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder)) {
            files = all.toList();
        }
        long sum = 0;
        for (Path file : files) {
            try {
                sum += Files.isRegularFile(file) ? Files.size(file) : 0;
            } catch (NoSuchFileException e) {
                continue; // one that was being written
            }
        }
        return sum;
    }
}
