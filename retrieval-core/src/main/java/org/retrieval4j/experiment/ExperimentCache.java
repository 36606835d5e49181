package org.retrieval4j.experiment;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.database.ImageSource;
import org.retrieval4j.storage.Replacement;

/**
 * Results of stages in a folder, each under the fingerprint of its inputs. A small text of {@code key=value} lines beside
 * a result, written last, says that it is whole, and what it cost.
 */
final class ExperimentCache {
    private static final int KEY = 20;

    private final Path folder;

    ExperimentCache(Path folder) throws IOException {
        this.folder = folder;
        Files.createDirectories(folder);
    }

    /** Where a result lies. */
    Path path(String stage, String key, String suffix) {
        return folder.resolve(stage + "-" + key + suffix);
    }

    /** What a whole result cost; empty if there is none. */
    Map<String, Double> costs(String stage, String key) throws IOException {
        Path file = path(stage, key, ".txt");
        Map<String, Double> costs = new LinkedHashMap<>();
        if (!Files.exists(file)) {
            return costs;
        }
        for (String line : Files.readAllLines(file)) {
            int equals = line.indexOf('=');
            try {
                costs.put(line.substring(0, Math.max(0, equals)), Double.valueOf(line.substring(equals + 1)));
            } catch (NumberFormatException damaged) {
                throw new IOException(file + " is damaged (" + line + "); delete it to compute it again", damaged);
            }
        }
        return costs;
    }

    /** Says that a result is whole. */
    void done(String stage, String key, Map<String, Double> costs) throws IOException {
        StringBuilder text = new StringBuilder();
        costs.forEach(
                (name, value) -> text.append(name).append('=').append(value).append('\n'));
        Replacement.write(path(stage, key, ".txt"), text.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** The fingerprint of inputs. */
    static String key(Object... inputs) {
        Fingerprint.Builder builder = Fingerprint.builder();
        for (Object input : inputs) {
            builder.add(input.toString());
        }
        return builder.build().hex().substring(0, KEY);
    }

    /** The fingerprint of pictures: names, sizes and times of their files. */
    static String key(List<ImageSource> pictures) throws IOException {
        Fingerprint.Builder builder = Fingerprint.builder();
        for (ImageSource picture : pictures) {
            builder.add(picture.name())
                    .add(Long.toString(Files.size(picture.file())))
                    .add(Files.getLastModifiedTime(picture.file()).toString());
        }
        return builder.build().hex().substring(0, KEY);
    }

    /** A canonical spec and the bytes of files that it, or a spec in it, names. */
    static String identity(ComponentSpec spec, BuildContext context) {
        StringBuilder text = new StringBuilder(spec.toString());
        for (ComponentSpec.Part part : spec.parts()) {
            for (String value : part.parameters().values()) {
                if (isFile(value, context)) {
                    text.append('\n')
                            .append(Fingerprint.ofFile(context.resolve(value)).hex());
                } else if (value.contains("(")) {
                    nested(value).ifPresent(inner -> text.append('\n').append(identity(inner, context)));
                }
            }
        }
        return text.toString();
    }

    private static Optional<ComponentSpec> nested(String value) {
        try {
            return Optional.of(ComponentSpec.parse(value));
        } catch (IllegalArgumentException noSpec) {
            return Optional.empty();
        }
    }

    private static boolean isFile(String value, BuildContext context) {
        try {
            return Files.isRegularFile(context.resolve(value));
        } catch (java.nio.file.InvalidPathException noPath) {
            return false;
        }
    }
}
