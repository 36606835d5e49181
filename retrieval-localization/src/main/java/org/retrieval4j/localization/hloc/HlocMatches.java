package org.retrieval4j.localization.hloc;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.retrieval4j.api.Matches;
import org.retrieval4j.localization.text.TextFile;

/**
 * Matches of hloc, {@code matches.h5}: a group a pair of images, their names with "-" in place of "/", the one in the other
 * (older files: joined by "_"), with {@code matches0} (for each keypoint of the first image that of the second, or −1) and
 * {@code matching_scores0}. A pair may be stored either way round. {@code io.jhdf:jhdf}, an optional dependency, must be on
 * the class path.
 *
 * <p>For one thread.
 */
public final class HlocMatches implements AutoCloseable {
    private final HdfGroups groups;

    private HlocMatches(HdfGroups groups) {
        this.groups = groups;
    }

    /**
     * A pair of images.
     *
     * @param query name of the one
     * @param reference name of the other
     */
    public record Pair(String query, String reference) {}

    /**
     * Opens a file.
     *
     * @param file of HDF5
     * @return to be closed by the caller
     * @throws IOException if jhdf is not there, or the file cannot be read or is not of HDF5
     */
    public static HlocMatches open(Path file) throws IOException {
        return new HlocMatches(Jhdf.open(file));
    }

    /**
     * Reads a list of pairs, {@code pairs.txt}: two names a line, without white space.
     *
     * @param file in UTF-8
     * @return the pairs, in the order of the lines
     * @throws IOException if the file cannot be read or a line has no two names; the message tells the line
     */
    public static List<Pair> pairs(Path file) throws IOException {
        List<Pair> pairs = new ArrayList<>();
        try (TextFile text = new TextFile(file, TextFile.SPACES)) {
            for (String[] fields = text.next(); fields != null; fields = text.next()) {
                if (fields.length != 2) {
                    throw text.wrong("two names", fields.length + " fields");
                }
                pairs.add(new Pair(fields[0], fields[1]));
            }
        }
        return pairs;
    }

    /**
     * The matches of a pair, whichever way round they are stored.
     *
     * @param query name of an image
     * @param reference name of another
     * @return best first; empty if the pair is not there. That an index is below the number of keypoints is for the caller
     *     to check, as the file does not know it
     * @throws IOException if the arrays are missing, do not belong together, or hold no indices
     */
    public Optional<Matches> matches(String query, String reference) throws IOException {
        String a = query.replace('/', '-');
        String b = reference.replace('/', '-');
        for (String between : new String[] {"/", "_"}) {
            if (groups.has(a + between + b)) {
                return Optional.of(read(a + between + b, false));
            }
            if (groups.has(b + between + a)) {
                return Optional.of(read(b + between + a, true));
            }
        }
        return Optional.empty();
    }

    private Matches read(String pair, boolean reversed) throws IOException {
        HdfGroups.Values values = groups.values(pair + "/matches0", 1)
                .orElseThrow(() -> groups.wrong("there is no " + pair + "/matches0"));
        double[] scores = groups.values(pair + "/matching_scores0", 1)
                .map(HdfGroups.Values::array)
                .orElse(new double[values.rows()]);
        if (scores.length != values.rows()) {
            throw groups.wrong(
                    pair + "/matching_scores0 must have " + values.rows() + " numbers, got " + scores.length);
        }
        double[] other = values.array();
        for (int i = 0; i < other.length; i++) {
            if (!(other[i] >= -1 && other[i] <= Integer.MAX_VALUE && other[i] == Math.rint(other[i]))) {
                throw groups.wrong(pair + "/matches0 must hold indices or -1, got " + other[i]);
            }
            if (other[i] >= 0 && !Double.isFinite(scores[i])) {
                throw groups.wrong(pair + "/matching_scores0 must be finite, got " + scores[i]);
            }
        }
        int[] order = IntStream.range(0, other.length)
                .filter(i -> other[i] >= 0)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -scores[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        int[] first = order.clone();
        int[] second = new int[order.length];
        float[] sorted = new float[order.length];
        for (int i = 0; i < order.length; i++) {
            second[i] = (int) other[order[i]];
            sorted[i] = (float) scores[order[i]];
        }
        return reversed ? new Matches(second, first, sorted) : new Matches(first, second, sorted);
    }

    @Override
    public void close() {
        groups.close();
    }
}
