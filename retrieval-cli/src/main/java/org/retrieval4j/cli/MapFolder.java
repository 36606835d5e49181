package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.retrieval4j.localization.map.PointMap;

/** A map's folder: the points, and beside them the image database with the features and the index of its pictures. */
final class MapFolder {
    private MapFolder() {}

    static Path points(Path map) {
        return map.resolve("points");
    }

    static Path database(Path map) {
        return map.resolve("images");
    }

    static PointMap open(Path map) throws IOException {
        if (!Files.isRegularFile(points(map))) {
            throw new CommandException(
                    (Files.exists(map) ? "no map in " : "no such map: ") + map + " (retrieval map build makes one)");
        }
        return PointMap.open(points(map));
    }
}
