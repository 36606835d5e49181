package org.retrieval4j.eval;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * CSV files whose rows have any number of names: ground truth, rankings. In UTF-8; a field in double quotes may hold commas,
 * and quotes written twice, but no line break; empty rows are left out.
 */
public final class NameRows {
    private NameRows() {}

    /** Takes a row. */
    @FunctionalInterface
    public interface Row {
        /**
         * Takes it.
         *
         * @param line its number in the file, from 1
         * @param fields at least one, which may be empty
         * @throws IOException if the row is not as expected; {@link NameRows#wrong} makes it
         */
        void take(int line, List<String> fields) throws IOException;
    }

    /**
     * Reads a file row by row.
     *
     * @param file the file
     * @param row takes each
     * @throws IOException if the file cannot be read, or a row is none; the message tells the line
     */
    public static void read(Path file, Row row) throws IOException {
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                if (number == 1 && line.startsWith("\uFEFF")) {
                    line = line.substring(1); // a byte order mark, as spreadsheets write it
                }
                if (!line.isBlank()) {
                    row.take(number, fields(line, file, number));
                }
            }
        }
    }

    /**
     * What is wrong with a row.
     *
     * @param file the file
     * @param line its number, from 1
     * @param what in words
     * @return to be thrown
     */
    public static IOException wrong(Path file, int line, String what) {
        return new IOException(file + ", line " + line + ": " + what);
    }

    /**
     * A field as it is written: in quotes where it needs them.
     *
     * @param name without line breaks
     * @return the field
     */
    public static String field(String name) {
        boolean bare = name.indexOf(',') < 0 && name.indexOf('"') < 0 && name.equals(name.strip());
        return bare ? name : '"' + name.replace("\"", "\"\"") + '"';
    }

    private static List<String> fields(String line, Path file, int number) throws IOException {
        List<String> fields = new ArrayList<>();
        int at = 0;
        while (true) {
            StringBuilder field = new StringBuilder();
            if (at < line.length() && line.charAt(at) == '"') {
                at++;
                while (true) {
                    if (at == line.length()) {
                        throw wrong(file, number, "a quote is not closed");
                    }
                    char c = line.charAt(at++);
                    if (c != '"') {
                        field.append(c);
                    } else if (at < line.length() && line.charAt(at) == '"') {
                        field.append('"');
                        at++;
                    } else {
                        break;
                    }
                }
                if (at < line.length() && line.charAt(at) != ',') {
                    throw wrong(file, number, "a comma must follow the closing quote, got " + line.charAt(at));
                }
                fields.add(field.toString());
            } else {
                int end = line.indexOf(',', at);
                end = end < 0 ? line.length() : end;
                fields.add(line.substring(at, end).strip());
                at = end;
            }
            if (at == line.length()) {
                return fields;
            }
            at++; // the comma; a field follows it, if an empty one
        }
    }
}
