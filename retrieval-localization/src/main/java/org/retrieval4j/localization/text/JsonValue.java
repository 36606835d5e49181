package org.retrieval4j.localization.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A value of a file of JSON that was read whole. What is asked for and not there is an IOException that tells file and
 * line. Immutable.
 */
public final class JsonValue {
    private final Path file;
    private final int line;
    private final @Nullable Object content;

    /** A number as it is written: whether it is whole is for its reader to ask. */
    record Numeral(String text) {}

    /**
     * @param content a Map of text to JsonValue, a List of them, a String, a Numeral, a Boolean, or null
     */
    JsonValue(Path file, int line, @Nullable Object content) {
        this.file = file;
        this.line = line;
        this.content = content;
    }

    /**
     * The members of this object.
     *
     * @return by name, in the order of the file; unmodifiable
     * @throws IOException if this is no object
     */
    public Map<String, JsonValue> members() throws IOException {
        if (content instanceof Map<?, ?> map) {
            @SuppressWarnings("unchecked") // made so
            Map<String, JsonValue> members = (Map<String, JsonValue>) map;
            return members;
        }
        throw wrong("an object", toString());
    }

    /**
     * A member of this object.
     *
     * @param name of the member
     * @return its value
     * @throws IOException if this is no object or has no such member
     */
    public JsonValue member(String name) throws IOException {
        JsonValue value = members().get(name);
        if (value == null) {
            throw wrong(
                    "an object with \"" + name + "\"", "one with " + members().keySet());
        }
        return value;
    }

    /**
     * A member of this object that may be missing.
     *
     * @param name of the member
     * @return its value
     * @throws IOException if this is no object
     */
    public Optional<JsonValue> optional(String name) throws IOException {
        return Optional.ofNullable(members().get(name));
    }

    /**
     * The elements of this array.
     *
     * @return in order
     * @throws IOException if this is no array
     */
    public List<JsonValue> elements() throws IOException {
        if (content instanceof List<?> list) {
            @SuppressWarnings("unchecked") // made so
            List<JsonValue> elements = (List<JsonValue>) list;
            return elements;
        }
        throw wrong("an array", toString());
    }

    /**
     * Whether this is text.
     *
     * @return true if so
     */
    public boolean isText() {
        return content instanceof String;
    }

    /**
     * This text.
     *
     * @return the characters
     * @throws IOException if this is no text
     */
    public String text() throws IOException {
        if (content instanceof String text) {
            return text;
        }
        throw wrong("text", toString());
    }

    /**
     * This number.
     *
     * @return a finite one
     * @throws IOException if this is no number, or too large for a double
     */
    public double number() throws IOException {
        if (content instanceof Numeral numeral) {
            double value = Double.parseDouble(numeral.text);
            if (Double.isFinite(value)) {
                return value;
            }
        }
        throw wrong("a finite number", toString());
    }

    /**
     * This whole number.
     *
     * @param least the smallest that is sound
     * @param most the largest that is sound
     * @return from least to most
     * @throws IOException if this is something else
     */
    public long integer(long least, long most) throws IOException {
        if (content instanceof Numeral numeral) {
            try {
                long value = Long.parseLong(numeral.text);
                if (value >= least && value <= most) {
                    return value;
                }
            } catch (NumberFormatException e) {
                // told below
            }
        }
        throw wrong("a whole number from " + least + " to " + most, toString());
    }

    /**
     * The numbers of this array.
     *
     * @param count how many there must be
     * @return finite ones
     * @throws IOException if this is something else
     */
    public double[] numbers(int count) throws IOException {
        List<JsonValue> elements = elements();
        if (elements.size() != count) {
            throw wrong(count + " numbers", elements.size() + " values");
        }
        double[] numbers = new double[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = elements.get(i).number();
        }
        return numbers;
    }

    /**
     * What is wrong with this value.
     *
     * @param expected what should stand there
     * @param found what does
     * @return to be thrown
     */
    public IOException wrong(String expected, String found) {
        return new IOException(file + ", line " + line + ": expected " + expected + ", found " + found);
    }

    /** Makes something of a value. */
    @FunctionalInterface
    public interface Made<T> {
        /**
         * Makes it.
         *
         * @return what was made
         * @throws IOException if the value is not as expected
         */
        T make() throws IOException;
    }

    /**
     * Makes something of this value.
     *
     * @param <T> its type
     * @param made makes it
     * @return what was made
     * @throws IOException if it refuses with an IllegalArgumentException, whose message is told with the line
     */
    public <T> T made(Made<T> made) throws IOException {
        try {
            return made.make();
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ", line " + line + ": " + e.getMessage(), e);
        }
    }

    /** Short, for messages. */
    @Override
    public String toString() {
        if (content instanceof Map<?, ?> map) {
            return "an object of " + map.size();
        }
        if (content instanceof Collection<?> list) {
            return "an array of " + list.size();
        }
        if (content instanceof Numeral numeral) {
            return numeral.text;
        }
        return content instanceof String text
                ? "\"" + (text.length() > 80 ? text.substring(0, 80) + "…" : text) + "\""
                : String.valueOf(content);
    }
}
