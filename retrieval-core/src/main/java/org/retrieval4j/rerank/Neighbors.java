package org.retrieval4j.rerank;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;

/**
 * The nearest of a set of vectors for each of them, found by an index, batch by batch: the matrix of all similarities
 * never exists.
 *
 * @param of row i: the rows most similar to row i, best first, itself among them
 */
record Neighbors(int[][] of) {
    private static final int BATCH = 256;

    /**
     * Finds them.
     *
     * @param vectors n x d, of length 1
     * @param k neighbors of each, itself counted
     * @param spec the index
     */
    static Neighbors find(FloatMatrix vectors, int k, ComponentSpec spec, Components components, BuildContext context) {
        int n = vectors.rows();
        try (Index index = filled(vectors, spec, components, context)) {
            int[][] of = new int[n][];
            for (int from = 0; from < n; from += BATCH) {
                context.checkInterrupted();
                int to = Math.min(n, from + BATCH);
                List<GlobalDescriptor> queries = descriptors(vectors, from, to);
                List<SearchResult> found = index.searchAll(queries, SearchOptions.top(Math.min(k, n)));
                for (int i = from; i < to; i++) {
                    of[i] = found.get(i - from).hits().stream()
                            .mapToInt(hit -> (int) hit.imageId())
                            .toArray();
                }
                context.progress().progress("neighbors", to, n);
            }
            return new Neighbors(of);
        }
    }

    /** An index in memory that holds row i under the id i. */
    static Index filled(FloatMatrix vectors, ComponentSpec spec, Components components, BuildContext context) {
        List<GlobalDescriptor> descriptors = descriptors(vectors, 0, vectors.rows());
        Index index = components.create(Index.class, spec, context.withDescriptors(descriptors));
        try {
            long[] ids = new long[vectors.rows()];
            Arrays.setAll(ids, i -> i);
            index.putAll(ids, descriptors);
            return index;
        } catch (RuntimeException | Error e) {
            index.close();
            throw e;
        }
    }

    private static List<GlobalDescriptor> descriptors(FloatMatrix vectors, int from, int to) {
        List<GlobalDescriptor> descriptors = new ArrayList<>();
        for (int i = from; i < to; i++) {
            descriptors.add(new GlobalDescriptor.Dense(vectors.row(i)));
        }
        return descriptors;
    }
}
