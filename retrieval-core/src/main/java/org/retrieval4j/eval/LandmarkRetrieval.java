package org.retrieval4j.eval;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.retrieval4j.eval.LandmarkSolution.Usage;

/**
 * Mean average precision of the first 100 (mAP@100), the measure of the Google Landmarks v2 retrieval challenge (Weyand
 * et al., "Google Landmarks Dataset v2", CVPR 2020, section 4.2).
 *
 * <p>With m the number of right images of a query and P(i) the precision of its first i answers, AP@100 is the sum of
 * P(i) over the ranks i up to 100 with a right image, divided by min(m, 100). An image that stands twice keeps both
 * ranks and scores at the first. The mean goes over all queries of the solution that are not ignored; one without an
 * answer counts 0, and so does one without a right image.
 */
public final class LandmarkRetrieval {
    /** How many answers of a query count. */
    public static final int MAX_ANSWERS = 100;

    private LandmarkRetrieval() {}

    /**
     * Compares a submission with the solution. Reads both row by row; takes memory for the solution only.
     *
     * @param solution CSV with a header and rows {@code id,images,Usage}: images are ids with one blank between, Usage
     *     is Public, Private or Ignored
     * @param submission CSV with a header and rows {@code id,images}, best first; queries may be missing, and those that
     *     the solution ignores are not looked at
     * @return {@code map@100}, and of the two parts
     * @throws IOException if a file cannot be read or a row is not of this form, names an unknown query or repeats one;
     *     the message tells the line
     */
    public static LandmarkFigures evaluate(Path solution, Path submission) throws IOException {
        LandmarkSolution<byte[]> truth = LandmarkSolution.read(solution, row -> row.copy(1), new byte[0]);
        RelevantImages relevant = new RelevantImages();
        int open = truth.count(Usage.PUBLIC);
        int closed = truth.count(Usage.PRIVATE);
        Precisions all = new Precisions(open + closed);
        Precisions publicPart = new Precisions(open);
        Precisions privatePart = new Precisions(closed);
        truth.predictions(submission, (id, usage, images, row) -> {
            relevant.set(images);
            double precision = relevant.averagePrecision(row.bytes(), row.start(1), row.end(1));
            all.add(precision);
            (usage == Usage.PUBLIC ? publicPart : privatePart).add(precision);
        });
        return new LandmarkFigures(
                "map@100",
                open + closed,
                new double[] {all.mean(), publicPart.mean(), privatePart.mean()},
                all::draw,
                publicPart::draw,
                privatePart::draw);
    }

    /** Average precisions of the queries of a part; those without an answer are 0. */
    private static final class Precisions {
        private final double[] values;
        private int answered;

        Precisions(int queries) {
            values = new double[queries];
        }

        void add(double precision) {
            values[answered++] = precision;
        }

        double mean() {
            double sum = 0; // in the order of the rows, so that rounding is that of the published script
            for (int i = 0; i < answered; i++) {
                sum += values[i];
            }
            return sum / values.length;
        }

        double draw(SplittableRandom random) {
            double sum = 0;
            for (int i = 0; i < values.length; i++) {
                sum += values[random.nextInt(values.length)];
            }
            return sum / values.length;
        }
    }

    /** The right images of one query: a hash table with open addressing over the bytes of their ids. */
    private static final class RelevantImages {
        private byte[] images = new byte[0];
        private int size;
        private int[] starts = new int[64]; // -1: free
        private int[] ends = new int[64];
        private boolean[] found = new boolean[64];
        private int mask;

        void set(byte[] ids) {
            images = ids;
            size = 1;
            for (byte b : ids) {
                size += b == ' ' ? 1 : 0;
            }
            int capacity = Math.max(64, Integer.highestOneBit(size) * 4);
            if (capacity > starts.length) {
                starts = new int[capacity];
                ends = new int[capacity];
                found = new boolean[capacity];
            }
            mask = capacity - 1;
            Arrays.fill(starts, 0, capacity, -1);
            Arrays.fill(found, 0, capacity, false);
            for (int start = 0; start <= ids.length; ) {
                int end = end(ids, start, ids.length);
                int slot = slot(ids, start, end);
                starts[slot] = start;
                ends[slot] = end;
                start = end + 1;
            }
        }

        // O(bytes of the first 100 answers)
        double averagePrecision(byte[] bytes, int from, int to) {
            double sum = 0;
            int hits = 0;
            int start = from;
            for (int rank = 1; rank <= MAX_ANSWERS && start <= to; rank++) {
                int end = end(bytes, start, to);
                if (end == to && start == to) {
                    break; // a blank after the last id
                }
                int slot = slot(bytes, start, end);
                if (starts[slot] >= 0 && !found[slot]) {
                    found[slot] = true;
                    hits++;
                    sum += (double) hits / rank;
                }
                start = end + 1;
            }
            return sum / Math.min(size, MAX_ANSWERS);
        }

        private static int end(byte[] bytes, int start, int to) {
            int end = start;
            while (end < to && bytes[end] != ' ') {
                end++;
            }
            return end;
        }

        /** The slot that holds an id, or the free one where it belongs. */
        private int slot(byte[] bytes, int start, int end) {
            long hash = 0;
            for (int i = start; i < end; i++) {
                hash = (hash ^ bytes[i]) * 0x9E3779B97F4A7C15L;
                hash ^= hash >>> 29;
            }
            int slot = (int) (hash >>> 32) & mask;
            while (starts[slot] >= 0 && !Arrays.equals(images, starts[slot], ends[slot], bytes, start, end)) {
                slot = (slot + 1) & mask;
            }
            return slot;
        }
    }
}
