package org.retrieval4j.database;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Images by their name and by their file's place. Filled when it is first asked: a database that is only searched never
 * asks, and a million names take a second. Names may be asked by any thread, the rest is for the one that writes.
 */
final class Lookup {
    private final Map<String, Long> names = new ConcurrentHashMap<>();
    private final Map<Stamp.Place, Long> places = new HashMap<>();
    private volatile boolean filled;

    @Nullable
    Entry named(String name, Supplier<ImageTable> table) {
        fill(table);
        Long id = names.get(name);
        return id == null ? null : table.get().get(id);
    }

    /** The image that was made of the file at a place. */
    @Nullable
    Entry placed(Stamp.Place place, Supplier<ImageTable> table) {
        fill(table);
        Long id = places.get(place);
        return id == null ? null : table.get().get(id);
    }

    /** Takes in all images, if that was not done; a writer calls it before it changes the table. */
    void fill(Supplier<ImageTable> table) {
        if (!filled) {
            synchronized (this) {
                if (!filled) {
                    table.get().forEach(this::remember);
                    filled = true;
                }
            }
        }
    }

    void remember(Entry entry) {
        names.put(entry.image().name(), entry.id());
        places.put(entry.stamp().place(), entry.id());
    }

    void forget(Entry entry) {
        names.remove(entry.image().name(), entry.id());
        places.remove(entry.stamp().place(), entry.id());
    }
}
