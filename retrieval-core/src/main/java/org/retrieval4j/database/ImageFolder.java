package org.retrieval4j.database;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The pictures of a folder and all folders below it: the files with a picture's ending (jpg, jpeg, png, webp, tif, tiff,
 * bmp, gif, jp2, in capitals too), in the order of their names. What is hidden (its name starts with a dot) is left out;
 * links are followed, but not back up.
 *
 * @param pictures the files, each called by the folder's name, "/", and its path in the folder
 * @param unreadable files and folders that cannot be looked at, with the reason
 */
public record ImageFolder(List<ImageSource> pictures, List<Skipped> unreadable) {
    private static final Set<String> ENDINGS = Set.of("jpg", "jpeg", "png", "webp", "tif", "tiff", "bmp", "gif", "jp2");

    /** Copies the lists. */
    public ImageFolder {
        pictures = List.copyOf(pictures);
        unreadable = List.copyOf(unreadable);
    }

    /**
     * Looks through a folder.
     *
     * @param name what the folder is called in the names of its pictures; a slash at its end is not doubled
     * @param folder where it is
     * @return what is there
     * @throws IOException if the folder itself cannot be read
     */
    public static ImageFolder read(String name, Path folder) throws IOException {
        Map<String, Path> found = new TreeMap<>();
        List<Skipped> unreadable = new ArrayList<>();
        String prefix = name.endsWith("/") ? name : name + "/";
        Files.walkFileTree(
                folder, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                        boolean hidden = !directory.equals(folder) && isHidden(directory);
                        return hidden ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                        if (isHidden(file) || !hasPictureEnding(String.valueOf(file.getFileName()))) {
                            return FileVisitResult.CONTINUE;
                        }
                        String name = prefix + relative(file);
                        if (attributes.isSymbolicLink()) { // the walk could not follow it
                            unreadable.add(new Skipped(name, "a link that leads nowhere"));
                        } else if (!attributes.isDirectory()) {
                            found.put(name, file);
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                        if (file.equals(folder)) {
                            throw failure;
                        }
                        // the walk itself notices a link that leads back up, which is no loss
                        if (!(failure instanceof FileSystemLoopException)) {
                            unreadable.add(Skipped.because(prefix + relative(file), failure));
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    private String relative(Path file) {
                        return folder.relativize(file).toString().replace('\\', '/');
                    }
                });
        List<ImageSource> pictures = new ArrayList<>();
        found.forEach((picture, file) -> pictures.add(new ImageSource(picture, file)));
        return new ImageFolder(pictures, unreadable);
    }

    private static boolean isHidden(Path path) {
        Path name = path.getFileName();
        return name != null && name.toString().startsWith(".");
    }

    static boolean hasPictureEnding(String name) {
        return ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
    }
}
