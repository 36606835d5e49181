package org.retrieval4j.localization.pose;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.retrieval4j.storage.Replacement;

/**
 * Poses as lines {@code name qw qx qy qz tx ty tz}, world to camera: the form of the visual localization benchmark's
 * submissions. Empty lines and such that begin with # are passed over; names hold no white space.
 */
public final class PoseFile {
    private static final Pattern SPACE = Pattern.compile("\\s+");
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
        Map<String, Pose> poses = new LinkedHashMap<>();
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                String text = (number == 1 ? line.replace("\uFEFF", "") : line).strip();
                if (text.isEmpty() || text.startsWith("#")) {
                    continue;
                }
                String[] fields = SPACE.split(text);
                if (fields.length != FIELDS) {
                    throw wrong(file, number, "\"name qw qx qy qz tx ty tz\"", fields.length + " fields");
                }
                if (poses.put(fields[0], pose(file, number, fields)) != null) {
                    throw wrong(file, number, "each name once", "\"" + fields[0] + "\" again");
                }
            }
        } catch (CharacterCodingException e) {
            throw new IOException(file + " is not text in UTF-8", e);
        }
        return Collections.unmodifiableMap(poses);
    }

    private static Pose pose(Path file, int number, String[] fields) throws IOException {
        double[] values = new double[FIELDS - 1];
        for (int i = 1; i < FIELDS; i++) {
            try {
                values[i - 1] = Double.parseDouble(fields[i]);
            } catch (NumberFormatException e) {
                throw wrong(file, number, "a number", "\"" + fields[i] + "\"");
            }
        }
        try {
            return new Pose(values[0], values[1], values[2], values[3], values[4], values[5], values[6]);
        } catch (IllegalArgumentException e) {
            throw wrong(file, number, "a pose", String.valueOf(e.getMessage()));
        }
    }

    private static IOException wrong(Path file, int number, String expected, String found) {
        return new IOException(file + ", line " + number + ": expected " + expected + ", found " + found);
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
            if (name.isEmpty() || SPACE.matcher(name).find() || name.startsWith("#")) {
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
