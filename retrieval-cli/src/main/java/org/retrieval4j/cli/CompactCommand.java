package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.database.DatabaseInfo;
import org.retrieval4j.database.ImageDatabase;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval compact}: gives back the space of removed images. */
@Command(name = "compact", description = "Merge a database's segments and give back the space of removed images.")
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class CompactCommand extends Subcommand {
    @Option(names = "--database", paramLabel = "DIR", required = true, description = "The database's folder.")
    private Path database;

    @Mixin
    private ThreadOptions threads;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    int execute() throws IOException {
        try (Workers workers = threads.start();
                ImageDatabase opened = Databases.open(
                        database, Components.load(), BuildContext.defaults().withExecutor(workers.executor()))) {
            long before = bytes(opened.info());
            opened.compact();
            DatabaseInfo info = opened.info();
            if (json) {
                Map<String, Object> line = new LinkedHashMap<>();
                line.put("images", info.images());
                line.put("bytes-before", before);
                line.put("bytes", bytes(info));
                console().print(Json.text(line));
            } else {
                console()
                        .print("compacted " + database + ": " + info.images() + " images, " + InfoCommand.size(before)
                                + " before, " + InfoCommand.size(bytes(info)) + " now");
            }
        }
        return Main.DONE;
    }

    private static long bytes(DatabaseInfo info) {
        return info.bytes().values().stream().mapToLong(Long::longValue).sum();
    }
}
