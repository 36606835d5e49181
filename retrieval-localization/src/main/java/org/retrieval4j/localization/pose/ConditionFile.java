package org.retrieval4j.localization.pose;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.retrieval4j.localization.text.TextFile;

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
        return TextFile.named(file, (text, fields) -> {
            if (fields.length != 2) {
                throw text.wrong("\"name condition\"", fields.length + " fields");
            }
            return fields[1];
        });
    }
}
