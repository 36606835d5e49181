package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.retrieval4j.database.ImageFolder;
import org.retrieval4j.database.ImageSource;
import org.retrieval4j.database.ImageTar;
import org.retrieval4j.database.Skipped;

/**
 * The picture files that arguments name: a file whatever its ending, a folder's pictures as {@link ImageFolder} finds them,
 * and those inside a tar. A file that is reached twice is one image, under its first name.
 */
final class ImageFiles {
    private final List<ImageSource> sources = new ArrayList<>();
    private final List<Skipped> missing = new ArrayList<>();
    private final Map<Path, String> nameByFile;
    private final Set<Path> taken = new HashSet<>();
    private int repeated;

    private ImageFiles(Map<Path, String> known) {
        nameByFile = known;
    }

    /**
     * Expands arguments.
     *
     * @param arguments files and folders, as typed
     * @param known names that files already have in a database, by real path
     * @throws CommandException if none of the arguments exists
     */
    static ImageFiles of(List<String> arguments, Map<Path, String> known) throws IOException {
        ImageFiles files = new ImageFiles(known);
        for (String argument : arguments) {
            Path path = Path.of(argument);
            if (Files.isDirectory(path)) {
                files.addFolder(argument, path);
            } else if (Files.exists(path) && argument.toLowerCase(Locale.ROOT).endsWith(".tar")) {
                if (files.taken.add(path.toRealPath())) {
                    files.sources.addAll(ImageTar.read(argument, path));
                }
            } else if (Files.exists(path)) {
                files.add(argument, path);
            } else {
                files.missing.add(new Skipped(argument, "no such file or folder"));
            }
        }
        if (files.missing.size() == arguments.size()) {
            throw new CommandException("no such file or folder: "
                    + String.join(
                            ", ", files.missing.stream().map(Skipped::name).toList()));
        }
        return files;
    }

    /** The pictures, in order. */
    List<ImageSource> sources() {
        return Collections.unmodifiableList(sources);
    }

    /** Arguments that do not exist. */
    List<Skipped> missing() {
        return Collections.unmodifiableList(missing);
    }

    /** How many files were reached again. */
    int repeated() {
        return repeated;
    }

    private void addFolder(String argument, Path path) throws IOException {
        ImageFolder folder = ImageFolder.read(argument, path);
        missing.addAll(folder.unreadable());
        for (ImageSource picture : folder.pictures()) {
            add(picture.name(), picture.file());
        }
    }

    private void add(String name, Path file) throws IOException {
        Path real = file.toRealPath();
        if (taken.add(real)) {
            sources.add(new ImageSource(nameByFile.getOrDefault(real, name), file));
        } else {
            repeated++;
        }
    }

    /** Names of the images of a database by the real path of their files, where these are still there. */
    static Map<Path, String> byRealPath(Iterable<String> names, Origins origins) throws IOException {
        Map<Path, String> known = new LinkedHashMap<>();
        for (String name : names) {
            Optional<Path> file = origins.find(name);
            if (file.isPresent()) {
                known.putIfAbsent(file.get().toRealPath(), name);
            }
        }
        return known;
    }
}
