package org.retrieval4j.api;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Options records as text and back. A record component {@code maxKeypoints} is the parameter {@code max-keypoints}; its
 * type is int, long, float, double, boolean, String, an enum ({@code CLUSTER_MAJOR} is {@code cluster-major}),
 * {@link ComponentSpec}, or an {@link Optional} of one of them, which stands in the text only if present.
 *
 * <p>The record's compact constructor checks the values; its messages reach the user unchanged.
 */
public final class OptionsText {
    private OptionsText() {}

    /**
     * Reads options: what the part gives, the defaults for the rest.
     *
     * @param <O> type of the options
     * @param part name and parameters
     * @param defaults an instance with all defaults; an Optional must say its type in the record's declaration
     * @return the options
     * @throws IllegalArgumentException for an unknown parameter, a value of another type, or one the record refuses
     */
    public static <O extends Record> O parse(ComponentSpec.Part part, O defaults) {
        RecordComponent[] components = defaults.getClass().getRecordComponents();
        Map<String, String> given = new LinkedHashMap<>(part.parameters());
        Class<?>[] types = new Class<?>[components.length];
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            String key = hyphenated(components[i].getName());
            String text = given.remove(key);
            types[i] = components[i].getType();
            values[i] = text == null
                    ? value(defaults, components[i])
                    : parse(part.name() + ": " + key, text, components[i].getGenericType());
        }
        if (!given.isEmpty()) {
            throw new IllegalArgumentException(part.name() + " has no parameter \""
                    + given.keySet().iterator().next() + "\"; known: " + String.join(", ", keys(defaults)));
        }
        try {
            @SuppressWarnings("unchecked")
            O options = (O) defaults.getClass().getConstructor(types).newInstance(values);
            return options;
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException refused) {
                throw new IllegalArgumentException(part.name() + ": " + refused.getMessage(), refused);
            }
            throw new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    defaults.getClass().getName() + " must be a public record in an exported package", e);
        }
    }

    /**
     * Writes options in full, in the order of the record.
     *
     * @param name name of the component
     * @param options its options
     * @return the canonical part
     */
    public static ComponentSpec.Part format(String name, Record options) {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (RecordComponent component : options.getClass().getRecordComponents()) {
            Object value = value(options, component);
            if (value instanceof Optional<?> optional) {
                if (optional.isEmpty()) {
                    continue;
                }
                value = optional.get();
            }
            parameters.put(hyphenated(component.getName()), text(value));
        }
        return new ComponentSpec.Part(name, parameters);
    }

    /**
     * The parameters that a record knows.
     *
     * @param options any instance
     * @return parameter names, in the order of the record
     */
    public static List<String> keys(Record options) {
        List<String> keys = new ArrayList<>();
        for (RecordComponent component : options.getClass().getRecordComponents()) {
            keys.add(hyphenated(component.getName()));
        }
        return keys;
    }

    private static Object value(Record record, RecordComponent component) {
        try {
            return component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    record.getClass().getName() + " must be a public record in an exported package", e);
        }
    }

    private static Object parse(String key, String text, Type type) {
        if (type instanceof ParameterizedType optional && optional.getRawType() == Optional.class) {
            return Optional.of(parse(key, text, optional.getActualTypeArguments()[0]));
        }
        Class<?> wanted = (Class<?>) type;
        try {
            if (wanted == int.class || wanted == Integer.class) {
                return Integer.valueOf(text);
            } else if (wanted == long.class || wanted == Long.class) {
                return Long.valueOf(text);
            } else if (wanted == float.class || wanted == Float.class) {
                return finite(key, text, Float.parseFloat(text)).floatValue();
            } else if (wanted == double.class || wanted == Double.class) {
                return finite(key, text, Double.parseDouble(text));
            }
        } catch (NumberFormatException e) {
            boolean whole = wanted == int.class || wanted == Integer.class || wanted == long.class;
            throw new IllegalArgumentException(
                    key + " must be " + (whole ? "a whole number" : "a number") + ", got \"" + text + "\"", e);
        }
        if (wanted == boolean.class || wanted == Boolean.class) {
            if (!text.equals("true") && !text.equals("false")) {
                throw new IllegalArgumentException(key + " must be true or false, got \"" + text + "\"");
            }
            return text.equals("true");
        } else if (wanted == String.class) {
            return text;
        } else if (wanted == ComponentSpec.class) {
            return ComponentSpec.parse(text);
        } else if (wanted.isEnum()) {
            List<String> known = new ArrayList<>();
            for (Object constant : wanted.getEnumConstants()) {
                String name = text(constant);
                if (name.equals(text)) {
                    return constant;
                }
                known.add(name);
            }
            throw new IllegalArgumentException(
                    key + " must be one of " + String.join(", ", known) + ", got \"" + text + "\"");
        }
        throw new IllegalStateException(key + " has a type that has no text: " + type);
    }

    private static Double finite(String key, String text, double value) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException(key + " must be finite, got \"" + text + "\"");
        }
        return value;
    }

    private static String text(Object value) {
        if (value instanceof Enum<?> constant) {
            return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
        String text = value.toString();
        boolean fraction = value instanceof Double || value instanceof Float;
        return fraction && text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }

    private static String hyphenated(String name) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (Character.isUpperCase(c)) {
                text.append('-').append(Character.toLowerCase(c));
            } else {
                text.append(c);
            }
        }
        return text.toString();
    }
}
