package org.retrieval4j.database;

import java.util.Arrays;
import java.util.Collection;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The images of a database at one moment, by id. Immutable: a change copies the pages it touches, so that searches keep
 * the state they started with, and 10,000 additions do not copy 10,000 tables.
 */
final class ImageTable {
    private static final int PAGE = 512;
    private static final @Nullable Entry[] NO_ENTRIES = new Entry[PAGE]; // stands for a page of none, never written to

    static final ImageTable EMPTY = new ImageTable(new Entry[0][], 0, 0);

    private final @Nullable Entry[][] pages;
    private final long size;
    private final long pending;

    private ImageTable(@Nullable Entry[][] pages, long size, long pending) {
        this.pages = pages;
        this.size = size;
        this.pending = pending;
    }

    long size() {
        return size;
    }

    /** How many images have no descriptor yet. */
    long pending() {
        return pending;
    }

    @Nullable
    Entry get(long id) {
        if (id < 0 || id / PAGE >= pages.length) {
            return null;
        }
        return pages[(int) (id / PAGE)][(int) (id % PAGE)];
    }

    /** One more than the largest id. */
    long endId() {
        for (int number = pages.length - 1; number >= 0; number--) {
            for (int i = PAGE - 1; i >= 0; i--) {
                if (pages[number][i] != null) {
                    return (long) number * PAGE + i + 1;
                }
            }
        }
        return 0;
    }

    /** Gives every entry to a consumer, by ascending id. */
    void forEach(Consumer<Entry> consumer) {
        for (@Nullable Entry[] page : pages) {
            for (Entry entry : page) {
                if (entry != null) {
                    consumer.accept(entry);
                }
            }
        }
    }

    /** This table without some images, then with some entries, new ones or in the place of others. */
    ImageTable with(Collection<Long> removed, Collection<Entry> entries) {
        Change change = new Change(this);
        removed.forEach(id -> change.set(id, null));
        entries.forEach(entry -> change.set(entry.id(), entry));
        return change.result();
    }

    /** Copies each page once. */
    private static final class Change {
        private @Nullable Entry[][] pages;
        private boolean[] own;
        private long size;
        private long pending;

        Change(ImageTable table) {
            pages = table.pages.clone();
            own = new boolean[pages.length];
            size = table.size;
            pending = table.pending;
        }

        void set(long id, @Nullable Entry entry) {
            int number = Math.toIntExact(id / PAGE);
            if (number >= pages.length) {
                if (entry == null) {
                    return;
                }
                // grows by a quarter, so that the table of pages is not copied at each new page
                int length = Math.max(number + 1, pages.length + pages.length / 4);
                int before = pages.length;
                pages = Arrays.copyOf(pages, length);
                Arrays.fill(pages, before, length, NO_ENTRIES);
                own = Arrays.copyOf(own, length);
            }
            if (!own[number]) {
                pages[number] = pages[number].clone();
                own[number] = true;
            }
            @Nullable Entry[] page = pages[number];
            Entry before = page[(int) (id % PAGE)];
            page[(int) (id % PAGE)] = entry;
            size += (entry == null ? 0 : 1) - (before == null ? 0 : 1);
            pending += (isPending(entry) ? 1 : 0) - (isPending(before) ? 1 : 0);
        }

        ImageTable result() {
            return new ImageTable(pages, size, pending);
        }

        private static boolean isPending(@Nullable Entry entry) {
            return entry != null && entry.isPending();
        }
    }
}
