package org.retrieval4j.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.retrieval4j.api.Components;
import org.retrieval4j.spi.ComponentProvider;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code retrieval doctor}: what this installation has. */
@Command(name = "doctor", description = "Show what this installation has: Java, components, native libraries, GPU.")
final class DoctorCommand extends Subcommand {
    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    int execute() throws Exception {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("version", Version.text());
        console().print(Json.text(report));
        return 0;
    }
}
