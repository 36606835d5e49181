package org.retrieval4j.cli;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.localization.map.BundleAdjustment;
import org.retrieval4j.localization.map.MapBuilder;
import org.retrieval4j.localization.map.PointMap;
import picocli.CommandLine.Option;

/** How points are made of matches: {@code --pairs}, {@code --max-error}, {@code --refine}. */
final class PointOptions {
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
            description =
                    "What bundle adjustment moves in the end (map build: points, map add: none, so that what was there stays):"
                            + " nothing; points, to where their reprojection error is least, the given poses staying exact;"
                            + " or poses too, near the given ones, for poses that are good to about one percent.")
    private @Nullable Refine refine;

    /** Of the command that is named in messages. */
    MapBuilder.Options options(String command) {
        try {
            return new MapBuilder.Options(
                    maxError, MapBuilder.Options.defaults().minAngleDegrees(), pairs);
        } catch (IllegalArgumentException refused) {
            throw new UsageException(command + ": " + refused.getMessage(), refused);
        }
    }

    /** The map, refined as was asked for, or else as given. */
    PointMap refined(PointMap map, ImageDatabase features, Refine otherwise) throws IOException {
        Refine asked = refine == null ? otherwise : refine;
        return asked == Refine.none
                ? map
                : BundleAdjustment.refine(
                        map, features, BundleAdjustment.Options.defaults().withPoses(asked == Refine.poses));
    }
}
