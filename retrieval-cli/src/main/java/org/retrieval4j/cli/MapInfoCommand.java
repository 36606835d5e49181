package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.localization.map.MapImage;
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
            console().print(json ? Json.text(statistics(opened)) : text(statistics(opened)));
        }
        return Main.DONE;
    }

    /** What COLMAP's model_analyzer tells; the mean error is null where no point's error is known. */
    static Map<String, @Nullable Object> statistics(PointMap map) {
        int images = map.images().size();
        double sum = 0;
        int known = 0;
        for (int p = 0; p < map.size(); p++) {
            if (map.error(p) >= 0) {
                sum += map.error(p);
                known++;
            }
        }
        Map<String, @Nullable Object> line = new LinkedHashMap<>();
        line.put("cameras", cameras(map));
        line.put("images", images);
        line.put("registeredImages", images);
        line.put("points", map.size());
        line.put("observations", map.observations());
        line.put("meanTrackLength", map.size() == 0 ? 0 : (double) map.observations() / map.size());
        line.put("meanObservationsPerImage", images == 0 ? 0 : (double) map.observations() / images);
        line.put("meanReprojectionError", known == 0 ? null : sum / known);
        return line;
    }

    private static int cameras(PointMap map) {
        Set<Object> distinct = new HashSet<>();
        for (MapImage image : map.images()) {
            distinct.add(List.of(image.cameraNumber(), image.camera()));
        }
        return distinct.size();
    }

    private static String text(Map<String, @Nullable Object> statistics) {
        StringJoiner text = new StringJoiner("\n");
        String[] labels = {
            "Cameras",
            "Images",
            "Registered images",
            "Points",
            "Observations",
            "Mean track length",
            "Mean observations per image",
            "Mean reprojection error"
        };
        int i = 0;
        for (@Nullable Object value : statistics.values()) {
            boolean error = i == labels.length - 1;
            String number = value instanceof Double real
                    ? String.format(Locale.ROOT, error ? "%f px" : "%f", real)
                    : value == null ? "not known" : value.toString();
            text.add(labels[i++] + ": " + number);
        }
        return text.toString();
    }
}
