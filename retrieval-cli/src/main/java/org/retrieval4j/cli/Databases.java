package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.database.ImageDatabase;

/** Opens databases that must be there. */
final class Databases {
    private Databases() {}

    static ImageDatabase openForReading(Path directory, Components components, BuildContext context)
            throws IOException {
        require(directory);
        return ImageDatabase.openForReading(directory, components, context);
    }

    static ImageDatabase open(Path directory, Components components, BuildContext context) throws IOException {
        require(directory);
        return ImageDatabase.open(directory, components, context);
    }

    private static void require(Path directory) {
        if (!ImageDatabase.exists(directory)) {
            throw new CommandException((Files.exists(directory) ? "no database in " : "no such database: ") + directory
                    + " (retrieval index makes one)");
        }
    }
}
