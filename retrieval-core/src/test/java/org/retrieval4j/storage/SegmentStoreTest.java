package org.retrieval4j.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentStoreTest {
    private static final long[] NONE = {};

    private final Path folder;
    private final Numbers.Format format = new Numbers.Format();

    SegmentStoreTest(@TempDir Path folder) {
        this.folder = folder.resolve("store");
    }

    private SegmentStore<Numbers> open() throws IOException {
        return SegmentStore.open(folder, format, MergePolicy.defaults(), Runnable::run);
    }

    private List<String> files() throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName() + "").sorted().toList();
        }
    }

    @Test
    void holdsWhatWasAddedAndNotRemoved() throws IOException {
        try (SegmentStore<Numbers> store = SegmentStore.inMemory(format, MergePolicy.defaults(), Runnable::run)) {
            store.update(NONE, format.of(Map.of(1L, 10, 5L, 50)));
            store.update(NONE, format.of(Map.of(3L, 30, 5L, 51)));
            assertThat(Numbers.content(store)).isEqualTo(Map.of(1L, 10, 3L, 30, 5L, 51));
            assertThat(store.update(new long[] {5, 7}, Optional.empty())).isEqualTo(1);
            assertThat(store.update(new long[] {5}, Optional.empty())).isZero();
            assertThat(store.update(new long[] {1}, format.of(Map.of(1L, 11)))).isEqualTo(1);
            assertThat(Numbers.content(store)).isEqualTo(Map.of(1L, 11, 3L, 30));
            assertThat(store.size()).isEqualTo(2);
            try (Snapshot<Numbers> snapshot = store.snapshot()) {
                assertThat(snapshot.ids()).containsExactly(1, 3);
                assertThat(snapshot.holding(3)).isPresent();
                assertThat(snapshot.holding(5)).isEmpty();
            }
        }
        assertThat(format.open).hasValue(0);
    }

    @Test
    void aSnapshotDoesNotChange() throws IOException {
        SegmentStore<Numbers> store = open();
        store.update(NONE, format.of(Numbers.range(0, 100, 1)));
        store.commit(Map.of());
        Snapshot<Numbers> snapshot = store.snapshot();
        store.update(new long[] {5}, format.of(Numbers.range(50, 100, 2)));
        store.compact(Map.of());
        assertThat(Numbers.content(snapshot)).isEqualTo(Numbers.range(0, 100, 1));
        assertThat(store.size()).isEqualTo(149);
        assertThat(files()).hasSize(2 + 1 + 2);
        snapshot.close();
        snapshot.close();
        assertThat(files()).hasSize(1 + 1 + 2);
        store.close();
        assertThat(format.open).hasValue(0);
    }

    @Test
    void reopensAtTheLastCommit() throws IOException {
        try (SegmentStore<Numbers> store = open()) {
            store.update(NONE, format.of(Numbers.range(0, 10, 1)));
            store.commit(Map.of("spec", "numbers(a=1)"));
            store.update(new long[] {3}, format.of(Map.of(99L, 99)));
        }
        assertThat(format.open).hasValue(0);
        try (SegmentStore<Numbers> store = open()) {
            assertThat(store.header()).isEqualTo(Map.of("spec", "numbers(a=1)"));
            assertThat(Numbers.content(store)).isEqualTo(Numbers.range(0, 10, 1));
            store.verify();
        }
    }

    @Test
    void anEmptyStoreIsCommittedToo() throws IOException {
        try (SegmentStore<Numbers> store = open()) {
            store.commit(Map.of("a", "b"));
            store.update(NONE, format.of(Map.of(1L, 1)));
            store.update(new long[] {1}, Optional.empty());
            store.commit(Map.of("a", "b"));
        }
        try (SegmentStore<Numbers> store = open()) {
            assertThat(store.size()).isZero();
            assertThat(store.header()).containsEntry("a", "b");
        }
        assertThat(files()).containsExactly("manifest.r4j", "write.lock");
    }

    @Test
    void additionsGoToFilesBeforeTheyFillTheHeap() throws IOException {
        MergePolicy policy = MergePolicy.defaults().withHeapBytes(12 * 1000);
        try (SegmentStore<Numbers> store = SegmentStore.open(folder, format, policy, Runnable::run)) {
            for (int i = 0; i < 20; i++) {
                store.update(NONE, format.of(Numbers.range(300 * i, 300, i)));
                try (Snapshot<Numbers> snapshot = store.snapshot()) {
                    long heap = snapshot.segments().stream()
                            .mapToLong(part -> part.segment().heapBytes())
                            .sum();
                    assertThat(heap).isLessThanOrEqualTo(12 * 1000);
                }
            }
        }
        try (SegmentStore<Numbers> store = open()) {
            assertThat(store.size()).isZero();
            store.update(NONE, format.of(Map.of(1L, 1)));
        }
        assertThat(files()).containsExactly("write.lock");
    }

    @Test
    void theNumberOfSegmentsStaysSmall() throws IOException {
        int factor = 4;
        MergePolicy policy = MergePolicy.defaults().withFactor(factor).withSmallRows(16);
        for (boolean memory : new boolean[] {true, false}) {
            try (SegmentStore<Numbers> store = memory
                    ? SegmentStore.inMemory(format, policy, Runnable::run)
                    : SegmentStore.open(folder, format, policy, Runnable::run)) {
                for (int i = 1; i <= 500; i++) {
                    store.update(NONE, format.of(Map.of((long) i, i)));
                    if (i % 7 == 0) {
                        store.commit(Map.of());
                    }
                    try (Snapshot<Numbers> snapshot = store.snapshot()) {
                        double tiers = 1 + Math.floor(Math.log(i) / Math.log(factor));
                        // a directory has one more ladder, of files
                        assertThat(snapshot.segments().size())
                                .isLessThanOrEqualTo((int) ((factor - 1) * tiers) + (memory ? 0 : 3));
                    }
                }
                assertThat(store.size()).isEqualTo(500);
            }
        }
        assertThat(format.open).hasValue(0);
    }

    @Test
    void mostlyDeadSegmentsAreRewritten() throws IOException {
        try (SegmentStore<Numbers> store = open()) {
            store.update(NONE, format.of(Numbers.range(0, 1000, 1)));
            store.commit(Map.of());
            for (int i = 0; i < 600; i++) {
                store.update(new long[] {i}, Optional.empty());
            }
            try (Snapshot<Numbers> snapshot = store.snapshot()) {
                assertThat(snapshot.segments()).hasSize(1);
                assertThat(snapshot.segments().get(0).segment().size()).isLessThan(1000);
            }
        }
    }

    @Test
    void compactLeavesOneSegmentAndNothingElse() throws IOException {
        try (SegmentStore<Numbers> store = open()) {
            for (int i = 0; i < 5; i++) {
                store.update(NONE, format.of(Numbers.range(100 * i, 100, i)));
                store.commit(Map.of());
            }
            store.update(new long[] {7, 8, 9}, format.of(Map.of(1000L, 1)));
            Map<Long, Integer> before = Numbers.content(store);
            store.compact(Map.of("a", "b"));
            assertThat(Numbers.content(store)).isEqualTo(before).hasSize(498);
            try (Snapshot<Numbers> snapshot = store.snapshot()) {
                assertThat(snapshot.segments()).hasSize(1);
                assertThat(snapshot.segments().get(0).isWhole()).isTrue();
            }
            assertThat(files()).hasSize(4);
        }
        try (SegmentStore<Numbers> store = open()) {
            assertThat(store.size()).isEqualTo(498);
            assertThat(store.header()).containsEntry("a", "b");
        }
    }

    @Test
    void removalsDuringAMergeAreNotLost() throws IOException {
        Queue<Runnable> waiting = new ArrayDeque<>();
        MergePolicy policy = MergePolicy.defaults().withFactor(2).withSmallRows(0);
        Numbers.Format slow = format;
        List<SegmentStore<Numbers>> stores = new ArrayList<>();
        SegmentFormat<Numbers> meddling = new SegmentFormat<>() {
            @Override
            public String kind() {
                return slow.kind();
            }

            @Override
            public Numbers join(List<LiveSegment<Numbers>> parts) {
                Numbers joined = slow.join(parts);
                try {
                    // while the merge runs, one of its rows is removed, and one replaced
                    stores.get(0).update(new long[] {3}, slow.of(Map.of(4L, 44)));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                return joined;
            }

            @Override
            public void write(List<LiveSegment<Numbers>> parts, Path file) {
                throw new AssertionError("in memory");
            }

            @Override
            public Numbers open(Path file) {
                throw new AssertionError("in memory");
            }
        };
        try (SegmentStore<Numbers> store = SegmentStore.inMemory(meddling, policy, waiting::add)) {
            stores.add(store);
            store.update(NONE, format.of(Numbers.range(0, 5, 1)));
            store.update(NONE, format.of(Numbers.range(5, 5, 1)));
            Map<Long, Integer> expected = Numbers.range(0, 10, 1);
            assertThat(Numbers.content(store)).isEqualTo(expected);
            assertThat(waiting).hasSize(1);
            waiting.remove().run();
            expected.remove(3L);
            expected.put(4L, 44);
            assertThat(Numbers.content(store)).isEqualTo(expected);
        }
    }

    @Test
    void aFailedCommitLeavesTheLastOne() throws IOException {
        try (SegmentStore<Numbers> store = open()) {
            store.update(NONE, format.of(Map.of(1L, 1)));
            store.commit(Map.of());
            store.update(NONE, format.of(Map.of(2L, 2)));
            format.failing = true;
            assertThatThrownBy(() -> store.commit(Map.of())).hasMessage("disk full");
            assertThat(Numbers.content(store)).hasSize(2);
            try (SegmentStore<Numbers> reader = open()) {
                assertThat(Numbers.content(reader)).isEqualTo(Map.of(1L, 1));
            }
            format.failing = false;
            store.commit(Map.of());
        }
        try (SegmentStore<Numbers> store = open()) {
            assertThat(store.size()).isEqualTo(2);
        }
    }

    @Test
    void mergesThatFailOrAreRefusedDoNotStopTheWriterUntilThereAreTooMany() throws IOException {
        MergePolicy policy =
                MergePolicy.defaults().withFactor(2).withMaxSegments(10).withHeapBytes(0);
        AtomicBoolean refuse = new AtomicBoolean(true);
        try (SegmentStore<Numbers> store = SegmentStore.open(folder, format, policy, task -> {
            if (refuse.get()) {
                throw new RejectedExecutionException();
            }
            task.run();
        })) {
            for (int i = 0; i < 100; i++) {
                store.update(NONE, format.of(Map.of((long) i, i)));
                try (Snapshot<Numbers> snapshot = store.snapshot()) {
                    assertThat(snapshot.segments()).hasSizeLessThanOrEqualTo(11);
                }
            }
            refuse.set(false);
            store.commit(Map.of());
            assertThat(store.size()).isEqualTo(100);
        }
    }

    @Test
    void readersInOtherStoresSeeCommitsOnly() throws IOException {
        try (SegmentStore<Numbers> writer = open();
                SegmentStore<Numbers> reader = open()) {
            writer.update(NONE, format.of(Map.of(1L, 1)));
            assertThat(reader.refresh()).isFalse();
            writer.commit(Map.of("n", "1"));
            assertThat(reader.size()).isZero();
            assertThat(reader.refresh()).isTrue();
            assertThat(Numbers.content(reader)).isEqualTo(Map.of(1L, 1));
            reader.commit(Map.of("n", "1")); // nothing to do, so no lock is needed
            writer.update(NONE, format.of(Map.of(2L, 2)));
            writer.compact(Map.of());
            assertThat(Numbers.content(reader)).isEqualTo(Map.of(1L, 1));
            assertThat(reader.refresh()).isTrue();
            assertThat(reader.refresh()).isFalse();
            assertThat(Numbers.content(reader)).isEqualTo(Map.of(1L, 1, 2L, 2));
            assertThatThrownBy(() -> reader.update(new long[] {1}, Optional.empty()))
                    .isInstanceOf(DirectoryLockedException.class)
                    .hasMessageContaining("is being written by this process, since ");
        }
        assertThat(format.open).hasValue(0);
        assertThat(files()).hasSize(3);
    }

    @Test
    void aReaderBecomesTheWriterWithWhatTheLastOneCommitted() throws IOException {
        SegmentStore<Numbers> first = open();
        SegmentStore<Numbers> second = open();
        first.update(NONE, format.of(Map.of(1L, 1)));
        first.commit(Map.of());
        first.close();
        second.update(NONE, format.of(Map.of(2L, 2)));
        assertThat(Numbers.content(second)).isEqualTo(Map.of(1L, 1, 2L, 2));
        second.commit(Map.of());
        second.close();
        try (SegmentStore<Numbers> third = open()) {
            assertThat(third.size()).isEqualTo(2);
            third.verify();
        }
    }

    @Test
    void theNextWriterDeletesWhatNoManifestNames() throws IOException {
        try (SegmentStore<Numbers> store = open()) {
            store.update(NONE, format.of(Map.of(1L, 1)));
            store.commit(Map.of());
        }
        List<String> before = files();
        Files.write(folder.resolve("segment-00000077.r4j"), new byte[100]);
        Files.write(folder.resolve("segment-00000078.r4j.1f.tmp"), new byte[100]);
        Files.write(folder.resolve("manifest.r4j.abc.tmp"), new byte[100]);
        Files.write(folder.resolve("notes.txt"), new byte[100]);
        try (SegmentStore<Numbers> store = open()) {
            store.size();
            assertThat(files()).contains("segment-00000077.r4j");
            store.update(new long[] {7}, Optional.empty());
            assertThat(files()).doesNotContain("segment-00000077.r4j", "segment-00000078.r4j.1f.tmp");
        }
        assertThat(files()).containsAll(before).hasSize(before.size() + 1);
    }

    @Test
    void refusesDamagedAndForeignDirectories() throws IOException {
        try (SegmentStore<Numbers> store = open()) {
            store.update(NONE, format.of(Numbers.range(0, 100, 1)));
            store.commit(Map.of());
            store.update(new long[] {50}, Optional.empty());
            store.commit(Map.of());
        }
        Path segment = folder.resolve("segment-00000001.r4j");
        byte[] whole = Files.readAllBytes(segment);
        byte[] damaged = whole.clone();
        damaged[200] ^= 1;
        Files.write(segment, damaged);
        try (SegmentStore<Numbers> store = open()) {
            assertThatThrownBy(store::verify).isInstanceOf(CorruptFileException.class);
        }
        Files.write(segment, java.util.Arrays.copyOf(whole, 300));
        assertThatThrownBy(this::open).isInstanceOf(CorruptFileException.class);
        Files.delete(segment);
        assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("segment-00000001.r4j");
        Files.write(segment, whole);
        Damage.Check check = () -> {
            try (SegmentStore<Numbers> store = open()) {
                assertThat(store.size()).isEqualTo(99);
                return false;
            } catch (CorruptFileException | UnsupportedVersionException e) {
                assertThat(e).hasMessageContaining("manifest.r4j");
                return true;
            }
        };
        int length = (int) Files.size(folder.resolve("manifest.r4j"));
        assertThat(Damage.flipBits(folder.resolve("manifest.r4j"), 1, check)).isGreaterThan(4 * length);
        assertThat(Damage.cut(folder.resolve("manifest.r4j"), check)).isEqualTo(length);
    }

    @Test
    void refusesToBeUsedAfterClose() throws IOException {
        SegmentStore<Numbers> store = open();
        store.update(NONE, format.of(Map.of(1L, 1)));
        Snapshot<Numbers> snapshot = store.snapshot();
        store.close();
        store.close();
        assertThat(Numbers.content(snapshot)).hasSize(1);
        snapshot.close();
        assertThat(format.open).hasValue(0);
        assertThatThrownBy(store::snapshot)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is closed");
        assertThatThrownBy(() -> store.update(NONE, Optional.empty())).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> store.commit(Map.of())).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> store.compact(Map.of())).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void agreesWithAMapInAnyOrderOfCalls() throws IOException {
        for (long seed = 0; seed < 8; seed++) {
            Random random = new Random(seed);
            Queue<Runnable> waiting = new ArrayDeque<>();
            MergePolicy policy = MergePolicy.defaults()
                    .withFactor(2 + random.nextInt(3))
                    .withSmallRows(random.nextInt(10))
                    .withHeapBytes(random.nextInt(500))
                    .withMaxSegments(5 + random.nextInt(10));
            Path directory = folder.resolve("seed" + seed);
            SegmentStore<Numbers> store = SegmentStore.open(directory, format, policy, waiting::add);
            Map<Long, Integer> model = new TreeMap<>();
            Map<Long, Integer> durable = new TreeMap<>();
            List<Snapshot<Numbers>> snapshots = new ArrayList<>();
            List<Map<Long, Integer>> then = new ArrayList<>();
            for (int step = 0; step < 150; step++) {
                switch (random.nextInt(10)) {
                    case 0 -> {
                        store.commit(Map.of());
                        durable = new TreeMap<>(model);
                    }
                    case 1 -> {
                        if (random.nextInt(4) == 0) {
                            store.compact(Map.of());
                            durable = new TreeMap<>(model);
                        }
                    }
                    case 2 -> {
                        if (!waiting.isEmpty()) {
                            waiting.remove().run();
                        }
                    }
                    case 3 -> {
                        if (random.nextInt(5) == 0) {
                            store.close();
                            waiting.forEach(Runnable::run);
                            waiting.clear();
                            store = SegmentStore.open(directory, format, policy, waiting::add);
                            model = new TreeMap<>(durable);
                        }
                    }
                    case 4 -> {
                        snapshots.add(store.snapshot());
                        then.add(new TreeMap<>(model));
                    }
                    default -> {
                        long[] removed = random.longs(random.nextInt(5), 0, 60).toArray();
                        for (long id : removed) {
                            model.remove(id);
                        }
                        Map<Long, Integer> added = new TreeMap<>();
                        for (int i = random.nextInt(6); i > 0; i--) {
                            added.put((long) random.nextInt(60), random.nextInt());
                        }
                        model.putAll(added);
                        store.update(removed, added.isEmpty() ? Optional.empty() : format.of(added));
                    }
                }
                assertThat(Numbers.content(store))
                        .as("seed %d step %d", seed, step)
                        .isEqualTo(model);
            }
            for (int i = 0; i < snapshots.size(); i++) {
                assertThat(Numbers.content(snapshots.get(i))).isEqualTo(then.get(i));
                snapshots.get(i).close();
            }
            store.close();
            assertThat(format.open).as("seed %d", seed).hasValue(0);
        }
    }

    @Test
    void readersNeverSeeATornState() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(6);
        MergePolicy policy =
                MergePolicy.defaults().withFactor(2).withSmallRows(0).withHeapBytes(2000);
        try (SegmentStore<Numbers> store = SegmentStore.open(folder, format, policy, threads)) {
            store.update(NONE, format.of(Numbers.range(0, 200, 0)));
            AtomicBoolean done = new AtomicBoolean();
            List<Future<?>> readers = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                readers.add(threads.submit(() -> {
                    int last = 0;
                    while (!done.get()) {
                        Map<Long, Integer> content = Numbers.content(store);
                        // every state has ids 0 to 199, all of one round, and rounds go on
                        assertThat(content).hasSize(200);
                        assertThat(content.values()).containsOnly(content.get(0L));
                        assertThat(content.get(0L)).isGreaterThanOrEqualTo(last);
                        last = content.getOrDefault(0L, -1);
                    }
                    return null;
                }));
            }
            for (int round = 1; round <= 150; round++) {
                store.update(NONE, format.of(Numbers.range(0, 200, round)));
                if (round % 10 == 0) {
                    store.commit(Map.of("round", round + ""));
                } else if (round % 37 == 0) {
                    store.compact(Map.of());
                }
            }
            done.set(true);
            for (Future<?> reader : readers) {
                reader.get();
            }
        } finally {
            threads.shutdown();
        }
        assertThat(format.open).hasValue(0);
    }
}
