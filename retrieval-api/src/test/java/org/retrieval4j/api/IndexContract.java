package org.retrieval4j.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every {@link Index} must do. Extend it in the tests of an index:
 *
 * <pre>{@code
 * class FlatIndexTest extends IndexContract {
 *     @Override
 *     protected Index open(BuildContext context) throws IOException {
 *         return FlatIndex.open(FlatIndex.Options.defaults(), context);
 *     }
 *
 *     @Override
 *     protected GlobalDescriptor descriptor(long seed) {
 *         return a random descriptor
 *     }
 * }
 * }</pre>
 */
public abstract class IndexContract {
    private static final int IMAGES = 60;

    /** A directory of its own for each test; set by JUnit. */
    @TempDir
    @SuppressWarnings("NullAway.Init")
    protected Path folder;

    /**
     * Opens an index: in memory, or in a directory that may hold one.
     *
     * @param context directory, seed, threads; with sample descriptors of {@link #descriptor}
     * @return the index
     * @throws IOException if the directory cannot be read
     */
    protected abstract Index open(BuildContext context) throws IOException;

    /**
     * A descriptor that the index accepts.
     *
     * @param seed descriptors of different seeds differ, those of one seed are equal
     * @return a descriptor, always of one dimension
     */
    protected abstract GlobalDescriptor descriptor(long seed);

    /**
     * A descriptor of an accepted kind but another dimension.
     *
     * @return such a descriptor
     */
    protected abstract GlobalDescriptor otherDimension();

    /**
     * Tells whether results are exact: then every image of the index is found if k is large enough.
     *
     * @return true by default; approximate indexes override it
     */
    protected boolean exact() {
        return true;
    }

    /** The context of an index in memory. */
    protected final BuildContext memory() {
        List<GlobalDescriptor> sample = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            sample.add(descriptor(1_000_000 + i));
        }
        return BuildContext.defaults().withDescriptors(sample);
    }

    private BuildContext directory() {
        return memory().withDirectory(folder.resolve("index"));
    }

    private static long[] range(long from, long to) {
        long[] ids = new long[(int) (to - from)];
        Arrays.setAll(ids, i -> from + i);
        return ids;
    }

    /** Puts images whose descriptors have their ids as seeds. */
    private void put(Index index, long... ids) {
        List<GlobalDescriptor> descriptors = new ArrayList<>();
        for (long id : ids) {
            descriptors.add(descriptor(id));
        }
        index.putAll(ids, descriptors);
    }

    private List<GlobalDescriptor> queries() {
        List<GlobalDescriptor> queries = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            queries.add(descriptor(i % 2 == 0 ? i : 5000 + i));
        }
        return queries;
    }

    private List<SearchResult> results(Index index) {
        return index.searchAll(queries(), new SearchOptions(10, 1000, id -> id % 3 != 1));
    }

    private static List<Long> ids(SearchResult result) {
        return result.hits().stream().map(Hit::imageId).toList();
    }

    private static SearchOptions all() {
        return SearchOptions.top(1000);
    }

    @Test
    public void findsAnImageByItsOwnDescriptor() throws IOException {
        try (Index index = open(memory())) {
            put(index, range(0, IMAGES));
            assertThat(index.size()).isEqualTo(IMAGES);
            assertThat(index.ids()).containsExactly(range(0, IMAGES));
            for (long id = 0; id < IMAGES; id++) {
                assertThat(ids(index.search(descriptor(id), SearchOptions.top(3).withCandidates(1000))))
                        .startsWith(id);
            }
        }
    }

    @Test
    public void ranksByScoreAndTiesById() throws IOException {
        try (Index index = open(memory())) {
            put(index, range(0, IMAGES));
            // ten more copies of image 7, added in no order
            long[] copies = {109, 101, 105, 100, 103, 102, 108, 104, 107, 106};
            for (long copy : copies) {
                index.putAll(new long[] {copy}, List.of(descriptor(7)));
            }
            for (GlobalDescriptor query : queries()) {
                List<Hit> hits = index.search(query, all()).hits();
                for (int i = 1; i < hits.size(); i++) {
                    Hit before = hits.get(i - 1);
                    Hit hit = hits.get(i);
                    assertThat(before.score()).isGreaterThanOrEqualTo(hit.score());
                    if (before.score() == hit.score()) {
                        assertThat(before.imageId()).isLessThan(hit.imageId());
                    }
                }
            }
            List<Long> best =
                    ids(index.search(descriptor(7), SearchOptions.top(6).withCandidates(1000)));
            assertThat(best).containsExactly(7L, 100L, 101L, 102L, 103L, 104L);
        }
    }

    @Test
    public void returnsFewerHitsWhenTheIndexIsSmall() throws IOException {
        try (Index index = open(memory())) {
            put(index, 5, 3);
            for (GlobalDescriptor query : queries()) {
                assertThat(ids(index.search(query, all()))).containsExactlyInAnyOrder(3L, 5L);
                assertThat(ids(index.search(
                                query, new SearchOptions(Integer.MAX_VALUE, Integer.MAX_VALUE, id -> true))))
                        .hasSize(2);
                assertThat(ids(index.search(query, SearchOptions.top(1).withCandidates(10))))
                        .hasSize(1);
            }
        }
    }

    @Test
    public void returnsNoHitTwiceAndNoMoreThanAskedFor() throws IOException {
        try (Index index = open(memory())) {
            put(index, range(0, IMAGES));
            for (int k : new int[] {1, 7, IMAGES - 1, IMAGES, IMAGES + 1}) {
                for (SearchResult result : index.searchAll(queries(), SearchOptions.top(k))) {
                    assertThat(ids(result)).doesNotHaveDuplicates().hasSizeLessThanOrEqualTo(k);
                    if (exact()) {
                        assertThat(ids(result)).hasSize(Math.min(k, IMAGES));
                    }
                }
            }
        }
    }

    @Test
    public void returnsWhatTheFilterAccepts() throws IOException {
        try (Index index = open(memory())) {
            put(index, range(0, IMAGES));
            for (GlobalDescriptor query : queries()) {
                List<Long> odd = ids(index.search(query, all().withFilter(id -> id % 2 == 1)));
                assertThat(odd).allMatch(id -> id % 2 == 1);
                List<Long> few = ids(index.search(query, all().withFilter(id -> id == 11 || id == 44 || id == 777)));
                assertThat(few).isSubsetOf(11L, 44L);
                if (exact()) {
                    assertThat(odd).hasSize(IMAGES / 2);
                    assertThat(few).hasSize(2);
                    List<Long> both = new ArrayList<>(ids(index.search(query, all())));
                    both.removeIf(id -> id % 2 == 0);
                    assertThat(odd).isEqualTo(both);
                }
                assertThat(ids(index.search(query, all().withFilter(id -> false))))
                        .isEmpty();
            }
        }
    }

    @Test
    public void returnsWhatReachesTheLeastScore() throws IOException {
        try (Index index = open(memory())) {
            put(index, range(0, IMAGES));
            for (GlobalDescriptor query : queries()) {
                List<Hit> hits = index.search(query, all()).hits();
                for (int i : new int[] {0, hits.size() / 2, hits.size() - 1}) {
                    float least = hits.get(i).score();
                    List<Hit> expected =
                            hits.stream().filter(hit -> hit.score() >= least).toList();
                    assertThat(index.search(query, all().withLeastScore(least)).hits())
                            .isEqualTo(expected);
                }
                assertThat(index.search(query, all().withLeastScore(Float.POSITIVE_INFINITY))
                                .hits())
                        .isEmpty();
            }
        }
    }

    @Test
    public void anEmptyIndexFindsNothing() throws IOException {
        try (Index index = open(memory())) {
            assertThat(index.size()).isZero();
            assertThat(index.ids()).isEmpty();
            assertThat(index.searchAll(queries(), all()))
                    .hasSize(queries().size())
                    .allMatch(result -> result.hits().isEmpty());
            assertThat(index.searchAll(List.of(), all())).isEmpty();
            assertThat(index.removeAll(new long[] {1})).isZero();
            index.putAll(new long[0], List.of());
            index.flush();
            index.compact();
            put(index, 3);
            assertThat(index.removeAll(new long[] {3})).isEqualTo(1);
            assertThat(index.search(descriptor(3), all()).hits()).isEmpty();
            assertThat(index.searchAll(List.of(), all())).isEmpty();
        }
    }

    @Test
    public void puttingAKnownIdReplacesItsDescriptor() throws IOException {
        try (Index index = open(memory())) {
            put(index, range(0, IMAGES));
            index.putAll(new long[] {5, 200}, List.of(descriptor(300), descriptor(301)));
            assertThat(index.size()).isEqualTo(IMAGES + 1);
            SearchOptions first = SearchOptions.top(1).withCandidates(1000);
            assertThat(ids(index.search(descriptor(300), first))).containsExactly(5L);
            assertThat(ids(index.search(descriptor(5), all()))).doesNotHaveDuplicates();
            assertThat(ids(index.search(descriptor(5), first))).doesNotContain(5L);
        }
    }

    @Test
    public void removedImagesAreNotFound() throws IOException {
        try (Index index = open(memory())) {
            put(index, range(0, IMAGES));
            assertThat(index.removeAll(new long[] {7, 8, 999, 7})).isEqualTo(2);
            assertThat(index.removeAll(new long[] {7})).isZero();
            assertThat(index.size()).isEqualTo(IMAGES - 2);
            assertThat(index.ids()).doesNotContain(7, 8).hasSize(IMAGES - 2);
            for (SearchResult result : index.searchAll(List.of(descriptor(7), descriptor(8)), all())) {
                assertThat(ids(result)).doesNotContain(7L, 8L);
            }
            put(index, 7);
            assertThat(ids(index.search(descriptor(7), SearchOptions.top(1).withCandidates(1000))))
                    .containsExactly(7L);
        }
    }

    @Test
    public void aBatchWithABadIdOrDescriptorChangesNothing() throws IOException {
        try (Index index = open(memory())) {
            put(index, 1, 2);
            List<SearchResult> before = results(index);
            GlobalDescriptor good = descriptor(3);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.putAll(new long[] {3, 4, 3}, List.of(good, good, good)))
                    .withMessageContaining("3 twice");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.putAll(new long[] {3, -4}, List.of(good, good)))
                    .withMessageContaining("-4");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.putAll(new long[] {3, 4}, List.of(good)))
                    .withMessageContaining("1")
                    .withMessageContaining("2");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.putAll(new long[] {3, 4}, List.of(good, otherDimension())))
                    .withMessageContaining(Integer.toString(good.dimension()))
                    .withMessageContaining(Integer.toString(otherDimension().dimension()));
            assertThatThrownBy(() -> index.putAll(new long[] {3, 4}, Arrays.asList(good, null)))
                    .isInstanceOf(NullPointerException.class);
            for (GlobalDescriptor other : refused(index)) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> index.putAll(new long[] {3}, List.of(other)))
                        .withMessageContaining(other.getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT))
                        .withMessageContaining(index.spec().toString());
                assertThatIllegalArgumentException().isThrownBy(() -> index.search(other, all()));
            }
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.search(otherDimension(), all()))
                    .withMessageContaining(Integer.toString(good.dimension()))
                    .withMessageContaining(Integer.toString(otherDimension().dimension()));
            assertThat(index.ids()).containsExactly(1, 2);
            assertThat(results(index)).isEqualTo(before);
        }
    }

    private static List<GlobalDescriptor> refused(Index index) {
        List<GlobalDescriptor> others = new ArrayList<>(List.of(
                new GlobalDescriptor.Dense(new float[] {1, 2}),
                new GlobalDescriptor.Sparse(2, new int[] {0}, new float[] {1}),
                new GlobalDescriptor.Regions(FloatMatrix.ofRows(new float[] {1, 2})),
                new GlobalDescriptor.Words(
                        2, new int[] {0}, new GlobalDescriptor.Words.Signatures(2, new long[] {1}))));
        others.removeIf(other -> index.accepts(other.getClass()));
        return others;
    }

    @Test
    public void itsOwnKindOfDescriptorIsAccepted() throws IOException {
        try (Index index = open(memory())) {
            assertThat(index.accepts(descriptor(1).getClass())).isTrue();
        }
    }

    @Test
    public void reopensWithTheSameResults() throws IOException {
        List<SearchResult> before;
        Fingerprint fingerprint;
        try (Index index = open(directory())) {
            put(index, range(0, 40));
            index.flush();
            put(index, range(40, IMAGES));
            index.removeAll(new long[] {3, 50});
            index.putAll(new long[] {4}, List.of(descriptor(400)));
            before = results(index);
            fingerprint = index.fingerprint();
            index.flush();
            assertThat(results(index)).isEqualTo(before);
        }
        try (Index index = open(directory())) {
            assertThat(index.fingerprint()).isEqualTo(fingerprint);
            assertThat(index.size()).isEqualTo(IMAGES - 2);
            assertThat(results(index)).isEqualTo(before);
            put(index, 500);
            assertThat(index.size()).isEqualTo(IMAGES - 1);
        }
    }

    @Test
    public void reopensAtTheLastFlush() throws IOException {
        List<SearchResult> flushed;
        try (Index index = open(directory())) {
            put(index, range(0, 20));
            index.flush();
            flushed = results(index);
            put(index, range(20, 40));
            index.removeAll(range(0, 10));
            assertThat(results(index)).isNotEqualTo(flushed);
        }
        try (Index index = open(directory())) {
            assertThat(index.ids()).containsExactly(range(0, 20));
            assertThat(results(index)).isEqualTo(flushed);
        }
    }

    @Test
    public void compactingChangesNoResult() throws IOException {
        for (BuildContext context : List.of(memory(), directory())) {
            try (Index index = open(context)) {
                for (int i = 0; i < IMAGES; i += 7) {
                    put(index, range(i, Math.min(i + 7, IMAGES)));
                }
                index.removeAll(new long[] {1, 20, 33});
                index.putAll(new long[] {2}, List.of(descriptor(222)));
                List<SearchResult> before = results(index);
                index.compact();
                assertThat(index.size()).isEqualTo(IMAGES - 3);
                if (exact()) {
                    assertThat(results(index)).isEqualTo(before);
                }
                put(index, 20);
                assertThat(index.size()).isEqualTo(IMAGES - 2);
            }
        }
    }

    @Test
    public void memoryAndDirectoryGiveTheSame() throws IOException {
        try (Index memory = open(memory());
                Index directory = open(directory())) {
            for (Index index : List.of(memory, directory)) {
                put(index, range(0, IMAGES));
                index.removeAll(new long[] {9});
            }
            directory.flush();
            if (exact()) {
                assertThat(results(directory)).isEqualTo(results(memory));
            }
        }
    }

    @Test
    public void oneSeedGivesOneResult() throws IOException {
        List<List<SearchResult>> all = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            for (BuildContext context : List.of(memory(), memory(), memory().withExecutor(threads))) {
                try (Index index = open(context.withSeed(7))) {
                    put(index, range(0, IMAGES));
                    all.add(results(index));
                }
            }
        } finally {
            threads.shutdown();
        }
        assertThat(all.get(1)).isEqualTo(all.get(0));
        assertThat(all.get(2)).isEqualTo(all.get(0));
    }

    @Test
    public void searchesSeeWholeStatesWhileImagesComeAndGo() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (Index index = open(memory())) {
            AtomicLong floor = new AtomicLong(); // ids below are removed
            AtomicLong ceiling = new AtomicLong(20); // ids below are added
            put(index, range(0, 20));
            AtomicBoolean done = new AtomicBoolean();
            List<Future<Long>> searches = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                Random random = new Random(t);
                searches.add(threads.submit(() -> {
                    long count = 0;
                    while (!done.get() || count == 0) {
                        long floorBefore = floor.get();
                        long ceilingBefore = ceiling.get();
                        GlobalDescriptor query = descriptor(random.nextInt(400));
                        Set<Long> found = new HashSet<>(ids(index.search(query, all())));
                        long floorAfter = floor.get();
                        // batches of ten are there or not as a whole
                        for (long id : found) {
                            assertThat(id).isGreaterThanOrEqualTo(floorBefore);
                        }
                        if (exact()) {
                            for (long id = floorAfter + 10; id < ceilingBefore; id++) {
                                assertThat(found).contains(id);
                            }
                            assertThat(found.size() % 10).isZero();
                        }
                        count++;
                    }
                    return count;
                }));
            }
            for (int batch = 0; batch < 40; batch++) {
                long from = ceiling.get();
                put(index, range(from, from + 10));
                ceiling.set(from + 10);
                index.removeAll(range(floor.get(), floor.get() + 10));
                floor.addAndGet(10);
                if (batch % 10 == 9) {
                    index.compact();
                }
            }
            done.set(true);
            for (Future<Long> search : searches) {
                assertThat(search.get()).isPositive();
            }
            assertThat(index.size()).isEqualTo(20);
        } finally {
            threads.shutdown();
        }
    }

    @Test
    public void refusesToBeUsedAfterClose() throws IOException {
        Index index = open(memory());
        put(index, 1);
        index.close();
        index.close();
        assertThatThrownBy(() -> index.search(descriptor(1), all())).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> put(index, 2)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> index.removeAll(new long[] {1})).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(index::size).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(index::ids).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(index::flush).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(index::compact).isInstanceOf(IllegalStateException.class);
    }
}
