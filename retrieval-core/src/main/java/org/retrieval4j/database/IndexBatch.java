package org.retrieval4j.database;

import java.util.ArrayList;
import java.util.List;
import org.retrieval4j.api.GlobalDescriptor;

/** Changes of the index that belong to one group of records in the log. */
final class IndexBatch {
    private final List<Long> ids = new ArrayList<>();
    private final List<GlobalDescriptor> vectors = new ArrayList<>();
    private final List<Long> removed = new ArrayList<>();

    void put(long id, GlobalDescriptor vector) {
        ids.add(id);
        vectors.add(vector);
    }

    void remove(long id) {
        removed.add(id);
    }

    void applyTo(LiveIndex index) {
        index.put(ids, vectors);
        index.remove(removed);
    }
}
