package org.retrieval4j.nd4j;

import java.lang.ref.Reference;
import java.nio.DoubleBuffer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.retrieval4j.api.BackendException;

/**
 * Doubles outside the heap, and the matrix product of ND4J's OpenBLAS over them, with one thread a call. For one thread at a
 * time; sizes are not checked below here.
 */
public final class NativeDoubles implements AutoCloseable {
    private static final int MOST = Integer.MAX_VALUE / Double.BYTES;

    private final DoublePointer pointer;
    private final DoubleBuffer buffer; // copies parts of arrays; a pointer copies them whole, first
    private final int size;

    private NativeDoubles(int size) {
        this.size = size;
        this.pointer = new DoublePointer(size);
        this.buffer = pointer.asBuffer();
    }

    /**
     * Takes memory, as it comes, not zeroed. What nobody closes is freed when nothing refers to it any more.
     *
     * @param size number of doubles
     * @return the memory
     * @throws BackendException if OpenBLAS cannot be used here
     * @throws IllegalArgumentException if it is less than 1 or would exceed 2 GB
     */
    public static NativeDoubles allocate(long size) {
        NativeBlas.unavailable().ifPresent(reason -> {
            throw new BackendException("matrix products in double need OpenBLAS: " + reason);
        });
        if (size < 1 || size > MOST) {
            throw new IllegalArgumentException("a matrix must have 1 to " + MOST + " values, got " + size);
        }
        return new NativeDoubles((int) size);
    }

    /**
     * How many there are.
     *
     * @return number of doubles
     */
    public int size() {
        return size;
    }

    /**
     * Copies doubles to the start of this.
     *
     * @param source where from
     * @param from first of them
     * @param count how many
     */
    public void put(double[] source, int from, int count) {
        buffer.position(0).put(source, from, count);
        Reference.reachabilityFence(this);
    }

    /**
     * Copies the first doubles out of this.
     *
     * @param target where to
     * @param to where they go
     * @param count how many
     */
    public void get(double[] target, int to, int count) {
        buffer.position(0).get(target, to, count);
        Reference.reachabilityFence(this);
    }

    /**
     * A matrix within native doubles, row-major.
     *
     * @param doubles where; the matrix starts with them
     * @param width from the start of a row to that of the next
     * @param transposed whether its transpose is meant
     */
    public record Matrix(NativeDoubles doubles, int width, boolean transposed) {}

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
                a.doubles.pointer,
                a.width,
                b.doubles.pointer,
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
