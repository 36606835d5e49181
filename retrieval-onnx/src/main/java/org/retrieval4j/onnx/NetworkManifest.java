package org.retrieval4j.onnx;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What must be known about a network in order to run it: a YAML file, checked when it is read.
 *
 * <pre>{@code
 * format: 1
 * name: xfeat-1024-640x360
 * license: Apache-2.0
 * source: where the weights come from
 * weights: {file: xfeat_1024_640x360.onnx, sha256: "1cedb093…"}
 * inputs:
 *   - name: images
 *     meaning: image
 *     colors: rgb
 *     mean: 0
 *     scale: 255
 *     size: {width: 360, height: 640, fit: squash}
 * outputs:
 *   - {name: keypoints, meaning: keypoints, units: pixels, first-pixel-center: 0}
 *   - {name: descriptors, meaning: descriptors}
 *   - {name: scores, meaning: scores}
 * }</pre>
 *
 * <p>The weights lie at a path relative to the manifest. An output may be any value that the graph computes, not only
 * one that the file declares as output. Immutable.
 *
 * @param name of the network, for messages
 * @param license SPDX identifier or the license's text
 * @param source where the weights can be had; may be empty
 * @param weights the ONNX file
 * @param external files beside the ONNX file that hold its larger arrays; none for most networks
 * @param inputs of the graph, all of them
 * @param outputs that are read; others are left alone
 */
public record NetworkManifest(
        String name,
        String license,
        String source,
        WeightsFile weights,
        List<WeightsFile> external,
        List<NetworkInput> inputs,
        List<NetworkOutput> outputs) {
    /** The version of the format that this class reads. */
    public static final int FORMAT = 1;

    /** Checks that names differ. */
    public NetworkManifest {
        requireText("name", name);
        requireText("license", license);
        requireNonNull(source, "source");
        requireNonNull(weights, "weights");
        external = List.copyOf(external);
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        Set<String> files = new HashSet<>();
        for (WeightsFile file : external) {
            if (file.file().indexOf('/') >= 0 || !files.add(file.file())) {
                throw new IllegalArgumentException(
                        "external files must be different names without a folder, got \"" + file.file() + "\"");
            }
        }
        requireDifferent("inputs", inputs.stream().map(NetworkInput::name).toList());
        requireDifferent("outputs", outputs.stream().map(NetworkOutput::name).toList());
    }

    /**
     * Reads a manifest.
     *
     * @param file the YAML file
     * @return what it says
     * @throws IOException if it cannot be read or is larger than 64 KiB
     * @throws IllegalArgumentException if it is no manifest; the message names file and place, and for an unknown key
     *     the known ones
     */
    public static NetworkManifest read(Path file) throws IOException {
        return ManifestReader.read(file);
    }

    /**
     * A file of weights and what it must contain.
     *
     * @param file path relative to the manifest, with "/" between folders; no ".." in it
     * @param sha256 64 lower-case hexadecimal digits
     */
    public record WeightsFile(String file, String sha256) {
        /** Checks that the path stays in the manifest's folder. */
        public WeightsFile {
            requireText("file", file);
            requireNonNull(sha256, "sha256");
            boolean inside = !file.startsWith("/") && file.indexOf('\\') < 0 && file.indexOf(':') < 0;
            for (String part : file.split("/", -1)) {
                inside &= !part.isEmpty() && !part.equals(".") && !part.equals("..");
            }
            if (!inside) {
                throw new IllegalArgumentException("file must be a path inside the manifest's folder, with \"/\""
                        + " between folders and without \"..\", got \"" + file + "\"");
            }
            if (!sha256.matches("[0-9a-f]{64}")) {
                throw new IllegalArgumentException(
                        "sha256 must be 64 lower-case hex digits in quotes, got \"" + sha256 + "\"");
            }
        }
    }

    private static void requireText(String what, String text) {
        if (requireNonNull(text, what).isBlank()) {
            throw new IllegalArgumentException(what + " must not be empty");
        }
    }

    private static void requireDifferent(String what, List<String> names) {
        if (names.isEmpty()) {
            throw new IllegalArgumentException(what + " must name at least one");
        }
        Set<String> seen = new HashSet<>();
        for (String name : names) {
            if (!seen.add(name)) {
                throw new IllegalArgumentException(what + " must have different names, got \"" + name + "\" twice");
            }
        }
    }
}
