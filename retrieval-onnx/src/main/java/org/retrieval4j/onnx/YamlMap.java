package org.retrieval4j.onnx;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A mapping in a YAML file, read key by key. It remembers the keys asked for, so that {@link #end} can name the known
 * ones when another stands in the file. Messages begin with the file and the place in it.
 */
final class YamlMap {
    private final String place;
    private final boolean isRoot;
    private final Map<String, @Nullable Object> values = new LinkedHashMap<>();
    private final Set<String> known = new LinkedHashSet<>();

    /** The mapping that a whole file is. */
    static YamlMap root(String file, @Nullable Object value) {
        return new YamlMap(file, true, value);
    }

    private YamlMap(String place, boolean isRoot, @Nullable Object value) {
        this.place = place;
        this.isRoot = isRoot;
        if (!(value instanceof Map<?, ?> map)) {
            throw new IllegalArgumentException(place + ": a mapping must stand, got " + shown(value));
        }
        map.forEach((key, entry) -> values.put(String.valueOf(key), entry));
    }

    boolean has(String key) {
        known.add(key);
        return values.get(key) != null;
    }

    String text(String key) {
        if (!(required(key) instanceof String text)) {
            throw wrong(key, "text (in quotes, if it looks like a number)");
        }
        return text;
    }

    String text(String key, String otherwise) {
        return has(key) ? text(key) : otherwise;
    }

    int whole(String key) {
        if (!(required(key) instanceof Integer number)) {
            throw wrong(key, "a whole number");
        }
        return number;
    }

    int whole(String key, int otherwise) {
        return has(key) ? whole(key) : otherwise;
    }

    double number(String key) {
        return number(key, required(key));
    }

    double number(String key, double otherwise) {
        return has(key) ? number(key) : otherwise;
    }

    boolean flag(String key, boolean otherwise) {
        if (!has(key)) {
            return otherwise;
        }
        if (!(values.get(key) instanceof Boolean flag)) {
            throw wrong(key, "true or false");
        }
        return flag;
    }

    /** One number for all channels, or a list. */
    List<Double> numbers(String key, int count) {
        List<Double> numbers = new ArrayList<>();
        if (required(key) instanceof List<?> list) {
            list.forEach(value -> numbers.add(number(key, value)));
        } else {
            double all = number(key);
            for (int i = 0; i < count; i++) {
                numbers.add(all);
            }
        }
        return numbers;
    }

    <E extends Enum<E>> E choice(String key, Class<E> type) {
        Object value = required(key);
        List<String> names = new ArrayList<>();
        for (E constant : type.getEnumConstants()) {
            String name = constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
            if (name.equals(value)) {
                return constant;
            }
            names.add(name);
        }
        throw wrong(key, "one of " + String.join(", ", names));
    }

    <E extends Enum<E>> E choice(String key, E otherwise) {
        return has(key) ? choice(key, otherwise.getDeclaringClass()) : otherwise;
    }

    YamlMap map(String key) {
        return new YamlMap(placeOf(key), false, required(key));
    }

    Optional<YamlMap> optionalMap(String key) {
        return has(key) ? Optional.of(map(key)) : Optional.empty();
    }

    List<YamlMap> maps(String key) {
        if (!(required(key) instanceof List<?> list)) {
            throw wrong(key, "a list");
        }
        List<YamlMap> maps = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            maps.add(new YamlMap(placeOf(key) + "[" + i + "]", false, list.get(i)));
        }
        return maps;
    }

    /** Refuses keys nobody asked for, then makes the value; what its class refuses is told with the place. */
    <T> T end(Supplier<T> value) {
        for (String key : values.keySet()) {
            if (!known.contains(key)) {
                throw new IllegalArgumentException(
                        place + ": unknown key \"" + key + "\"; known: " + String.join(", ", known));
            }
        }
        try {
            return value.get();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(place + ": " + e.getMessage(), e);
        }
    }

    /** A refusal of what this mapping says. */
    IllegalArgumentException refused(String why) {
        return new IllegalArgumentException(place + ": " + why);
    }

    private Object required(String key) {
        known.add(key);
        Object value = values.get(key);
        if (value == null) {
            throw new IllegalArgumentException(place + ": " + key + " is missing; there is: "
                    + (values.isEmpty() ? "nothing" : String.join(", ", values.keySet())));
        }
        return value;
    }

    private double number(String key, @Nullable Object value) {
        if (!(value instanceof Number number)) {
            throw wrong(key, "a number");
        }
        return number.doubleValue();
    }

    private IllegalArgumentException wrong(String key, String wanted) {
        return new IllegalArgumentException(
                place + ": " + key + " must be " + wanted + ", got " + shown(values.get(key)));
    }

    private String placeOf(String key) {
        return place + (isRoot ? ": " : ".") + key;
    }

    private static String shown(@Nullable Object value) {
        String text = value instanceof String ? "\"" + value + "\"" : String.valueOf(value);
        return text.length() <= 80 ? text : text.substring(0, 80) + "…";
    }
}
