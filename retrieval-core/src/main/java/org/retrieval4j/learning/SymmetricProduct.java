package org.retrieval4j.learning;

import java.util.Optional;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.kernel.DenseAlgebra;
import org.retrieval4j.kernel.KernelCatalog;

/**
 * AᵀA of a tall matrix A that is never in memory as a whole: second moments of many vectors, or with the roles of
 * vectors and dimensions exchanged the inner products of all vectors. Parallel over rows of the result; every entry is
 * summed in the order of A's rows, so the bits do not depend on the number of threads. With BLAS on the class path it
 * multiplies large ones.
 */
final class SymmetricProduct {
    private static final int BLOCK = 32;
    private static final int STRIPE = 32;

    /** From this many columns on BLAS is worth its copies. */
    private static final int LARGE = 256;

    private static final int LARGE_BLOCK = 512;

    private SymmetricProduct() {}

    /** Writes rows of A. */
    interface Rows {
        /** Writes the rows from {@code from} to before {@code to} into the first arrays of {@code target}. */
        void fill(int from, int to, double[][] target);
    }

    /** O(rows · columns²); the result is full, columns x columns. */
    static double[][] of(int rows, int columns, Rows source, BuildContext context) {
        Optional<DenseAlgebra> algebra =
                columns < LARGE ? Optional.empty() : KernelCatalog.load().algebra(context.kernel());
        double[][] product = new double[columns][columns];
        if (algebra.isPresent()) {
            multiply(algebra.get(), rows, product, source, context);
            mirror(product);
            return product;
        }
        ParallelChunks.run(context, columns, STRIPE, (from, to) -> {
            double[][] block = new double[BLOCK][columns];
            for (int first = 0; first < rows; first += BLOCK) {
                int size = Math.min(BLOCK, rows - first);
                source.fill(first, first + size, block);
                for (int i = from; i < to; i++) {
                    addBlock(product[i], i, block, size);
                }
            }
        });
        mirror(product);
        return product;
    }

    private static void multiply(
            DenseAlgebra algebra, int rows, double[][] product, Rows source, BuildContext context) {
        int columns = product.length;
        ParallelChunks.run(context, columns, LARGE, (from, to) -> {
            double[][] part = new double[BLOCK][columns];
            double[] block = new double[LARGE_BLOCK * columns];
            double[] sums = new double[(to - from) * columns];
            for (int first = 0; first < rows; first += LARGE_BLOCK) {
                int size = Math.min(LARGE_BLOCK, rows - first);
                for (int at = 0; at < size; at += BLOCK) {
                    int count = Math.min(BLOCK, size - at);
                    source.fill(first + at, first + at + count, part);
                    for (int r = 0; r < count; r++) {
                        System.arraycopy(part[r], 0, block, (at + r) * columns, columns);
                    }
                }
                algebra.addSquare(block, size, columns, from, to, sums);
            }
            for (int i = from; i < to; i++) {
                System.arraycopy(sums, (i - from) * columns, product[i], 0, columns);
            }
        });
    }

    private static void mirror(double[][] upper) {
        for (int i = 0; i < upper.length; i++) {
            for (int j = 0; j < i; j++) {
                upper[i][j] = upper[j][i];
            }
        }
    }

    // the upper triangle, from the diagonal on; four rows of A at once, so that a sum is loaded once for four products
    private static void addBlock(double[] product, int i, double[][] block, int size) {
        int r = 0;
        for (; r + 3 < size; r += 4) {
            addFour(product, block[r], block[r + 1], block[r + 2], block[r + 3], i);
        }
        for (; r < size; r++) {
            double[] row = block[r];
            double factor = row[i];
            for (int j = i; j < product.length; j++) {
                product[j] += factor * row[j];
            }
        }
    }

    private static void addFour(double[] product, double[] a, double[] b, double[] c, double[] d, int from) {
        double p = a[from];
        double q = b[from];
        double r = c[from];
        double s = d[from];
        for (int j = from; j < product.length; j++) {
            product[j] = product[j] + p * a[j] + q * b[j] + r * c[j] + s * d[j];
        }
    }
}
