package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.localization.map.MapImage;
import org.retrieval4j.localization.map.PointMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code retrieval map remove}: images and what they alone observe leave a map. */
@Command(
        name = "remove",
        description = "Remove images from a map, with the points that fewer than two other images observe.")
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class MapRemoveCommand extends Subcommand {
    @Option(names = "--map", paramLabel = "MAP", required = true, description = "The map's folder.")
    private Path map;

    @Parameters(arity = "1..*", paramLabel = "NAME", description = "Images, as they are named in the map.")
    private List<String> names;

    @Override
    int execute() throws IOException {
        MapFolder.requireMap(map);
        // the database's lock is the map's: what was read of the points is what they are until it is given back
        try (ImageDatabase database =
                        Databases.open(MapFolder.database(map), Components.load(), BuildContext.defaults());
                PointMap before = MapFolder.open(map)) {
            Map<String, Long> ids = new HashMap<>();
            for (MapImage image : before.images()) {
                ids.put(image.name(), image.id());
            }
            Set<Long> gone = new HashSet<>(); // a name may be given twice
            for (String name : names) {
                Long id = ids.get(name);
                if (id == null) {
                    throw new CommandException("no image " + name + " in " + map);
                }
                gone.add(id);
            }
            // the points first: images of the database that the map does not have are passed over in a search
            try (PointMap after = before.without(gone)) {
                after.write(MapFolder.points(map));
                database.removeAll(names);
                console()
                        .print(gone.size() + " images removed; " + map + " holds "
                                + after.images().size() + " images and " + after.size() + " points");
            }
        }
        return Main.DONE;
    }
}
