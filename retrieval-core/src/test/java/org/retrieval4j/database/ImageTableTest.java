package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.Orientation;

class ImageTableTest {
    private static final Blob BLOB = new Blob(
            new Blob.Source() {
                @Override
                public java.nio.file.Path path() {
                    return java.nio.file.Path.of("none");
                }

                @Override
                public java.nio.ByteBuffer read(long offset, int length) {
                    return java.nio.ByteBuffer.allocate(length);
                }
            },
            0,
            0,
            0);

    private static Entry entry(long id, String name, boolean pending) {
        ImageRecord image = new ImageRecord(id, name, 1, 1, Orientation.UPRIGHT);
        Blobs blobs = new Blobs(null, pending ? BLOB : null, pending ? null : BLOB);
        return new Entry(image, new Stamp(0, 0, 0, 0, 0, id), id % 4 == 1 ? null : blobs);
    }

    @Test
    void agreesWithAMapAfterManyChanges() {
        Random random = new Random(11);
        ImageTable table = ImageTable.EMPTY;
        TreeMap<Long, Entry> expected = new TreeMap<>();
        List<ImageTable> states = new ArrayList<>();
        List<TreeMap<Long, Entry>> expectedStates = new ArrayList<>();
        for (int step = 0; step < 300; step++) {
            List<Long> removed = new ArrayList<>();
            List<Entry> added = new ArrayList<>();
            for (int i = 0; i < random.nextInt(30); i++) {
                removed.add((long) random.nextInt(5000));
            }
            for (int i = 0; i < random.nextInt(60); i++) {
                added.add(entry(random.nextInt(5000), "image " + step, random.nextInt(3) == 0));
            }
            table = table.with(removed, added);
            removed.forEach(expected::remove);
            added.forEach(entry -> expected.put(entry.image().id(), entry));
            states.add(table);
            expectedStates.add(new TreeMap<>(expected));
        }
        for (int i = 0; i < states.size(); i += 7) { // earlier states have not changed
            requireEqual(states.get(i), expectedStates.get(i));
        }
        assertThat(table.get(-1)).isNull();
        assertThat(table.get(1L << 40)).isNull();
    }

    private static void requireEqual(ImageTable table, TreeMap<Long, Entry> expected) {
        List<Entry> entries = new ArrayList<>();
        table.forEach(entries::add);
        assertThat(entries).containsExactlyElementsOf(expected.values());
        assertThat(table.size()).isEqualTo(expected.size());
        assertThat(table.pending())
                .isEqualTo(expected.values().stream().filter(Entry::isPending).count());
        expected.forEach((id, entry) -> assertThat(table.get(id)).isSameAs(entry));
    }
}
