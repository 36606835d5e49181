package org.retrieval4j.localization.pose;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Under which condition queries were taken, as lines {@code name condition}: {@code query/day/1.jpg day}. Empty lines and such
 * that begin with # are passed over; neither part holds white space.
 */
public final class ConditionFile {
    private ConditionFile() {}

    /**
     * Reads conditions.
     *
     * @param file in UTF-8
     * @return the condition of each query, in the order of the lines
     * @throws IOException if the file cannot be read, a line is not as described, or a name comes twice; the message tells
     *     the line
     */
    public static Map<String, String> read(Path file) throws IOException {
        Map<String, String> conditions = new LinkedHashMap<>();
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                String text = (number == 1 ? line.replace("\uFEFF", "") : line).strip();
                if (text.isEmpty() || text.startsWith("#")) {
                    continue;
                }
                String[] parts = text.split("\\s+");
                if (parts.length != 2) {
                    throw new IOException(file + ", line " + number + ": expected \"name condition\", found "
                            + parts.length + " fields");
                }
                if (conditions.put(parts[0], parts[1]) != null) {
                    throw new IOException(
                            file + ", line " + number + ": expected each name once, found \"" + parts[0] + "\" again");
                }
            }
        } catch (CharacterCodingException e) {
            throw new IOException(file + " is not text in UTF-8", e);
        }
        return Collections.unmodifiableMap(conditions);
    }
}
