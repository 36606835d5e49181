package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.kernel.KernelCatalog;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code retrieval remove}: takes images out of a database. */
@Command(
        name = "remove",
        description = "Take images out of a database. The picture files stay; compact gives the space back.")
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class RemoveCommand extends Subcommand {
    @Option(names = "--database", paramLabel = "DIR", required = true, description = "The database's folder.")
    private Path database;

    @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "Names of images, as retrieval list shows them.")
    private List<String> names;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    int execute() throws IOException {
        try (ImageDatabase opened = Databases.open(
                database, Components.load(), BuildContext.defaults().withKernel(KernelCatalog.LIGHT))) {
            Set<String> wanted = new LinkedHashSet<>(names);
            List<String> unknown = new ArrayList<>();
            for (String name : wanted) {
                if (opened.image(name).isEmpty()) {
                    unknown.add(name);
                }
            }
            if (unknown.size() == wanted.size()) {
                throw new CommandException("not in " + database + ": " + String.join(", ", unknown));
            }
            int removed = opened.removeAll(wanted);
            if (json) {
                Map<String, Object> line = new LinkedHashMap<>();
                line.put("removed", removed);
                line.put("unknown", unknown);
                console().print(Json.text(line));
            } else {
                unknown.forEach(name -> console().print("not there: " + Failures.oneLine(name)));
                console().print("removed " + removed + " images; " + database + " holds " + opened.size());
            }
        }
        return Main.DONE;
    }
}
