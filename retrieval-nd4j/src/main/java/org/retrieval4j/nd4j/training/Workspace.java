package org.retrieval4j.nd4j.training;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.nd4j.NativeDoubles;
import org.retrieval4j.nd4j.NativeDoubles.Matrix;

/** Native memory for the products of one call, used again by the next one. For one thread at a time. */
final class Workspace implements AutoCloseable {
    private final Pool pool;
    private final @Nullable NativeDoubles[] blocks;
    private double[] row = new double[0];

    private Workspace(Pool pool, int blocks) {
        this.pool = pool;
        this.blocks = new NativeDoubles[blocks];
    }

    /** Workspaces that nobody uses now: as many as calls have run at once. Thread-safe. */
    static final class Pool {
        private final Queue<Workspace> idle = new ConcurrentLinkedQueue<>();
        private final int blocks;

        /** For workspaces of a number of blocks. */
        Pool(int blocks) {
            this.blocks = blocks;
        }

        Workspace borrow() {
            Workspace workspace = idle.poll();
            return workspace == null ? new Workspace(this, blocks) : workspace;
        }
    }

    /** One of the blocks, at least this large; its content is lost where it grows. */
    NativeDoubles block(int index, long size) {
        NativeDoubles block = blocks[index];
        if (block == null || block.size() < size) {
            if (block != null) {
                block.close();
            }
            block = NativeDoubles.allocate(Math.max(1, size));
            blocks[index] = block;
        }
        return block;
    }

    /** One of the blocks, filled with values. */
    NativeDoubles block(int index, double[] values, int from, int count) {
        NativeDoubles block = block(index, count);
        block.put(values, from, count);
        return block;
    }

    /** An array on the heap, at least this large; the same at every call. */
    double[] heap(int size) {
        if (row.length < size) {
            row = new double[size];
        }
        return row;
    }

    /** A whole block as a matrix of rows of a width. */
    static Matrix of(NativeDoubles block, int width) {
        return new Matrix(block, width, false);
    }

    /** The transpose of {@link #of}. */
    static Matrix transposed(NativeDoubles block, int width) {
        return new Matrix(block, width, true);
    }

    /** Gives the blocks back to the pool. */
    @Override
    public void close() {
        pool.idle.add(this);
    }
}
