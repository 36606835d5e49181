package org.retrieval4j.cli;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Grid;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.storage.NpyArray;
import org.retrieval4j.storage.NpzFile;

/**
 * From pixels to descriptors, networks that {@code retrieval-onnx/export} makes give what PyTorch gives, preprocessing and
 * several sizes included. PyTorch's numbers lie in the {@code reference.npz} that each recipe writes.
 *
 * <p>Skipped unless told where PyTorch or its exports are: {@code -Dretrieval4j.python=python3} (a command that has torch,
 * onnx, onnxscript and numpy) exports narrow networks of each kind, which takes minutes; {@code
 * -Dretrieval4j.exports=FOLDER} takes all exports below a folder, of any width.
 */
class PublishedArchitecturesTest {
    private static final double TOLERANCE = 1e-4;
    private static final Path REPORT = Path.of("target/published-architectures.txt");
    private static final Path RECIPES = Path.of("../retrieval-onnx/export");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "netvlad_vgg16.py --width 0.125 --dimension 64",
                "solar_resnet101.py --width 0.125",
                "solar_resnet101.py --width 0.125 --attention none",
                "hfnet.py --width 0.5 --dimension 64",
                "dino.py --blocks 2",
                "dino.py --blocks 2 --model dinov2-vits14",
                "mobilenet.py --width 0.25",
                "mobilenet.py --width 0.25 --taps 6,13,18",
            })
    void aNarrowNetworkGivesWhatPyTorchGives(String recipe, @TempDir Path folder)
            throws IOException, InterruptedException {
        String python = System.getProperty("retrieval4j.python");
        assumeTrue(python != null, "-Dretrieval4j.python=COMMAND, a Python with torch and onnx, is not given");
        List<String> command = new ArrayList<>(List.of(String.valueOf(python)));
        command.addAll(List.of(recipe.split(" ", -1)));
        command.addAll(List.of("--size", "160", "--output", folder.toString()));
        Path log = folder.resolve("export.log");
        int status = new ProcessBuilder(command)
                .directory(RECIPES.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start()
                .waitFor();
        assertThat(status).as(Files.readString(log)).isZero();
        compare(folder);
    }

    @Test
    void exportsOfAFolderGiveWhatPyTorchGives() throws IOException {
        String exports = System.getProperty("retrieval4j.exports");
        assumeTrue(
                exports != null, "-Dretrieval4j.exports=FOLDER, with exports of retrieval-onnx/export, is not given");
        List<Path> folders;
        try (Stream<Path> files = Files.walk(Path.of(String.valueOf(exports)))) {
            folders = files.filter(file -> file.endsWith("reference.npz"))
                    .map(file -> requireNonNull(file.getParent()))
                    .sorted()
                    .toList();
        }
        assertThat(folders).as("folders below %s with a reference.npz", exports).isNotEmpty();
        for (Path folder : folders) {
            compare(folder);
        }
    }

    private static void compare(Path folder) throws IOException {
        Map<String, NpyArray> reference = NpzFile.read(folder.resolve("reference.npz"));
        Path manifest = manifest(folder);
        String name = folder.getFileName() + ", " + manifest.getFileName();
        String network = "onnx(manifest=\"" + manifest + "\")";
        int compared = 0;
        try (Extractor extractor = Components.load().create(Extractor.class, network)) {
            for (int i = 0; reference.containsKey("picture_" + i); i++) {
                Extraction extraction = extractor.extract(image(array(reference, "picture_" + i)));
                if (reference.containsKey("global_" + i)) {
                    float[] expected = array(reference, "global_" + i).toFloats();
                    report(name, "global vector", i, same(vector(extraction), expected, 1));
                    compared++;
                }
                if (reference.containsKey("map_" + i)) {
                    report(name, "map", i, sameMap(extraction, array(reference, "map_" + i)));
                    compared++;
                }
                if (reference.containsKey("keypoints_" + i)) {
                    report(name, "local features", i, sameFeatures(extraction, reference, i));
                    compared++;
                }
            }
        }
        assertThat(compared).isGreaterThanOrEqualTo(2);
        if (reference.containsKey("multi_scale")) {
            compareSizes(name, network, reference);
        }
    }

    private static void compareSizes(String name, String network, Map<String, NpyArray> reference) throws IOException {
        double[] sizes = array(reference, "multi_scale").toDoubles();
        String spec = "multi-scale(extractor=" + network + ",largest=" + sizes[0] + ",scales=" + (int) sizes[1]
                + ",per-octave=" + (int) sizes[2] + ",max-size=" + (int) sizes[3] + ")";
        try (Extractor extractor = Components.load().create(Extractor.class, spec)) {
            for (int i = 0; reference.containsKey("picture_" + i); i++) {
                float[] several = vector(extractor.extract(image(array(reference, "picture_" + i))));
                float[] expected = array(reference, "multi_scale_" + i).toFloats();
                report(name, "global vector of several sizes", i, same(several, expected, 1));
                // one size alone and another picture give something else, by far more than what is compared
                double noise = 100 * largestDifference(several, expected);
                float[] oneSize = array(reference, "global_" + i).toFloats();
                float[] other = array(reference, "multi_scale_" + (1 - i)).toFloats();
                assertThat(largestDifference(several, oneSize)).isGreaterThan(Math.max(noise, TOLERANCE));
                assertThat(largestDifference(several, other)).isGreaterThan(Math.max(noise, TOLERANCE));
            }
        }
    }

    private static void report(String name, String what, int picture, String found) throws IOException {
        String line = name + ", " + what + " of picture " + picture + ": " + found + "\n";
        Files.writeString(REPORT, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private static Path manifest(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".yaml"))
                    .findFirst()
                    .orElseThrow()
                    .toAbsolutePath();
        }
    }

    private static NpyArray array(Map<String, NpyArray> reference, String name) {
        return requireNonNull(reference.get(name), name);
    }

    private static Image image(NpyArray pixels) {
        int[] values = pixels.toInts();
        byte[] rgb = new byte[values.length];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) values[i];
        }
        return new Image(pixels.shape()[1], pixels.shape()[0], rgb, Orientation.UPRIGHT);
    }

    private static float[] vector(Extraction extraction) {
        return ((GlobalDescriptor.Dense) extraction.global().orElseThrow()).values();
    }

    private static String same(float[] actual, float[] expected, double scale) {
        assertThat(actual).hasSameSizeAs(expected);
        double difference = largestDifference(actual, expected);
        assertThat(difference).isLessThan(TOLERANCE * scale);
        return String.format(
                Locale.ROOT, "largest difference %.2g of %d values to %.3g", difference, actual.length, scale);
    }

    private static double largestDifference(float[] a, float[] b) {
        double largest = 0;
        for (int i = 0; i < a.length; i++) {
            largest = Math.max(largest, Math.abs(a[i] - b[i]));
        }
        return largest;
    }

    private static String sameMap(Extraction extraction, NpyArray expected) {
        ImageFeatures map = requireNonNull(extraction.features().get(Extraction.MAP));
        assertThat(map.grid()).contains(new Grid(expected.shape()[0], expected.shape()[1]));
        assertThat(map.descriptors().columns()).isEqualTo(expected.shape()[2]);
        float[] values = expected.toFloats();
        float largest = 1;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return same(map.descriptors().toArray(), values, largest);
    }

    /** Keypoints where PyTorch has them, but for a few that rounding decides (a tie, the last of the best). */
    private static String sameFeatures(Extraction extraction, Map<String, NpyArray> reference, int picture) {
        ImageFeatures local = extraction.local().orElseThrow();
        float[] places = array(reference, "keypoints_" + picture).toFloats();
        float[] scores = array(reference, "scores_" + picture).toFloats();
        float[] descriptors = array(reference, "descriptors_" + picture).toFloats();
        int columns = local.descriptors().columns();
        int found = 0;
        double largest = 0;
        for (int i = 0; i < local.size(); i++) {
            for (int j = 0; j < scores.length; j++) {
                double dx = places[2 * j] - local.keypoints().x(i);
                double dy = places[2 * j + 1] - local.keypoints().y(i);
                if (Math.hypot(dx, dy) < 1e-2) {
                    found++;
                    largest = Math.max(
                            largest, Math.abs(scores[j] - local.keypoints().score(i)));
                    for (int c = 0; c < columns; c++) {
                        float expected = descriptors[j * columns + c];
                        largest = Math.max(
                                largest, Math.abs(expected - local.descriptors().get(i, c)));
                    }
                    break;
                }
            }
        }
        assertThat(local.size()).isGreaterThan(50);
        assertThat((double) local.size()).isBetween(0.995 * Math.min(2500, scores.length), 1.005 * scores.length);
        assertThat((double) found).isGreaterThan(0.995 * local.size());
        assertThat(largest).isLessThan(TOLERANCE);
        return String.format(Locale.ROOT, "%d of %d keypoints, largest difference %.2g", found, local.size(), largest);
    }
}
