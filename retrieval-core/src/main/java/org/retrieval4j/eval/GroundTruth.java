package org.retrieval4j.eval;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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
        NameRows.read(file, (line, fields) -> {
            String query = fields.get(0);
            if (query.isEmpty()) {
                throw NameRows.wrong(file, line, "the query is missing");
            }
            Set<String> images = new LinkedHashSet<>(fields.subList(1, fields.size()));
            images.remove("");
            if (relevant.putIfAbsent(query, images) != null) {
                throw NameRows.wrong(file, line, "a second row for query \"" + query + "\"");
            }
        });
        return new GroundTruth(relevant);
    }
}
