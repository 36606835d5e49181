package org.retrieval4j.eval;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
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
    private record Prediction(String id, Usage usage, double score, boolean right, boolean positive) {}

    private LandmarkRecognition() {}

    /**
     * Compares a submission with the solution.
     *
     * @param solution CSV with a header and rows {@code id,landmarks,Usage}: landmarks are whole numbers with one blank
     *     between, or nothing; Usage is Public, Private or Ignored
     * @param submission CSV with a header and rows {@code id,landmark score}, or {@code id,} for no prediction; test
     *     images may be missing, and those that the solution ignores are not looked at
     * @return {@code gap}, and of the two parts
     * @throws IOException if a file cannot be read or a row is not of this form, names an unknown test image or repeats
     *     one; the message tells the line
     */
    public static LandmarkFigures evaluate(Path solution, Path submission) throws IOException {
        long[] none = {};
        LandmarkSolution<long[]> truth = LandmarkSolution.read(solution, row -> landmarks(row, none), none);
        List<Prediction> predictions = new ArrayList<>();
        truth.predictions(
                submission, (id, usage, landmarks, row) -> predictions.add(prediction(id, usage, landmarks, row)));
        predictions.sort(Comparator.comparingDouble((Prediction prediction) -> -prediction.score)
                .thenComparing(Prediction::id));
        Part all = new Part(truth, predictions, Usage.PUBLIC, Usage.PRIVATE);
        Part publicPart = new Part(truth, predictions, Usage.PUBLIC);
        Part privatePart = new Part(truth, predictions, Usage.PRIVATE);
        return new LandmarkFigures(
                "gap",
                truth.size(Usage.PUBLIC) + truth.size(Usage.PRIVATE),
                new double[] {all.precision(), publicPart.precision(), privatePart.precision()},
                all::draw,
                publicPart::draw,
                privatePart::draw);
    }

    /** The test images of a part. */
    private static final class Part {
        private final boolean[] right; // of the predictions, best first
        private final boolean[] positive; // whether a prediction is of an image that shows a landmark
        private final int positives;
        private final int images;

        Part(LandmarkSolution<long[]> truth, List<Prediction> predictions, Usage... usages) {
            List<Usage> parts = List.of(usages);
            List<Prediction> ranked = predictions.stream()
                    .filter(prediction -> parts.contains(prediction.usage))
                    .toList();
            right = new boolean[ranked.size()];
            positive = new boolean[ranked.size()];
            for (int i = 0; i < right.length; i++) {
                right[i] = ranked.get(i).right;
                positive[i] = ranked.get(i).positive;
            }
            positives = parts.stream().mapToInt(truth::count).sum();
            images = parts.stream().mapToInt(truth::size).sum();
        }

        double precision() {
            int[] once = new int[right.length];
            Arrays.fill(once, 1);
            return precision(once, positives);
        }

        /** Test images are drawn, with their predictions. An image that is drawn twice stands twice in the list. */
        double draw(SplittableRandom random) {
            int[] times = new int[right.length];
            int silent = positives; // images with a landmark and without a prediction stand behind the predictions
            for (boolean one : positive) {
                silent -= one ? 1 : 0;
            }
            int drawn = 0;
            for (int i = 0; i < images; i++) {
                int image = random.nextInt(images);
                if (image < right.length) {
                    times[image]++;
                    drawn += positive[image] ? 1 : 0;
                } else if (image < right.length + silent) {
                    drawn++;
                }
            }
            return drawn == 0 ? 0 : precision(times, drawn);
        }

        private double precision(int[] times, int positives) {
            double sum = 0;
            int found = 0;
            int rank = 0;
            for (int i = 0; i < right.length; i++) {
                for (int time = 0; time < times[i]; time++) {
                    rank++;
                    if (right[i]) {
                        sum += (double) ++found / rank;
                    }
                }
            }
            return sum / positives;
        }
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
        return new Prediction(id, usage, score, right, landmarks.length > 0);
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
