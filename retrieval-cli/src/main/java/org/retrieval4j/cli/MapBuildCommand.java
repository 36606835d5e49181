package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraFile;
import org.retrieval4j.localization.map.BundleAdjustment;
import org.retrieval4j.localization.map.MapBuilder;
import org.retrieval4j.localization.map.MapImage;
import org.retrieval4j.localization.map.PointMap;
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

    @Option(
            names = "--pairs",
            paramLabel = "N",
            defaultValue = "20",
            description = "Images that each is matched with, the nearest (default: ${DEFAULT-VALUE}).")
    private int pairs;

    @Option(
            names = "--max-error",
            paramLabel = "PIXELS",
            defaultValue = "4",
            description = "Largest error of an observation (default: ${DEFAULT-VALUE}).")
    private double maxError;

    /** What is moved when all points are there. */
    enum Refine {
        none,
        points,
        poses
    }

    @Option(
            names = "--refine",
            paramLabel = "none|points|poses",
            defaultValue = "points",
            description =
                    "What bundle adjustment moves in the end (default: ${DEFAULT-VALUE}): nothing; points, to where"
                            + " their reprojection error is least, the given poses staying exact; or poses too, near the given"
                            + " ones, for poses that are good to about one percent.")
    private Refine refine;

    @Mixin
    private MapMaking making;

    @Override
    int execute() throws IOException {
        MapBuilder.Options options;
        try {
            options = new MapBuilder.Options(
                    maxError, MapBuilder.Options.defaults().minAngleDegrees(), pairs);
        } catch (IllegalArgumentException refused) {
            throw new UsageException("map build: " + refused.getMessage(), refused);
        }
        making.run(console(), posed(poses, cameras), poses, (images, database, matcher, executor) -> {
            PointMap map = MapBuilder.build(images, database, matcher, options, executor);
            return refine == Refine.none
                    ? map
                    : BundleAdjustment.refine(
                            map, database, BundleAdjustment.Options.defaults().withPoses(refine == Refine.poses));
        });
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
