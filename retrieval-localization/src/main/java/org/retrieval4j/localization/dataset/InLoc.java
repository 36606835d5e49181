package org.retrieval4j.localization.dataset;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.retrieval4j.localization.camera.Camera;
import org.retrieval4j.localization.camera.CameraModel;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.text.TextFile;

/**
 * InLoc: queries of {@code query/iphone7} (4032 x 3024 pixels, f = 4032 · 28 / 36, the principal point in the middle) and the
 * scans' poses of {@code …/DUC1/transformations/DUC_trans_000.txt}, whose lines 8 to 11 are the matrix from scan to world after
 * registration. A cut-out's own rotation inside its scan is in no list, so that there are no poses of the map's pictures.
 */
final class InLoc {
    private static final Pattern SCAN = Pattern.compile("(?:.*/)?([A-Z]+[0-9]+)/(?:.*/)?[^/]*_trans_([0-9]+)\\.txt");
    private static final Camera PHONE =
            new Camera(CameraModel.SIMPLE_PINHOLE, 4032, 3024, 4032 * 28 / 36.0, 4032 / 2.0, 3024 / 2.0);

    private InLoc() {}

    static LocalizationDataset read(Path folder) throws IOException {
        Map<String, Camera> queries = new LinkedHashMap<>();
        for (Path file : PublishedDataset.files(folder, "query/iphone7/[^/]+\\.(?i:jpg)")) {
            queries.put(PublishedDataset.relative(folder, file), PHONE);
        }
        if (queries.isEmpty()) {
            throw new IOException(folder + " has no pictures in query/iphone7");
        }
        Map<String, Pose> scans = new LinkedHashMap<>();
        for (Path file : PublishedDataset.files(folder, SCAN.pattern())) {
            Matcher matcher = SCAN.matcher(PublishedDataset.relative(folder, file));
            if (matcher.matches()) {
                scans.put(matcher.group(1) + "/" + matcher.group(2), scan(file));
            }
        }
        return new LocalizationDataset(folder, Map.of(), Map.of(), queries, Map.of(), Map.of(), Map.of(), scans);
    }

    private static Pose scan(Path file) throws IOException {
        // the file's second matrix: words, four rows before the registration, words, four rows after it
        double[] matrix = new double[16];
        int rows = 0;
        try (TextFile text = new TextFile(file, TextFile.SPACES_AND_COMMAS)) {
            for (String[] fields = text.next(); fields != null; fields = text.next()) {
                if (fields.length == 4 && isNumber(fields[0])) {
                    System.arraycopy(text.numbers(fields, 0, 4), 0, matrix, 4 * (rows % 4), 4);
                    rows++;
                }
            }
            if (rows != 8) {
                throw new IOException(file + ": expected two matrices of four rows, found " + rows + " rows");
            }
            return text.made(() -> Poses.ofCameraToWorld(matrix));
        }
    }

    private static boolean isNumber(String field) {
        try {
            return Double.isFinite(Double.parseDouble(field));
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
