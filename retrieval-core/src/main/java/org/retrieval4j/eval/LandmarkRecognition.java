package org.retrieval4j.eval;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.retrieval4j.eval.LandmarkSolution.Usage;

/**
 * Global average precision (GAP, micro-AP), the measure of the Google Landmarks v2 recognition challenge (Weyand et al.,
 * "Google Landmarks Dataset v2", CVPR 2020, section 4.2).
 *
 * <p>The predictions of all test images, one each at most, stand in one list by descending score, equal ones by
 * ascending id. GAP is the sum of the precision P(i) of its first i over the ranks i with a right prediction, divided
 * by the number of test images that show a landmark. A prediction for an image without a landmark is a wrong one.
 */
public final class LandmarkRecognition {
    private record Prediction(String id, Usage usage, double score, boolean right) {}

    private LandmarkRecognition() {}

    /**
     * Compares a submission with the solution.
     *
     * @param solution CSV with a header and rows {@code id,landmarks,Usage}: landmarks are whole numbers with one blank
     *     between, or nothing; Usage is Public, Private or Ignored
     * @param submission CSV with a header and rows {@code id,landmark score}, or {@code id,} for no prediction; test
     *     images may be missing, and those that the solution ignores are not looked at
     * @return GAP
     * @throws IOException if a file cannot be read or a row is not of this form, names an unknown test image or repeats
     *     one; the message tells the line
     */
    public static LandmarkScore evaluate(Path solution, Path submission) throws IOException {
        long[] none = {};
        LandmarkSolution<long[]> truth = LandmarkSolution.read(solution, row -> landmarks(row, none), none);
        List<Prediction> predictions = new ArrayList<>();
        truth.predictions(
                submission, (id, usage, landmarks, row) -> predictions.add(prediction(id, usage, landmarks, row)));
        predictions.sort(Comparator.comparingDouble((Prediction prediction) -> -prediction.score)
                .thenComparing(Prediction::id));
        int open = truth.count(Usage.PUBLIC);
        int closed = truth.count(Usage.PRIVATE);
        return new LandmarkScore(
                sum(predictions, Usage.PUBLIC, Usage.PRIVATE) / (open + closed),
                sum(predictions, Usage.PUBLIC) / open,
                sum(predictions, Usage.PRIVATE) / closed);
    }

    private static double sum(List<Prediction> ranked, Usage... usages) {
        List<Usage> parts = List.of(usages);
        double sum = 0;
        int right = 0;
        int rank = 0;
        for (Prediction prediction : ranked) {
            if (parts.contains(prediction.usage)) {
                rank++;
                if (prediction.right) {
                    right++;
                    sum += (double) right / rank;
                }
            }
        }
        return sum;
    }

    private static long[] landmarks(CsvRows row, long[] none) throws IOException {
        if (row.start(1) == row.end(1)) {
            return none;
        }
        String[] words = row.text(1).split(" ", -1);
        long[] landmarks = new long[words.length];
        for (int i = 0; i < words.length; i++) {
            landmarks[i] = landmark(words[i], row);
        }
        return landmarks;
    }

    private static Prediction prediction(String id, Usage usage, long[] landmarks, CsvRows row) throws IOException {
        String text = row.text(1);
        String[] words = (text.endsWith(" ") ? text.substring(0, text.length() - 1) : text).split(" ", -1);
        if (words.length != 2) {
            throw row.wrong("a prediction must be one landmark and one score, got \"" + text + "\"");
        }
        long landmark = landmark(words[0], row);
        double score = score(words[1], row) + 0.0; // -0.0 and 0.0 are one score
        boolean right = false;
        for (long one : landmarks) {
            right |= one == landmark;
        }
        return new Prediction(id, usage, score, right);
    }

    private static long landmark(String word, CsvRows row) throws IOException {
        try {
            return Long.parseLong(word);
        } catch (NumberFormatException notOne) {
            throw row.wrong("a landmark must be a whole number, got \"" + word + "\"");
        }
    }

    private static double score(String word, CsvRows row) throws IOException {
        try {
            double score = Double.parseDouble(word);
            if (Double.isFinite(score)) {
                return score;
            }
        } catch (NumberFormatException notOne) {
            throw row.wrong("a score must be a number, got \"" + word + "\"");
        }
        throw row.wrong("a score must be finite, got \"" + word + "\"");
    }
}
