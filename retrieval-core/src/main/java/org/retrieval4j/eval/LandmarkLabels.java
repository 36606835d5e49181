package org.retrieval4j.eval;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Reads which landmark each image of Google Landmarks v2 shows, from the published files: {@code train.csv} (columns id, url,
 * landmark_id), {@code index_image_to_landmark.csv} (id, landmark_id), {@code train_clean.csv} (landmark_id, images: ids with
 * blanks between). The header tells which.
 */
public final class LandmarkLabels {
    private LandmarkLabels() {}

    /**
     * Reads a file.
     *
     * @param file the file
     * @param wanted the images that are kept
     * @return landmarks by the ids of images
     * @throws IOException if it cannot be read, has another header, or a row is not such or repeats an image; the message
     *     tells the line
     */
    public static Map<String, Long> read(Path file, Predicate<String> wanted) throws IOException {
        Map<String, Long> landmarks = new HashMap<>();
        try (CsvRows rows = new CsvRows(file)) {
            int images = -1;
            int landmark = -1;
            int fields = 0;
            boolean lists = false;
            if (rows.next()) {
                fields = rows.fields();
                for (int i = 0; i < fields; i++) {
                    String name = rows.text(i).strip();
                    landmark = name.equals("landmark_id") ? i : landmark;
                    images = name.equals("id") || name.equals("images") ? i : images;
                    lists |= name.equals("images");
                }
            }
            if (images < 0 || landmark < 0) {
                throw rows.wrong("a header with landmark_id and id or images must stand there");
            }
            while (rows.next()) {
                if (rows.fields() != fields) {
                    throw rows.wrong("a row must have " + fields + " fields, got " + rows.fields());
                }
                long shown = landmark(rows, landmark);
                String text = rows.text(images);
                for (String image : lists ? text.strip().split(" +") : new String[] {text}) {
                    if (image.isEmpty()) {
                        throw rows.wrong("the id of an image is missing");
                    }
                    if (wanted.test(image) && landmarks.putIfAbsent(image, shown) != null) {
                        throw rows.wrong("image \"" + image + "\" stands twice");
                    }
                }
            }
        }
        return landmarks;
    }

    private static long landmark(CsvRows rows, int field) throws IOException {
        try {
            return Long.parseLong(rows.text(field));
        } catch (NumberFormatException notOne) {
            throw rows.wrong("a landmark must be a whole number, got \"" + rows.text(field) + "\"");
        }
    }
}
