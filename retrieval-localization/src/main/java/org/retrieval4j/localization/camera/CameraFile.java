package org.retrieval4j.localization.camera;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.retrieval4j.localization.text.TextFile;

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
        return TextFile.named(
                file,
                (text, fields) -> text.made(() ->
                        Camera.parse(String.join(" ", Arrays.asList(fields).subList(1, fields.length)))));
    }
}
