package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.localization.map.MapBuilder;
import org.retrieval4j.localization.map.MapExtension;
import org.retrieval4j.localization.map.MapImage;
import org.retrieval4j.localization.map.PointMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval map add}: photographs with known poses join a map. */
@Command(
        name = "add",
        description = {
            "Add photographs whose poses and cameras are known to a map, with the points that they observe.",
            "",
            "Files of poses and cameras are as for map build. Points of the map stay where they are, unless --refine moves them. After an interruption,"
                    + " the same command goes on."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class MapAddCommand extends Subcommand {
    @Option(names = "--map", paramLabel = "MAP", required = true, description = "The map's folder.")
    private Path map;

    @Option(names = "--images", paramLabel = "DIR", required = true, description = "The folder of the images.")
    private Path images;

    @Option(names = "--poses", paramLabel = "poses.txt", required = true, description = "Where they were taken.")
    private Path poses;

    @Option(names = "--cameras", paramLabel = "cameras.txt", required = true, description = "Their cameras.")
    private Path cameras;

    @Mixin
    private PointOptions points;

    @Mixin
    private ThreadOptions threads;

    @Mixin
    private DecodingOptions decoding;

    @Override
    int execute() throws IOException {
        MapFolder.requireMap(map);
        MapBuilder.Options options = points.options("map add");
        Components components = Components.load();
        List<MapImage> posed = MapBuildCommand.posed(poses, cameras);
        try (Workers workers = threads.start();
                Decoding reading = Decoding.open(decoding, workers.threads());
                Progress progress = console().progress()) {
            BuildContext context =
                    BuildContext.defaults().withExecutor(workers.executor()).withProgress(progress);
            // the database's lock is the map's: what was read of the points is what they are until it is given back
            try (ImageDatabase database = Databases.open(MapFolder.database(map), components, context);
                    PointMap before = MapFolder.open(map);
                    Matcher matcher =
                            components.create(Matcher.class, database.options().matcher(), context)) {
                requireNew(posed, before);
                database.removeAll(leftovers(posed, before, database));
                // the images first: those of the database that the map does not have are passed over in a search
                MapMaking.index(database, MapMaking.sources(images, posed), reading, workers, progress, poses);
                try (PointMap after = MapExtension.extend(
                                before,
                                MapMaking.placed(database, posed),
                                database,
                                matcher,
                                options,
                                workers.executor());
                        PointMap refined = points.refined(after, database, PointOptions.Refine.none);
                        PointMap colored = MapMaking.colored(refined, database, images, reading, workers)) {
                    colored.write(MapFolder.points(map));
                    progress.close();
                    console()
                            .print(posed.size() + " images added; " + map + " holds "
                                    + colored.images().size() + " images and " + colored.size() + " points");
                }
            }
        }
        return Main.DONE;
    }

    /**
     * Pictures that an interrupted command left in the database alone, with ids that the map has passed: added pictures
     * need larger ones, and get them when they are indexed again.
     */
    private static List<String> leftovers(List<MapImage> posed, PointMap before, ImageDatabase database) {
        int size = before.images().size();
        long last = size == 0 ? -1 : before.images().get(size - 1).id();
        return posed.stream()
                .map(MapImage::name)
                .filter(name ->
                        database.image(name).filter(image -> image.id() <= last).isPresent())
                .toList();
    }

    private void requireNew(List<MapImage> posed, PointMap before) {
        Set<String> known = new HashSet<>();
        before.images().forEach(image -> known.add(image.name()));
        for (MapImage image : posed) {
            if (known.contains(image.name())) {
                throw new CommandException(image.name() + " is in " + map + " (retrieval map remove takes it out)");
            }
        }
    }
}
