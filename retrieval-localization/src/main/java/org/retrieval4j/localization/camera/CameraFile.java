package org.retrieval4j.localization.camera;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Cameras as lines {@code name MODEL width height params…}, as the visual localization benchmark lists its queries. Empty
 * lines and such that begin with # are passed over; names hold no white space.
 */
public final class CameraFile {
    private CameraFile() {}

    /**
     * Reads cameras.
     *
     * @param file in UTF-8
     * @return the cameras by name, in the order of the lines
     * @throws IOException if the file cannot be read, a line is not as described, or a name comes twice; the message tells
     *     the line
     */
    public static Map<String, Camera> read(Path file) throws IOException {
        Map<String, Camera> cameras = new LinkedHashMap<>();
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                String text = (number == 1 ? line.replace("\uFEFF", "") : line).strip();
                if (text.isEmpty() || text.startsWith("#")) {
                    continue;
                }
                String[] parts = text.split("\\s+", 2);
                try {
                    if (cameras.put(parts[0], Camera.parse(parts.length > 1 ? parts[1] : "")) != null) {
                        throw new IOException(file + ", line " + number + ": expected each name once, found \""
                                + parts[0] + "\" again");
                    }
                } catch (IllegalArgumentException e) {
                    throw new IOException(file + ", line " + number + ": " + e.getMessage(), e);
                }
            }
        } catch (CharacterCodingException e) {
            throw new IOException(file + " is not text in UTF-8", e);
        }
        return Collections.unmodifiableMap(cameras);
    }
}
