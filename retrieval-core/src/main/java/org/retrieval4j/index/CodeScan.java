package org.retrieval4j.index;

import java.util.List;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.storage.LiveSegment;

/**
 * Compares one query with the codes of lists, and those that come best with their vectors, if these are kept. The
 * candidates do not depend on the order of lists and segments.
 */
abstract class CodeScan extends ListSearch.Scan {
    /** Codes that are scored at a time. */
    static final int BLOCK = 1024;

    private final QueryVector query;
    private final SearchOptions search;
    private final Candidates candidates;
    private final boolean refines;
    private final byte[] codes;
    private final float[] scores = new float[BLOCK];
    private int list = -1;
    private int part;

    /**
     * A scan.
     *
     * @param query scores the vectors of candidates
     * @param search k, candidates, filter
     * @param refine candidates for each hit asked for, at least; 0 if there are no vectors
     * @param codeBytes bytes of a code
     */
    CodeScan(QueryVector query, SearchOptions search, int refine, int codeBytes) {
        long most = refine == 0 ? search.k() : Math.max(search.candidates(), (long) refine * search.k());
        this.query = query;
        this.search = search;
        this.refines = refine > 0;
        this.candidates = new Candidates((int) Math.min(Integer.MAX_VALUE, most));
        this.codes = new byte[Math.multiplyExact(BLOCK, codeBytes)];
    }

    /** A number of candidates as a spec gives it. */
    static int requireRefine(int refine) {
        if (refine < 0) {
            throw new IllegalArgumentException("refine must be at least 0, got " + refine);
        }
        return refine;
    }

    /** Called before the codes of a list are scored. */
    abstract void start(int nextList);

    /** Scores codes; larger is better. */
    abstract void score(VectorLists lists, int position, byte[] block, int count, float[] target);

    @Override
    void list(LiveSegment<VectorLists> segment, int nextList) {
        if (nextList != list) {
            list = nextList;
            part = 0;
            start(list);
        }
        VectorLists lists = segment.segment();
        int end = lists.end(list);
        for (int from = lists.start(list); from < end; from += BLOCK) {
            int count = Math.min(BLOCK, end - from);
            lists.codes().copy(from, count, codes, 0);
            score(lists, from, codes, count, scores);
            float threshold = candidates.threshold();
            for (int i = 0; i < count; i++) {
                // "not less" lets NaN pass
                if (!(scores[i] < threshold)) {
                    int row = lists.row(from + i);
                    long id = lists.id(row);
                    if (segment.isLive(row) && search.accept().test(id)) {
                        candidates.offer(id, Float.isNaN(scores[i]) ? -Float.MAX_VALUE : scores[i], part, from + i);
                        threshold = candidates.threshold();
                    }
                }
            }
        }
        part++;
    }

    @Override
    boolean hasEnough() {
        return candidates.size() >= search.k();
    }

    // O(candidates · d)
    @Override
    TopK finish(List<LiveSegment<VectorLists>> parts) {
        TopK best = new TopK(search.k());
        float[] copy = new float[refines ? query.values().length : 0];
        for (int i = 0; i < candidates.size(); i++) {
            float score = candidates.score(i);
            if (refines) {
                VectorLists lists = parts.get(candidates.part(i)).segment();
                int position = candidates.position(i);
                FloatMatrix vector = lists.vectors().block(position, position + 1, copy);
                score = query.score(vector.array(), vector.offset(), lists.norm(position));
            }
            best.offer(candidates.id(i), TopK.rounded(score));
        }
        return best;
    }
}
