package org.retrieval4j.localization.text;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Lines of a text file with their numbers; empty ones and such that begin with # are passed over. For one thread. */
public final class TextFile implements AutoCloseable {
    /** What parts the fields of a line. */
    public static final Pattern SPACES = Pattern.compile("\\s+");

    /** What parts the fields of a line where commas do so too. */
    public static final Pattern SPACES_AND_COMMAS = Pattern.compile("[\\s,]+");

    private static final Pattern COMMAS = Pattern.compile(","); // a pattern with \s* before it is quadratic in spaces
    private static final Pattern TABS = Pattern.compile("\t");
    private static final int LONGEST_LINE = 1 << 16;
    private static final int LONGEST_TABLE_LINE = 1 << 24;

    private final Path file;
    private final Pattern separator;
    private final int limit;
    private final int longest;
    private final BufferedReader reader;
    private int number;

    /**
     * Opens a file.
     *
     * @param file in UTF-8
     * @param separator of the fields of a line
     * @throws IOException if it cannot be read
     */
    public TextFile(Path file, Pattern separator) throws IOException {
        this(file, separator, 0, LONGEST_LINE);
    }

    private TextFile(Path file, Pattern separator, int limit, int longest) throws IOException {
        this.file = file;
        this.separator = separator;
        this.limit = limit;
        this.longest = longest;
        this.reader = Files.newBufferedReader(file);
    }

    /**
     * Opens a table whose fields commas part: they may hold spaces but at their ends, be empty, and be many.
     *
     * @param file in UTF-8
     * @return the file
     * @throws IOException if it cannot be read
     */
    public static TextFile commas(Path file) throws IOException {
        return new TextFile(file, COMMAS, -1, LONGEST_TABLE_LINE);
    }

    /**
     * Opens a table whose fields tabs part: they may hold spaces and be empty.
     *
     * @param file in UTF-8
     * @return the file
     * @throws IOException if it cannot be read
     */
    public static TextFile tabs(Path file) throws IOException {
        return new TextFile(file, TABS, -1, LONGEST_TABLE_LINE);
    }

    /** Makes a value of a line. */
    @FunctionalInterface
    public interface Line<T> {
        /**
         * Makes the value.
         *
         * @param text the file, to tell what is wrong with the line
         * @param fields of the line, the name first
         * @return the value
         * @throws IOException if the line is not as expected
         */
        T value(TextFile text, String[] fields) throws IOException;
    }

    /**
     * Reads lines that begin with a name.
     *
     * @param <T> type of the values
     * @param file in UTF-8
     * @param line makes a value of a line
     * @return the values by name, in the order of the lines
     * @throws IOException if the file cannot be read, a line is refused, or a name comes twice; the message tells the line
     */
    public static <T> Map<String, T> named(Path file, Line<T> line) throws IOException {
        Map<String, T> values = new LinkedHashMap<>();
        try (TextFile text = new TextFile(file, SPACES)) {
            for (String[] fields = text.next(); fields != null; fields = text.next()) {
                if (values.put(fields[0], line.value(text, fields)) != null) {
                    throw text.wrong("each name once", "\"" + fields[0] + "\" again");
                }
            }
        }
        return Collections.unmodifiableMap(values);
    }

    /**
     * The next line's fields.
     *
     * @return at least one; null at the end
     * @throws IOException if it cannot be read
     */
    public String @Nullable [] next() throws IOException {
        while (true) {
            String line = line();
            if (line == null) {
                return null;
            }
            number++;
            String text = (number == 1 ? line.replace("\uFEFF", "") : line).strip();
            if (!text.isEmpty() && !text.startsWith("#")) {
                String[] fields = separator.split(text, limit);
                if (separator == COMMAS) {
                    for (int i = 0; i < fields.length; i++) {
                        fields[i] = fields[i].strip();
                    }
                }
                return fields;
            }
        }
    }

    /**
     * The next line's fields.
     *
     * @param expected what they are, to be told where the file ends instead
     * @return at least one
     * @throws IOException if it cannot be read or there is none
     */
    public String[] need(String expected) throws IOException {
        String[] fields = next();
        if (fields == null) {
            throw new IOException(file + ", line " + (number + 1) + ": expected " + expected + ", found the end");
        }
        return fields;
    }

    /**
     * The next line's fields, so many of them.
     *
     * @param expected what they are
     * @param fields how many
     * @return the fields
     * @throws IOException if it cannot be read or there are more or fewer
     */
    public String[] need(String expected, int fields) throws IOException {
        String[] found = need(expected);
        if (found.length != fields) {
            throw wrong(expected, found.length + " fields");
        }
        return found;
    }

    // a file that is no text has no line ends: it must not fill the memory
    private @Nullable String line() throws IOException {
        StringBuilder line = new StringBuilder();
        try {
            int c = reader.read();
            if (c < 0) {
                return null;
            }
            for (; c >= 0 && c != '\n'; c = reader.read()) {
                if (line.length() == longest) {
                    throw new IOException(file + ", line " + (number + 1) + ": longer than " + longest + " characters");
                }
                line.append((char) c);
            }
        } catch (CharacterCodingException e) {
            throw new IOException(file + " is not text in UTF-8", e);
        }
        return line.toString();
    }

    /**
     * Numbers of the line that was read last.
     *
     * @param fields of the line
     * @param from the first of them
     * @param count how many
     * @return the numbers
     * @throws IOException if there are fewer, or one is none
     */
    public double[] numbers(String[] fields, int from, int count) throws IOException {
        if (fields.length < from + count) {
            throw wrong((from + count) + " fields", String.valueOf(fields.length));
        }
        double[] numbers = new double[count];
        for (int i = 0; i < count; i++) {
            try {
                numbers[i] = Double.parseDouble(fields[from + i]);
            } catch (NumberFormatException e) {
                throw wrong("a number", "\"" + fields[from + i] + "\"");
            }
        }
        return numbers;
    }

    /**
     * A count of the line that was read last.
     *
     * @param field of the line
     * @param most the largest that is sound
     * @return from 0 to that
     * @throws IOException if it is another
     */
    public int count(String field, int most) throws IOException {
        try {
            int count = Integer.parseInt(field);
            if (count >= 0 && count <= most) {
                return count;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw wrong("a count from 0 to " + most, "\"" + field + "\"");
    }

    /**
     * What is wrong with the line that was read last.
     *
     * @param expected what should stand there
     * @param found what does
     * @return to be thrown
     */
    public IOException wrong(String expected, String found) {
        return new IOException(file + ", line " + number + ": expected " + expected + ", found " + found);
    }

    /**
     * Makes a value of the line that was read last.
     *
     * @param <T> its type
     * @param value makes it
     * @return the value
     * @throws IOException if it refuses with an IllegalArgumentException, whose message is told with the line
     */
    public <T> T made(Made<T> value) throws IOException {
        try {
            return value.make();
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ", line " + number + ": " + e.getMessage(), e);
        }
    }

    /** Makes a value. */
    @FunctionalInterface
    public interface Made<T> {
        /**
         * Makes it.
         *
         * @return the value
         */
        T make();
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
