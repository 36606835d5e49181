package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.retrieval4j.database.ImageSource;
import org.retrieval4j.database.Skipped;

/**
 * The picture files that arguments name. A file is taken whatever its ending; from a folder, recursively and in the
 * order of the names, the files with a picture's ending. What is hidden (a name that starts with a dot) is left out
 * inside folders, links are followed, and a file that is reached twice is one image, under its first name.
 */
final class ImageFiles {
    static final Set<String> ENDINGS = Set.of("jpg", "jpeg", "png", "webp", "tif", "tiff", "bmp", "gif", "jp2");

    private final List<ImageSource> sources = new ArrayList<>();
    private final List<Skipped> missing = new ArrayList<>();
    private final Map<Path, String> nameByFile;
    private final Set<Path> taken = new java.util.HashSet<>();
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

    private void addFolder(String argument, Path folder) throws IOException {
        Map<String, Path> found = new TreeMap<>();
        BiConsumer<Path, Path> collect = (file, relative) -> {
            if (hasPictureEnding(file)) {
                found.put(relative.toString().replace('\\', '/'), file);
            }
        };
        // links are followed; the walk itself notices a link that leads back up
        Files.walkFileTree(
                folder, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                        boolean hidden = !directory.equals(folder) && isHidden(directory);
                        return hidden ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                        if (!attributes.isDirectory() && !isHidden(file)) {
                            collect.accept(file, folder.relativize(file));
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException failure) {
                        if (failure instanceof java.nio.file.FileSystemLoopException) {
                            return FileVisitResult.CONTINUE;
                        }
                        String name = joined(argument, folder.relativize(file).toString());
                        missing.add(new Skipped(name, Failures.message(failure)));
                        return FileVisitResult.CONTINUE;
                    }
                });
        for (Map.Entry<String, Path> entry : found.entrySet()) {
            add(joined(argument, entry.getKey()), entry.getValue());
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

    private static boolean isHidden(Path path) {
        Path name = path.getFileName();
        return name != null && name.toString().startsWith(".");
    }

    private static String joined(String argument, String relative) {
        return argument.endsWith("/") ? argument + relative : argument + "/" + relative;
    }

    private static boolean hasPictureEnding(Path file) {
        Path name = file.getFileName();
        String text = name == null ? "" : name.toString();
        return ENDINGS.contains(text.substring(text.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
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
