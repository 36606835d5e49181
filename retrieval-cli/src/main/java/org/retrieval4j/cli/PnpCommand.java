package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.retrieval4j.api.Components;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseEstimate;
import org.retrieval4j.localization.pose.PoseEstimator;
import org.retrieval4j.storage.NpyArray;
import org.retrieval4j.storage.NpyFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code retrieval pnp}: a camera's pose from one's own correspondences, and how long it takes to find. */
@Command(
        name = "pnp",
        description = {
            "Find the camera's pose from points in the world and the pixels where they were seen, and time it.",
            "",
            "Pixels and camera share one convention. The pose is x_camera = R(q) x_world + t. Rows that are not finite never"
                    + " agree with a pose. Estimations run for a second before those that are timed; the time stated is"
                    + " their median."
        })
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class PnpCommand extends Subcommand {
    private static final long WARM_UP_NANOS = 1_000_000_000;

    @Option(names = "--points", paramLabel = "X.npy", required = true, description = "Points: N x 3.")
    private Path points;

    @Option(names = "--pixels", paramLabel = "x.npy", required = true, description = "Where they were seen: N x 2.")
    private Path pixels;

    @Option(
            names = "--weights",
            paramLabel = "w.npy",
            description =
                    "How likely each pair is right, N numbers of at least 0 in any unit: samples are drawn by them.")
    private Optional<Path> weights = Optional.empty();

    @Option(
            names = "--camera",
            paramLabel = "CAMERA",
            required = true,
            description = "COLMAP's model, size and parameters: \"PINHOLE w h fx fy cx cy\".")
    private String camera;

    @Option(
            names = "--estimator",
            paramLabel = "SPEC",
            description =
                    "How to estimate (default: ransac); \"ransac(focal-length=unknown)\" finds the focal length too,"
                            + " \"ransac(scoring=magsac,max-error=12)\" bears noise that is not known.")
    private String estimator = "ransac";

    @Option(names = "--seed", paramLabel = "S", description = "Seed of the samples (default: the estimator's).")
    private Optional<Long> seed = Optional.empty();

    @Option(
            names = "--repeat",
            paramLabel = "R",
            defaultValue = "1",
            description = "Timed estimations (default: ${DEFAULT-VALUE}).")
    private int repeat;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    int execute() throws IOException {
        if (repeat < 1) {
            throw new UsageException("--repeat must be at least 1, got " + repeat);
        }
        Camera seen;
        PoseEstimator made;
        try {
            seen = Camera.parse(camera);
            made = Components.load().create(PoseEstimator.class, estimator);
        } catch (IllegalArgumentException refused) {
            throw new UsageException("pnp: " + refused.getMessage());
        }
        PoseEstimator.Options options = made.options();
        if (seed.isPresent()) {
            options = options.withSeed(seed.get());
        }
        if (weights.isPresent()) {
            options = options.withSampling(PoseEstimator.Sampling.WEIGHTED);
        }
        try (PoseEstimator used = new PoseEstimator(options)) {
            double[] world = read(points, 3);
            double[] image = read(pixels, 2);
            if (world.length / 3 != image.length / 2) {
                throw new CommandException(points + " has " + world.length / 3 + " rows, " + pixels + " has "
                        + image.length / 2 + "; they must have one for each correspondence");
            }
            Optional<double[]> likelihoods =
                    weights.isPresent() ? Optional.of(readWeights(weights.get(), image.length / 2)) : Optional.empty();
            Supplier<PoseEstimate> estimation = () -> likelihoods.isPresent()
                    ? used.estimate(seen, world, image, likelihoods.get())
                    : used.estimate(seen, world, image);
            long start = System.nanoTime();
            PoseEstimate found = estimation.get();
            while (System.nanoTime() - start < WARM_UP_NANOS) {
                found = estimation.get();
            }
            double[] seconds = new double[repeat];
            for (int i = 0; i < repeat; i++) {
                long from = System.nanoTime();
                found = estimation.get();
                seconds[i] = (System.nanoTime() - from) / 1e9;
            }
            Arrays.sort(seconds);
            print(
                    found,
                    used.options().focalLength() == PoseEstimator.FocalLength.UNKNOWN,
                    (seconds[(repeat - 1) / 2] + seconds[repeat / 2]) / 2);
        }
        return Main.DONE;
    }

    private static double[] read(Path file, int columns) throws IOException {
        NpyArray array = NpyFile.read(file);
        int[] shape = array.shape();
        if (shape.length != 2 || shape[1] != columns) {
            throw new CommandException(
                    file + ": the array must be N x " + columns + ", got shape " + Arrays.toString(shape));
        }
        return array.toDoubles();
    }

    private static double[] readWeights(Path file, int n) throws IOException {
        NpyArray array = NpyFile.read(file);
        if (array.shape().length != 1 || array.shape()[0] != n) {
            throw new CommandException(file + ": the array must have one weight for each of " + n
                    + " correspondences, got shape " + Arrays.toString(array.shape()));
        }
        double[] values = array.toDoubles();
        for (double value : values) {
            if (!(value >= 0) || value == Double.POSITIVE_INFINITY) {
                throw new CommandException(file + ": weights must be at least 0 and finite, got " + value);
            }
        }
        return values;
    }

    private void print(PoseEstimate found, boolean focal, double seconds) {
        if (json) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("status", found.status().name());
            found.pose().ifPresent(pose -> {
                line.putAll(Json.pose(pose));
                if (focal) {
                    line.put("focalLength", found.camera().focalLength());
                }
            });
            line.put("inliers", found.inliers().length);
            line.put("iterations", found.iterations());
            line.put("seconds", seconds);
            console().print(Json.text(line));
            return;
        }
        if (found.pose().isPresent()) {
            Pose p = found.pose().get();
            console().print("%s %s %s %s %s %s %s".formatted(p.qw(), p.qx(), p.qy(), p.qz(), p.tx(), p.ty(), p.tz()));
            if (focal) {
                console()
                        .print(String.format(
                                Locale.ROOT,
                                "focal length %.2f pixels",
                                found.camera().focalLength()));
            }
            console()
                    .print(String.format(
                            Locale.ROOT,
                            "standard deviations: %.4g of the position, %.4g degrees",
                            found.positionSigma(),
                            found.rotationSigmaDegrees()));
        }
        console()
                .print(String.format(
                        Locale.ROOT,
                        "%s, %d inliers, %d iterations, %.6f s",
                        found.status(),
                        found.inliers().length,
                        found.iterations(),
                        seconds));
    }
}
