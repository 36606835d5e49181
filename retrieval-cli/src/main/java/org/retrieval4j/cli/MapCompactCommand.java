package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.localization.map.PointMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval map compact}: one segment again of all that came and went. */
@Command(
        name = "compact",
        description = {
            "Merge a map's segments: give back the space of removed images.",
            "",
            "A map of one segment opens faster and keeps little on the heap. Images that the map does not have, which an"
                    + " interrupted add or remove left in the database, go too."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class MapCompactCommand extends Subcommand {
    @Option(names = "--map", paramLabel = "MAP", required = true, description = "The map's folder.")
    private Path map;

    @Mixin
    private ThreadOptions threads;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    int execute() throws IOException {
        MapFolder.requireMap(map);
        long before = bytes(map);
        int images;
        try (Workers workers = threads.start();
                ImageDatabase database = Databases.open(
                        MapFolder.database(map),
                        Components.load(),
                        BuildContext.defaults().withExecutor(workers.executor()))) {
            try (PointMap points = MapFolder.open(map)) {
                images = points.images().size();
                List<String> strangers = database.images().stream()
                        .filter(image -> points.indexOf(image.id()) < 0)
                        .map(image -> image.name())
                        .toList();
                database.removeAll(strangers);
            }
            PointMap.compact(MapFolder.points(map));
            database.compact();
        }
        if (json) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("images", images);
            line.put("bytes-before", before);
            line.put("bytes", bytes(map));
            console().print(Json.text(line));
        } else {
            console()
                    .print("compacted " + map + ": " + images + " images, " + InfoCommand.size(before) + " before, "
                            + InfoCommand.size(bytes(map)) + " now");
        }
        return Main.DONE;
    }

    private static long bytes(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            long sum = 0;
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                sum += Files.size(file);
            }
            return sum;
        }
    }
}
