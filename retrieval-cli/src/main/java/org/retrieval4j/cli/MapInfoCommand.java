package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.retrieval4j.localization.map.PointMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code retrieval map info}: what a map holds. */
@Command(name = "info", description = "Tell how many images, points and observations a map has.")
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class MapInfoCommand extends Subcommand {
    @Option(names = "--map", paramLabel = "MAP", required = true, description = "The map's folder.")
    private Path map;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    int execute() throws IOException {
        try (PointMap opened = MapFolder.open(map)) {
            console().print(json ? Json.text(statistics(opened)) : text(opened));
        }
        return Main.DONE;
    }

    static Map<String, Object> statistics(PointMap map) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("images", map.images().size());
        line.put("points", map.size());
        line.put("observations", map.observations());
        line.put("meanTrackLength", map.size() == 0 ? 0 : (double) map.observations() / map.size());
        return line;
    }

    static String text(PointMap map) {
        return String.format(
                Locale.ROOT,
                "%d images, %d points, %d observations",
                map.images().size(),
                map.size(),
                map.observations());
    }
}
