package org.retrieval4j.index;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchResult;

/** Vectors as descriptors of pictures are: in clusters of unequal size, with decreasing variance along the axes. */
final class Clustered {
    private final Random random;
    private final float[][] centers;

    Clustered(int dimension, int clusters, long seed) {
        random = new Random(seed);
        centers = new float[clusters][];
        for (int c = 0; c < clusters; c++) {
            centers[c] = gaussian(dimension);
        }
    }

    private float[] gaussian(int dimension) {
        float[] values = new float[dimension];
        for (int j = 0; j < dimension; j++) {
            values[j] = (float) (random.nextGaussian() / Math.sqrt(1 + 0.1 * j));
        }
        return values;
    }

    List<Dense> next(int count) {
        List<Dense> vectors = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            float[] center = centers[(int) (centers.length * Math.pow(random.nextDouble(), 1.5))];
            float[] values = gaussian(center.length);
            for (int j = 0; j < values.length; j++) {
                values[j] = center[j] + 0.6f * values[j];
            }
            vectors.add(new Dense(values));
        }
        return vectors;
    }

    static void put(Index index, long first, List<Dense> vectors) {
        long[] ids = new long[vectors.size()];
        Arrays.setAll(ids, i -> first + i);
        index.putAll(ids, vectors);
    }

    /** The part of the true hits that was found. */
    static double recall(List<SearchResult> found, List<SearchResult> exact) {
        int hits = 0;
        int all = 0;
        for (int q = 0; q < exact.size(); q++) {
            var ids = found.get(q).hits().stream().map(Hit::imageId).collect(Collectors.toSet());
            all += exact.get(q).hits().size();
            for (Hit hit : exact.get(q).hits()) {
                hits += ids.contains(hit.imageId()) ? 1 : 0;
            }
        }
        return (double) hits / all;
    }
}
