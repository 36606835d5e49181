package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.database.ImageRecord;
import org.retrieval4j.kernel.KernelCatalog;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code retrieval list}: the images of a database. */
@Command(name = "list", description = "List the images of a database, a line each.")
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class ListCommand extends Subcommand {
    @Option(names = "--database", paramLabel = "DIR", required = true, description = "The database's folder.")
    private Path database;

    @Option(names = "--json", description = "Print one JSON object an image.")
    private boolean json;

    @Override
    int execute() throws IOException {
        try (ImageDatabase opened = Databases.openForReading(
                database, Components.load(), BuildContext.defaults().withKernel(KernelCatalog.LIGHT))) {
            for (ImageRecord image : opened.images()) {
                if (json) {
                    Map<String, Object> line = new LinkedHashMap<>();
                    line.put("image", image.name());
                    line.put("id", image.id());
                    line.put("width", image.width());
                    line.put("height", image.height());
                    line.put("orientation", image.orientation().exif());
                    console().print(Json.text(line));
                } else {
                    console().print(Failures.oneLine(image.name()));
                }
            }
        }
        return Main.DONE;
    }
}
