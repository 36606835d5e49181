package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.TreeSet;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.localization.colmap.ColmapModel;
import org.retrieval4j.localization.map.ColmapMap;
import org.retrieval4j.localization.map.PointMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code retrieval map export}: a map as a model of COLMAP. */
@Command(
        name = "export",
        description = "Write a map as a model of COLMAP: cameras, images with all keypoints, and points3D.")
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class MapExportCommand extends Subcommand {
    @Option(names = "--map", paramLabel = "MAP", required = true, description = "The map's folder.")
    private Path map;

    @Option(
            names = "--colmap",
            paramLabel = "DIR",
            required = true,
            description = "Where the model goes; files of a model that are there are replaced.")
    private Path colmap;

    @Option(names = "--text", description = "Write text files, not binary ones.")
    private boolean text;

    @Override
    int execute() throws IOException {
        try (PointMap points = MapFolder.open(map);
                ImageDatabase database =
                        Databases.openForReading(MapFolder.database(map), Components.load(), BuildContext.defaults())) {
            ColmapModel model = ColmapMap.toModel(points, database);
            model.write(colmap, text ? ColmapModel.Format.TEXT : ColmapModel.Format.BINARY);
            for (String name : new TreeSet<>(model.others().keySet())) {
                if (name.endsWith(".bin") == text) {
                    console()
                            .note(name + " of the imported model is left out: it is kept byte by byte, for a "
                                    + (text ? "binary" : "text") + " model");
                }
            }
            console()
                    .print(String.format(
                            Locale.ROOT,
                            "%d images and %d points written to %s",
                            model.images().size(),
                            model.points().size(),
                            colmap));
        }
        return Main.DONE;
    }
}
