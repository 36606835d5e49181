package org.retrieval4j.nd4j;

import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.retrieval4j.api.BackendException;

/**
 * Doubles outside the heap, and the matrix product of ND4J's OpenBLAS over them, with one thread a call. For one thread at a
 * time; sizes are not checked below here.
 */
public final class NativeDoubles implements AutoCloseable {
    private final DoublePointer pointer;
    private final DoublePointer moved;
    private final long size;

    private NativeDoubles(long size) {
        this.size = size;
        this.pointer = new DoublePointer(size);
        this.moved = new DoublePointer(pointer);
    }

    /**
     * Takes memory, as it comes, not zeroed. What nobody closes is freed when nothing refers to it any more.
     *
     * @param size number of doubles
     * @return the memory
     * @throws BackendException if OpenBLAS cannot be used here
     */
    public static NativeDoubles allocate(long size) {
        NativeBlas.unavailable().ifPresent(reason -> {
            throw new BackendException("matrix products in double need OpenBLAS: " + reason);
        });
        return new NativeDoubles(size);
    }

    /**
     * How many there are.
     *
     * @return number of doubles
     */
    public long size() {
        return size;
    }

    /**
     * Copies doubles into this.
     *
     * @param source where from
     * @param from first of them
     * @param count how many
     * @param at where they go
     */
    public void put(double[] source, int from, int count, long at) {
        moved.position(at).put(source, from, count);
    }

    /**
     * Copies doubles out of this.
     *
     * @param at first of them
     * @param target where to
     * @param to where they go
     * @param count how many
     */
    public void get(long at, double[] target, int to, int count) {
        moved.position(at).get(target, to, count);
    }

    /**
     * A matrix within native doubles, row-major.
     *
     * @param doubles where
     * @param at its first value
     * @param width from the start of a row to that of the next
     * @param transposed whether its transpose is meant
     */
    public record Matrix(NativeDoubles doubles, long at, int width, boolean transposed) {
        private DoublePointer start() {
            return doubles.moved.position(at);
        }
    }

    /**
     * Sets this to a product of matrices, or adds it.
     *
     * @param a m x k
     * @param b k x n
     * @param m rows of the product
     * @param n columns of the product, which lies at the start of this
     * @param k size of the sums
     * @param add whether to add to what is there
     */
    public void product(Matrix a, Matrix b, int m, int n, int k, boolean add) {
        if (a.doubles == b.doubles || a.doubles == this || b.doubles == this) {
            throw new IllegalArgumentException("factors and product must lie in memory of their own");
        }
        openblas_nolapack.cblas_dgemm(
                openblas_nolapack.CblasRowMajor,
                a.transposed ? openblas_nolapack.CblasTrans : openblas_nolapack.CblasNoTrans,
                b.transposed ? openblas_nolapack.CblasTrans : openblas_nolapack.CblasNoTrans,
                m,
                n,
                k,
                1,
                a.start(),
                a.width,
                b.start(),
                b.width,
                add ? 1 : 0,
                pointer,
                n);
    }

    @Override
    public void close() {
        pointer.close();
    }
}
