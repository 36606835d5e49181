package org.retrieval4j.onnx;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.onnx.NetworkManifest.WeightsFile;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/** From YAML to {@link NetworkManifest}. Only plain values are constructed, and size, depth and aliases are bounded. */
final class ManifestReader {
    private static final int MAX_BYTES = 1 << 16;

    private enum InputMeaning {
        IMAGE,
        KEYPOINTS,
        DESCRIPTORS
    }

    private enum OutputMeaning {
        KEYPOINTS,
        DESCRIPTORS,
        SCORES,
        FEATURE_MAP,
        GLOBAL,
        MATCHES
    }

    private enum Channels {
        FIRST,
        LAST
    }

    private enum Axes {
        XY,
        YX
    }

    private ManifestReader() {}

    static NetworkManifest read(Path file) throws IOException {
        return parse(String.valueOf(file.getFileName()), readBytes(file));
    }

    static byte[] readBytes(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new IOException(file + " is no manifest: it has more than " + MAX_BYTES + " bytes");
            }
            return bytes;
        }
    }

    /** Reads a manifest from its bytes; {@code name} is the file's, for messages. */
    static NetworkManifest parse(String name, byte[] bytes) {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(MAX_BYTES);
        options.setNestingDepthLimit(16);
        options.setMaxAliasesForCollections(0);
        options.setAllowRecursiveKeys(false);
        options.setAllowDuplicateKeys(false);
        Object value;
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            value = new Yaml(new SafeConstructor(options)).load(text);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(name + ": a manifest must be UTF-8 text", e);
        } catch (MarkedYAMLException e) {
            throw new IllegalArgumentException(name + ": " + oneLine(e), e);
        } catch (YAMLException e) {
            throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
        }
        return manifest(YamlMap.root(name, value));
    }

    private static String oneLine(MarkedYAMLException e) {
        String where = e.getProblemMark() == null
                ? ""
                : " in line " + (e.getProblemMark().getLine() + 1) + ", column "
                        + (e.getProblemMark().getColumn() + 1);
        return e.getProblem() + where;
    }

    private static NetworkManifest manifest(YamlMap map) {
        int format = map.whole("format");
        if (format != NetworkManifest.FORMAT) {
            // said before anything else, since another format may have other keys
            throw map.refused(
                    "a manifest of format " + format + " cannot be read, only format " + NetworkManifest.FORMAT);
        }
        String name = map.text("name");
        String license = map.text("license");
        String source = map.text("source", "");
        YamlMap weightsMap = map.map("weights");
        WeightsFile weights = weights(weightsMap);
        List<WeightsFile> external = new ArrayList<>();
        if (map.has("external")) {
            map.maps("external").forEach(file -> external.add(weights(file)));
        }
        List<NetworkInput> inputs = new ArrayList<>();
        map.maps("inputs").forEach(input -> inputs.add(input(input)));
        List<NetworkOutput> outputs = new ArrayList<>();
        map.maps("outputs").forEach(output -> outputs.add(output(output)));
        return map.end(() -> new NetworkManifest(name, license, source, weights, external, inputs, outputs));
    }

    private static WeightsFile weights(YamlMap map) {
        String file = map.text("file");
        String sha256 = map.text("sha256");
        return map.end(() -> new WeightsFile(file, sha256));
    }

    private static NetworkInput input(YamlMap map) {
        String name = map.text("name");
        switch (map.choice("meaning", InputMeaning.class)) {
            case IMAGE -> {
                NetworkInput.Layout layout = map.choice("layout", NetworkInput.Layout.NCHW);
                NetworkInput.Colors colors = map.choice("colors", NetworkInput.Colors.class);
                List<Double> mean = map.numbers("mean", colors.channels());
                List<Double> scale = map.numbers("scale", colors.channels());
                InputSize size = size(map.map("size"));
                int batch = map.whole("batch", 1);
                return map.end(() -> new NetworkInput.ImageInput(name, layout, colors, mean, scale, size, batch));
            }
            case KEYPOINTS -> {
                NetworkInput.Picture picture = map.choice("picture", NetworkInput.Picture.class);
                Optional<InputSize> size = map.optionalMap("size").map(ManifestReader::size);
                KeypointForm form = form(map);
                return map.end(() -> new NetworkInput.KeypointInput(name, picture, form, size));
            }
            default -> {
                NetworkInput.Picture picture = map.choice("picture", NetworkInput.Picture.class);
                boolean channelsFirst = map.choice("channels", Channels.LAST) == Channels.FIRST;
                return map.end(() -> new NetworkInput.DescriptorInput(name, picture, channelsFirst));
            }
        }
    }

    private static InputSize size(YamlMap map) {
        if (map.has("width") || map.has("height") || map.has("fit")) {
            int width = map.whole("width");
            int height = map.whole("height");
            InputSize.Fit fit = map.choice("fit", InputSize.Fit.class);
            double padding = fit == InputSize.Fit.LETTERBOX ? map.number("padding", 0) : 0;
            return map.end(() -> new InputSize.Fixed(width, height, fit, padding));
        }
        int longer = map.whole("longer", InputSize.MAX_SIDE);
        int shorter = map.whole("shorter", 0);
        int multipleOf = map.whole("multiple-of", 1);
        boolean enlarge = map.flag("enlarge", false);
        return map.end(() -> new InputSize.Limited(shorter, longer, multipleOf, enlarge));
    }

    private static KeypointForm form(YamlMap map) {
        KeypointForm.Units units = map.choice("units", KeypointForm.Units.class);
        double firstPixelCenter = map.number("first-pixel-center");
        boolean yFirst = map.choice("axes", Axes.XY) == Axes.YX;
        return new KeypointForm(units, firstPixelCenter, yFirst);
    }

    private static NetworkOutput output(YamlMap map) {
        String name = map.text("name");
        switch (map.choice("meaning", OutputMeaning.class)) {
            case KEYPOINTS -> {
                String features = map.text("features", Extraction.LOCAL);
                KeypointForm form = form(map);
                int maxKeypoints = map.whole("max-keypoints", NetworkOutput.KeypointOutput.LIMIT);
                boolean failsWhenEmpty = map.flag("fails-when-empty", false);
                return map.end(
                        () -> new NetworkOutput.KeypointOutput(name, features, form, maxKeypoints, failsWhenEmpty));
            }
            case DESCRIPTORS -> {
                String features = map.text("features", Extraction.LOCAL);
                boolean channelsFirst = map.choice("channels", Channels.LAST) == Channels.FIRST;
                boolean l2 = map.flag("l2", false);
                return map.end(() -> new NetworkOutput.DescriptorOutput(name, features, channelsFirst, l2));
            }
            case SCORES -> {
                String features = map.text("features", Extraction.LOCAL);
                Optional<Double> minScore =
                        map.has("min-score") ? Optional.of(map.number("min-score")) : Optional.empty();
                return map.end(() -> new NetworkOutput.ScoreOutput(name, features, minScore));
            }
            case FEATURE_MAP -> {
                String features = map.text("features", Extraction.MAP);
                NetworkInput.Layout layout = map.choice("layout", NetworkInput.Layout.NCHW);
                boolean l2 = map.flag("l2", false);
                return map.end(() -> new NetworkOutput.MapOutput(name, features, layout, l2));
            }
            case GLOBAL -> {
                boolean l2 = map.flag("l2", false);
                return map.end(() -> new NetworkOutput.GlobalOutput(name, l2));
            }
            default -> {
                return map.end(() -> new NetworkOutput.MatchOutput(name));
            }
        }
    }

    /** The place of a file of a manifest, if it may have one. */
    static Path beside(Path manifest, WeightsFile file) {
        @Nullable Path folder = manifest.toAbsolutePath().getParent();
        return folder == null ? Path.of(file.file()) : folder.resolve(file.file());
    }
}
