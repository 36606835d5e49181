package org.retrieval4j.index;

import org.jspecify.annotations.Nullable;
import org.retrieval4j.storage.Segment;

/** Vectors and the graph over them; a small segment has no graph. */
record HnswSegment(VectorLists vectors, @Nullable HnswGraph graph) implements Segment {
    @Override
    public int size() {
        return vectors.size();
    }

    @Override
    public long id(int row) {
        return vectors.id(row);
    }

    @Override
    public long heapBytes() {
        return vectors.heapBytes() + (graph == null ? 0 : graph.heapBytes());
    }

    @Override
    public void close() {
        vectors.close();
    }
}
