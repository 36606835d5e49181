package org.retrieval4j.index;

import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.FloatMatrix;

/** The vectors of a graph's nodes. Thread-safe. */
interface NodeVectors {
    int size();

    int dimension();

    long id(int node);

    double norm(int node);

    /** All vectors, if they are on the heap; else null, and they are copied one by one. */
    @Nullable
    FloatMatrix heap();

    void copy(int node, float[] target, int at);
}
