package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraFile;
import org.retrieval4j.localization.map.MapBuilder;
import org.retrieval4j.localization.map.MapImage;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval map build}: a map of points from photographs with known poses and cameras. */
@Command(
        name = "build",
        description = {
            "Make a map from photographs whose poses and cameras are known.",
            "",
            "The map holds exactly the images named in the poses. poses.txt has lines \"name qw qx qy qz tx ty tz\", world to"
                    + " camera; cameras.txt has lines \"name MODEL width height params...\", pixels as COLMAP's. Names are"
                    + " relative to the folder of images, with \"/\", without white space."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class MapBuildCommand extends Subcommand {
    @Option(names = "--poses", paramLabel = "poses.txt", required = true, description = "Where they were taken.")
    private Path poses;

    @Option(names = "--cameras", paramLabel = "cameras.txt", required = true, description = "Their cameras.")
    private Path cameras;

    @Mixin
    private PointOptions points;

    @Mixin
    private MapMaking making;

    @Override
    int execute() throws IOException {
        MapBuilder.Options options = points.options("map build");
        making.run(
                console(),
                posed(poses, cameras),
                poses,
                (images, database, matcher, executor) -> points.refined(
                        MapBuilder.build(images, database, matcher, options, executor),
                        database,
                        PointOptions.Refine.points));
        return Main.DONE;
    }

    /** The images that a file of poses names, with their cameras. */
    static List<MapImage> posed(Path poses, Path cameras) throws IOException {
        Map<String, Camera> known = CameraFile.read(cameras);
        List<MapImage> images = new ArrayList<>();
        for (Map.Entry<String, Pose> entry : PoseFile.read(poses).entrySet()) {
            Camera camera = known.get(entry.getKey());
            if (camera == null) {
                throw new CommandException(cameras + " has no camera of " + entry.getKey());
            }
            images.add(new MapImage(images.size(), entry.getKey(), camera, entry.getValue()));
        }
        if (images.isEmpty()) {
            throw new CommandException(poses + " has no poses");
        }
        return images;
    }
}
