package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.storage.CorruptFileException;

class StoreTest {
    private static final Fingerprint PIPELINE = Fingerprint.ofBytes(new byte[] {1});
    private static final Store.Limits LIMITS = Store.Limits.DEFAULT;

    private final Path folder;

    StoreTest(@TempDir Path folder) {
        this.folder = folder.resolve("images");
    }

    private Store open() throws IOException {
        return Store.open(folder, LIMITS, Runnable::run, Optional.of(PIPELINE));
    }

    /** Features of an image: bytes that its id decides. */
    private static byte[] content(long id, int salt) {
        byte[] bytes = new byte[50 + (int) id % 50];
        new Random(31 * id + salt).nextBytes(bytes);
        return bytes;
    }

    private static void add(Store store, long id, long replaces) throws IOException {
        ImageRecord image = new ImageRecord(id, "image " + id, 10, 20, Orientation.MIRRORED);
        store.append(new LogRecord.Added(
                Entry.encode(image, new Stamp(1, 2, 3, 4, 5, id)), replaces, content(id, 0), null, content(id, 1)));
    }

    private static void requireHolds(Store store, long... ids) throws IOException {
        try (Store.Snapshot snapshot = store.snapshot()) {
            requireHolds(snapshot, ids);
        }
    }

    private static void requireHolds(Store.Snapshot snapshot, long... ids) throws IOException {
        List<Long> found = new ArrayList<>();
        snapshot.table().forEach(entry -> found.add(entry.id()));
        assertThat(found)
                .containsExactlyElementsOf(java.util.Arrays.stream(ids).boxed().toList());
        for (long id : ids) {
            Blobs blobs = snapshot.blobs(id).orElseThrow();
            assertThat(bytes(blobs.featuresBlob().orElseThrow())).isEqualTo(content(id, 0));
            assertThat(bytes(blobs.vectorBlob().orElseThrow())).isEqualTo(content(id, 1));
        }
    }

    private static byte[] bytes(Blob blob) throws IOException {
        ByteBuffer buffer = blob.read();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void showsNothingBeforeItIsForced() throws IOException {
        try (Store store = Store.create(folder, LIMITS, Runnable::run)) {
            add(store, 0, -1);
            requireHolds(store);
            assertThat(store.named("image 0")).isNull();
            assertThat(store.force()).extracting(ImageRecord::name).containsExactly("image 0");
            requireHolds(store, 0);
            assertThat(store.named("image 0")).isNotNull();
        }
    }

    @Test
    void holdsTheSameInLogAndSegments() throws IOException {
        try (Store store = Store.create(folder, LIMITS, Runnable::run)) {
            add(store, 0, -1);
            add(store, 2, -1);
            store.force();
            store.flush(PIPELINE);
            requireHolds(store, 0, 2);
            add(store, 3, 2);
            add(store, 5, -1);
            store.append(new LogRecord.Removed(0));
            store.force();
            requireHolds(store, 3, 5);
        }
        assertThat(files()).contains("log-2.r4l").doesNotContain("log-1.r4l");
        try (Store store = open()) {
            requireHolds(store, 3, 5);
            store.flush(PIPELINE);
            requireHolds(store, 3, 5);
        }
        try (Store store = open()) {
            requireHolds(store, 3, 5);
            assertThat(store.nextId()).isEqualTo(6);
            store.append(new LogRecord.Removed(5));
            store.force();
            store.compact(PIPELINE);
            requireHolds(store, 3);
            assertThat(store.segmentCount()).isEqualTo(1);
        }
        try (Store store = open()) {
            requireHolds(store, 3);
            assertThat(store.nextId()).isEqualTo(6);
            assertThat(store.named("image 5")).isNull();
            assertThat(store.placed(new Stamp(0, 0, 0, 0, 5, 3).place())).isNotNull();
        }
    }

    @Test
    void snapshotsStayReadableWhateverHappens() throws IOException {
        try (Store store = Store.create(folder, LIMITS, Runnable::run)) {
            add(store, 0, -1);
            add(store, 1, -1);
            store.force();
            Store.Snapshot logged = store.snapshot();
            store.flush(PIPELINE);
            Store.Snapshot flushed = store.snapshot();
            store.append(new LogRecord.Removed(0));
            add(store, 2, -1);
            store.force();
            store.flush(PIPELINE);
            store.compact(PIPELINE);
            requireHolds(logged, 0, 1);
            requireHolds(flushed, 0, 1);
            requireHolds(store, 1, 2);
            logged.close();
            flushed.close();
        }
    }

    @Test
    void agreesWithAMapAfterManyChanges() throws IOException {
        Random random = new Random(5);
        Map<Long, Boolean> expected = new TreeMap<>();
        Store store = Store.create(folder, LIMITS, Runnable::run);
        for (int step = 0; step < 100; step++) {
            for (int i = 0; i < random.nextInt(4); i++) {
                long id = store.nextId() + i;
                add(store, id, -1);
                expected.put(id, true);
            }
            if (random.nextInt(3) == 0) {
                for (long id :
                        expected.keySet().stream().limit(random.nextInt(3)).toList()) {
                    store.append(new LogRecord.Removed(id));
                    expected.remove(id);
                }
            }
            store.force();
            switch (random.nextInt(12)) {
                case 0, 1 -> store.flush(PIPELINE);
                case 2 -> store.compact(PIPELINE);
                case 3, 4 -> {
                    store.close();
                    store = open();
                }
                default -> {}
            }
            requireHolds(
                    store, expected.keySet().stream().mapToLong(Long::longValue).toArray());
        }
        store.close();
    }

    @Test
    void keepsImagesWithoutDescriptorInTheLog() throws IOException {
        try (Store store = Store.create(folder, LIMITS, Runnable::run)) {
            ImageRecord image = new ImageRecord(4, "waiting", 10, 20, Orientation.UPRIGHT);
            store.append(new LogRecord.Added(
                    Entry.encode(image, new Stamp(1, 2, 3, 4, 5, 6)), -1, content(4, 0), content(4, 2), null));
            store.force();
            assertThatThrownBy(() -> store.flush(PIPELINE)).isInstanceOf(IllegalStateException.class);
        }
        try (Store store = open()) {
            assertThat(store.table().pending()).isEqualTo(1);
            store.append(new LogRecord.Described(4, content(4, 1)));
            store.force();
            assertThat(store.table().pending()).isZero();
            requireHolds(store, 4);
            store.flush(PIPELINE);
            requireHolds(store, 4);
        }
    }

    @Test
    void deletesLogsThatAreNotItsOwn() throws IOException {
        try (Store store = Store.create(folder, LIMITS, Runnable::run)) {
            add(store, 0, -1);
            store.force();
            // as a process leaves it that is killed in the middle of a flush
            Files.copy(folder.resolve("log-1.r4l"), folder.resolve("log-2.r4l"));
        }
        try (Store store = open()) {
            requireHolds(store, 0);
            assertThat(files()).doesNotContain("log-2.r4l");
        }
    }

    @Test
    void tellsThatItsLogIsMissing() throws IOException {
        Store.create(folder, LIMITS, Runnable::run).close();
        Files.delete(folder.resolve("log-1.r4l"));
        assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("log");
        assertThatThrownBy(() -> Store.openForReading(folder, Runnable::run, Optional.empty()))
                .isInstanceOf(IOException.class);
    }

    @Test
    void refusesDescriptorsOfAnotherPipeline() throws IOException {
        try (Store store = Store.create(folder, LIMITS, Runnable::run)) {
            add(store, 0, -1);
            store.force();
            store.flush(PIPELINE);
        }
        Fingerprint other = Fingerprint.ofBytes(new byte[] {2});
        assertThatThrownBy(() -> Store.open(folder, LIMITS, Runnable::run, Optional.of(other)))
                .isInstanceOf(CorruptFileException.class)
                .hasMessageContaining(other.hex())
                .hasMessageContaining(PIPELINE.hex());
    }
}
