package org.retrieval4j.index;

import java.util.List;
import java.util.function.IntPredicate;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.storage.LiveSegment;

/** Compares one query with all vectors of lists; the scores are those of {@link FlatIndex}. */
final class FlatScan extends ListSearch.Scan {
    private static final int BLOCK_VALUES = 1 << 14;

    private final QueryVector query;
    private final Kernels kernels;
    private final SearchOptions search;
    private final TopK best;
    private final int block;
    private float[] scratch = {};
    private float[] products = {};
    private int[] starts = {};

    FlatScan(QueryVector query, Kernels kernels, SearchOptions search) {
        this.block = Math.max(1, BLOCK_VALUES / query.values().length);
        this.query = query;
        this.kernels = kernels;
        this.search = search;
        this.best = new TopK(search.k());
    }

    @Override
    void list(LiveSegment<VectorLists> part, int list) {
        list(part.segment(), list, part::isLive);
    }

    // O(length of the list · d)
    void list(VectorLists lists, int list, IntPredicate isLive) {
        int d = query.values().length;
        int end = lists.end(list);
        if (products.length == 0) {
            scratch = new float[block * d];
            products = new float[block];
            starts = new int[block];
        }
        for (int from = lists.start(list); from < end; from += block) {
            int count = Math.min(block, end - from);
            FloatMatrix rows = lists.vectors().block(from, from + count, scratch);
            for (int i = 0; i < count; i++) {
                starts[i] = rows.offset() + i * d;
            }
            kernels.products(query.values(), 0, rows.array(), starts, count, d, products);
            for (int i = 0; i < count; i++) {
                double norm = lists.norm(from + i);
                if (query.reaches(best.threshold(), products[i], norm)) {
                    int row = lists.row(from + i);
                    long id = lists.id(row);
                    if (isLive.test(row) && search.accept().test(id)) {
                        best.offer(id, query.score(rows.array(), starts[i], norm));
                    }
                }
            }
        }
    }

    TopK best() {
        return best;
    }

    QueryVector query() {
        return query;
    }

    @Override
    boolean hasEnough() {
        return best.threshold() > Float.NEGATIVE_INFINITY;
    }

    @Override
    TopK finish(List<LiveSegment<VectorLists>> parts) {
        return best;
    }
}
