package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.retrieval4j.localization.colmap.ColmapModel;
import org.retrieval4j.localization.map.ColmapMap;
import org.retrieval4j.localization.map.MapImage;
import org.retrieval4j.localization.map.PointMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retrieval map import}: a map from another program's reconstruction and its photographs. */
@Command(
        name = "import",
        description = {
            "Make a map from a reconstruction of COLMAP, openMVG, OpenSfM or kapture and its photographs.",
            "",
            "Cameras, poses and points are the reconstruction's. Local features are extracted anew, and each observation"
                    + " goes to the keypoint nearest to its 2D point; a keypoint observes one point."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class MapImportCommand extends Subcommand {
    @Mixin
    private ReconstructionOptions reconstruction;

    @Option(
            names = "--radius",
            paramLabel = "PIXELS",
            defaultValue = "2",
            description = "Largest distance of a keypoint from the 2D point (default: ${DEFAULT-VALUE}).")
    private double radius;

    @Mixin
    private MapMaking making;

    @Override
    int execute() throws IOException {
        if (!(radius > 0) || Double.isInfinite(radius)) {
            throw new UsageException("--radius must be above 0 and finite, got " + radius);
        }
        Path origin = reconstruction.origin();
        ColmapModel model = reconstruction.read(console());
        List<MapImage> posed = ColmapMap.images(model);
        if (posed.isEmpty()) {
            throw new CommandException(origin + " has no images with a pose");
        }
        if (model.points().values().stream().allMatch(point -> point.observations() == 0)) {
            throw new CommandException(origin + " has " + model.points().size()
                    + " points and no observations of them; map build makes points of pictures and their poses");
        }
        making.run(console(), posed, origin, (images, database, matcher, executor) -> {
            PointMap map = ColmapMap.attach(model, images, database, radius);
            if (map.size() == 0 && !model.points().isEmpty()) {
                throw new CommandException("no keypoint lies within " + radius + " pixels of a 2D point of " + origin
                        + "; are these its images?");
            }
            return map;
        });
        return Main.DONE;
    }
}
