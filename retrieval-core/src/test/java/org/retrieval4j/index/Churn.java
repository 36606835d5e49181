package org.retrieval4j.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.retrieval4j.api.GlobalDescriptor.Dense;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;

/**
 * Replaces half of an index at random, in batches, while another thread searches: a quarter of the images get other
 * vectors, a quarter is deleted and others come under new ids. Then the index is compared with one built anew.
 *
 * @param recall of the index at 10
 * @param freshRecall of the one built anew
 * @param segments of the index
 * @param usedBytes what the index takes, before it is compacted
 * @param compactedBytes what it takes then
 * @param freshBytes what the one built anew takes
 * @param searches searches that ran meanwhile
 */
record Churn(
        double recall,
        double freshRecall,
        int segments,
        long usedBytes,
        long compactedBytes,
        long freshBytes,
        int searches) {
    private static final SearchOptions SEARCH = SearchOptions.top(10).withCandidates(40);

    /**
     * Runs it.
     *
     * @param index empty
     * @param fresh empty, of the same spec
     * @param flat empty, exact, of the same metric
     * @param clustered where vectors come from
     * @param count images
     * @param batch images that are changed at a time
     */
    static Churn run(Index index, Index fresh, Index flat, Clustered clustered, int count, int batch) throws Exception {
        Map<Long, Dense> images = new HashMap<>();
        List<Dense> first = clustered.next(count);
        for (int i = 0; i < count; i++) {
            images.put((long) i, first.get(i));
        }
        List<Dense> queries = clustered.next(60);
        Clustered.put(index, 0, first);
        Set<Long> gone = ConcurrentHashMap.newKeySet();
        AtomicBoolean done = new AtomicBoolean();
        ExecutorService thread = Executors.newSingleThreadExecutor();
        int searches;
        try {
            Future<Integer> search = thread.submit(() -> searchUntil(done, index, queries, gone));
            Random random = new Random(11);
            long next = count;
            for (int changed = 0; changed < count / 2; changed += batch) {
                long[] ids = pick(random, images, batch);
                if (changed / batch % 2 == 1) {
                    index.removeAll(ids);
                    for (int i = 0; i < batch; i++) {
                        images.remove(ids[i]);
                        gone.add(ids[i]);
                        ids[i] = next++;
                    }
                }
                List<Dense> others = clustered.next(batch);
                index.putAll(ids, others);
                for (int i = 0; i < batch; i++) {
                    images.put(ids[i], others.get(i));
                }
            }
            done.set(true);
            searches = search.get();
        } finally {
            done.set(true);
            thread.shutdown();
        }
        long[] ids = images.keySet().stream().mapToLong(id -> id).sorted().toArray();
        List<Dense> vectors = new ArrayList<>();
        for (long id : ids) {
            vectors.add(images.get(id));
        }
        fresh.putAll(ids, vectors);
        flat.putAll(ids, vectors);
        return compare(index, fresh, flat, queries, gone, searches);
    }

    private static long[] pick(Random random, Map<Long, Dense> images, int batch) {
        List<Long> ids = new ArrayList<>(images.keySet());
        return random.ints(0, ids.size())
                .distinct()
                .limit(batch)
                .mapToLong(ids::get)
                .sorted()
                .toArray();
    }

    private static int searchUntil(AtomicBoolean done, Index index, List<Dense> queries, Set<Long> gone) {
        int searches = 0;
        while (!done.get() || searches == 0) {
            int from = searches++ % 50;
            Set<Long> before = Set.copyOf(gone);
            for (SearchResult result : index.searchAll(queries.subList(from, from + 10), SEARCH)) {
                assertThat(result.hits()).hasSize(10).noneMatch(hit -> before.contains(hit.imageId()));
                assertThat(result.hits().stream().map(Hit::imageId).distinct()).hasSize(10);
            }
        }
        return searches;
    }

    private static Churn compare(
            Index index, Index fresh, Index flat, List<Dense> queries, Set<Long> gone, int searches)
            throws IOException {
        assertThat(index.ids()).isEqualTo(fresh.ids());
        List<SearchResult> exact = flat.searchAll(queries, SearchOptions.top(10));
        List<SearchResult> found = index.searchAll(queries, SEARCH);
        for (SearchResult result : found) {
            assertThat(result.hits()).noneMatch(hit -> gone.contains(hit.imageId()));
        }
        int segments = ((SegmentedIndex<?>) index).segments();
        long used = IndexMemory.used(index);
        index.compact();
        assertThat(((SegmentedIndex<?>) index).segments()).isEqualTo(1);
        double freshRecall = Clustered.recall(fresh.searchAll(queries, SEARCH), exact);
        assertThat(Clustered.recall(index.searchAll(queries, SEARCH), exact)).isGreaterThan(freshRecall - 0.01);
        return new Churn(
                Clustered.recall(found, exact),
                freshRecall,
                segments,
                used,
                IndexMemory.used(index),
                IndexMemory.used(fresh),
                searches);
    }

    /** Within one point of a fresh build, and no more than a tenth above its memory once compacted. */
    void assertAsGoodAsFresh() {
        assertThat(recall).isGreaterThan(freshRecall - 0.01);
        assertThat(searches).isPositive();
        assertThat((double) compactedBytes).isBetween(0.9 * freshBytes, 1.1 * freshBytes);
    }
}
