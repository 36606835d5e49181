package org.retrieval4j.api;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The text that names a component and its parameters, as it stands in files, papers, tables and command lines:
 * {@code vlad(clusters=64,normalization=intra) | pca-whiten(dimension=128)}.
 *
 * <pre>
 * spec      = component { '|' component }
 * component = name [ '(' [ key '=' value { ',' key '=' value } ] ')' ]
 * value     = bare token without white space and , ( ) = | "
 *           | quoted string ("…", with \" and \\)
 *           | component
 * </pre>
 *
 * <p>{@link #parse} and {@link #toString} are inverses on canonical text. Two specs are equal if parts, names and
 * parameters are; the order of parameters does not matter. {@link Components#canonical} fills in all defaults.
 *
 * @param parts the components from left to right, at least one
 */
public record ComponentSpec(List<Part> parts) {
    /** Checks that there is at least one part. */
    public ComponentSpec {
        parts = List.copyOf(parts);
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("a spec must name at least one component");
        }
    }

    /**
     * One named component with its parameters.
     *
     * @param name lower case letters, digits and hyphens
     * @param parameters value text by key, in the order written
     */
    public record Part(String name, Map<String, String> parameters) {
        /** Checks names and keys. */
        public Part {
            requireName("component name", name);
            parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
            parameters.forEach((key, value) -> {
                requireName("parameter name", key);
                requireNonNull(value, "value");
            });
        }

        @Override
        public String toString() {
            if (parameters.isEmpty()) {
                return name;
            }
            StringBuilder text = new StringBuilder(name);
            char separator = '(';
            for (Map.Entry<String, String> entry : parameters.entrySet()) {
                text.append(separator).append(entry.getKey()).append('=').append(valueText(entry.getValue()));
                separator = ',';
            }
            return text.append(')').toString();
        }
    }

    /**
     * Reads a spec.
     *
     * @param text the text; white space around names, values and separators is ignored
     * @return the spec
     * @throws IllegalArgumentException if the text is not a spec; the message shows the place
     */
    public static ComponentSpec parse(String text) {
        return new Parser(requireNonNull(text, "text")).spec();
    }

    /**
     * A spec of one component.
     *
     * @param part the component
     * @return the spec
     */
    public static ComponentSpec of(Part part) {
        return new ComponentSpec(List.of(part));
    }

    /**
     * The first component, which decides what the whole is.
     *
     * @return the first part
     */
    public Part first() {
        return parts.get(0);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Part part : parts) {
            text.append(text.isEmpty() ? "" : " | ").append(part);
        }
        return text.toString();
    }

    private static String valueText(String value) {
        if (!value.isEmpty() && value.chars().allMatch(ComponentSpec::isBare)) {
            return value;
        }
        try {
            // a nested component prints as one; its text is then canonical in itself
            ComponentSpec nested = parse(value);
            if (nested.parts.size() == 1 && nested.toString().equals(value)) {
                return value;
            }
        } catch (IllegalArgumentException notAComponent) {
            // any other text is quoted
        }
        return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static boolean isBare(int character) {
        return !Character.isWhitespace(character) && ",()=|\"".indexOf(character) < 0;
    }

    private static boolean isNameCharacter(int c) {
        return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-';
    }

    private static void requireName(String what, String name) {
        if (name.isEmpty() || !name.chars().allMatch(ComponentSpec::isNameCharacter)) {
            throw new IllegalArgumentException(
                    what + " must consist of lower case letters, digits and hyphens, got \"" + name + "\"");
        }
    }

    private static final class Parser {
        private static final int MAX_DEPTH = 16;

        private final String text;
        private int at;
        private int depth;

        Parser(String text) {
            this.text = text;
        }

        ComponentSpec spec() {
            List<Part> parts = new ArrayList<>();
            do {
                parts.add(part());
            } while (skip('|'));
            space();
            if (at < text.length()) {
                throw error("unexpected '" + text.charAt(at) + "'");
            }
            return new ComponentSpec(parts);
        }

        private Part part() {
            if (++depth > MAX_DEPTH) {
                throw error("components are nested more than " + MAX_DEPTH + " deep");
            }
            space();
            int from = at;
            while (at < text.length() && isNameCharacter(text.charAt(at))) {
                at++;
            }
            if (at == from) {
                throw error("a component name (lower case letters, digits, hyphens) must stand");
            }
            String name = text.substring(from, at);
            Map<String, String> parameters = new LinkedHashMap<>();
            if (skip('(') && !skip(')')) {
                do {
                    parameter(parameters);
                } while (skip(','));
                if (!skip(')')) {
                    throw error("',' or ')' must stand");
                }
            }
            depth--;
            return new Part(name, parameters);
        }

        private void parameter(Map<String, String> parameters) {
            space();
            int from = at;
            while (at < text.length() && isNameCharacter(text.charAt(at))) {
                at++;
            }
            if (at == from) {
                throw error("a parameter name must stand");
            }
            String key = text.substring(from, at);
            if (!skip('=')) {
                throw error("'=' must stand after parameter " + key);
            }
            if (parameters.put(key, value()) != null) {
                throw error("parameter " + key + " is given twice; its second value ends");
            }
        }

        private String value() {
            space();
            if (at < text.length() && text.charAt(at) == '"') {
                return quoted();
            }
            int from = at;
            while (at < text.length() && isBare(text.charAt(at))) {
                at++;
            }
            int end = at;
            if (skip('(')) {
                at = from;
                return part().toString();
            }
            if (end == from) {
                throw error("a value must stand");
            }
            at = end;
            return text.substring(from, end);
        }

        private String quoted() {
            StringBuilder value = new StringBuilder();
            for (at++; at < text.length(); at++) {
                char c = text.charAt(at);
                if (c == '"') {
                    at++;
                    return value.toString();
                }
                if (c == '\\') {
                    at++;
                    if (at == text.length() || "\"\\".indexOf(text.charAt(at)) < 0) {
                        throw error("\\\" or \\\\ must stand");
                    }
                    c = text.charAt(at);
                }
                value.append(c);
            }
            throw error("a closing quote must stand");
        }

        private boolean skip(char expected) {
            int before = at;
            space();
            if (at < text.length() && text.charAt(at) == expected) {
                at++;
                return true;
            }
            at = before;
            return false;
        }

        private void space() {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
        }

        private IllegalArgumentException error(String what) {
            return new IllegalArgumentException(what + " at position " + at + " of \"" + text + "\"");
        }
    }
}
