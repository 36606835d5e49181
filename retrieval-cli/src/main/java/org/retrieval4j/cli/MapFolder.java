package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.retrieval4j.localization.map.PointMap;
import org.retrieval4j.storage.WriterLock;

/** A map's folder: the points, and beside them the image database with the features and the index of its pictures. */
final class MapFolder {
    private static final Set<String> PARTS = Set.of("points", "images", "write.lock", "write.holder");

    private MapFolder() {}

    static Path points(Path map) {
        return map.resolve("points");
    }

    static Path database(Path map) {
        return map.resolve("images");
    }

    static PointMap open(Path map) throws IOException {
        requireMap(map);
        return PointMap.open(points(map));
    }

    /** Tells at once, where something else is opened first. */
    static void requireMap(Path map) {
        if (!PointMap.exists(points(map))) {
            throw new CommandException(
                    (Files.exists(map) ? "no map in " : "no such map: ") + map + " (retrieval map build makes one)");
        }
    }

    /** Fills a new map's folder. */
    interface Work {
        void fill(Path folder) throws IOException;
    }

    /**
     * Makes a map in the folder {@code NAME.building} beside its own, which takes its name when it is whole: a folder of
     * the map's name holds a map or is not there. What a dead process left is replaced.
     */
    static void create(Path map, Work work) throws IOException {
        if (Files.exists(map)) {
            throw new FileAlreadyExistsException(map.toString());
        }
        Path whole = map.toAbsolutePath().normalize();
        Path building = whole.resolveSibling(whole.getFileName() + ".building");
        Files.createDirectories(building);
        boolean filled = false;
        try (WriterLock lock = WriterLock.acquire(building)) { // tells of somebody alive who builds there
            clear(building);
            try {
                work.fill(building);
                filled = true;
            } finally {
                if (!filled) {
                    clear(building);
                }
            }
        }
        Files.deleteIfExists(building.resolve("write.lock"));
        if (filled) {
            Files.move(building, whole);
        }
    }

    /** Removes what a map consists of; anything else is not ours to remove. */
    private static void clear(Path building) throws IOException {
        try (Stream<Path> entries = Files.list(building)) {
            for (Path entry : entries.toList()) {
                String name = String.valueOf(entry.getFileName());
                if (!PARTS.contains(name)) {
                    throw new CommandException(building + " is in the way: it holds " + name + ", which is no map's");
                }
            }
        }
        delete(points(building));
        delete(database(building));
    }

    private static void delete(Path tree) throws IOException {
        if (!Files.exists(tree)) {
            return;
        }
        List<Path> paths;
        try (Stream<Path> all = Files.walk(tree)) {
            paths = all.sorted((a, b) -> b.compareTo(a)).toList(); // what lies in a folder before the folder
        }
        for (Path path : paths) {
            Files.delete(path);
        }
    }
}
