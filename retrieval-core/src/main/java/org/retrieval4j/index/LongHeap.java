package org.retrieval4j.index;

import java.util.Arrays;

/** A heap of longs with the least on top. For one thread. */
final class LongHeap {
    private long[] values = new long[64];
    private int size;

    void clear() {
        size = 0;
    }

    int size() {
        return size;
    }

    /** The least value; there must be one. */
    long top() {
        return values[0];
    }

    void push(long value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, 2 * size);
        }
        int at = size++;
        while (at > 0) {
            int parent = (at - 1) >>> 1;
            if (values[parent] <= value) {
                break;
            }
            values[at] = values[parent];
            at = parent;
        }
        values[at] = value;
    }

    /** Takes the least value away; there must be one. */
    long pop() {
        long least = values[0];
        size--;
        sink(values[size]);
        return least;
    }

    /** Pops and pushes in one step. */
    void replaceTop(long value) {
        sink(value);
    }

    private void sink(long value) {
        int at = 0;
        while (true) {
            int child = 2 * at + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && values[child + 1] < values[child]) {
                child++;
            }
            if (values[child] >= value) {
                break;
            }
            values[at] = values[child];
            at = child;
        }
        values[at] = value;
    }
}
