package org.retrieval4j.index;

import org.retrieval4j.storage.ByteRows;
import org.retrieval4j.storage.VectorRows;

/** Vectors kept as the codes of a {@link Storage}. */
record CodedRows(Storage storage, int columns, ByteRows codes) implements VectorRows {
    @Override
    public int rows() {
        return codes.rows();
    }

    @Override
    public long heapBytes() {
        return codes.heapBytes();
    }

    @Override
    public boolean isMatrix() {
        return false;
    }

    // O(count · d)
    @Override
    public void copy(int from, int count, float[] target, int at) {
        byte[] code = new byte[codes.columns()];
        for (int i = 0; i < count; i++) {
            codes.copy(from + i, 1, code, 0);
            storage.decode(code, columns, target, at + i * columns);
        }
    }
}
