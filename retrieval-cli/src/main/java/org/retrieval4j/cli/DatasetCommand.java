package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.retrieval4j.localization.dataset.LocalizationDataset;
import org.retrieval4j.localization.dataset.PublishedDataset;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code retrieval dataset}: a published data set becomes lists of a map and of queries. */
@Command(
        name = "dataset",
        description = {
            "Make lists of a map and of queries of a published data set.",
            "",
            "Writes poses.txt, cameras.txt, queries.txt, truth.txt, conditions.txt, rig.txt (car to camera) and scans.txt, as far"
                    + " as the data set has them. Names are relative to the folder of images that is printed."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class DatasetCommand extends Subcommand {
    @Parameters(
            index = "0",
            paramLabel = "NAME",
            description = "aachen, robotcar, cmu, inloc, cambridge (one scene) or seven-scenes (one scene).")
    private String name;

    @Parameters(index = "1", paramLabel = "DIR", description = "The data set's folder, as published.")
    private Path folder;

    @Option(names = "--output", paramLabel = "OUT", required = true, description = "A new or an empty folder.")
    private Path output;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    int execute() throws IOException {
        PublishedDataset dataset = PublishedDataset.of(name)
                .orElseThrow(() -> new UsageException("the data set must be one of "
                        + Arrays.stream(PublishedDataset.values())
                                .map(Object::toString)
                                .collect(Collectors.joining(", "))
                        + ", got \"" + name + "\""));
        if (Files.isDirectory(output)) {
            try (Stream<Path> files = Files.list(output)) {
                if (files.findAny().isPresent()) {
                    throw new CommandException("already exists: " + output);
                }
            }
        }
        LocalizationDataset lists = dataset.read(folder);
        lists.write(output);
        if (json) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("images", lists.images().toString());
            line.put("poses", lists.poses().size());
            line.put("queries", lists.queries().size());
            line.put("truth", lists.truth().size());
            line.put(
                    "conditions",
                    lists.conditions().values().stream().distinct().toList());
            console().print(Json.text(line));
        } else {
            console()
                    .print(String.format(
                            Locale.ROOT,
                            "%s: %d pictures of a map, %d queries, %d of them with truth; images in %s",
                            output,
                            lists.poses().size(),
                            lists.queries().size(),
                            lists.truth().size(),
                            lists.images()));
        }
        return Main.DONE;
    }
}
