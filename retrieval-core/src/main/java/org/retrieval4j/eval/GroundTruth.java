package org.retrieval4j.eval;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The right answers of a retrieval experiment.
 *
 * @param relevant the relevant images of each query, in the order of the file; the query itself is never among them
 */
public record GroundTruth(Map<String, Set<String>> relevant) {
    /** Copies the map, and takes each query out of its own answers. */
    public GroundTruth {
        Map<String, Set<String>> copy = new LinkedHashMap<>();
        relevant.forEach((query, images) -> {
            Set<String> others = new LinkedHashSet<>(images);
            others.remove(query);
            copy.put(query, Collections.unmodifiableSet(others));
        });
        relevant = Collections.unmodifiableMap(copy);
    }

    /**
     * Reads a CSV file in UTF-8 with rows {@code query,relevant,relevant,…}. A field in double quotes may hold commas,
     * and quotes written twice; empty rows are left out.
     *
     * @param file the file
     * @return its content
     * @throws IOException if the file cannot be read, or a row is not of this form; the message tells the line
     */
    public static GroundTruth readCsv(Path file) throws IOException {
        Map<String, Set<String>> relevant = new LinkedHashMap<>();
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                if (number == 1 && line.startsWith("\uFEFF")) {
                    line = line.substring(1); // a byte order mark, as spreadsheets write it
                }
                if (line.isBlank()) {
                    continue;
                }
                List<String> fields = fields(line, file, number);
                String query = fields.get(0);
                if (query.isEmpty()) {
                    throw new IOException(file + ", line " + number + ": the query is missing");
                }
                Set<String> images = new LinkedHashSet<>(fields.subList(1, fields.size()));
                images.remove("");
                if (relevant.putIfAbsent(query, images) != null) {
                    throw new IOException(file + ", line " + number + ": a second row for query \"" + query + "\"");
                }
            }
        }
        return new GroundTruth(relevant);
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
                        throw new IOException(file + ", line " + number + ": a quote is not closed");
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
                    throw new IOException(file + ", line " + number + ": a comma must follow the closing quote, got "
                            + line.charAt(at));
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
