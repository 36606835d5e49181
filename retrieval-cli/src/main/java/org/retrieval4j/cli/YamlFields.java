package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.Component;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/** What stands in a YAML file that a user wrote, checked value by value; messages tell the file and the key. */
final class YamlFields {
    private static final long LARGEST = 1L << 20;

    private final Path file;
    private final Components components;
    private final @Nullable Object content;

    private YamlFields(Path file, Components components, @Nullable Object content) {
        this.file = file;
        this.components = components;
        this.content = content;
    }

    /** Reads a file; it may make no objects but maps, lists, texts and numbers. */
    static YamlFields read(Path file, Components components) throws IOException {
        if (Files.size(file) > LARGEST) {
            throw new IOException(file + " is larger than " + LARGEST + " bytes, which no such file is");
        }
        LoaderOptions limits = new LoaderOptions();
        limits.setAllowDuplicateKeys(false);
        try {
            return new YamlFields(file, components, new Yaml(new SafeConstructor(limits)).load(Files.readString(file)));
        } catch (YAMLException damaged) {
            throw new IOException(file + ": " + damaged.getMessage(), damaged);
        }
    }

    /** The keys of the whole file. */
    Map<String, Object> top(List<String> known) throws IOException {
        return map("the file", content, known);
    }

    /** A path that is relative to the file. */
    Path resolve(String text) {
        Path base = file.toAbsolutePath().getParent();
        return base == null ? Path.of(text) : base.resolve(text);
    }

    String text(Map<String, Object> fields, String name) throws IOException {
        if (!(fields.get(name) instanceof String text)) {
            throw wrong(name, "text", String.valueOf(fields.get(name)));
        }
        return text;
    }

    <C extends Component> ComponentSpec single(
            Map<String, Object> top, String name, Class<C> kind, ComponentSpec otherwise) throws IOException {
        return top.containsKey(name) ? spec(name, kind, text(top, name)) : otherwise;
    }

    <C extends Component> ComponentSpec spec(String name, Class<C> kind, String text) throws IOException {
        try {
            ComponentSpec spec = ComponentSpec.parse(text);
            components.canonical(kind, spec);
            return spec;
        } catch (IllegalArgumentException refused) {
            // YAML cuts [a(b=1,c=2)] at its comma
            String hint = text.indexOf('(') >= 0 && text.indexOf(')') < 0
                    ? "; a spec with commas stands in quotes inside [ ]"
                    : "";
            throw new IOException(file + ": " + name + ": " + refused.getMessage() + hint, refused);
        }
    }

    long number(String name, Object value, long least, long most) throws IOException {
        if (!(value instanceof Integer || value instanceof Long)
                || ((Number) value).longValue() < least
                || ((Number) value).longValue() > most) {
            throw wrong(name, "a whole number from " + least + " to " + most, String.valueOf(value));
        }
        return ((Number) value).longValue();
    }

    static List<Object> list(@Nullable Object value) {
        if (value instanceof List<?> list) {
            return new ArrayList<>(list);
        }
        return value == null ? List.of() : List.of(value);
    }

    Map<String, Object> map(String what, @Nullable Object value, List<String> known) throws IOException {
        if (!(value instanceof Map<?, ?> map)) {
            throw wrong(what, "keys and values", String.valueOf(value));
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            String key = String.valueOf(entry.getKey());
            if (!known.contains(key)) {
                throw wrong(what, "the keys " + String.join(", ", known), "\"" + key + "\"");
            }
            if (entry.getValue() != null) {
                fields.put(key, entry.getValue());
            }
        }
        return fields;
    }

    IOException wrong(String where, String expected, String found) {
        return new IOException(file + ": " + where + ": expected " + expected + ", found " + found);
    }

    /** A number with or without a fraction. */
    double decimal(String name, Object value, double least, double most) throws IOException {
        if (!(value instanceof Number number) || !(number.doubleValue() >= least && number.doubleValue() <= most)) {
            throw wrong(name, "a number from " + least + " to " + most, String.valueOf(value));
        }
        return number.doubleValue();
    }

    /** What an options record refused. */
    IOException refused(String where, IllegalArgumentException why) {
        return new IOException(file + ": " + where + ": " + why.getMessage(), why);
    }
}
