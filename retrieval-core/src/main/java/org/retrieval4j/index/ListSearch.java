package org.retrieval4j.index;

import java.util.ArrayList;
import java.util.List;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.learning.ParallelChunks;
import org.retrieval4j.storage.LiveSegment;

/**
 * A search through an inverted file. The lists of a query are chosen once for all segments, each list is searched in all
 * segments before the next one: so the result is that of one segment. One query is one thread's work.
 */
abstract class ListSearch implements IndexAlgorithm.Search<VectorLists> {
    private static final int QUERIES = 8;

    private final CoarseQuantizer quantizer;
    private final BuildContext context;
    private final FloatMatrix prepared;
    private final int probes;
    private final List<LiveSegment<VectorLists>> parts = new ArrayList<>();

    /** What is done with the lists of one query, by one thread. */
    abstract static class Scan {
        /** Searches a list of a segment. */
        abstract void list(LiveSegment<VectorLists> part, int list);

        /** Tells whether there are k hits. */
        abstract boolean hasEnough();

        /** The hits, after the last list. */
        abstract TopK finish(List<LiveSegment<VectorLists>> parts);
    }

    /** A search with queries as the quantizer sees them, m x d. */
    ListSearch(CoarseQuantizer quantizer, int probes, BuildContext context, FloatMatrix prepared) {
        this.quantizer = quantizer;
        this.context = context;
        this.prepared = prepared;
        this.probes = probes;
    }

    /** Starts the scan of a query. */
    abstract Scan scan(int query);

    @Override
    public void visit(LiveSegment<VectorLists> segment) {
        parts.add(segment);
    }

    @Override
    public List<SearchResult> results() {
        SearchResult[] results = new SearchResult[prepared.rows()];
        ParallelChunks.run(context, results.length, QUERIES, (from, to) -> {
            int[][] lists = quantizer.probes(prepared.rows(from, to), probes);
            for (int q = from; q < to; q++) {
                context.checkInterrupted();
                results[q] = search(q, lists[q - from]);
            }
        });
        return List.of(results);
    }

    private SearchResult search(int query, int[] nearest) {
        Scan scan = scan(query);
        for (int list : nearest) {
            scan(scan, list);
        }
        if (nearest.length < quantizer.lists() && !scan.hasEnough()) {
            int[] all = quantizer.probes(prepared.rows(query, query + 1), quantizer.lists())[0];
            for (int i = nearest.length; i < all.length && !scan.hasEnough(); i++) {
                scan(scan, all[i]);
            }
        }
        return scan.finish(parts).toResult();
    }

    private void scan(Scan scan, int list) {
        for (LiveSegment<VectorLists> part : parts) {
            scan.list(part, list);
        }
    }
}
