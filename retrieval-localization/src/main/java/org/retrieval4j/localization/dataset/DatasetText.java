package org.retrieval4j.localization.dataset;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Lines of a text file with their numbers; empty ones and such that begin with # are passed over. For one thread. */
final class DatasetText implements AutoCloseable {
    private static final Pattern SPACE = Pattern.compile("[\\s,]+");
    private static final int LONGEST_LINE = 1 << 16;

    private final Path file;
    private final BufferedReader reader;
    private int number;

    DatasetText(Path file) throws IOException {
        this.file = file;
        this.reader = Files.newBufferedReader(file);
    }

    /** The next line's fields, parted by white space or commas; null at the end. */
    String @Nullable [] next() throws IOException {
        while (true) {
            String line = line();
            if (line == null) {
                return null;
            }
            number++;
            String text = (number == 1 ? line.replace("\uFEFF", "") : line).strip();
            if (!text.isEmpty() && !text.startsWith("#")) {
                return SPACE.split(text);
            }
        }
    }

    /** The next line's fields. */
    String[] need(String expected) throws IOException {
        String[] fields = next();
        if (fields == null) {
            throw new IOException(file + ", line " + (number + 1) + ": expected " + expected + ", found the end");
        }
        return fields;
    }

    /** The next line's fields, so many of them. */
    String[] need(String expected, int fields) throws IOException {
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
                if (line.length() == LONGEST_LINE) {
                    throw new IOException(
                            file + ", line " + (number + 1) + ": longer than " + LONGEST_LINE + " characters");
                }
                line.append((char) c);
            }
        } catch (CharacterCodingException e) {
            throw new IOException(file + " is not text in UTF-8", e);
        }
        return line.toString();
    }

    double[] numbers(String[] fields, int from, int count) throws IOException {
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

    int count(String field, int most) throws IOException {
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

    IOException wrong(String expected, String found) {
        return new IOException(file + ", line " + number + ": expected " + expected + ", found " + found);
    }

    /** Makes a value of the line that was read last; what it refuses is told with the line. */
    <T> T made(Made<T> value) throws IOException {
        try {
            return value.make();
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ", line " + number + ": " + e.getMessage(), e);
        }
    }

    interface Made<T> {
        T make();
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
