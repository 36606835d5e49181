package org.retrieval4j.onnx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Fingerprint;

/**
 * A manifest and the files it names, wherever they lie: beside it when a component is made, under any names when it is
 * opened again.
 *
 * @param manifest what the manifest says
 * @param manifestHash SHA-256 of the manifest's bytes
 * @param manifestFile where it lies
 * @param weightsFile where the weights lie
 * @param externalFiles where the files with further arrays lie, by the names the model has for them
 */
record NetworkFiles(
        NetworkManifest manifest,
        String manifestHash,
        Path manifestFile,
        Path weightsFile,
        SortedMap<String, Path> externalFiles) {
    static final String NAME = "onnx";

    private static final String MANIFEST = "manifest";
    private static final String WEIGHTS = "weights";
    private static final String EXTERNAL = "external-";
    private static final String HASH = "sha256:";
    private static final int HASH_DIGITS = 16;

    /** The files that options name. */
    static NetworkFiles find(String manifestName, Optional<String> weightsName, BuildContext context)
            throws IOException {
        if (manifestName.isEmpty()) {
            throw new IllegalArgumentException(NAME + ": manifest must name a file: onnx(manifest=FILE.yaml)");
        }
        if (manifestName.startsWith(HASH)) {
            throw new IllegalArgumentException(NAME + ": manifest must name a file, got the hash \"" + manifestName
                    + "\"; a saved component is opened from its state");
        }
        Path file = context.resolve(manifestName);
        byte[] bytes = ManifestReader.readBytes(file);
        NetworkManifest manifest = ManifestReader.parse(file.toString(), bytes);
        Path weights = ManifestReader.beside(file, manifest.weights());
        if (weightsName.isPresent()) {
            weights = context.resolve(weightsName.get());
            if (Files.isDirectory(weights)) {
                weights = weights.resolve(manifest.weights().file());
            }
        }
        if (!Files.isRegularFile(weights)) {
            throw new IOException("the weights of " + manifest.name() + " are not there: " + weights
                    + (manifest.source().isBlank() ? "" : "; they come from " + manifest.source()));
        }
        TreeMap<String, Path> external = new TreeMap<>();
        for (NetworkManifest.WeightsFile other : manifest.external()) {
            external.put(other.file(), weights.resolveSibling(other.file()));
        }
        String hash = Fingerprint.ofBytes(bytes).hex();
        return new NetworkFiles(manifest, hash, file, weights, external);
    }

    /** The files of a saved state; the options must have come from {@link #spec}. */
    static NetworkFiles open(String manifestName, ComponentState state) throws IOException {
        Path file = file(state, MANIFEST);
        byte[] bytes = ManifestReader.readBytes(file);
        String hash = Fingerprint.ofBytes(bytes).hex();
        if (!manifestName.equals(shortHash(hash))) {
            throw new IOException(
                    "the saved manifest has the hash " + shortHash(hash) + ", but the spec says " + manifestName);
        }
        NetworkManifest manifest = ManifestReader.parse(file.toString(), bytes);
        TreeMap<String, Path> external = new TreeMap<>();
        for (NetworkManifest.WeightsFile other : manifest.external()) {
            external.put(other.file(), file(state, EXTERNAL + other.file()));
        }
        return new NetworkFiles(manifest, hash, file, file(state, WEIGHTS), external);
    }

    /** What must be saved. */
    ComponentState toState() {
        TreeMap<String, Path> files = new TreeMap<>();
        files.put(MANIFEST, manifestFile);
        files.put(WEIGHTS, weightsFile);
        externalFiles.forEach((name, file) -> files.put(EXTERNAL + name, file));
        return new ComponentState(Map.of(), files);
    }

    /** The spec of a component: the manifest by its hash, which holds the weights' hash; nothing that only costs time. */
    ComponentSpec spec() {
        return ComponentSpec.of(new ComponentSpec.Part(NAME, Map.of(MANIFEST, shortHash(manifestHash))));
    }

    private static String shortHash(String hash) {
        return HASH + hash.substring(0, HASH_DIGITS);
    }

    private static Path file(ComponentState state, String name) {
        Path file = state.files().get(name);
        if (file == null) {
            throw new IllegalArgumentException("the saved state has no file \"" + name + "\"; it has: "
                    + (state.files().isEmpty()
                            ? "none"
                            : String.join(", ", state.files().keySet())));
        }
        return file;
    }
}
