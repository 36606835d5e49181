package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.localization.colmap.ColmapModel;
import org.retrieval4j.localization.reconstruction.KaptureReader;
import org.retrieval4j.localization.reconstruction.OpenMvgReader;
import org.retrieval4j.localization.reconstruction.OpenSfmReader;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Where a reconstruction comes from: exactly one of the programs whose files are read. */
@SuppressWarnings("NullAway.Init") // picocli injects the fields
final class ReconstructionOptions {
    @ArgGroup(exclusive = true, multiplicity = "1")
    private Source source;

    @Option(
            names = "--tracks",
            paramLabel = "FILE",
            description = "With --opensfm: the observations (default: tracks.csv beside the reconstruction).")
    private @Nullable Path tracks;

    @Option(
            names = "--number",
            paramLabel = "N",
            defaultValue = "1",
            description = "With --opensfm: which of the reconstructions in the file (default: ${DEFAULT-VALUE}).")
    private int number;

    @Option(
            names = "--first-pixel",
            paramLabel = "CENTER",
            defaultValue = "0.5",
            description =
                    "With --kapture: where the center of the first pixel lies, 0.5 as in COLMAP, or 0 as in openMVG"
                            + " and OpenCV (default: ${DEFAULT-VALUE}).")
    private double firstPixel;

    private static final class Source {
        @Option(
                names = "--colmap",
                paramLabel = "DIR",
                description = "A model of COLMAP: the folder with cameras, images and points3D, as .bin or .txt.")
        private @Nullable Path colmap;

        @Option(
                names = "--openmvg",
                paramLabel = "FILE",
                description = "A reconstruction of openMVG: sfm_data.json, or the folder that has it.")
        private @Nullable Path openMvg;

        @Option(
                names = "--opensfm",
                paramLabel = "FILE",
                description = "A reconstruction of OpenSfM: reconstruction.json, or the folder that has it.")
        private @Nullable Path openSfm;

        @Option(
                names = "--kapture",
                paramLabel = "DIR",
                description = "A folder of kapture, with sensors and reconstruction.")
        private @Nullable Path kapture;
    }

    /** The file or folder that was named. */
    Path origin() {
        for (Path path : new Path[] {source.colmap, source.openMvg, source.openSfm, source.kapture}) {
            if (path != null) {
                return path;
            }
        }
        throw new IllegalStateException("one of them is required");
    }

    /** Reads it; the console is told what is left out. */
    ColmapModel read(Console console) throws IOException {
        if (source.openSfm == null && (tracks != null || number != 1)) {
            throw new UsageException("--tracks and --number go with --opensfm");
        }
        if (number < 1) {
            throw new UsageException("--number must be at least 1, got " + number);
        }
        if (source.kapture == null && firstPixel != 0.5) {
            throw new UsageException("--first-pixel goes with --kapture");
        }
        if (firstPixel != 0 && firstPixel != 0.5) {
            throw new UsageException("--first-pixel must be 0 or 0.5, got " + firstPixel);
        }
        if (source.colmap != null) {
            return ColmapModel.read(source.colmap);
        }
        if (source.openMvg != null) {
            return OpenMvgReader.read(source.openMvg);
        }
        if (source.kapture != null) {
            return KaptureReader.read(source.kapture, firstPixel);
        }
        Path file = origin();
        file = Files.isDirectory(file) ? file.resolve("reconstruction.json") : file;
        List<ColmapModel> found = OpenSfmReader.read(file, tracks != null ? tracks : file.resolveSibling("tracks.csv"));
        if (number > found.size()) {
            throw new UsageException(
                    "--number must be 1 to " + found.size() + ", the reconstructions in " + file + ", got " + number);
        }
        ColmapModel chosen = found.get(number - 1);
        if (found.size() > 1) {
            console.note(file + " has " + found.size() + " reconstructions; number " + number + " is taken, with "
                    + chosen.images().size() + " of "
                    + found.stream().mapToInt(model -> model.images().size()).sum() + " images");
        }
        return chosen;
    }
}
