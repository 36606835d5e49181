package org.retrieval4j.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.rerank.Proofs;
import org.retrieval4j.storage.NpyFile;

/**
 * Proofs of a data set's pairs by one matcher and verifier, in files of {@value #PART} pairs and more: rows of the query's
 * row, the image's row and inliers. For one thread.
 */
final class KeptProofs implements Proofs {
    private static final String STAGE = "proofs";
    private static final int PART = 1024;
    private static final int COLUMNS = 3;

    private final ExperimentCache cache;
    private final String key;
    private final Map<Long, Integer> known = new HashMap<>();
    private int parts;
    private double millis;
    private int[] pending = new int[COLUMNS * PART];
    private int waiting;
    private double pendingMillis;
    private @Nullable ImageFeatures query;
    private int row;
    private long remembered;

    KeptProofs(ExperimentCache cache, String key) throws IOException {
        this.cache = cache;
        this.key = key;
        for (Map<String, Double> costs; !(costs = cache.costs(STAGE, part())).isEmpty(); parts++) {
            int[] rows = NpyFile.read(cache.path(STAGE, part(), ".npy")).toInts();
            for (int i = 0; i + COLUMNS <= rows.length; i += COLUMNS) {
                known.put(pair(rows[i], rows[i + 1]), rows[i + 2]);
            }
            millis += costs.getOrDefault("millis", 0.0);
        }
    }

    /** Which query comes next, and its row in the data set. */
    void ask(ImageFeatures features, int queryRow) {
        query = features;
        row = queryRow;
    }

    @Override
    public OptionalInt inliers(ImageFeatures features, long image) {
        Integer inliers = known.get(pair(row(features), image));
        if (inliers == null) {
            return OptionalInt.empty();
        }
        remembered++;
        return OptionalInt.of(inliers);
    }

    @Override
    public void put(ImageFeatures features, long[] images, int[] inliers, double spent) throws IOException {
        int of = row(features);
        for (int i = 0; i < images.length; i++) {
            known.put(pair(of, images[i]), inliers[i]);
            if (COLUMNS * waiting == pending.length) {
                pending = Arrays.copyOf(pending, 2 * pending.length);
            }
            pending[COLUMNS * waiting] = of;
            pending[COLUMNS * waiting + 1] = (int) images[i];
            pending[COLUMNS * waiting + 2] = inliers[i];
            waiting++;
        }
        millis += spent;
        pendingMillis += spent;
        if (waiting >= PART) {
            flush();
        }
    }

    /** Writes what is not in a file yet. */
    void flush() throws IOException {
        if (waiting > 0) {
            int[] rows = Arrays.copyOf(pending, COLUMNS * waiting);
            Files.deleteIfExists(cache.path(STAGE, part(), ".npy")); // of a run that was killed before it said so
            NpyFile.write(cache.path(STAGE, part(), ".npy"), rows, waiting, COLUMNS);
            cache.done(STAGE, part(), Map.of("millis", pendingMillis));
            parts++;
            waiting = 0;
            pendingMillis = 0;
        }
    }

    /** What the pairs that were known, since this was asked last, cost when they were verified: their mean. */
    double rememberedMillis() {
        double saved = known.isEmpty() ? 0 : remembered * millis / known.size();
        remembered = 0;
        return saved;
    }

    private String part() {
        return key + "-" + parts;
    }

    private int row(ImageFeatures features) {
        if (features != query) {
            throw new IllegalStateException("another query than the one that was announced");
        }
        return row;
    }

    private static long pair(int queryRow, long image) {
        return ((long) queryRow << Integer.SIZE) | image;
    }
}
