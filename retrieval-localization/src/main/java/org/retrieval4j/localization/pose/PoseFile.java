package org.retrieval4j.localization.pose;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.retrieval4j.localization.text.TextFile;
import org.retrieval4j.storage.Replacement;

/**
 * Poses as lines {@code name qw qx qy qz tx ty tz}, world to camera: the form of the visual localization benchmark's
 * submissions. Empty lines and such that begin with # are passed over; names hold no white space.
 */
public final class PoseFile {
    private static final int FIELDS = 8;

    private PoseFile() {}

    /**
     * Reads poses.
     *
     * @param file in UTF-8
     * @return the poses by name, in the order of the lines
     * @throws IOException if the file cannot be read, a line is not as described, or a name comes twice; the message tells
     *     the line
     */
    public static Map<String, Pose> read(Path file) throws IOException {
        return TextFile.named(file, (text, fields) -> {
            if (fields.length != FIELDS) {
                throw text.wrong("\"name qw qx qy qz tx ty tz\"", fields.length + " fields");
            }
            double[] p = text.numbers(fields, 1, FIELDS - 1);
            return text.made(() -> new Pose(p[0], p[1], p[2], p[3], p[4], p[5], p[6]));
        });
    }

    /**
     * Writes poses, so that they are read as the same bits.
     *
     * @param file where to
     * @param poses by name, written in the map's order
     * @throws IllegalArgumentException if a name is empty or holds white space
     * @throws IOException if the file cannot be written; one that was there is unchanged then
     */
    public static void write(Path file, Map<String, Pose> poses) throws IOException {
        for (String name : poses.keySet()) {
            if (name.isEmpty() || TextFile.SPACES.matcher(name).find() || name.startsWith("#")) {
                throw new IllegalArgumentException(
                        "a name in a file of poses must have no white space and not begin with #, got \"" + name
                                + "\"");
            }
        }
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, Pose> entry : poses.entrySet()) {
            Pose p = entry.getValue();
            text.append(entry.getKey() + " " + p.qw() + " " + p.qx() + " " + p.qy() + " " + p.qz() + " " + p.tx() + " "
                    + p.ty() + " " + p.tz() + "\n");
        }
        try (Replacement replacement = new Replacement(file)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                replacement.channel().write(bytes);
            }
            replacement.commit();
        }
    }
}
