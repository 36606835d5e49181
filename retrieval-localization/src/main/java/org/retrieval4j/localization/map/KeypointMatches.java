package org.retrieval4j.localization.map;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import org.retrieval4j.api.Matcher;

/** Matches of many pairs of pictures, 12 bytes each, so that the matches of a thousand pictures fit on a small heap. */
final class KeypointMatches {
    /**
     * The matches of a pair.
     *
     * @param first number of a view
     * @param second number of the other
     * @param keypoints of the first and of the second, match after match
     * @param scores of the matches
     */
    private record Pair(int first, int second, int[] keypoints, float[] scores) {}

    private final List<Pair> pairs;

    private KeypointMatches(List<Pair> pairs) {
        this.pairs = pairs;
    }

    /**
     * Matches pairs of views; two views' features are in memory for each pair that runs.
     *
     * @param views pictures
     * @param pairs numbers of views
     * @param matcher pairs their features
     * @param maxError see {@link MapBuilder#match}
     * @param executor runs the pairs
     */
    static KeypointMatches find(
            List<MapBuilder.View> views, List<int[]> pairs, Matcher matcher, double maxError, Executor executor)
            throws IOException {
        return new KeypointMatches(OrderedTasks.run(
                pairs.size(),
                i -> {
                    int[] pair = pairs.get(i);
                    return pack(pair, MapBuilder.match(views.get(pair[0]), views.get(pair[1]), matcher, maxError));
                },
                executor));
    }

    private static Pair pack(int[] pair, List<MapBuilder.Match> matches) {
        int[] keypoints = new int[2 * matches.size()];
        float[] scores = new float[matches.size()];
        for (int i = 0; i < scores.length; i++) {
            keypoints[2 * i] = matches.get(i).firstKeypoint();
            keypoints[2 * i + 1] = matches.get(i).secondKeypoint();
            scores[i] = matches.get(i).score();
        }
        return new Pair(pair[0], pair[1], keypoints, scores);
    }

    /** Takes a match. */
    interface Sink {
        void accept(int first, int firstKeypoint, int second, int secondKeypoint);
    }

    /** Gives the surest first; ties in the order of the pairs. */
    void forEachBestFirst(Sink sink) {
        int[] from = new int[pairs.size() + 1];
        for (int p = 0; p < pairs.size(); p++) {
            from[p + 1] = Math.addExact(from[p], pairs.get(p).scores.length);
        }
        long[] order = new long[from[pairs.size()]]; // score, greatest first, in the upper half; place in the lower
        for (int p = 0; p < pairs.size(); p++) {
            for (int i = 0; i < pairs.get(p).scores.length; i++) {
                int bits = Float.floatToIntBits(pairs.get(p).scores[i]);
                int ascending = bits ^ bits >> 31 & Integer.MAX_VALUE; // as integers they compare as the floats do
                order[from[p] + i] = (long) ~ascending << 32 | from[p] + i;
            }
        }
        Arrays.sort(order);
        for (long entry : order) {
            int place = (int) entry;
            int p = pairOf(from, place);
            Pair pair = pairs.get(p);
            int i = place - from[p];
            sink.accept(pair.first, pair.keypoints[2 * i], pair.second, pair.keypoints[2 * i + 1]);
        }
    }

    /** The last pair that starts at a place or before it and is not empty. */
    private static int pairOf(int[] from, int place) {
        int low = 0;
        int high = from.length - 1;
        while (high - low > 1) { // from[low] <= place < from[high]
            int middle = (low + high) >>> 1;
            if (from[middle] <= place) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
